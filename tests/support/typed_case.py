"""What people type after `/pd`, through the listener by HTTP and the action, and what they are
answered."""

from __future__ import annotations

import json
from typing import Any, Dict, List
from unittest import mock

from chat_sensor_case import TOKEN, ChatSensorCase


class TypedCase(ChatSensorCase):
    __test__ = False
    typist = "ada"
    """Who types."""

    def setUp(self) -> None:
        patched = mock.patch("pagerduty_mattermost.chat.endpoint.ORDERS_AT_ONCE", 1000)
        patched.start()  # they type faster than people do
        self.addCleanup(patched.stop)
        super().setUp()

    def say(self, text: str, who: str = "") -> str:
        """What is answered at once, or once it is carried out: the text, or the error's line."""
        username = who or self.typist
        told = {
            "token": TOKEN,
            "command": "/pd",
            "text": text,
            "user_id": self.user_id(username),
            "user_name": username,
            "response_url": "http://x.example/hooks/commands/" + "h" * 26,
        }
        before = len(self.orders())
        answer = self.post("/command", data=told, headers={"Authorization": "Token " + TOKEN})
        if len(self.orders()) == before:
            return str(answer.json()["text"])
        return self.carried_out()

    def carried_out(self) -> str:
        """What the newest order is answered."""
        before = len(self.told())
        order = self.orders()[-1]
        order = {**order, "valid_until": float(order["valid_until"]) + self.late}
        done, line = self.handle(order)
        if not done:
            return str(line)
        return str(self.told()[-1].get("text") or "") if len(self.told()) > before else ""

    def asked(self, text: str) -> str:
        """The question that a command is answered with."""
        assert self.say(text) == "", "it is asked about"
        (shown,) = self.told()[-1]["attachments"]
        return str(shown["text"]).replace("\u200b", "").replace("\\", "")

    def confirm(self) -> str:
        """A click on the act of the newest question, and what comes of it."""
        (shown,) = self.told()[-1]["attachments"]
        token = shown["actions"][0]["integration"]["context"]["token"]
        self.click(token, user_id=self.user_id(self.typist), user_name=self.typist)
        return self.carried_out()

    def told(self) -> List[Dict[str, Any]]:
        """All answers, oldest first."""
        entries = self.sandbox.mattermost.journal.entries
        return [json.loads(one.body) for one in entries if one.path.startswith("/hooks/")]

    def written(self) -> List[str]:
        """Each request that changes something at PagerDuty."""
        return [one for one in self._requests() if not one.startswith("GET ")]

    def reads(self, path: str) -> int:
        """How often this was read at PagerDuty."""
        return self._requests().count(f"GET {path}")

    def looked_up(self, name: str) -> int:
        """How often somebody was looked for at PagerDuty by an address that begins so."""
        entries = self.sandbox.pagerduty.journal.entries
        asked = [dict(one.query).get("query", "") for one in entries if one.path == "/users"]
        return sum(text.startswith(name) for text in asked)

    def _requests(self) -> List[str]:
        entries = self.sandbox.pagerduty.journal.entries
        return [f"{one.method} {one.path}" for one in entries if one.server == "pagerduty"]

    def role(self, name: str, role: str) -> None:
        """At PagerDuty, from now on."""
        person = self.account.find("users", name)
        self.account.change("users", person, {"role": role})
