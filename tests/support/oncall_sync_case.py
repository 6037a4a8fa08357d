"""What tests of oncall.sync stand on: a rota of two people with an escalation policy, and a
channel, on both sandboxes."""

from __future__ import annotations

from typing import Any, Dict

from oncall_case import DAY, OnCallCase, moment

ROTA = "Mornings"


class SyncCase(OnCallCase):
    """A rota that Mei and Olu have by turns, a day each from 9:00 on; it is Monday 10:00 and Mei's
    turn."""

    def setUp(self) -> None:
        super().setUp()
        self.rota = self.schedule(
            ROTA, ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9)
        )
        self.policy(
            "Morning escalation",
            [("schedule", self.rota["id"])],
            [("user", self.user("Ada Lovelace"))],
        )
        self.settings["oncall"] = {}
        self.channel = self.chat.service.add_channel("checkout", "Checkout", members=["ada"])

    def sync(self, **terms: Any) -> Dict[str, Any]:
        if terms:
            self.settings["oncall"] = terms
        result: Dict[str, Any] = self.done("oncall.sync")
        return result

    def header(self) -> str:
        return str(self.chat.service.channel("checkout").header)

    def changes(self) -> int:
        """How often anybody was told of a changed header."""
        return len(self.told("checkout", "system_header_change"))

    def complaints(self) -> int:
        return len([text for text in self.messages("ops") if text.startswith(":warning:")])

    def tomorrow(self) -> None:
        self.at(self.now + DAY)
