"""Single entries of one incident's log, and the events that the tracker tells of them."""

from __future__ import annotations

from typing import Any, List, Tuple

from tracker_model import START, Written, entry_of

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent
from pagerduty_mattermost.incidents.known_states import SensorState
from pagerduty_mattermost.incidents.log_entries import LogEntry, parse_entry
from pagerduty_mattermost.incidents.tracker import follow
from pagerduty_mattermost.incidents.watch_filter import WatchFilter


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
