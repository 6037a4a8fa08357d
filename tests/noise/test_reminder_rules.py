"""When a reminder is due, and who is next: a name only where it is sure."""

# flake8: noqa: W503

from __future__ import annotations

from datetime import timezone
from typing import Any, Dict, List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.quiet import RemindersConfig
from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.incidents.incident import IncidentEvent
from pagerduty_mattermost.noise.reminder_rules import (
    MAX_REMINDERS,
    began,
    due,
    following,
    next_at,
    text,
)

NOW = 1_760_000_000.0
ONCE, AGAIN = RemindersConfig(), RemindersConfig(after=5, repeat=10)


def at(seconds: float) -> str:
    return times.iso(NOW + seconds)


def person(level: int, name: str, start: str = "", end: str = "") -> OnCall:
    return OnCall(level, Reference("user", f"P{name[:3].upper()}", name), start=start, end=end)


LEVELS = [person(1, "Ada"), person(2, "Grace"), person(3, "Radia")]


def incident(
    *assigned: str, escalates: Optional[float] = 600, levels: int = 3, **fields: Any
) -> Dict[str, Any]:
    pending = [{"type": "unacknowledge", "at": at(60)}]
    if escalates is not None:
        pending.append({"type": "escalate", "at": at(escalates)})
    return {
        "id": "P1",
        "assigned_via": "escalation_policy",
        "assignments": [
            {"at": at(-300), "assignee": {"id": f"P{name[:3].upper()}"}} for name in assigned
        ],
        "pending_actions": pending,
        "escalation_policy": {
            "id": "PPOL",
            "escalation_rules": [{"id": f"PR{n}"} for n in range(levels)],
        },
        **fields,
    }


@pytest.mark.parametrize(
    ("minutes", "terms", "expected"),
    [
        (4.99, ONCE, 0),
        (5, ONCE, 1),
        (500, ONCE, 1),
        (5, AGAIN, 1),
        (14.9, AGAIN, 1),
        (15, AGAIN, 2),
        (35, AGAIN, 4),
        (5000, AGAIN, MAX_REMINDERS),
        (-3, AGAIN, 0),
    ],
)
def test_the_reminder_that_is_due(minutes: float, terms: RemindersConfig, expected: int) -> None:
    assert due(NOW, NOW + minutes * 60, terms) == expected


@given(
    st.integers(1, 1440),
    st.integers(0, 1440),
    st.lists(st.integers(1, 4000), min_size=1, max_size=60),
)
def test_ticks_of_any_kind_tell_each_reminder_once_and_in_order(
    after: int, repeat: int, pauses: List[int]
) -> None:
    """As the action does it: look when `next_at` says so, tell the newest that is due."""
    terms = RemindersConfig(after=after, repeat=repeat)
    now, told, numbers = NOW, 0, []
    for pause in pauses:
        now += pause
        when = next_at(NOW, told, terms)
        if not when or when > now:
            assert due(NOW, now, terms) <= told, "nothing that is due is waited for"
            continue
        number = due(NOW, now, terms)
        assert number > told, "it is not looked at in vain"
        numbers.append(number)
        told = number
    assert numbers == sorted(set(numbers))
    assert len(numbers) <= (MAX_REMINDERS if repeat else 1)


def test_an_episode_begins_anew_when_it_is_reopened_or_taken_back() -> None:
    def event(kind: str, seconds: float) -> IncidentEvent:
        return IncidentEvent("R1", f"incident.{kind}", at(seconds))

    assert began([], NOW) == NOW
    assert began([event("triggered", 0), event("annotated", 90)], NOW - 5) == NOW
    assert (
        began([event("triggered", 0), event("reopened", 60), event("unacknowledged", 30)], NOW)
        == NOW + 60
    )
    assert began([event("escalated", 60)], NOW) == NOW, "an escalation is no new beginning"
    assert began([event("urgency_updated", 70)], NOW) == NOW + 70
    assert (
        began([event("reopened", -60), IncidentEvent("R2", "incident.reopened", "?")], NOW) == NOW
    )


@pytest.mark.parametrize(
    ("row", "on_calls", "expected"),
    [
        (incident("Ada"), LEVELS, "Next: level 2, Grace in 10 min."),
        (incident("Ada", escalates=-5), LEVELS, "Next: level 2, Grace now."),
        (incident("Radia"), LEVELS, "Next: level 1, Ada in 10 min."),
        (incident("Ada", escalates=None), LEVELS, "No further escalation is planned."),
        (incident("Ada", pending_actions=None), LEVELS, "Who is next is not known."),
        (
            incident("Ada", pending_actions=[{"type": "escalate", "at": "?"}]),
            LEVELS,
            "Who is next is not known.",
        ),
        (incident("Ada"), None, "It escalates in 10 min; to whom is not known."),
        (incident("Ada"), [], "It escalates in 10 min; to whom is not known."),
        (incident("Ada", "Bob"), LEVELS, "It escalates in 10 min; to whom is not known."),
        (
            incident("Ada", assigned_via="direct_assignment"),
            LEVELS,
            "It escalates in 10 min; to whom is not known.",
        ),
        (incident("Ada", levels=0), LEVELS, "It escalates in 10 min; to whom is not known."),
        (
            incident("Ada", escalation_policy=None),
            LEVELS,
            "It escalates in 10 min; to whom is not known.",
        ),
        (
            incident("Ada"),
            [person(1, "Ada"), person(2, "Ada")],
            "It escalates in 10 min; to whom is not known.",
        ),
        (incident("Ada"), [person(1, "Ada")], "Next: level 2 in 10 min, where nobody is on call."),
        (
            incident("Ada"),
            [person(1, "Ada"), person(2, "Grace", end=at(300)), person(2, "Mei", start=at(300))],
            "Next: level 2, Mei in 10 min.",
        ),
        (
            incident("Ada"),
            [person(1, "Ada", end=at(-60)), person(1, "Bob", start=at(-60)), person(2, "Grace")],
            "Next: level 2, Grace in 10 min.",
        ),
        (
            incident("Ada"),
            [person(1, "Ada", end=at(-60)), person(1, "Bob", start=at(-60)), person(2, "Ada")],
            "It escalates in 10 min; to whom is not known.",
        ),
        (
            incident("Ada"),
            [person(1, "Ada"), *(person(2, f"{n}th") for n in range(7))],
            "Next: level 2, 0th, 1th, 2th, 3th, 4th and 2 more in 10 min.",
        ),
        (
            incident("Ada"),
            [person(1, "Ada"), person(2, "@channel")],
            "Next: level 2, @\u200bchannel in 10 min.",
        ),
    ],
)
def test_who_is_next(row: Dict[str, Any], on_calls: Optional[List[OnCall]], expected: str) -> None:
    assert following(row, on_calls, NOW) == expected


@given(
    st.recursive(
        st.one_of(st.none(), st.text(max_size=5), st.integers()),
        lambda x: st.lists(x, max_size=3),
        max_leaves=5,
    )
)
def test_an_odd_answer_names_nobody(odd: Any) -> None:
    for field in ("pending_actions", "assignments", "escalation_policy"):
        assert "Grace" not in following({**incident("Ada"), field: odd}, LEVELS, NOW)


def test_the_reply_says_how_long() -> None:
    said = text(NOW, NOW + 330, "Next: nobody.", timezone.utc)
    assert said == "08:58 · :alarm_clock: **Still unacknowledged after 5 min.** Next: nobody."
