"""Rows of on-call, schedules, overrides and what is changed as a whole."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Callable, Dict

from actions_world import ActionsTestCase
from rest_rows import (
    Parameters,
    Row,
    fixed,
    integration,
    key,
    policy,
    schedule,
    service,
    team,
    user,
)

GET_ON_CALLS = "GET /oncalls"


def again(
    kind: str, get: Callable[[ActionsTestCase], str], **changes: Any
) -> Callable[[ActionsTestCase], Parameters]:
    """What was got, put back changed."""
    return lambda test: {
        "entity_id": get(test),
        "data": {**test.done(f"{kind}.get", entity_id=get(test)), **changes},
    }


def window(test: ActionsTestCase) -> Parameters:
    span = {"start_time": "2h", "end_time": "4h"}
    made = test.done("maintenance_window.create.simple", service_id=service(test), **span)
    return {
        "entity_id": made["id"],
        "start_time": "3h",
        "end_time": "5h",
        "service_ids": [service(test)],
    }


def turn_of(test: ActionsTestCase) -> str:
    """Who is on call by the rotation now."""
    policy = test.account.find("escalation_policies", "Platform escalation")["id"]
    return str(test.account.on_call(policy, 1)[0])


TABLE: Dict[str, Row] = {
    "oncall.who": Row(
        fixed(user="ada@example.com"),
        lambda r: "Payments escalation" in r["message"],
        GET_ON_CALLS,
    ),
    "oncall.next": Row(
        lambda t: {"schedule": schedule(t)},
        lambda r: r["message"].startswith("Next on call for"),
        GET_ON_CALLS,
    ),
    "override.create": Row(
        lambda t: {
            "entity_id": schedule(t),
            "start": "1h",
            "end": "3h",
            "user": "ada@example.com",
        },
        lambda r: r["user"]["summary"] == "Ada Lovelace",
        "POST /schedules/{id}/overrides",
        1,
    ),
    "override.bulk_create": Row(
        lambda t: {"user": turn_of(t), "taker": "ada@example.com", "end": "2h"},
        lambda r: (
            [one["schedule"] for one in r["shifts"]] == ["Platform rotation"]
            and r["message"] == "1 shift given."
        ),
        "POST /schedules/{id}/overrides",
        1,
    ),
    "user.find_by_email": Row(
        fixed(email="ADA@example.com"), key(name="Ada Lovelace"), "GET /users"
    ),
    "schedule.create.simple": Row(
        lambda t: {
            "name": "Nights",
            "time_zone": "Europe/Berlin",
            "user_ids": [user(t)],
            "start": "1h",
        },
        key(name="Nights"),
    ),
    "schedule.update": Row(again("schedule", schedule, name="Renamed"), key(name="Renamed")),
    "service.update": Row(again("service", service, name="Renamed"), key(name="Renamed")),
    "team.update": Row(again("team", team, name="Renamed"), key(name="Renamed")),
    "user.update": Row(again("user", user, name="Ada King"), key(name="Ada King")),
    "escalation_policy.update": Row(
        again("escalation_policy", policy, name="Renamed"), key(name="Renamed")
    ),
    "maintenance_window.update": Row(window, key(type="maintenance_window")),
    "integration.create.simple": Row(
        lambda t: {"entity_id": integration(t)["entity_id"], "name": "More"},
        lambda r: bool(r["integration_key"]),
    ),
}
