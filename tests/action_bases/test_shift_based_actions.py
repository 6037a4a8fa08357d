"""The actions of shift-based schedules beyond their rows: what a lost answer means where something
ends instead of going, or where two are alike; and their objects against PagerDuty's contract."""

from __future__ import annotations

from typing import Any, Dict

import openapi
import pytest
from actions_world import ActionsTestCase
from openapi import contract
from rest_rows import user
from rest_rows_shifts import custom_shift, event, new_event, one_event, rotation, shift_schedule
from test_lost_answers import NOT_KNOWN
from test_write_schemas import _ours, differences, openapi_properties

V3 = "/v3/schedules"


@pytest.mark.skipif(not openapi.available(), reason="../shared/contracts is not here")
def test_an_event_is_asked_for_as_pagerduty_asks_for_it() -> None:
    path = f"{V3}/PABC123/rotations/PABC123/events"
    found = contract("pagerduty").operation("POST", path)
    assert found is not None
    body = found[1]["requestBody"]["content"]["application/json"]["schema"]
    theirs = _whole(openapi_properties(body)["event"])
    ours = _ours("objects/rotation_event.json")
    assert list(differences(ours, theirs, "event")) == []
    known = {name for name, one in ours["properties"].items() if not one.get("readOnly")}
    assert known == set(theirs["properties"])


def _whole(node: Any) -> Any:
    if isinstance(node, list):
        return [_whole(one) for one in node]
    if not isinstance(node, dict):
        return node
    found: Dict[str, Any] = contract("pagerduty").resolved(node)
    return {name: _whole(value) for name, value in found.items()}


class LostAnswersTestCase(ActionsTestCase):
    def lost(self, method: str) -> None:
        self.server.journal.clear()
        self.server.faults.add("lost", method=method, times=1)

    def changes(self, method: str) -> int:
        return len([one for one in self.server.journal.find(method) if one.effect])

    def test_what_has_begun_ends_once(self) -> None:
        """It can't be deleted a second time."""
        shift = custom_shift(self, "now")
        other = custom_shift_beside(self, shift["entity_id"])
        override = self.done(
            "shift_override.create",
            entity_id=shift["entity_id"],
            custom_shift_id=other,
            start_time="now",
            end_time="2h",
            overridden_user_id=user(self),
            overriding_user_id=self.id("users", "Mei Tanaka"),
        )
        self.account.clock.advance(60)
        for name, id in (
            ("shift_override.delete", override["id"]),
            ("custom_shift.delete", shift["resource_id"]),
        ):
            self.lost("DELETE")
            self.done(name, entity_id=shift["entity_id"], resource_id=id)
            assert self.changes("DELETE") == 1, name

    def test_what_was_over_before_is_refused(self) -> None:
        shift = custom_shift(self, "now")
        self.account.clock.advance(4 * 3600)
        self.server.faults.add("drop", method="DELETE", times=1)
        assert "has ended" in self.refused("custom_shift.delete", **shift)

    def test_a_rotation_whose_events_make_shifts_ends_once(self) -> None:
        of = one_event(self, "now")
        self.account.clock.advance(86400)
        self.lost("DELETE")
        self.done("rotation.delete", entity_id=of["entity_id"], resource_id=of["rotation_id"])
        assert self.changes("DELETE") == 1

    def test_an_event_from_the_past_begins_when_it_is_made_and_is_found_so(self) -> None:
        given = new_event(self, "2026-11-01T00:00:00Z")
        self.account.clock.advance(60)
        self.lost("POST")
        made = self.done("rotation_event.create", **given)
        assert made["effective_since"] == "2026-11-21T03:46:10Z"
        assert self.changes("POST") == 1

    def test_of_two_alike_it_is_not_known_which_was_made(self) -> None:
        schedule = rotation(self)["entity_id"]
        self.lost("POST")
        assert NOT_KNOWN in self.refused("rotation.create", entity_id=schedule)
        assert self.changes("POST") == 1

    def test_a_rotation_that_works_is_not_taken_for_a_new_one(self) -> None:
        given = new_event(self)
        self.done("rotation_event.create", **given)
        self.server.faults.add("drop", method="POST", times=1)
        assert NOT_KNOWN in self.refused("rotation.create", entity_id=given["entity_id"])
        self.lost("POST")
        made = self.done("rotation.create", entity_id=given["entity_id"])
        assert made["id"] != given["rotation_id"]

    def test_another_schedule_of_the_same_name_is_not_taken_for_it(self) -> None:
        shift_schedule(self)
        self.server.faults.add("drop", method="POST", times=1)
        line = self.refused(
            "shift_schedule.create", name="Nights", time_zone="UTC", description="Another"
        )
        assert NOT_KNOWN in line


