"""A real StackStorm with the pack installed, and the sandbox beside it as PagerDuty and
Mattermost: what the tests of this folder that need one stand on.

It is named by the environment (README.md here). The pack's configuration on it is replaced for
the run and its keys in the datastore are deleted: a StackStorm for testing.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence
from urllib.parse import quote

import requests
import yaml

from sandbox import Sandbox
from sandbox.cards import card_of
from sandbox.chat_setup import set_up_chat
from sandbox.demo import CHANNEL
from sandbox.mattermost import ChatPerson
from sandbox.pagerduty import API_KEY
from sandbox.ports import free_port

NEEDED = ("ST2_API_URL", "ST2_CTL")
BASE = Path(os.environ.get("ST2_BASE", "/opt/stackstorm"))
PACK = "pagerduty"
DONE = ("succeeded", "failed", "timeout", "canceled", "abandoned")
PAGE = 100


class StackStorm:
    """Its API as one account, and its parts by the command that starts and stops them."""

    def __init__(self, url: str, ctl: str, token: str = "") -> None:
        self.base = url.rstrip("/") + "/v1"
        self.ctl_words = shlex.split(ctl)
        self.session = requests.Session()
        self.session.trust_env = False
        if token:
            self.session.headers["X-Auth-Token"] = token

    def send(self, method: str, path: str, **how: Any) -> requests.Response:
        return self.session.request(method, self.base + path, timeout=60, **how)

    def good(self, method: str, path: str, **how: Any) -> Any:
        """The body of an answer that has to be a success."""
        answer = self.send(method, path, **how)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def every(self, path: str, **query: Any) -> Iterator[Any]:
        """All of a list, page by page."""
        offset = 0
        while True:
            rows = self.good("GET", path, params={**query, "limit": PAGE, "offset": offset})
            yield from rows
            offset += len(rows)
            if len(rows) < PAGE:
                return

    def ctl(self, *words: str) -> None:
        """As `st2ctl` is told. Raises where it fails."""
        subprocess.run([*self.ctl_words, *words], check=True, timeout=300)

    def begin(self, action: str, **parameters: Any) -> str:
        """Start it; the result is the execution's id."""
        body = {"action": action, "parameters": parameters}
        return str(self.good("POST", "/executions", json=body)["id"])

    def run(self, action: str, **parameters: Any) -> Dict[str, Any]:
        """The finished execution."""
        return self.finished(self.begin(action, **parameters))

    def finished(self, id: str, seconds: float = 120) -> Dict[str, Any]:
        def ended() -> Optional[Dict[str, Any]]:
            found: Dict[str, Any] = self.good("GET", f"/executions/{id}")
            return found if found["status"] in DONE else None

        return within(seconds, ended, f"execution {id} does not end")

    def executions(self, since: float, **query: Any) -> List[Dict[str, Any]]:
        """Those that began at or after `since` (seconds since the epoch), oldest first."""
        query = {"timestamp_gt": stamp(since), "sort_asc": "True", **query}
        return list(self.every("/executions", **query))

    def rule(self, name: str, trigger: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        """Make this rule, in place of one of its name."""
        self.send("DELETE", f"/rules/default.{name}")
        body = {"name": name, "pack": "default", "enabled": True, "trigger": trigger}
        self.good("POST", "/rules", json={**body, "action": action})

    def unrule(self, name: str) -> None:
        self.send("DELETE", f"/rules/default.{name}")

    def keys(self, prefix: str = PACK + ".") -> List[str]:
        return [row["name"] for row in self.every("/keys", prefix=prefix, scope="system")]

    def forget(self) -> None:
        """All that the pack remembers."""
        for name in self.keys():
            self.send("DELETE", "/keys/" + quote(name, safe=""), params={"scope": "system"})


class PackOnStackStorm:
    """The pack on a real StackStorm, with the sandbox for both other sides."""

    def __init__(self, st2: StackStorm, sandbox: Sandbox) -> None:
        self.st2, self.sandbox = st2, sandbox
        sandbox.pagerduty.account.set_options(rate_limit=None)
        self.chat = set_up_chat(sandbox)
        self.person = ChatPerson(sandbox.mattermost, "ada")

    def configuration(self, **more: Any) -> Dict[str, Any]:
        world = self.sandbox.mattermost.world
        assert world is not None
        return {
            "api_key": API_KEY,
            "from_email": "ada@example.com",
            "api_url": self.sandbox.pagerduty.url,
            "events_url": self.sandbox.pagerduty.url,
            "mattermost": {
                "url": self.sandbox.mattermost.url,
                "token": world.bot_token,
                "team": world.team.name,
                "default_channel": CHANNEL,
                "operations_channel": "ops",
            },
            "chat": dict(self.chat),
            "noise": {"storm_incidents": 0, "flapping_rounds": 0},
            **more,
        }

    def configure(self, **more: Any) -> None:
        """Write and register the configuration."""
        path = BASE / "configs" / f"{PACK}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(self.configuration(**more)), encoding="utf-8")
        self.st2.good("POST", "/packs/register", json={"types": ["configs"], "packs": [PACK]})

    def start(self, **more: Any) -> None:
        """Anew: nothing remembered, this configuration, a sensor that has looked once."""
        self.st2.ctl("stop-component", "st2sensorcontainer")
        self.st2.forget()
        self.configure(**more)
        self.st2.ctl("start-component", "st2sensorcontainer")
        within(90, lambda: self.st2.keys(f"{PACK}.sensor.head"), "the sensor does not look")
        within(90, self.listens, "the chat sensor does not listen")

    def listens(self) -> bool:
        try:
            return requests.get(self.chat["public_url"], timeout=1).status_code == 405
        except requests.RequestException:
            return False

    def card(self, incident: Any) -> Any:
        return card_of(self.sandbox.mattermost.account, CHANNEL, incident.id)

    def thread(self, incident: Any) -> List[Any]:
        card = self.card(incident)
        return list(self.sandbox.mattermost.account.thread(card)) if card else []

    def told(self, incident: Any) -> int:
        """How many of its changes stand in Mattermost: the card tells the first."""
        return 1 + len(self.thread(incident)) if self.card(incident) else 0

    def webhook(self) -> Dict[str, Any]:
        """The section of the configuration, on a free port."""
        port = free_port()
        return {"port": port, "public_url": f"http://127.0.0.1:{port}/pagerduty"}


def from_environment() -> StackStorm:
    token = os.environ.get("ST2_AUTH_TOKEN", "")
    return StackStorm(os.environ["ST2_API_URL"], os.environ["ST2_CTL"], token)


def missing() -> List[str]:
    """What the environment has to name and does not."""
    return [name for name in NEEDED if not os.environ.get(name)]


def within(seconds: float, done: Callable[[], Any], otherwise: str, pause: float = 0.2) -> Any:
    """What `done` gives once it gives something; fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(pause)
    raise AssertionError(otherwise)


def stamp(at: float) -> str:
    """Seconds since the epoch as StackStorm's API takes a time."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    return f"{whole}.{int(at % 1 * 1e6):06d}Z"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
