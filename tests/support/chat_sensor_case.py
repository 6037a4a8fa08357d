"""The chat sensor on both sandboxes, called by HTTP as Mattermost calls it."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, Dict, List, Optional, Set
from unittest import mock

import requests
from chat_handle import ChatHandle
from chat_sensor import ChatSensor
from st2tests.base import BaseSensorTestCase

from sandbox import Sandbox
from sandbox.connection import connection
from sandbox.mattermost import ADMIN_TOKEN
from sandbox.pagerduty import API_KEY
from sandbox.ports import free_port

KEY, TOKEN = "s" * 32, "t" * 26
ADA = "a" * 26


class ChatSensorCase(BaseSensorTestCase):
    sensor_cls = ChatSensor
    __test__ = False
    dialog_seconds = 0.0
    """How long a dialog waits: these tests carry an order out when its call is answered."""
    version = "5.37"
    """Of Mattermost."""
    late = 0.0
    """Seconds by which the action's clock is ahead."""

    def setUp(self) -> None:
        super().setUp()
        self.sandbox = Sandbox(mattermost_version=self.version)
        self.sandbox.__enter__()
        self.addCleanup(self.sandbox.__exit__, None, None, None)
        self._handled: Set[str] = set()
        self.account = self.sandbox.pagerduty.account
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/pagerduty"
        self.config: Dict[str, Any] = {
            **connection(self.sandbox),
            "timeouts": {"connect": 5, "read": 10},
            "chat": {
                "port": port,
                "public_url": self.url,
                "command_tokens": [TOKEN],
                "signing_keys": [KEY],
                "webhook_tokens": ["w" * 26],
            },
        }
        self.sensor: Any = None
        self.start()

    def start(self) -> None:
        if self.sensor is not None:
            self.sensor.cleanup()
        self.sensor = self.get_sensor_instance(config=self.config)
        self.sensor.setup()
        self.addCleanup(self.sensor.cleanup)
        if self.sensor.endpoint is not None:
            self.sensor.endpoint.dialogs.seconds = self.dialog_seconds

    def post(self, path: str, **options: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=60, **options)

    def orders(self) -> List[Dict[str, Any]]:
        return [
            one["payload"]
            for one in self.get_dispatched_triggers()
            if one["trigger"] == "pagerduty.chat_command"
        ]

    def click(self, token: str, **more: Any) -> requests.Response:
        body = {
            "user_id": self.user_id(),
            "user_name": "ada",
            "channel_id": "c" * 26,
            "trigger_id": uuid.uuid4().hex,
        }
        return self.post("/click", json={**body, "context": {"token": token}, **more})

    def user_id(self, name: str = "ada") -> str:
        answer = requests.get(
            f"{self.sandbox.mattermost.url}/api/v4/users/username/{name}",
            headers={"Authorization": "Bearer " + self.sandbox.mattermost.world.bot_token},
            timeout=60,
        )
        return str(answer.json()["id"])

    def buttons(self, incident: Any) -> Dict[str, Any]:
        """The card's actions by their id; the menu's is another one in each state."""
        from pagerduty_mattermost.cards import buttons
        from pagerduty_mattermost.incidents.log_entries import incident_from_rest

        headers = {"Authorization": f"Token token={API_KEY}"}
        row = requests.get(
            f"{self.sandbox.pagerduty.url}/incidents/{incident.id}", headers=headers, timeout=60
        ).json()
        found = incident_from_rest(row["incident"])
        assert found is not None
        shown = buttons.actions(found, self.url, KEY, time.time())
        return {
            buttons.MENU if one["type"] == "select" else str(one["id"]): dict(one) for one in shown
        }

    def token(self, incident: Any, id: str) -> str:
        return str(self.buttons(incident)[id]["integration"]["context"]["token"])

    def handle(self, order: Optional[Dict[str, Any]] = None) -> Any:
        """What the rule's action makes of the newest order, which is a new one unless it is
        given."""
        if order is None:
            order = self.orders()[-1]
            assert order["id"] not in self._handled, "nothing was ordered since"
        self._handled.add(str(order["id"]))
        wrapper = mock.Mock()
        wrapper._pack, wrapper._class_name = "tests", "ChatHandle"
        action = ChatHandle(config=self.config, action_service=self.sensor_service)
        action.sleep = lambda _: None  # type: ignore[assignment]
        if self.late:
            action.clock = lambda: time.time() + self.late  # type: ignore[method-assign]
        return action.run(order=order)

    def direct_messages(self) -> List[str]:
        entries = self.sandbox.mattermost.journal.entries
        sent = [
            e
            for e in entries
            if e.server == "mattermost" and e.method == "POST" and e.path == "/api/v4/posts"
        ]
        return [str(json.loads(e.body)["message"]) for e in sent]

    def with_command(self) -> None:
        """`/pd` as somebody made it by hand in Mattermost."""
        account = self.sandbox.mattermost.account
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        team = self.sandbox.mattermost.world.team.id
        fields = {"team_id": team, "trigger": "pd", "url": self.url + "/command", "method": "P"}
        url = f"{self.sandbox.mattermost.url}/api/v4/commands"
        made = requests.post(url, json=fields, headers=headers, timeout=60).json()
        account.state.integrations.commands[made["id"]].token = TOKEN
