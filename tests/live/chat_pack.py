"""The pack's chat endpoint on a Mattermost that is held to the contract: set up by
`mattermost.setup`, called at an address that the server reaches, its orders kept for the test
instead of being carried out."""

# flake8: noqa: E203

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple
from unittest import mock

import yaml
from datastore_double import Service
from mattermost_setup import MattermostSetup
from mattermost_site import Client, Site, good

from pagerduty_mattermost.chat.dialog_lists import ListReads, NameList
from pagerduty_mattermost.chat.endpoint import ChatEndpoint
from pagerduty_mattermost.core.config import settings as config
from pagerduty_mattermost.gateways.http.listener import Listener
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher

KEY = "k" * 32
LENT = "mattermost_admin_token"
SENSOR = Path(__file__).resolve().parents[2] / "sensors" / "chat_sensor.yaml"
Call = Tuple[str, Mapping[str, str], bytes]


class Taken(Service):
    """StackStorm: the datastore, and what was dispatched."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: List[Dict[str, Any]] = []

    def dispatch(self, trigger: str, payload: Any = None, trace_tag: Optional[str] = None) -> None:
        self.orders.append(payload)


class Pack:
    """`url`: the address Mattermost calls; empty: this machine's own, on any port. `bind`:
    `address:port`."""

    def __init__(self, site: Site, url: str = "", bind: str = "") -> None:
        self.site, self.channel = site, site.new_channel()
        good(
            site.admin.post(
                f"/channels/{self.channel['id']}/members", {"user_id": site.person["id"]}
            )
        )
        host, _, port = (bind or "127.0.0.1:0").rpartition(":")
        self.calls: List[Call] = []
        self.answers: Dict[str, Dict[str, Any]] = {}
        """By how the path ends."""
        log = mock.Mock()
        self.listener = Listener(host, int(port), self._answer, log)
        self.url = url or self.listener.address
        self.service = Taken()
        self.steps: Dict[str, List[str]] = {}
        """What setup did."""
        self.raw: Dict[str, Any] = {
            **connected(site, self.channel["name"]),
            "chat": {"port": 8090, "public_url": self.url, "signing_keys": [KEY]},
        }
        settings = config.load(self.raw)
        schemas = yaml.safe_load(SENSOR.read_text(encoding="utf-8"))["trigger_types"]
        dispatcher = Dispatcher(
            self.service,
            {"pagerduty." + one["name"]: one["payload_schema"] for one in schemas},
            log,
            deadline=2,
        )
        self._endpoint = ChatEndpoint(
            settings,
            dispatcher,
            Store(self.service),
            self.gateway,
            ListReads(lambda: {"priority": NameList(("P1",), True)}),
            log,
        )
        self.listener.start()

    def close(self) -> None:
        self.setup("teardown")
        self.listener.stop()

    def gateway(self) -> Mattermost:
        return Mattermost(config.require_mattermost(config.load(self.raw)))

    def _answer(
        self, path: str, headers: Mapping[str, str], body: bytes
    ) -> Tuple[int, Dict[str, Any]]:
        """As the endpoint does; below `/status/` with that status; with what stands in `answers`
        instead."""
        self.calls.append((path, dict(headers), body))
        for end, answer in self.answers.items():
            if path.endswith(end):
                return 200, answer
        _, _, status = path.rpartition("/status/")
        if status.isdigit():
            return int(status), {"text": "never shown", "ephemeral_text": "never shown"}
        return self._endpoint.answer(path, headers, body)

    def setup(self, verb: str = "setup") -> Dict[str, List[str]]:
        """mattermost.setup or teardown, with an administrator's token: the steps' texts by
        state."""
        action = MattermostSetup(config=self.raw, action_service=self.service)
        self.service.set_value(LENT, token_of(self.site.admin), local=False, encrypt=True)
        done, result = action.run(verb=verb, admin_token_key=LENT, take_over=True)
        assert done is True, result
        found: Dict[str, List[str]] = {}
        for step in result["steps"]:
            found.setdefault(step["state"], []).append(step["text"])
        return found

    def orders(self, since: int = 0) -> List[Dict[str, Any]]:
        return self.service.orders[since:]

    @property
    def now(self) -> float:
        return time.time()


def connected(site: Site, channel: str) -> Dict[str, Any]:
    """The configuration by which the pack is the site's bot, without PagerDuty."""
    return {
        "api_key": "not-used-here",
        "tls": {"ca_file": site.ca_file or None},
        "mattermost": {
            "url": site.url,
            "token": token_of(site.bot),
            "team": site.team["name"],
            "default_channel": channel,
        },
    }


def token_of(client: Client) -> str:
    return str(client.session.headers["Authorization"])[len("Bearer ") :]
