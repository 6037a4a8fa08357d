"""A schedule that no escalation policy uses, which GET /oncalls does not
show: who is on call by it is told all the same."""

from __future__ import annotations

from typing import Any

from chat_case import ChatCase


class UnusedScheduleTestCase(ChatCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        people = [self.account.find("users", name)["id"] for name in ("Olu Adeyemi", "Mei Tanaka")]
        start = int(self.sandbox.clock()) - 3600
        layer = {
            "id": "PLAYER1",
            "name": "Layer 1",
            "start": start,
            "end": None,
            "virtual_start": start,
            "turn": 86400,
            "user_ids": people,
            "restrictions": [],
        }
        self.account.create(
            "schedules", {"name": "Lone rotation", "time_zone": "UTC", "layers": [layer]}
        )

    def who(self) -> Any:
        return self.run_class("oncall_who", "OnCallWho", schedule="Lone rotation")

    def test_who_is_on_call_by_it_is_told_before_and_after_a_take_over(self) -> None:
        assert "Olu Adeyemi" in self.told("oncall", text="Lone rotation")
        assert [one["user"]["name"] for one in self.who()["oncalls"]] == ["Olu Adeyemi"]
        assert "Ada Lovelace takes Lone rotation" in self.told(
            "take", service="Lone rotation", duration="2h"
        )
        assert "Ada Lovelace" in self.told("oncall", text="Lone rotation")
        assert "Ada Lovelace" in self.who()["message"]
        assert "Nobody" not in self.who()["message"]
