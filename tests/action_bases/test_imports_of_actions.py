"""An action is a fresh process each time: what it does not use, it must not import."""

# flake8: noqa: W503

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, Set

import pytest

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer

ROOT = Path(__file__).resolve().parents[2]

RUN = """
import json, sys
sys.path[:0] = [sys.argv[1] + "/actions/scripts", sys.argv[1] + "/actions/lib"]
try:
    import st2common.runners.base_action
except ImportError:
    sys.path += [sys.argv[1] + "/standalone/shims", sys.argv[1]]
    import st2common.runners.base_action
import requests
class Datastore:
    def list_values(self, **asked): return []
    def get_value(self, name, **asked): return None
    def set_value(self, name, value, **asked): return True
floor = set(sys.modules)
module, name = sys.argv[2], sys.argv[3]
config, parameters = json.loads(sys.argv[4]), json.loads(sys.argv[5])
action = getattr(__import__(module), name)(config=config, action_service=Datastore())
succeeded, result = action.run(**parameters)
added = sorted(set(sys.modules) - floor)
print(json.dumps({"succeeded": succeeded, "result": result, "added": added}))
"""

NEVER = {
    *(
        "asyncio",
        "dataclasses",
        "dateutil",
        "difflib",
        "jsonschema",
        "mattermostdriver",
        "unittest",
        "websockets",
        "yaml",
    ),
    *(
        f"pagerduty_mattermost.{one}"
        for one in (
            "cards.card",
            "cards.publisher",
            "core.times",
            "gateways.mattermost.channels",
            "gateways.mattermost.client",
            "gateways.pagerduty.write_once",
            "gateways.pagerduty.write_outcome",
            "gateways.stackstorm.datastore",
            "incidents.tracker",
        )
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[PagerDutyServer]:
    clock = Clock()
    with PagerDutyServer(SandboxJournal(clock), clock) as running:
        yield running


def added(server: PagerDutyServer, module: str, name: str, parameters: Dict[str, Any]) -> Set[str]:
    """The modules a run brings in beside StackStorm's base class and requests."""
    config = json.dumps({"api_key": API_KEY, "api_url": server.url})
    command = [sys.executable, "-c", RUN, str(ROOT), module, name, config, json.dumps(parameters)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode == 0, process.stderr
    assert process.stderr == "", "a warning on stderr becomes part of every execution"
    report = json.loads(process.stdout)
    assert report["succeeded"] is True, report["result"]
    return set(report["added"])


def test_incident_get_imports_only_what_it_uses(server: PagerDutyServer) -> None:
    incident = server.account.trigger("Checkout API", "Disk full")
    parameters = {
        "entity_id": incident.id,
        "include": None,
        "endpoint": "GET /incidents/{entity_id}",
        "wrapper": "incident",
    }
    found = added(server, "pagerduty_rest", "PagerDutyRest", parameters)
    assert {"pdpyras", "pagerduty_mattermost.gateways.pagerduty.client"} <= found
    assert (
        found
        & (
            NEVER
            | {
                "pagerduty_mattermost.core.post_keys",
                "pagerduty_mattermost.gateways.pagerduty.references",
                "pagerduty_mattermost.gateways.pagerduty.on_calls",
            }
        )
        == set()
    )


def test_oncall_who_imports_only_what_it_uses(server: PagerDutyServer) -> None:
    parameters = {"escalation_policy": None, "schedule": None, "service": "Storefront"}
    found = added(server, "oncall_who", "OnCallWho", parameters)
    assert "pagerduty_mattermost.gateways.pagerduty.references" in found
    # Who was on call is kept, for the time in which PagerDuty does not answer.
    kept = {
        "pagerduty_mattermost.core.times",
        "pagerduty_mattermost.gateways.stackstorm.datastore",
    }
    assert found & (NEVER - kept) == set()


@pytest.mark.parametrize("entry", ["post_incident", "repaint_incident"])
def test_what_posts_cards_begins_without_what_few_changes_need(entry: str) -> None:
    begin = (
        RUN[: RUN.index("import requests")]
        + f"import json, {entry}\nprint(json.dumps([*sys.modules]))"
    )
    said = subprocess.run(
        [sys.executable, "-c", begin, str(ROOT)], capture_output=True, text=True, check=True
    ).stdout
    few = ("rooms.following", "incidents.alert_content", "incidents.log_entries")
    few += ("gateways.pagerduty.schedules", "gateways.pagerduty.on_calls")
    loaded = set(json.loads(said))
    assert not loaded & {f"pagerduty_mattermost.{name}" for name in few}
