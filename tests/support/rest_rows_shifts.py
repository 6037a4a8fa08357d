"""Rows of shift-based schedules, their rotations, custom shifts and overrides."""

from __future__ import annotations

from typing import Any, Dict

from actions_world import ActionsTestCase
from rest_rows import DELETED, Parameters, Row, key, listed, one, team, user

ROTATING = "rotating_member_assignment_strategy"


def shift_schedule(test: ActionsTestCase) -> str:
    made = test.done("shift_schedule.create", name="Nights", time_zone="Europe/Berlin")
    return str(made["id"])


def upgraded(test: ActionsTestCase) -> str:
    """The schedule that an escalation policy uses, after PagerDuty upgraded it."""
    id = test.id("schedules", "Platform rotation")
    test.account.upgrade(id)
    return id


def rotation(test: ActionsTestCase, **more: Any) -> Parameters:
    schedule = shift_schedule(test)
    made = test.done("rotation.create", entity_id=schedule)
    return {"entity_id": schedule, "resource_id": made["id"], **more}


def event(test: ActionsTestCase, since: str = "1h") -> Dict[str, Any]:
    zone = "Europe/Berlin"
    return {
        "name": "Weekly",
        "start_time": {"date_time": "2026-11-16T09:00:00Z", "time_zone": zone},
        "end_time": {"date_time": "2026-11-23T09:00:00Z", "time_zone": zone},
        "effective_since": since,
        "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO"],
        "assignment_strategy": {
            "type": ROTATING,
            "shifts_per_member": 1,
            "members": [
                {"type": "user_member", "user_id": user(test)},
                {"type": "user_member", "user_id": test.id("users", "Grace Hopper")},
            ],
        },
    }


def new_event(test: ActionsTestCase, since: str = "1h") -> Parameters:
    of = rotation(test)
    return {
        "entity_id": of["entity_id"],
        "rotation_id": of["resource_id"],
        "data": event(test, since),
    }


def events(test: ActionsTestCase) -> Parameters:
    given = new_event(test)
    test.done("rotation_event.create", **given)
    return {"entity_id": given["entity_id"], "rotation_id": given["rotation_id"]}


def one_event(test: ActionsTestCase, since: str = "1h") -> Parameters:
    given = new_event(test, since)
    made = test.done("rotation_event.create", **given)
    del given["data"]
    return {**given, "resource_id": made["id"]}


def changed_event(test: ActionsTestCase) -> Parameters:
    """What was got, put back changed."""
    of = one_event(test)
    return {**of, "data": {**test.done("rotation_event.get", **of), "name": "Renamed"}}


def custom_shift(test: ActionsTestCase, start: str = "1h", **more: Any) -> Parameters:
    schedule = shift_schedule(test)
    made = test.done(
        "custom_shift.create",
        entity_id=schedule,
        start_time=start,
        end_time="3h",
        user_id=user(test),
    )
    return {"entity_id": schedule, "resource_id": made["id"], **more}


def new_override(test: ActionsTestCase) -> Parameters:
    shift = custom_shift(test)
    return {
        "entity_id": shift["entity_id"],
        "custom_shift_id": shift["resource_id"],
        "start_time": "1h",
        "end_time": "2h",
        "overridden_user_id": user(test),
        "overriding_user_id": test.id("users", "Mei Tanaka"),
    }


def shift_override(test: ActionsTestCase, **more: Any) -> Parameters:
    given = new_override(test)
    made = test.done("shift_override.create", **given)
    return {"entity_id": given["entity_id"], "resource_id": made["id"], **more}


TABLE: Dict[str, Row] = {
    "shift_schedule.find": Row(
        lambda t: {"maximum": 10 if shift_schedule(t) else 1},
        lambda r: [row["summary"] for row in r] == ["Nights"],
    ),
    "shift_schedule.create": Row(
        lambda t: {
            "name": "Nights",
            "time_zone": "Europe/Berlin",
            "description": "Who sleeps last",
            "team_ids": [team(t)],
        },
        key(name="Nights", type="schedule_v3", description="Who sleeps last"),
    ),
    "shift_schedule.get": Row(
        one(upgraded, since="now", until="7d"),
        lambda r: r["final_schedule"]["rendered_coverage_percentage"] == 100.0,
    ),
    "shift_schedule.update": Row(one(shift_schedule, name="Days"), key(name="Days")),
    "shift_schedule.delete": Row(one(shift_schedule), DELETED),
    "shift_schedule.find_audit_records": Row(one(shift_schedule), listed),
    "custom_shift.find": Row(lambda t: {"entity_id": custom_shift(t)["entity_id"]}, listed),
    "custom_shift.create": Row(
        lambda t: {
            "entity_id": shift_schedule(t),
            "start_time": "1h",
            "end_time": "3h",
            "user_id": user(t),
        },
        key(type="custom_shift"),
    ),
    "custom_shift.get": Row(custom_shift, key(type="custom_shift")),
    "custom_shift.update": Row(
        lambda t: custom_shift(t, user_id=t.id("users", "Mei Tanaka"), end_time="5h"),
        lambda r: r["end_time"] == "2026-11-21T08:45:10Z",
    ),
    "custom_shift.delete": Row(custom_shift, DELETED),
    "shift_override.find": Row(lambda t: {"entity_id": shift_override(t)["entity_id"]}, listed),
    "shift_override.create": Row(new_override, key(type="override_shift")),
    "shift_override.get": Row(shift_override, key(type="override_shift")),
    "shift_override.update": Row(
        lambda t: shift_override(t, overriding_user_id=t.id("users", "Grace Hopper")),
        key(type="override_shift"),
    ),
    "shift_override.delete": Row(shift_override, DELETED),
    "rotation.find": Row(lambda t: {"entity_id": rotation(t)["entity_id"]}, listed),
    "rotation.create": Row(one(shift_schedule), key(events=[])),
    "rotation.get": Row(rotation, key(events=[])),
    "rotation.delete": Row(rotation, DELETED),
    "rotation_event.find": Row(events, listed),
    "rotation_event.create": Row(new_event, key(name="Weekly")),
    "rotation_event.get": Row(one_event, key(name="Weekly")),
    "rotation_event.update": Row(changed_event, key(name="Renamed")),
    "rotation_event.delete": Row(one_event, DELETED),
}
