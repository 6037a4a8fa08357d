"""The tracker, change by change: what the log and snapshots show is told once and in order, and
never over something newer."""

# flake8: noqa: W503

from __future__ import annotations

from tracked_entries import entries_of, incident_with, told
from tracker_model import START, Written, entry_of

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.incident import Person
from pagerduty_mattermost.incidents.known_states import SensorState
from pagerduty_mattermost.incidents.snapshot import (
    MAX_REPAINTS,
    Pending,
    SnapshotFindings,
    adoption,
    differences,
)
from pagerduty_mattermost.incidents.tracker import follow, in_order
from pagerduty_mattermost.incidents.watch_filter import WatchFilter


def test_entries_of_one_second_keep_the_order_they_were_written_in() -> None:
    listed = entries_of(
        incident_with(), ("trigger", 0), ("acknowledge", 0), ("resolve", 0), ("annotate", 1)
    )
    assert [entry.kind for entry in in_order(listed)] == [
        "trigger",
        "acknowledge",
        "resolve",
        "annotate",
    ]


def test_the_first_assignment_is_part_of_the_trigger_and_later_ones_are_not() -> None:
    state = SensorState(START, START)
    kinds = (("trigger", 0), ("assign", 0), ("notify", 0), ("assign", 2), ("assign", 60))
    expected = ["incident.triggered", "incident.reassigned", "incident.reassigned"]
    assert told(state, incident_with(), *kinds, now=START + 90) == expected


def test_entries_before_the_first_start_are_silent() -> None:
    state = SensorState(START + 10, START + 10)
    assert told(state, incident_with(), ("trigger", 0), ("annotate", 9), ("annotate", 10)) == [
        "incident.annotated"
    ]


def test_what_the_snapshot_of_the_first_start_showed_is_no_news_in_the_same_second() -> None:
    state = SensorState(START, START)
    for step in adoption(state, [incident_with()], WatchFilter(), START, followed=False):
        state.apply(step)
    assert told(state, incident_with(), ("trigger", 0), ("assign", 0)) == []
    later = incident_with(updated_at=times.iso(START + 1), status="acknowledged")
    (step,) = follow(
        state,
        [entry_of(Written("L1", START + 1, 0, "acknowledge", "P1"), later)],
        WatchFilter(),
        START + 5,
    )
    assert step.change is not None
    new = incident_with(id="P2")
    (step,) = follow(
        state, [entry_of(Written("L2", START, 0, "trigger", "P2"), new)], WatchFilter(), START + 5
    )
    assert step.change is not None


def test_a_resolve_without_its_late_trigger_waits_for_it() -> None:
    state = SensorState(START, START)
    gone = incident_with(status="resolved", resolved_at=times.iso(START + 20))
    assert told(state, gone, ("resolve", 20), now=START + 30) == []
    assert state.is_fresh("R0")
    assert told(state, gone, ("trigger", 0), ("resolve", 20), now=START + 60) == [
        "incident.triggered",
        "incident.resolved",
    ]


def test_a_trigger_that_never_comes_is_not_waited_for_for_ever() -> None:
    state = SensorState(START, START)
    gone = incident_with(status="resolved")
    assert told(state, gone, ("resolve", 20), now=START + 300) == ["incident.resolved"]
    assert not state.is_fresh("R0")


def test_an_older_entry_never_paints_over_a_newer_state() -> None:
    state = SensorState(START, START)
    now_resolved = incident_with(status="resolved", updated_at=times.iso(START + 50))
    told(state, now_resolved, ("trigger", 0), ("resolve", 50), now=START + 60)
    late = [entry_of(Written("L1", START + 20, 0, "acknowledge", "P1"), now_resolved)]
    (step,) = follow(state, late, WatchFilter(), START + 90)
    assert step.change is not None
    assert step.change.incident.status == "resolved"
    assert step.known is not None
    assert step.known.status == "resolved"


