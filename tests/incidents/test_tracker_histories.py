"""The tracker against a simple model of PagerDuty: random histories whose entries come late,
twice, out of order or never. Every visible change is told exactly once, and what is known in the
end is the truth."""

from __future__ import annotations

from typing import List, Set

from hypothesis import given, settings
from hypothesis import strategies as st
from tracker_model import NEVER, REOPENINGS, Model, Observer, Written

from pagerduty_mattermost.incidents.event_types import STATUS_AFTER, UNDOES_ACKNOWLEDGEMENT
from pagerduty_mattermost.incidents.incident import OPEN_STATUSES, IncidentEvent
from pagerduty_mattermost.incidents.known_states import REPORTED

TURNS = STATUS_AFTER
MAYBE_TURNS = ("incident.updated", *UNDOES_ACKNOWLEDGEMENT)
"""A reopen that came before its late resolve is told as updated; a hand-over may have taken an
acknowledgement back."""


def is_first_assignment(written: Written) -> bool:
    return written.kind == "assign" and not written.agent


def run(seed: int, never: float, acts: int) -> Observer:
    model = Model(seed, never)
    observer = Observer(model)
    done = polls = 0
    while done < acts:
        for _ in range(model.random.choice((0, 1, 1, 2, 5))):
            model.act()
            model.now += model.random.choice((0, 0, 1, 3, 20))
            done += 1
        model.now += 30
        polls += 1
        observer.poll(snapshot=polls % 10 == 0)
    for quiet in range(45):
        model.now += 30
        observer.poll(snapshot=quiet % 10 == 9)
    return observer


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 80))
def test_late_and_unordered_entries_are_each_told_once(seed: int, acts: int) -> None:
    observer = run(seed, 0.0, acts)
    expected = [w.id for w in observer.model.log if not is_first_assignment(w)]
    assert sorted(observer.ids) == sorted(expected)
    for incident_id, incident in observer.model.incidents.items():
        known = observer.state.known[incident_id]
        assert (known.status, known.urgency, known.priority) == (
            incident.status,
            incident.urgency,
            incident.priority,
        )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 80))
def test_what_the_log_loses_a_snapshot_makes_up_for(seed: int, acts: int) -> None:
    observer = run(seed, 0.3, acts)
    assert len(observer.ids) == len(set(observer.ids))
    visible = {
        w.id for w in observer.model.log if not is_first_assignment(w) and w.visible_at < NEVER
    }
    assert visible <= set(observer.ids)
    for incident_id, incident in observer.model.incidents.items():
        known = observer.state.known[incident_id]
        assert (known.status, known.urgency, known.priority) == (
            incident.status,
            incident.urgency,
            incident.priority,
        )
        assert known.assignees == ",".join(sorted(person.id for person in incident.assignees))
        assert known.has(REPORTED)
        told = [event for told_id, event in observer.told if told_id == incident_id]
        mine = [w for w in observer.model.log if w.incident_id == incident_id]
        lost = [w.kind for w in mine[1:] if w.visible_at >= NEVER]
        # A snapshot that makes up for the trigger shows the incident as it is by then: reopened or
        # not.
        assert incident.status in statuses_told(told) or (
            mine[0].visible_at >= NEVER and set(lost) & set(REOPENINGS)
        )


def statuses_told(events: List[IncidentEvent]) -> Set[str]:
    """Statuses that readers of these events may take the incident to be in; of one second, any may
    be the last."""
    moment, found, closed_by = "", {"triggered"}, -1
    for told_at, event in sorted(enumerate(events), key=lambda row: row[1].occurred_at):
        after = TURNS.get(event.event_type)
        maybe = event.event_type in MAYBE_TURNS and (
            found & set(OPEN_STATUSES) or told_at < closed_by
        )
        if after is None and not maybe:
            continue
        before = found if after is None or event.occurred_at == moment else set()
        found, moment = before | {after or "triggered"}, event.occurred_at
        closed_by = told_at if after == "resolved" else closed_by
    return found


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9), st.integers(5, 60))
def test_two_observers_derive_the_same_ids(seed: int, acts: int) -> None:
    """Whether entries were seen in one poll or in many: what both tell of the log, they tell under
    the same ids."""
    one, other = run(seed, 0.0, acts), run(seed, 0.0, acts)
    assert one.ids == other.ids
