"""Incidents in a list: one order everywhere, one line each that a telephone can show."""

from __future__ import annotations

from datetime import timezone

from pagerduty_mattermost.cards.incident_lists import (
    in_order,
    incidents,
    line,
    priority_order,
    still_open,
)
from pagerduty_mattermost.incidents.incident import Incident, Person


def one(number: int, **more: object) -> Incident:
    made: Incident = Incident(f"P{number}", number=number, title=f"T{number}", urgency="high")
    return made._replace(**more)


def test_what_matters_most_comes_first() -> None:
    found = in_order(
        [
            one(1),
            one(2, urgency="low"),
            one(3, priority="P10"),
            one(4, priority="P2"),
            one(5, priority="P1", urgency="low"),
            one(6, priority="P1"),
            one(7),
            one(8, priority="P1", status="resolved"),
        ]
    )
    assert [incident.number for incident in found] == [6, 5, 4, 3, 7, 1, 2, 8]
    assert sorted(["", "SEV2", "SEV10", "sev1"], key=priority_order) == [
        "sev1",
        "SEV2",
        "SEV10",
        "",
    ]


def test_a_line_says_what_it_is_and_whose() -> None:
    incident = one(
        4,
        priority="P1",
        service="Checkout",
        url="https://acme.pagerduty.com/incidents/P4",
        created_at="2026-11-21T12:00:00Z",
        assignees=tuple(Person("", name) for name in ("Ann", "@Bob", "Cy", "Di")),
    )
    assert line(incident, timezone.utc) == (
        "🚨 **P1** [#4 T4](https://acme.pagerduty.com/incidents/P4) · high · Checkout · "
        "Ann, @\u200bBob, Cy and 1 more · 21 Nov 12:00"
    )
    done = line(incident._replace(status="resolved"), timezone.utc)
    assert " · Resolved · high" in done


def test_what_is_not_shown_is_counted() -> None:
    many = [one(number) for number in range(25)]
    assert incidents(many, timezone.utc).endswith("\n\n… and 5 more.")
    assert incidents(many[:2], timezone.utc).count("\n") == 1
    assert still_open(many) == "25 still open: `/pd list`"
    assert still_open(many, truncated=True) == "25 or more still open: `/pd list`"
    assert still_open([]) == "Nothing is open any more."