def custom_shift_beside(test: ActionsTestCase, schedule: str) -> str:
    given = {"entity_id": schedule, "end_time": "3h", "user_id": user(test)}
    return str(test.done("custom_shift.create", start_time="now", **given)["id"])


class InputsTestCase(ActionsTestCase):
    def test_recurrence_keeps_its_commas_also_as_one_text(self) -> None:
        given = new_event(self)
        for lines in ("RRULE:FREQ=WEEKLY;BYDAY=MO,TU", ["RRULE:FREQ=WEEKLY;BYDAY=MO,TU"]):
            given["data"] = {**event(self), "recurrence": lines}
            made = self.done("rotation_event.create", **given)
            assert made["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=MO,TU"]

    def test_all_that_is_wrong_with_an_event_is_named_and_nothing_sent(self) -> None:
        given = new_event(self)
        given["data"] = {
            **event(self),
            "recurrence": "every Monday",
            "start_time": {"date_time": "2026-11-16T09:00:00", "time_zone": "Europe/Berlin"},
            "assignment_strategy": {"type": "round_robin", "members": []},
        }
        self.server.journal.clear()
        line = self.refused("rotation_event.create", **given)
        for part in (
            "data.recurrence[0]: expected a line such as RRULE:FREQ=WEEKLY",
            "data.start_time.date_time: expected a time with its offset",
            "data.assignment_strategy.type: expected one of rotating_member",
            "data.assignment_strategy.members: expected at least 1",
        ):
            assert part in line, line
        assert self.sent() == []

    def test_an_override_is_of_a_rotation_or_of_a_custom_shift(self) -> None:
        ids = {"overridden_user_id": "PA12345", "overriding_user_id": "PB12345"}
        given = {"entity_id": "PC12345", "end_time": "2h", **ids}
        for both in ({}, {"rotation_id": "R1", "custom_shift_id": "C1"}):
            line = self.refused("shift_override.create", **given, **both)
            assert "exactly one is needed of rotation_id, custom_shift_id" in line
        assert self.sent() == []

    def test_an_update_that_changes_nothing_is_refused(self) -> None:
        ids = {"entity_id": "PC12345", "resource_id": "PD12345"}
        for name, given in (
            ("shift_schedule.update", {"entity_id": "PC12345"}),
            ("custom_shift.update", ids),
            ("shift_override.update", ids),
        ):
            assert "at least one is needed of" in self.refused(name, **given)
        line = self.refused("rotation_event.update", **ids, rotation_id="R1", data={})
        assert "data: expected at least 1 of name" in line
        assert self.sent() == []

    def test_audit_records_are_read_page_by_page(self) -> None:
        schedule = shift_schedule(self)
        for number in range(130):
            self.account.clock.advance(1)
            self.account.change(
                "schedules", self.account.catalog["schedules"][schedule], {"name": f"N{number}"}
            )
        before = len(self.sent())
        rows = self.done("shift_schedule.find_audit_records", entity_id=schedule, maximum=120)
        assert len({row["id"] for row in rows}) == 120
        assert len(self.sent()) - before == 2
        assert "more than the 120" in self.warnings[0]
        rows = self.done("shift_schedule.find_audit_records", entity_id=schedule, maximum=500)
        assert len(rows) == 131
        assert self.warnings == []