def test_filters_hold_until_the_incident_was_reported() -> None:
    state = SensorState(START, START)
    low = incident_with(urgency="low", service_id="S1")
    high = low._replace(urgency="high", updated_at=times.iso(START + 20))
    only_high = {"urgencies": frozenset(["high"]), "services": frozenset(["S1"])}
    assert told(state, low, ("trigger", 0), **only_high) == []
    raised = [entry_of(Written("L1", START + 20, 0, "urgency_change", "P1"), high)]
    (step,) = follow(state, raised, WatchFilter(**only_high), START + 30)
    state.apply(step)
    assert step.change is not None
    elsewhere = low._replace(service_id="S2", updated_at=times.iso(START + 40))
    moved = [
        entry_of(
            Written("L2", START + 40, 0, "resolve", "P1"), elsewhere._replace(status="resolved")
        )
    ]
    (step,) = follow(state, moved, WatchFilter(**only_high), START + 60)
    assert step.change is not None


def test_adopted_incidents_are_no_news_and_young_differences_wait() -> None:
    state = SensorState(START, START)
    for step in adoption(state, [incident_with()], WatchFilter(), START, followed=False):
        assert step.change is None
        state.apply(step)
    state.scope = WatchFilter().fingerprint
    later = incident_with(status="acknowledged", updated_at=times.iso(START + 100))
    later = later._replace(acknowledgers=(Person("U1", "Ada", times.iso(START + 100)),))
    pending: Pending = {}
    (young,) = differences(state, SnapshotFindings((later,)), WatchFilter(), START + 200, pending)
    assert young.change is None
    (old,) = differences(state, SnapshotFindings((later,)), WatchFilter(), START + 251, pending)
    assert old.change is not None
    assert old.change.events[0].event_id == f"snap-P1-status-acknowledged-{times.iso(START + 100)}"


def test_an_incident_that_changes_all_the_time_is_told_after_the_grace_time() -> None:
    state = SensorState(START, START)
    for step in adoption(state, [incident_with()], WatchFilter(), START, followed=True):
        state.apply(step)
    state.scope = WatchFilter().fingerprint
    pending: Pending = {}
    changes = []
    for now in range(START + 30, START + 400, 30):
        busy = incident_with(urgency="low", updated_at=times.iso(now))
        for step in differences(state, SnapshotFindings((busy,)), WatchFilter(), now, pending):
            state.apply(step)
            changes += [step.change] if step.change else []
    (change,) = changes
    assert change.event_types == ["incident.urgency_updated"]


def test_alert_counts_repaint_a_few_cards_at_a_time() -> None:
    state = SensorState(START, START)
    state.scope = WatchFilter().fingerprint
    ours = [incident_with()._replace(id=f"P{n}") for n in range(MAX_REPAINTS + 20)]
    for step in adoption(state, ours, WatchFilter(), START, followed=True):
        state.apply(step)
    found = SnapshotFindings(tuple(incident._replace(alerts_total=2) for incident in ours))
    counts = []
    for _ in range(3):
        steps = differences(state, found, WatchFilter(), START + 600, {})
        counts.append(len([step for step in steps if step.change]))
        for step in steps:
            state.apply(step)
    assert counts == [MAX_REPAINTS, 20, 0]


def test_a_snapshot_that_is_older_than_what_is_known_tells_nothing() -> None:
    state = SensorState(START, START)
    acknowledged = incident_with(status="acknowledged", updated_at=times.iso(START + 60))
    told(state, acknowledged, ("trigger", 0), ("acknowledge", 60), now=START + 90)
    assert (
        differences(state, SnapshotFindings((incident_with(),)), WatchFilter(), START + 600, {})
        == []
    )


def test_the_resolve_of_a_merged_incident_leaves_it_merged() -> None:
    state = SensorState(START, START)
    merged = incident_with(status="merged", updated_at=times.iso(START + 60))
    told(state, merged, ("trigger", 0), ("resolve", 60), now=START + 90)
    assert state.known["P1"].status == "merged"


def test_an_older_copy_of_an_incident_changes_nothing_of_what_is_known() -> None:
    state = SensorState(START, START)
    told(
        state,
        incident_with(urgency="low", updated_at=times.iso(START + 60)),
        ("trigger", 0),
        ("urgency_change", 60),
    )
    older = incident_with(updated_at=times.iso(START + 50))
    steps = follow(
        state,
        [entry_of(Written("R9", START + 50, 0, "urgency_change", "P1"), older)],
        WatchFilter(),
        START + 90,
    )
    assert [step.known.urgency for step in steps if step.known] == ["low"]
