"""Which conditions hold for an incident, and which playbook is taken for it."""

from __future__ import annotations

from typing import Any

import pytest

from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.playbooks.conditions import (
    IncidentFacts,
    asks_custom_fields,
    choose,
    custom_field_values,
    facts_of,
    holding,
    holds,
)
from pagerduty_mattermost.playbooks.playbook import (
    ASSIGN,
    DUE,
    SHOW,
    ChosenFor,
    Condition,
    FieldValues,
    Playbook,
    Stage,
    Task,
)

INCIDENT = Incident(
    "P1",
    priority="P1",
    urgency="high",
    service="Checkout API",
    service_id="PSVC001",
    incident_type="Security",
)
FIELDS = custom_field_values(
    [
        {"name": "region", "display_name": "Region", "value": ["eu", "us"]},
        {"name": "customer_facing", "display_name": "Customers see it", "value": True},
        {"name": "notes", "value": None},
    ]
)
FACTS = facts_of(INCIDENT, FIELDS)


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({"priorities": ("P1", "P2")}, True),
        ({"priorities": ("p1",)}, True),
        ({"priorities": ("P2",)}, False),
        ({"urgencies": ("low",)}, False),
        ({"services": ("checkout  api",)}, True),
        ({"services": ("PSVC001",)}, True),
        ({"services": ("Search",)}, False),
        ({"priorities": ("P1",), "services": ("Search",)}, False),
        ({"incident_types": ("security",)}, True),
        ({"incident_types": ("base",)}, False),
        ({"custom_fields": (FieldValues("region", ("EU",)),)}, True),
        ({"custom_fields": (FieldValues("Region", ("asia",)),)}, False),
        ({"custom_fields": (FieldValues("Customers see it", ("true",)),)}, True),
        ({"custom_fields": (FieldValues("notes", ("x",)),)}, False),
        ({"custom_fields": (FieldValues("there is none", ("x",)),)}, False),
    ],
)
def test_a_condition_holds_by_any_entry_of_each_list(criteria: Any, expected: bool) -> None:
    assert holds(Condition(SHOW, **criteria), FACTS) is expected


def test_what_nobody_knows_of_an_incident_fits_nothing() -> None:
    assert not holds(Condition(SHOW, priorities=("",)), IncidentFacts())
    assert not holds(Condition(SHOW, services=("Search",)), IncidentFacts())


def test_of_a_tasks_conditions_those_are_found_that_do_this_and_hold() -> None:
    owner = Condition(ASSIGN, priorities=("P1",), assign="@ada")
    due = Condition(DUE, urgencies=("high",), due_seconds=60.0)
    task = Task("a", "Do", when=(Condition(SHOW, services=("Search",)), owner, due))
    assert holding(task, ASSIGN, FACTS) == (owner,)
    assert holding(task, DUE, FACTS) == (due,)
    assert holding(task, SHOW, FACTS) == ()


def made(name: str, *, when: Any = (), **wanted: Any) -> Playbook:
    stage = Stage("First", (Task("a", "Do", when=when),))
    return Playbook(name, name, (stage,), choose=ChosenFor(**wanted))


def test_the_playbook_that_says_most_of_the_incident_is_taken() -> None:
    anything = made("anything")
    urgent = made("urgent", urgencies=("high",))
    major = made("major", priorities=("P1",))
    checkout = made("checkout", services=("Checkout API",))
    both = made("both", services=("Checkout API",), priorities=("P1",))
    other = made("other", services=("Search",), priorities=("P1",))
    assert choose([anything], FACTS) is None
    assert choose([anything, urgent, other], FACTS) is urgent
    assert choose([urgent, major], FACTS) is major
    assert choose([major, checkout], FACTS) is checkout
    assert choose([checkout, both, other], FACTS) is both
    assert choose([made("b", priorities=("P1",)), made("a", priorities=("P1",))], FACTS) == made(
        "a", priorities=("P1",)
    )


def test_custom_fields_are_asked_for_where_a_condition_names_one() -> None:
    field = Condition(SHOW, custom_fields=(FieldValues("region", ("eu",)),))
    assert asks_custom_fields(made("a", when=(field,)))
    assert not asks_custom_fields(made("a", when=(Condition(SHOW, priorities=("P1",)),)))
