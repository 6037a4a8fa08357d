"""Reopenings and hand-overs: whichever entries PagerDuty writes of one, each is told as one
event."""

from __future__ import annotations

from typing import Tuple

import pytest
from tracked_entries import by, followed, incident_with, kinds_of, told, wrote
from tracker_model import START, Written, entry_of

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.history import missing_events
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.incidents.known_states import SensorState
from pagerduty_mattermost.incidents.snapshot import (
    SnapshotFindings,
    differences,
)
from pagerduty_mattermost.incidents.tracker import follow
from pagerduty_mattermost.incidents.watch_filter import WatchFilter


@pytest.mark.parametrize("split", [False, True])
def test_a_person_hands_an_incident_over_within_its_first_five_seconds(split: bool) -> None:
    state, incident = SensorState(START, START), incident_with()
    trigger = by(wrote(incident, "trigger", 0), "S1", "service", "api")
    handed = by(wrote(incident, "assign", 3), "U1")
    first = by(wrote(incident, "assign", 0), "S1", "service", "auto")
    if split:  # the first assignment comes into sight last
        found = followed(state, trigger) + followed(state, handed) + followed(state, first)
    else:
        found = followed(state, trigger, handed)
    assert kinds_of(found) == ["triggered", "reassigned"]
    assert found[1].event_id == handed.id


def test_who_triggers_by_hand_assigns_with_it() -> None:
    state, incident = SensorState(START, START), incident_with()
    trigger = by(wrote(incident, "trigger", 0), "U1")
    first, later = (by(wrote(incident, "assign", at), "U1") for at in (0, 4))
    found = followed(state, trigger, first, later)
    assert kinds_of(found) == ["triggered", "reassigned"]
    assert found[0].change("to") == "Eve"
    assert found[1].event_id == later.id


def test_who_triggers_by_hand_and_hands_it_over_seconds_later_is_told_so() -> None:
    state, incident = SensorState(START, START), incident_with()
    trigger, later = (by(wrote(incident, *one), "U1") for one in (("trigger", 0), ("assign", 4)))
    assert kinds_of(followed(state, trigger, later)) == ["triggered", "reassigned"]


def test_another_than_who_triggered_it_hands_it_over_in_the_same_second() -> None:
    state, incident = SensorState(START, START), incident_with()
    found = followed(
        state, by(wrote(incident, "trigger", 0), "U1"), by(wrote(incident, "assign", 0), "U2")
    )
    assert kinds_of(found) == ["triggered", "reassigned"]


def closed_at(at: int) -> Tuple[SensorState, Incident]:
    """What is known of an incident resolved then, and the incident reopened at 100 s."""
    state = SensorState(START, START)
    told(state, incident_with(status="resolved"), ("trigger", 0), ("resolve", at), now=START + 60)
    return state, incident_with(updated_at=times.iso(START + 100))


@pytest.mark.parametrize("kind", ["assign", "trigger", "reopen"])
@pytest.mark.parametrize("resolved", [10, 50])
def test_a_reopening_is_one_event_whatever_its_entry(kind: str, resolved: int) -> None:
    state, opened = closed_at(resolved)
    (event,) = followed(state, by(wrote(opened, kind, 100), "U1"), now=START + 110)
    assert event.event_type == "incident.reopened"
    assert state.known["P1"].status == "triggered"


def test_an_incident_reopened_by_a_trigger_within_its_first_minute() -> None:
    state, opened = closed_at(10)
    assert kinds_of(followed(state, wrote(opened, "trigger", 30))) == ["reopened"]


@pytest.mark.parametrize("kind", ["trigger", "reopen"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("together", [True, False])
def test_the_assignment_of_a_reopening_is_part_of_it(
    kind: str, order: Tuple[int, int], together: bool
) -> None:
    state, opened = closed_at(50)
    pair = by(wrote(opened, kind, 100), "U1"), by(wrote(opened, "assign", 100), "U1")
    entries = [pair[place] for place in order]
    found = followed(state, *entries) if together else []
    for entry in entries if not together else ():
        found += followed(state, entry)
    assert kinds_of(found) == ["reopened"]
    assert kinds_of(followed(state, wrote(opened, "assign", 130))) == ["reassigned"]


@pytest.mark.parametrize("kind", ["assign", "trigger", "reopen", "came_back"])
def test_an_incident_forgotten_long_ago_is_reopened(kind: str) -> None:
    state = SensorState(START - 10**6, START)
    old = incident_with(created_at=times.iso(START - 90000))
    assert told(state, old, (kind, 5), ("acknowledge", 20)) == [
        "incident.reopened",
        "incident.acknowledged",
    ]


def test_a_reopening_that_its_assignment_told_is_not_missing() -> None:
    opened = incident_with(updated_at=times.iso(START + 100))
    entries = [
        wrote(opened, "assign", 100, "RA"),
        wrote(opened, "reopen", 100, "RB"),
        wrote(opened, "resolve", 50, "RC"),
        wrote(opened, "trigger", 0, "RD"),
    ]
    told = {"RA": "incident.reopened", "RC": "incident.resolved", "RD": "incident.triggered"}
    assert missing_events(entries, opened, told, START, START + 200).events == ()
    fresh = missing_events(entries, opened, {}, START, START + 200).events
    assert [event.event_id for event in fresh] == ["RD", "RC", "RB"]


def test_a_hand_over_of_a_resolved_incident_leaves_it_to_a_snapshot_to_tell_the_lost_reopen() -> (
    None
):
    state = SensorState(START, START)
    incident = incident_with(updated_at=times.iso(START + 60))
    told(state, incident, ("trigger", 0), ("resolve", 30), ("escalate", 60), now=START + 90)
    assert state.known["P1"].status == "resolved"
    steps = differences(state, SnapshotFindings((incident,)), WatchFilter(), START + 600, {})
    assert [event.event_type for step in steps if step.change for event in step.change.events] == [
        "incident.reopened"
    ]


def test_a_hand_over_takes_the_acknowledgement_back_without_an_entry_of_its_own() -> None:
    state = SensorState(START, START)
    incident = incident_with(updated_at=times.iso(START + 60))
    told(state, incident, ("trigger", 0), ("acknowledge", 30), ("assign", 60), now=START + 90)
    steps = differences(state, SnapshotFindings((incident,)), WatchFilter(), START + 600, {})
    assert [step.change for step in steps if step.change] == []
    assert state.known["P1"].status == "triggered"


@pytest.mark.parametrize("kind", ["reopen", "something_new", "unacknowledge"])
def test_a_reopen_is_recognised_by_the_state_whatever_its_type(kind: str) -> None:
    state = SensorState(START, START)
    told(state, incident_with(status="resolved"), ("trigger", 0), ("resolve", 50), now=START + 60)
    reopened = [
        entry_of(
            Written("L1", START + 100, 0, kind, "P1"),
            incident_with(updated_at=times.iso(START + 100)),
        )
    ]
    (step,) = follow(state, reopened, WatchFilter(), START + 120)
    assert step.change is not None
    assert step.change.event_types == ["incident.reopened"]
    assert step.known is not None
    assert step.known.status == "triggered"


def test_a_reopen_after_the_incident_was_forgotten() -> None:
    state = SensorState(START - 10**6, START)
    old = incident_with(created_at=times.iso(START - 90000))
    assert told(state, old, ("something_new", 5)) == ["incident.reopened"]
