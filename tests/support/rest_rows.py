"""Rows of the table that `test_rest_actions.py` runs, and what they are made of.

A row is a success: parameters (made from the sandbox's account) and what the result must hold. The
rest is derived from it: trouble, refusals, the example in the reference. Each file
`rest_rows_*.py` holds a `TABLE` of rows by action name.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple

from actions_world import ActionsTestCase

Parameters = Dict[str, Any]
SETS_STATE = frozenset(
    {
        "incident.snooze",
        "incident.add_subscribers",
        "incident.remove_subscribers",
        "tag.change",
        "extension.enable",
        "webhook_subscription.enable",
    }
)
"""Each a POST that sets a state, which can be read after a lost answer, so that it may be sent
again. What other POSTs make is never sent again."""


class Row(NamedTuple):
    parameters: Callable[[ActionsTestCase], Parameters]
    holds: Callable[[Any], bool]
    call: str = ""
    """`METHOD /path/{id}` of the request that is troubled, where the action has Python of its own
    and no `endpoint`."""
    tries: int = 4
    """How often that request is tried when its answer is lost. (A plain REST action's words say it
    themselves.)"""


def tables() -> Dict[str, Row]:
    """All rows, by the action's name."""
    found: Dict[str, Row] = {}
    for path in sorted(Path(__file__).parent.glob("rest_rows_*.py")):
        table = importlib.import_module(path.stem).TABLE
        assert not set(found) & set(table), (path.stem, set(found) & set(table))
        found.update(table)
    return found


def incident(test: ActionsTestCase, title: str = "Disk full") -> str:
    return str(test.account.trigger("Checkout API", title).id)


def policy(test: ActionsTestCase) -> str:
    return test.id("escalation_policies", "Payments escalation")


def service(test: ActionsTestCase) -> str:
    return test.id("services", "Storefront")


def team(test: ActionsTestCase) -> str:
    return test.id("teams", "Payments")


def user(test: ActionsTestCase) -> str:
    return test.id("users", "Ada Lovelace")


def schedule(test: ActionsTestCase) -> str:
    return test.id("schedules", "Platform rotation")


def integration(test: ActionsTestCase) -> Parameters:
    found = next(iter(test.account.catalog["integrations"].values()))
    return {"entity_id": found["service_id"], "resource_id": found["id"]}


def window(test: ActionsTestCase) -> str:
    made = test.done(
        "maintenance_window.create.simple",
        start_time="now",
        end_time="2h",
        service_id=service(test),
        description="x",
    )
    return str(made["id"])


def contact_method(test: ActionsTestCase) -> Parameters:
    made = test.done(
        "user.create_contact_method.simple",
        entity_id=user(test),
        type="email_contact_method",
        label="Home",
        address="ada.home@example.com",
    )
    return {"entity_id": user(test), "resource_id": made["contact_method"]["id"]}


def notification_rule(test: ActionsTestCase) -> Parameters:
    method = contact_method(test)
    made = test.done(
        "user.create_notification_rule.simple",
        entity_id=user(test),
        contact_method_id=method["resource_id"],
        contact_method_type="email_contact_method",
    )
    return {"entity_id": user(test), "resource_id": made["notification_rule"]["id"]}


def entry(test: ActionsTestCase) -> str:
    incident(test)
    return str(test.done("log_entry.find")[0]["id"])


def new_policy(test: ActionsTestCase) -> Parameters:
    rule = {
        "escalation_delay_in_minutes": 30,
        "targets": [{"id": user(test), "type": "user_reference"}],
    }
    return {"data": {"name": "Night", "escalation_rules": [rule]}}


def new_schedule(test: ActionsTestCase) -> Parameters:
    layer = {
        "start": "2026-11-22T09:00:00Z",
        "rotation_virtual_start": "2026-11-22T09:00:00Z",
        "rotation_turn_length_seconds": 86400,
        "users": [{"user": user(test)}],
    }
    return {"data": {"name": "Nights", "time_zone": "Europe/Berlin", "schedule_layers": [layer]}}


def one(
    make: Callable[[ActionsTestCase], str], **more: Any
) -> Callable[[ActionsTestCase], Parameters]:
    return lambda test: {"entity_id": make(test), **more}


def fixed(**parameters: Any) -> Callable[[ActionsTestCase], Parameters]:
    return lambda test: dict(parameters)


def nobody(test: ActionsTestCase) -> str:
    return str(test.done("user.create.simple", name="Nobody", email="nobody@example.com")["id"])


def alone(test: ActionsTestCase) -> str:
    return str(test.done("escalation_policy.create", **new_policy(test))["id"])


def key(**wanted: Any) -> Callable[[Any], bool]:
    return lambda result: all(result[name] == value for name, value in wanted.items())


def listed(result: Any) -> bool:
    return (
        isinstance(result, list) and bool(result) and all(isinstance(row, dict) for row in result)
    )


DELETED = {"deleted": True}.__eq__
SUCCESS = {"success": True}.__eq__
