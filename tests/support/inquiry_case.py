"""Inquiries of the sandbox's StackStorm, asked by the rule's action and answered by the chat
sensor."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict

from chatops_case import ChatopsCase
from inquiry_ask import InquiryAsk

from sandbox.stackstorm import inquiries

APPROVED: Dict[str, Any] = {
    "type": "object",
    "properties": {
        "approved": {"type": "boolean", "description": "Restart web-1?", "required": True}
    },
}


class InquiryCase(ChatopsCase):
    def ask(
        self, schema: Dict[str, Any] = APPROVED, route: str = "~town-square", **more: Any
    ) -> str:
        id = inquiries.ask(self.stackstorm.account, schema, route, **more)
        self.result = self.run_action(id)
        return id

    def run_action(self, id: str) -> Any:
        """What the rule runs."""
        action = InquiryAsk(config=self.config, action_service=self.sensor_service)
        action.sleep = lambda seconds: None  # between tries at a server that refuses
        return action.run(inquiry_id=id)

    def begun_before(self, id: str, seconds: float) -> None:
        """It began so long ago."""
        at = datetime.fromtimestamp(self.stackstorm.account.clock() - seconds, timezone.utc)
        began = at.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        self.stackstorm.account.executions[id]["start_timestamp"] = began

    def response(self, id: str) -> Any:
        return (self.stackstorm.account.executions[id]["result"] or {}).get("response")

    def answers(self) -> int:
        """How often StackStorm was given an answer."""
        return len(self.sandbox.journal.find(path="^/v1/inquiries/", method="PUT"))

    def send(self, dialog: Any, user: str = "ada", **fields: Any) -> Any:
        body = {
            "type": "dialog_submission",
            "callback_id": dialog["callback_id"],
            "state": dialog["state"],
            "user_id": self.user_id(user),
            "submission": fields,
        }
        return self.post("/dialog", json=body).json()
