"""Somebody who means harm, at the chat sensor and the rule's action: what they send, and what the
sensor's log says of it."""

from __future__ import annotations

from typing import Any, Dict, List
from unittest import mock

import requests
from chat_sensor_case import TOKEN, ChatSensorCase


class AttackCase(ChatSensorCase):
    def command(self, text: str, user: str = "ada", **more: str) -> Any:
        told = {
            "token": TOKEN,
            "command": "/pd",
            "text": text,
            "user_id": self.user_id(user),
            "user_name": user,
            **more,
        }
        return self.post("/command", data=told, headers={"Authorization": "Token " + TOKEN})

    def said(self, text: str, user: str = "ada", **more: str) -> Any:
        taken = len(self.orders())
        answer = self.command(text, user, **more)
        assert answer.status_code == 200
        assert len(self.orders()) == taken + 1, answer.text
        return self.handle()

    def opened(
        self, incident: Any, kind: str, user: str = "ada", channel: str = "c" * 26
    ) -> Dict[str, Any]:
        """The dialog of that kind that a click of the user opens."""
        made: List[Any] = []
        gateway = mock.Mock()
        gateway.open_dialog = lambda trigger_id, dialog: made.append(dialog["dialog"])
        self.sensor.endpoint._new_mattermost = lambda: gateway
        button = "note" if kind == "note" else "more"
        context = {"token": self.token(incident, button), "selected_option": kind}
        answer = self.click("", user_id=self.user_id(user), channel_id=channel, context=context)
        assert (answer.status_code, answer.json()) == (200, {})
        (dialog,) = made
        return dict(dialog)

    def submit(
        self, dialog: Dict[str, Any], user: str, submission: Dict[str, str], **more: Any
    ) -> requests.Response:
        told = {
            "user_id": self.user_id(user),
            "state": dialog["state"],
            "submission": submission,
            "channel_id": "c" * 26,
        }
        return self.post("/dialog", json={**told, **more})

    def logged(self) -> List[str]:
        """Lines of the sensor's log since it began."""
        return [str(call.args[0] % call.args[1:]) for call in self.warnings.call_args_list]

    def setUp(self) -> None:
        # They type faster than people do.
        quick = mock.patch("pagerduty_mattermost.chat.endpoint.ORDERS_AT_ONCE", 1000)
        quick.start()
        self.addCleanup(quick.stop)
        super().setUp()
        patched = mock.patch.object(self.sensor._log, "warning")
        self.warnings = patched.start()
        self.addCleanup(patched.stop)
