"""What was dispatched in the last minutes: bounded, and the same after it was kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.incident import IncidentEvent
from pagerduty_mattermost.incidents.sent_events import (
    EARLIER_SECONDS,
    MAX_BYTES,
    MAX_EARLIER,
    SentEvents,
)

NOW = 1_800_000_000.0


def event(number: int, note: str = "") -> IncidentEvent:
    return IncidentEvent(f"R{number}", "incident.annotated", "", changes=(("note", note),))


def sent(count: int, note: str = "") -> SentEvents:
    """One a second, of two incidents in turn."""
    made = SentEvents()
    for number in range(count):
        made.add(f"P{number % 2}", [event(number, note)], NOW + number)
    return made


@given(st.integers(0, 60))
def test_it_is_the_same_after_it_was_kept(count: int) -> None:
    made = sent(count)
    kept = SentEvents.from_json(json.loads(json.dumps(made.to_json())))
    for incident in ("P0", "P1", "P2"):
        assert made.of(incident, NOW, but_for=set()) == kept.of(incident, NOW, but_for=set())


def test_each_event_once_and_the_newest_of_them_without_those_that_are_told() -> None:
    made = sent(2 * MAX_EARLIER + 4)
    made.add("P0", [event(42)], NOW + 99)
    found = made.of("P0", NOW, but_for={"R42"})
    assert [one.event_id for one in found] == [f"R{number}" for number in range(4, 42, 2)]


def test_what_is_old_is_forgotten() -> None:
    made = sent(4)
    late = NOW + EARLIER_SECONDS + 1.5
    assert [one.event_id for one in made.of("P0", late, but_for=set())] == ["R2"]
    made.forget_old(late)
    assert [row[2]["event_id"] for row in made.to_json()] == ["R2", "R3"]
    made.forget_old(late + 99)
    assert made.to_json() == []


def test_no_more_is_kept_than_a_value_may_hold_and_of_that_the_newest() -> None:
    rows = sent(40, note="x" * 10_000).to_json()
    assert [row[2]["event_id"] for row in rows] == ["R36", "R37", "R38", "R39"]
    assert len(json.dumps(rows)) <= MAX_BYTES + 100


@pytest.mark.parametrize("rows", [None, [1], [["P1", 1]], [["P1", 1, 2]], [["P1", "x", {}]]])
def test_what_is_none_does_not_read(rows: object) -> None:
    with pytest.raises((KeyError, ValueError, TypeError, AttributeError)):
        SentEvents.from_json(rows)  # type: ignore[arg-type]


def test_after_a_pause_an_event_is_as_young_as_it_is() -> None:
    """The sensor's time is that of its last cycle: after an hour without one it is an hour old."""
    made, paused = SentEvents(), NOW + 3600
    acknowledged = event(1)._replace(occurred_at=times.iso(paused))
    made.add("P1", [acknowledged], NOW)
    assert made.of("P1", paused + 2, but_for=set()) == (acknowledged,)
    made.forget_old(paused + 2)
    assert made.of("P1", paused + 2, but_for=set()) == (acknowledged,)
    made.forget_old(paused + EARLIER_SECONDS)
    assert made.of("P1", NOW, but_for=set()) == ()
