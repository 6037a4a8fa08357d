"""The tracker against a simple model of PagerDuty: random histories whose entries come late,
twice, out of order or never. Every visible change is told exactly once, and what is known in the
end is the truth."""

# flake8: noqa: W503

from __future__ import annotations

import random
from typing import Any, Dict, List, NamedTuple, Set, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.event_types import STATUS_AFTER, UNDOES_ACKNOWLEDGEMENT
from pagerduty_mattermost.incidents.history import missing_events
from pagerduty_mattermost.incidents.incident import OPEN_STATUSES, Incident, IncidentEvent, Person
from pagerduty_mattermost.incidents.known_states import REPORTED, SensorState, StateStep
from pagerduty_mattermost.incidents.log_entries import LogEntry, parse_entry
from pagerduty_mattermost.incidents.snapshot import (
    MAX_REPAINTS,
    Pending,
    SnapshotFindings,
    adoption,
    differences,
    explained,
)
from pagerduty_mattermost.incidents.tracker import follow, in_order
from pagerduty_mattermost.incidents.watch_filter import WatchFilter

START = 1_800_000_000
NEVER = 10**12
TURNS = STATUS_AFTER
MAYBE_TURNS = ("incident.updated", *UNDOES_ACKNOWLEDGEMENT)
"""A reopen that came before its late resolve is told as updated; a hand-over may have taken an
acknowledgement back."""


REOPENINGS = ("came_back", "reopen", "assign", "trigger")
"""Kinds of entries by which PagerDuty may tell that an incident was reopened."""


class Written(NamedTuple):
    id: str
    at: int
    visible_at: int
    kind: str
    incident_id: str
    agent: str = ""
    """Type of who did it."""


class Model:
    """PagerDuty, as simply as can be: incidents change, each change writes an entry that shows up
    late or never."""

    def __init__(self, seed: int, never: float) -> None:
        self.random = random.Random(seed)
        self.never = never
        self.now = START
        self.incidents: Dict[str, Incident] = {}
        self.log: List[Written] = []

    def write(self, incident_id: str, kind: str, quick: bool = False) -> None:
        lateness = 0 if quick else self.random.choice((0, 0, 0, 5, 20, 45, 90))
        if not quick and self.random.random() < self.never:
            lateness = NEVER
        entry_id = f"R{len(self.log)}"
        agent = "user_reference" if kind == "assign" and not quick else ""
        self.log.append(Written(entry_id, self.now, self.now + lateness, kind, incident_id, agent))

    def change(self, incident_id: str, kind: str, **fields: Any) -> None:
        stamp = times.iso(self.now)
        self.incidents[incident_id] = self.incidents[incident_id]._replace(
            updated_at=stamp, **fields
        )
        self.write(incident_id, kind)

    def act(self) -> None:
        pick = self.random
        ids = list(self.incidents)
        if not ids or pick.random() < 0.2:
            incident_id = f"P{len(ids)}"
            stamp = times.iso(self.now)
            self.incidents[incident_id] = Incident(
                incident_id,
                status="triggered",
                urgency="high",
                title="T",
                created_at=stamp,
                updated_at=stamp,
            )
            self.write(incident_id, "trigger")
            self.write(incident_id, "assign", quick=True)
            return
        incident_id = pick.choice(ids)
        incident, stamp = self.incidents[incident_id], times.iso(self.now)
        if not incident.is_open:
            # A person takes a moment.
            rested = self.now - (times.seconds(incident.updated_at) or 0) > 1
            if rested and pick.random() < 0.3:
                kind = pick.choice(REOPENINGS)
                self.change(
                    incident_id, kind, status="triggered", resolved_at="", acknowledgers=()
                )
            return
        kind = pick.choice(
            ("acknowledge", "annotate", "priority_change", "urgency_change", "resolve", "escalate")
        )
        if kind == "acknowledge":
            if incident.status == "triggered":
                self.change(
                    incident_id,
                    kind,
                    status="acknowledged",
                    acknowledgers=(Person("U1", "Ada", stamp),),
                )
        elif kind == "resolve":
            self.change(
                incident_id,
                kind,
                status="resolved",
                resolved_at=stamp,
                assignees=(),
                acknowledgers=(),
            )
        elif kind == "priority_change":
            self.change(incident_id, kind, priority="P1" if incident.priority == "P2" else "P2")
        elif kind == "urgency_change":
            self.change(incident_id, kind, urgency="low" if incident.urgency == "high" else "high")
        elif kind == "escalate":
            someone = (Person(f"U{pick.randrange(4)}", "Someone"),)
            self.change(incident_id, kind, status="triggered", assignees=someone, acknowledgers=())
        else:
            self.write(incident_id, kind)

    def entries(self, since: float) -> List[LogEntry]:
        """Newest first, some of them twice: rows repeat when the account changes while it is
        paged."""
        shown = [
            entry_of(w, self.incidents[w.incident_id])
            for w in self.log
            if since <= w.at and w.visible_at <= self.now
        ]
        shown.sort(key=lambda entry: entry.at)
        shown.reverse()
        return shown


