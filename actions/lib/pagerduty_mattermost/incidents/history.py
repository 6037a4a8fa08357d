"""Pure: what of an incident's log has not been posted yet."""

from __future__ import annotations

from typing import List, Mapping, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.event_types import REOPENED, STATUS_AFTER
from pagerduty_mattermost.incidents.incident import (
    OPEN_STATUSES,
    Change,
    Incident,
    IncidentEvent,
)
from pagerduty_mattermost.incidents.incident_story import SAME_ACT_SECONDS
from pagerduty_mattermost.incidents.known_states import SensorState
from pagerduty_mattermost.incidents.log_entries import LogEntry
from pagerduty_mattermost.incidents.tracker import follow
from pagerduty_mattermost.incidents.watch_filter import WatchFilter


def missing_events(
    entries: Sequence[LogEntry],
    incident: Incident,
    told: Mapping[str, str],
    origin: float,
    now: float,
) -> Change:
    """The incident as it was read now, with those of its events that are not in `told` (event
    types by id). `entries`: its whole log, newest first; `origin`: the first start of the sensor,
    before which nothing is reported."""
    fresh = SensorState(origin, now)
    whole = [entry._replace(incident=incident, whole=True) for entry in entries]
    steps = follow(fresh, whole, WatchFilter(), now, read_again=False)
    change = next((step.change for step in steps if step.change is not None), None)
    assigned = [entry.at for entry in entries if entry.kind == "assign" and entry.id in told]
    whole_story = change.events if change else ()
    events: List[IncidentEvent] = [
        _with_reopening(event, after, told)
        for event, after in zip(whole_story, (*whole_story[1:], None))
        if event.event_id not in told and not _is_told_by(assigned, event)
    ]
    return Change(change.incident if change else incident, tuple(events), read_at=times.iso(now))


def _with_reopening(
    event: IncidentEvent, after: Optional[IncidentEvent], told: Mapping[str, str]
) -> IncidentEvent:
    """A resolve after which the reopening was told as something else says that it was one."""
    closes = STATUS_AFTER.get(event.event_type, "triggered") not in OPEN_STATUSES
    if not closes or after is None or after.event_type != REOPENED:
        return event
    if told.get(after.event_id, REOPENED) == REOPENED:
        return event
    return event._replace(changes=(*event.changes, ("reopened_at", after.occurred_at)))


def _is_told_by(assigned: Sequence[float], event: IncidentEvent) -> bool:
    """Whether it is a reopening that one of these assignments, which was seen sooner, told."""
    at = times.seconds(event.occurred_at) or 0.0
    return event.event_type == REOPENED and any(
        abs(at - one) <= SAME_ACT_SECONDS for one in assigned
    )
