"""The model's world with a canary: its service, the chat sensor that takes its clicks, and time
that goes on minute by minute."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, Optional

from chat_handle import ChatHandle
from health_canary import HealthCanary
from health_check import HealthCheck
from model_world import LOG, World
from pack_files import ROOT, load

from pagerduty_mattermost.cards.post_rules import INCIDENT_TRIGGER
from pagerduty_mattermost.chat.dialog_lists import ListReads
from pagerduty_mattermost.chat.endpoint import TRIGGER, ChatEndpoint
from pagerduty_mattermost.core.config import settings as config
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.operations.canary import CanaryState
from pagerduty_mattermost.operations.canary_run import remembered
from sandbox.pagerduty.switches import Switches
from sandbox.ports import free_port

SERVICE, CHANNEL = "Database", "ops"
PERIOD_MINUTES = 15


class CanaryWorld(World):
    def __init__(self, *, chat: bool = True) -> None:
        super().__init__(switches=Switches())
        # Of real time, while this world's minutes take milliseconds.
        self.account.set_options(events_limit=None)
        keys = {row["name"]: row["key"] for row in self.account.catalog["integrations"].values()}
        self.settings.update(
            events_url=self.pager.url,
            from_email="ada@example.com",
            canary={
                "service": SERVICE,
                "routing_key": keys["Database Events API v2"],
                "channel": CHANNEL,
                "user": "ada",
            },
        )
        self.stopped: Dict[str, bool] = {}
        """What is broken now: sensor, rules, chat rule, canary."""
        self.skew = 0.0
        """Of this machine's clock."""
        self.dispatched: List[Mapping[str, Any]] = []
        """Orders from chat that were not handled yet."""
        self._dispatch = self.service.dispatch
        self.service.dispatch = self._routed  # type: ignore[method-assign]
        self.endpoint: Optional[ChatEndpoint] = None
        if chat:
            port = free_port()
            self.settings["chat"] = {
                "port": port,
                "public_url": f"http://127.0.0.1:{port}/pagerduty",
                "signing_keys": ["s" * 32],
            }
            self.open_endpoint()
        self.restart()

    def close(self) -> None:
        self.close_endpoint()
        super().close()

    def _routed(self, trigger: str, payload: Any = None, trace_tag: Optional[str] = None) -> None:
        if trigger == TRIGGER:
            if not self.stopped.get("chat rule"):
                self.dispatched.append(payload)
        elif trigger != INCIDENT_TRIGGER or not self.stopped.get("rules"):
            self._dispatch(trigger, payload, trace_tag)

    def open_endpoint(self) -> None:
        settings = config.load(self.settings)
        metadata = load(ROOT / "sensors" / "chat_sensor.yaml")
        schemas = {
            "pagerduty." + one["name"]: one["payload_schema"] for one in metadata["trigger_types"]
        }
        self.endpoint = ChatEndpoint(
            settings,
            Dispatcher(self.service, schemas, LOG),
            Store(self.service),
            self.chat.gateway,
            ListReads(dict),
            LOG,
            clock=self.clock,
            monotonic=self.clock,
        )
        self.endpoint.listen()

    def close_endpoint(self) -> None:
        if self.endpoint is not None:
            self.endpoint.close()
            self.endpoint = None

    def minute(self) -> None:
        """The sensor looks twice, all that is asked for is carried out, the canary takes a
        step."""
        for _ in range(2):
            self.clock.advance(25)
            if not self.stopped.get("sensor"):
                self.poll()
            self.work(1000)
            self.clock.advance(5)
            while self.dispatched:
                self.act(ChatHandle, order=self.dispatched.pop(0))
            self.work(1000)
        if not self.stopped.get("canary"):
            succeeded, result = self.act(HealthCanary)
            assert succeeded, result

    def minutes(self, count: int, until: Callable[[], Any] = lambda: False) -> float:
        """So many, or until it is so; how many seconds went by."""
        began = self.clock()
        for _ in range(count):
            if until():
                break
            self.minute()
        return float(self.clock() - began)

    def act(self, cls: Any, **given: Any) -> Any:
        action = cls(dict(self.settings), self.service)
        action.logger = LOG
        action.sleep = self.clock.advance
        action.monotonic = self.clock
        action.clock = lambda: self.clock() + self.skew
        return action.run(**given)

    @property
    def state(self) -> CanaryState:
        return remembered(Store(self.service))

    def line(self) -> Dict[str, Any]:
        """What health.check says of the canary."""
        succeeded, result = self.act(HealthCheck)
        assert succeeded, result
        (line,) = [one for one in result["checks"] if one["name"] == "canary"]
        return dict(line)

    def incidents(self) -> List[Any]:
        """The canary's, oldest first."""
        mine = self.account.find("services", SERVICE)["id"]
        found = [one for one in self.account.incidents.values() if one.service_id == mine]
        return sorted(found, key=lambda one: one.number)

    def cards(self, channel: str) -> List[str]:
        """What the canary's cards and their threads in the channel say."""
        return [
            post.message + json.dumps(post.props)
            for post in self.chat.service.posts(channel)
            if "Canary" in post.message + json.dumps(post.props)
        ]
