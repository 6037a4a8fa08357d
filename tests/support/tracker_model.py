"""PagerDuty as simply as can be, entries that come late or never, and who polls it as the sensor
does."""

from __future__ import annotations

import random
from typing import Any, Dict, List, NamedTuple, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent, Person
from pagerduty_mattermost.incidents.known_states import SensorState, StateStep
from pagerduty_mattermost.incidents.log_entries import LogEntry, parse_entry
from pagerduty_mattermost.incidents.snapshot import (
    Pending,
    SnapshotFindings,
    differences,
    explained,
)
from pagerduty_mattermost.incidents.tracker import follow
from pagerduty_mattermost.incidents.watch_filter import WatchFilter

START = 1_800_000_000
NEVER = 10**12
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
