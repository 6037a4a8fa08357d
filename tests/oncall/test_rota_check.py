"""What oncall.check says of the days ahead: unknown names, notification rules, times that nobody
has, people on call twice at once, short rests."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oncall_case import HOUR, OnCallCase, moment

from pagerduty_mattermost.gateways.pagerduty import contact_methods
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall.handoffs import OnCallSpan
from pagerduty_mattermost.oncall.rota_advice import DOUBLE, GAP, REST, advice

PEOPLE = [Reference("user", f"P{letter}", letter) for letter in "ABC"]
THINGS = {
    "S1": Reference("schedule", "S1", "Days"),
    "S2": Reference("schedule", "S2", "Nights"),
    "E1": Reference("escalation_policy", "E1", "Payments"),
}


def span(who: int, start: float, end: float, schedule: str = "S1") -> OnCallSpan:
    return OnCallSpan(PEOPLE[who], start * HOUR, end * HOUR, schedule)


def found(spans: Any, until: float = 48) -> List[Tuple[Any, ...]]:
    return [
        (one.kind, one.user.name, one.start / HOUR, one.end / HOUR, *one.places)
        for one in advice(spans, THINGS, 0, until * HOUR)
    ]


def test_a_time_that_nobody_has_is_a_gap() -> None:
    spans = {"S1": {0: [span(0, -5, 9), span(1, 12, 30)]}, "S2": {}}
    assert found(spans) == [
        (GAP, "", 0, 48, "Nights"),
        (GAP, "", 9, 12, "Days"),
        (GAP, "", 30, 48, "Days"),
    ]
    always = OnCallSpan(PEOPLE[0], None, None)
    assert found({"E1": {1: [always], 2: [span(1, 0, 47.5, "")]}}) == [
        (GAP, "", 47.5, 48, "Payments, level 2")
    ]


def test_the_same_duty_seen_twice_is_no_double_duty() -> None:
    own = [span(0, 0, 48)]
    assert found({"S1": {0: own}, "E1": {1: own}}) == []
    assert found({"E1": {1: own, 2: own}}) == [
        (DOUBLE, "A", 0, 48, "Payments, level 1", "Payments, level 2")
    ]
    assert found({"S1": {0: own}, "S2": {0: [span(0, 40, 48, "S2"), span(1, 0, 40, "S2")]}}) == [
        (DOUBLE, "A", 40, 48, "Days", "Nights")
    ]


def test_a_rest_is_between_all_that_somebody_is_on_call_for() -> None:
    spans = {
        "S1": {0: [span(0, 0, 12), span(1, 12, 48)]},
        "S2": {0: [span(2, 0, 20, "S2"), span(0, 20, 24, "S2"), span(2, 24, 48, "S2")]},
    }
    assert found(spans) == [
        (REST, "A", 12, 20, "Days", "Nights"),
        (REST, "C", 20, 24, "Nights"),
    ]
    day_shifts = {"S1": {0: [span(0, 9, 20), span(1, 20, 33), span(0, 33, 48), span(1, 0, 9)]}}
    assert found(day_shifts) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(1, 12)),
        max_size=8,
    )
)
def test_gaps_are_just_the_hours_that_nobody_has(rows: List[Tuple[int, int, int]]) -> None:
    spans = {"S1": {0: [span(who, start, start + hours) for who, start, hours in rows]}}
    gaps = [(start, end) for kind, _, start, end, *_ in found(spans) if kind == GAP]
    for hour in range(48):
        free = not any(start <= hour < start + hours for _, start, hours in rows)
        assert free == any(start <= hour < end for start, end in gaps)


PHONE = {"id": "C1", "type": "phone_contact_method"}
PUSH = {"id": "C2", "type": "push_notification_contact_method"}


def rule(method: Any, minutes: int, urgency: str = "high") -> Dict[str, Any]:
    return {"contact_method": method, "start_delay_in_minutes": minutes, "urgency": urgency}


@pytest.mark.parametrize(
    ("methods", "rules", "weakness"),
    [
        ([PHONE], [rule(PHONE, 0)], ""),
        ([PHONE], [rule(PHONE, 5)], ""),
        ([PHONE], [rule(PHONE, 6)], "late_rule"),
        ([PHONE], [rule(PHONE, 0, "low")], "no_rule"),
        ([PHONE], [], "no_rule"),
        ([PHONE, PUSH], [rule(PUSH, 0), rule(PHONE, 10)], ""),
        ([PUSH], [rule(PUSH, 0)], "push_alone"),
        ([{**PHONE, "enabled": False}, PUSH], [rule(PUSH, 0)], "push_alone"),
        ([PHONE], None, ""),
        ([PHONE], "odd", ""),
        (None, [rule(PHONE, 30)], ""),
        ([PHONE], [None, {"urgency": "high"}, rule(None, 0)], "no_rule"),
    ],
)
def test_how_somebody_is_notified(methods: Any, rules: Any, weakness: str) -> None:
    row = {"id": "PA", "name": "Ada", "contact_methods": methods, "notification_rules": rules}
    one = contact_methods.contacts(row)
    assert (one.reachable, one.weakness) == (True, weakness)
    assert bool(one.text) == bool(weakness)


class RotaCheckTestCase(OnCallCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.settings["oncall"] = {"channels": {"Days": "incidents"}, "contact_check_before": 24}
        self.rota = self.schedule(
            "Days", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 22, 9)
        )

    def reached(self, name: str) -> None:
        user = self.account.find("users", name)
        own = {"user_id": user["id"], "created_at": self.account.now()}
        method = self.account.add(
            "contact_methods", "M", type="phone_contact_method", address="5", country_code=1, **own
        )
        made = self.account.add(
            "notification_rules",
            "R",
            start_delay_in_minutes=0,
            method_id=method["id"],
            urgency="high",
            **own,
        )
        user["method_ids"].append(method["id"])
        user["rule_ids"].append(made["id"])

    def test_all_is_well_for_a_schedule_that_no_policy_uses(self) -> None:
        for name in ("Mei Tanaka", "Olu Adeyemi"):
            self.reached(name)
        result = self.done("oncall.check")
        assert (result["checked"], result["unreachable"], result["advice"]) == (2, [], [])
        assert result["message"].endswith("All of them can be reached.")

    def test_it_names_who_can_not_be_reached_there(self) -> None:
        """Where no policy uses a schedule nobody must be taken for nobody."""
        self.reached("Mei Tanaka")
        result = self.done("oncall.check")
        assert [one["user"]["name"] for one in result["unreachable"]] == ["Olu Adeyemi"]

    def test_hours_that_nobody_has_are_advice(self) -> None:
        self.only(self.rota, "09:00:00", 8)
        for name in ("Mei Tanaka", "Olu Adeyemi"):
            self.reached(name)
        result = self.done("oncall.check")
        gaps = [one for one in result["advice"] if one["kind"] == GAP]
        assert [one["count"] for one in gaps] == [14]
        assert gaps[0]["text"] == (
            "nobody is on call for Days from 23 Nov 2026 17:00 CET until 24 Nov 2026 09:00 CET, "
            "and 13 times more at the same hours until 7 Dec 2026 09:00 CET"
        )
        assert result["message"].endswith(f"1 thing to check: {gaps[0]['text']}.")

    def test_an_unknown_name_is_no_all_clear(self) -> None:
        self.settings["oncall"]["channels"]["Dyas"] = "incidents"
        for name in ("Mei Tanaka", "Olu Adeyemi"):
            self.reached(name)
        line = self.refused("oncall.check")
        assert "there is no schedule or escalation policy 'Dyas'" in line
        assert "Of the others: 2 people are on call" in line

    def test_one_that_was_upgraded_is_checked_alike(self) -> None:
        self.account.upgrade("Days")
        self.reached("Mei Tanaka")
        result = self.done("oncall.check")
        assert [one["user"]["name"] for one in result["unreachable"]] == ["Olu Adeyemi"]
