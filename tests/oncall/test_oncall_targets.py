"""Who is on call for many schedules and policies at once: complete, or an error; in few
requests."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from oncall_case import OnCallCase, moment

from pagerduty_mattermost.core.errors import Ambiguous, NotFound, PermanentError
from pagerduty_mattermost.gateways.pagerduty import on_calls
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall.targets import present_at, target


class TargetsTestCase(OnCallCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.pagerduty = self.get_action_instance(config=dict(self.settings)).context.pagerduty

    def many(self, count: int) -> list[Reference]:
        found = []
        for number in range(count):
            made = self.schedule(
                f"Rota {number}", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 20)
            )
            self.policy(f"Rota {number} escalation", [("schedule", made["id"])])
            found.append(Reference("schedule", made["id"], made["name"]))
        return found

    def test_a_request_for_each_hundred(self) -> None:
        targets = self.many(250)
        before = self.requests()
        found = present_at(self.pagerduty, targets, self.now)
        assert self.requests() - before == 3
        assert {tuple(person.name for person in people) for people in found.values()} == {
            ("Olu Adeyemi",)
        }
        assert set(found) == {one.id for one in targets}

    def test_a_policys_first_level_that_has_anyone(self) -> None:
        window = {
            "type": "daily_restriction",
            "start_time_of_day": "12:00:00",
            "duration_seconds": 3600,
        }
        noon = self.schedule("Noon", ["Mei Tanaka"], start=moment(2026, 11, 1), windows=[window])
        both = [("user", self.user("Ada Lovelace")), ("user", self.user("Grace Hopper"))]
        made = self.policy("Noon escalation", [("schedule", noon["id"])], both)
        target = Reference("escalation_policy", made["id"], made["name"])
        for hour, names in ((10, ["Ada Lovelace", "Grace Hopper"]), (12, ["Mei Tanaka"])):
            self.at(moment(2026, 11, 23, hour, 30))
            found = present_at(self.pagerduty, [target, target], self.now)
            assert [person.name for person in found[made["id"]]] == names

    def test_an_incomplete_list_is_an_error_and_never_nobody(self) -> None:
        targets = self.many(3)
        with patch.object(on_calls, "MAX_ROWS", 2), pytest.raises(
            PermanentError, match="more than 2 on-calls"
        ):
            present_at(self.pagerduty, targets, self.now)

    def test_a_schedule_before_a_policy_unless_the_kind_is_said(self) -> None:
        schedule = self.schedule("Both", ["Mei Tanaka"], start=moment(2026, 11, 1))
        policy = self.policy("Both", [("user", self.user("Ada Lovelace"))])
        for text, id in (
            ("both", schedule["id"]),
            ("policy:Both", policy["id"]),
            ("Schedule: both", schedule["id"]),
            (policy["id"], policy["id"]),
            ("Payments escalation", self.id("escalation_policies", "Payments escalation")),
        ):
            assert target(self.pagerduty, text).id == id
        with pytest.raises(NotFound, match="no schedule or escalation policy 'Nope'"):
            target(self.pagerduty, "Nope")
        self.schedule("Both", ["Mei Tanaka"], start=moment(2026, 11, 1))
        with pytest.raises(Ambiguous):
            target(self.pagerduty, "Both")