def entry_of(written: Written, incident: Incident) -> LogEntry:
    raw = {
        "id": written.id,
        "type": written.kind + "_log_entry",
        "created_at": times.iso(written.at),
        "incident": {"id": incident.id, "status": incident.status},
        "agent": {"id": "U1", "type": written.agent},
    }
    entry = parse_entry(raw)
    assert entry is not None
    return entry._replace(incident=incident)


def is_first_assignment(written: Written) -> bool:
    return written.kind == "assign" and not written.agent


class Observer:
    """Polls the model as the sensor does, and keeps what it would dispatch."""

    def __init__(self, model: Model, watch: WatchFilter = WatchFilter()) -> None:  # noqa: B008
        self.model, self.watch = model, watch
        self.state = SensorState(origin=model.now, cursor=model.now)
        self.state.scope = watch.fingerprint
        self.pending: Pending = {}
        self.told: List[Tuple[str, IncidentEvent]] = []
        self.polls = 0

    def poll(self, snapshot: bool = False) -> None:
        state, model = self.state, self.model
        state.cycle += 1
        fresh = [entry for entry in model.entries(state.since) if state.is_fresh(entry.id)]
        steps = follow(state, fresh, self.watch, model.now)
        self.take(steps)
        explained(self.pending, steps)
        state.advance(model.now)
        if snapshot:
            found = SnapshotFindings(tuple(model.incidents.values()))
            self.take(differences(state, found, self.watch, model.now, self.pending))

    def take(self, steps: List[StateStep]) -> None:
        for step in steps:
            if step.change is not None:
                events = step.change.events
                assert [e.occurred_at for e in events] == sorted(e.occurred_at for e in events)
                self.told += [(step.incident_id, event) for event in events]
            self.state.apply(step)

    @property
    def ids(self) -> List[str]:
        return [event.event_id for _, event in self.told]


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


def incident_with(**fields: Any) -> Incident:
    at = times.iso(START)
    return Incident(
        "P1", status="triggered", urgency="high", created_at=at, updated_at=at
    )._replace(**fields)


def entries_of(incident: Incident, *kinds: Tuple[str, int]) -> List[LogEntry]:
    written = [Written(f"R{n}", START + at, 0, kind, "P1") for n, (kind, at) in enumerate(kinds)]
    return [entry_of(one, incident) for one in reversed(written)]


def told(
    state: SensorState,
    incident: Incident,
    *kinds: Tuple[str, int],
    now: int = START + 30,
    **watch: Any,
) -> List[str]:
    steps = follow(state, entries_of(incident, *kinds), WatchFilter(**watch), now)
    for step in steps:
        state.apply(step)
    return [event.event_type for step in steps if step.change for event in step.change.events]


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


def by(entry: LogEntry, agent: str, kind: str = "user", channel: str = "website") -> LogEntry:
    """The entry, as done by that user or service."""
    raw = {"agent": {"id": agent, "type": f"{kind}_reference"}, "channel": {"type": channel}}
    made = parse_entry({**entry.raw, **raw, "assignees": [{"id": "U9", "summary": "Eve"}]})
    assert made is not None
    return made._replace(incident=entry.incident)


def followed(state: SensorState, *entries: LogEntry, now: int = START + 90) -> List[IncidentEvent]:
    """The events told of these entries, given oldest first and taken over."""
    steps = follow(state, entries[::-1], WatchFilter(), now)
    for step in steps:
        state.apply(step)
    return [event for step in steps if step.change for event in step.change.events]


def kinds_of(events: List[IncidentEvent]) -> List[str]:
    return [event.event_type.split(".", 1)[1] for event in events]


def wrote(incident: Incident, kind: str, at: int, name: str = "") -> LogEntry:
    return entry_of(Written(name or f"R{kind}{at}", START + at, 0, kind, "P1"), incident)


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
