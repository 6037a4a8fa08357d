"""A schedule that no escalation policy uses, which GET /oncalls does not
show: who is on call by it is told all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from chat_case import ChatCase

CASES = Path(__file__).resolve().parents[1] / "fixtures" / "cases"
CASE = yaml.safe_load((CASES / "F03_schedule_no_policy.yaml").read_text("utf-8"))


class UnusedScheduleTestCase(ChatCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        given = CASE["schedule"]
        emails = [f"{name.lower()}@example.com" for name in given["users"]]
        people = [self.account.find("users", email)["id"] for email in emails]
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
            "schedules", {"name": given["name"], "time_zone": "UTC", "layers": [layer]}
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
