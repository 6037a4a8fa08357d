"""What one action costs as a fresh process, against one that only imports StackStorm's base class
and requests. Both find their modules compiled, as a runner does from its second action on,
whatever the machine's environment says of compiled modules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Mapping, Sequence

from sandbox import Sandbox
from sandbox.connection import connection

from .report import Row, median, ms

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 15

FLOOR = "import st2common.runners.base_action, requests"
RUN = """
import json, sys
from importlib import import_module
from types import SimpleNamespace

class Datastore:
    def __init__(self): self.values = {}
    def list_values(self, local=True, prefix=None, limit=None, offset=0):
        found = [(k, v) for k, v in self.values.items() if k.startswith(prefix or "")]
        return [SimpleNamespace(name=k, value=v) for k, v in found]
    def get_value(self, name, local=True, scope="system", decrypt=False):
        return self.values.get(name)
    def set_value(self, name, value, ttl=None, local=True, scope="system", encrypt=False):
        self.values[name] = value
    def delete_value(self, name, local=True, scope="system"):
        return self.values.pop(name, None) is not None

task = json.loads(sys.argv[1])
action = getattr(import_module(task["module"]), task["cls"])(task["config"], Datastore())
done, result = action.run(**task["params"])
assert done, result
"""


def _environment() -> Dict[str, str]:
    folders = [
        ROOT / "actions" / "scripts",
        ROOT / "actions" / "lib",
        ROOT / "standalone" / "shims",
    ]
    given = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {
        **given,
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        "PYTHONWARNINGS": "ignore",
    }


def _time(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, env=_environment(), cwd=ROOT)
    return time.perf_counter() - began


def _tasks(sandbox: Sandbox) -> List[Mapping[str, object]]:
    sandbox.pagerduty.account.set_options(rate_limit=None)
    incident = sandbox.pagerduty.account.trigger("Database", "A disk is full")
    config = connection(sandbox)
    get = {
        "endpoint": "GET /incidents/{entity_id}",
        "wrapper": "incident",
        "entity_id": incident.id,
    }
    post = {"channel": "incidents", "message": "Hello"}
    return [
        {
            "name": "incident.get",
            "module": "pagerduty_rest",
            "cls": "PagerDutyRest",
            "config": config,
            "params": get,
        },
        {
            "name": "mattermost.post_message",
            "module": "mattermost_post_message",
            "cls": "PostMessage",
            "config": config,
            "params": post,
        },
    ]


def run() -> List[Row]:
    with Sandbox() as sandbox:
        tasks = _tasks(sandbox)
        commands = {"floor": [sys.executable, "-c", FLOOR]}
        for task in tasks:
            commands[str(task["name"])] = [sys.executable, "-c", RUN, json.dumps(task)]
        times: Dict[str, List[float]] = {name: [] for name in commands}
        for round_ in range(ROUNDS + 1):  # in turns, so that a busy moment hits all alike
            for name, command in commands.items():
                spent = _time(command)
                if round_:  # the first one compiles
                    times[name].append(spent)
    floor = median(times.pop("floor"))
    bounds = {"incident.get": "≤ 1.3", "mattermost.post_message": "≤ 1.6"}
    return [
        Row(
            name,
            ms(median(spent)),
            f"imports only: {ms(floor)}",
            median(spent) / floor,
            bounds[name],
        )
        for name, spent in times.items()
    ]
