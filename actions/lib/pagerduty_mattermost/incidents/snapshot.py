"""Pure: what a snapshot of all open incidents finds beyond the log: the safety net for what the
log lost, or brought too late.

    steps = differences(state, found, watch, now, pending)   # what differs from what is known
    steps = adoption(state, incidents, watch, now, followed=False)   # take over, report nothing

A difference is news only when it is older than the grace time, since until then its log entry may
still appear. Its event id is derived from the incident, what changed, the new value and the
incident's own time: whoever finds it, and however often, derives the same.
"""

# flake8: noqa: W503

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.set_aside import apart
from pagerduty_mattermost.incidents.event_types import (
    BRIDGE_UPDATED,
    EXPLAINS,
    FIELDS,
    STATUS_AFTER,
    TRIGGERED,
    TYPE_CHANGED,
    UNACKNOWLEDGED,
    UNDOES_ACKNOWLEDGEMENT,
)
from pagerduty_mattermost.incidents.incident import (
    OPEN_STATUSES,
    Change,
    Incident,
    IncidentEvent,
    Person,
)
from pagerduty_mattermost.incidents.known_states import (
    AWAY,
    BRIDGE_KNOWN,
    DIFFERENCE_AGE_SECONDS,
    DIFFERS,
    REPORTED,
    KnownIncident,
    SensorState,
    StateStep,
    bridge_of,
    known_of,
    shard_of,
)
from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from pagerduty_mattermost.incidents.watch_filter import WatchFilter

LATELY_SECONDS = 1800
"""Seconds since an incident nobody knew was resolved, within which it is still reported; less than
KEPT_CLOSED_SECONDS."""
MAX_REPAINTS = 50
"""Changes without an event (alert counts, conference bridge) in one snapshot; the rest follows
with the next."""

Pending = Dict[Tuple[str, str, str], float]
"""(incident, what, new value) -> server time at which a snapshot first found the difference. What
the log brings in between takes it out (`explained`): when it comes back, it is another one,
whose entry may still appear."""

_EVENT: Mapping[str, str] = {
    "urgency": "incident.urgency_updated",
    "priority": "incident.priority_updated",
    "title": "incident.title_updated",
    "assignees": "incident.reassigned",
    "policy": "incident.delegated",
    "incident_type": TYPE_CHANGED,
}


class _YoungDifferences(NamedTuple):
    """Differences that wait for their age; one that a snapshot no longer finds starts anew when it
    comes back."""

    earlier: Pending
    pending: Pending

    def is_old(self, incident_id: str, what: str, value: str, at: float, now: float) -> bool:
        """The difference is older than the grace time: by the incident's own time or, since that
        of an incident which changes all the time is never old, by the time it was first found.
        """
        key = (incident_id, what, value)
        first = self.earlier.get(key, now)
        if at <= now - DIFFERENCE_AGE_SECONDS or first <= now - DIFFERENCE_AGE_SECONDS:
            return True
        self.pending[key] = first
        return False


class SnapshotFindings(NamedTuple):
    """What a snapshot brought."""

    changed: Tuple[Incident, ...]
    """Open incidents that are not known exactly so, and incidents resolved lately."""
    gone: Tuple[str, ...] = ()
    """Known incidents that PagerDuty has no longer."""


def is_unchanged(known: Optional[KnownIncident], row: Mapping[str, Any]) -> bool:
    """A quick check of a row of GET /incidents: nothing about it can be news, it need not be read
    further."""
    if known is None or known.has(DIFFERS) or row.get("status") != known.status:
        return False
    if row.get("updated_at") != known.updated_at or _bridge(row, known.bridge) != known.bridge:
        return False
    counts = row.get("alert_counts")
    if not isinstance(counts, Mapping):
        return True
    return (
        f"{counts.get('all') or 0}/{counts.get('triggered') or 0}/{counts.get('resolved') or 0}"
        == known.alerts
    )


def _bridge(row: Mapping[str, Any], otherwise: str) -> str:
    if "conference_bridge" not in row:
        return otherwise
    bridge = row["conference_bridge"]
    if not isinstance(bridge, Mapping):
        return ""
    incident = incident_from_rest({"id": "-", "conference_bridge": bridge})
    return bridge_of(incident.conference_url, incident.conference_number) if incident else ""


def adoption(
    state: SensorState,
    incidents: Iterable[Incident],
    watch: WatchFilter,
    now: float,
    *,
    followed: bool,
) -> List[StateStep]:
    """Take over what is open now, reporting nothing. `followed`: they were reported before, as far
    as they would be."""
    steps = []
    for incident in incidents:
        if not watch.covers(incident) or not incident.is_open:
            continue
        before = state.known.get(incident.id)
        flags = BRIDGE_KNOWN | (before.flags & ~(DIFFERS | AWAY) if before else 0)
        if followed and watch.passes(incident, (incident.status,)):
            flags |= REPORTED
        known = known_of(incident, incident.status, _status_time(incident) or now, flags, now)
        steps.append(StateStep(incident.id, known))
    return steps


def differences(
    state: SensorState, found: SnapshotFindings, watch: WatchFilter, now: float, pending: Pending
) -> List[StateStep]:
    """The steps a snapshot leads to, oldest change first. `pending` is kept from snapshot to
    snapshot by the caller."""
    steps: List[StateStep] = []
    earlier = dict(pending)
    pending.clear()
    repaints = 0
    rescoped = state.scope != watch.fingerprint

    def compared(incident: Incident) -> Optional[StateStep]:
        before = state.known.get(incident.id)
        if before is None:
            return _unknown(state, incident, watch, now, rescoped)
        young = _YoungDifferences(earlier, pending)
        return _known(state, before, incident, watch, now, young)

    for incident in found.changed:
        step = apart(f"the snapshot of {incident.id}", partial(compared, incident))
        if step is None:
            continue
        if step.change is not None and not step.change.events:
            repaints += 1
            if repaints > MAX_REPAINTS:
                continue
        steps.append(step)
    steps.extend(
        StateStep(incident_id, None) for incident_id in found.gone if incident_id in state.known
    )
    steps.sort(
        key=lambda step: (
            step.change.events[0].occurred_at if step.change and step.change.events else ""
        )
    )
    return steps


def explained(pending: Pending, steps: Iterable[StateStep]) -> None:
    """What these steps of the log bring is no longer a difference that waits for its age."""
    accounted = {
        step.incident_id: _accounted(step)
        for step in steps
        if step.change is not None or step.known is None
    }
    for key in [key for key in pending if key[1] in accounted.get(key[0], ())]:
        del pending[key]


def _accounted(step: StateStep) -> Set[str]:
    """The fields and the status that the events of a step are about."""
    if step.change is None:
        return {"status", *FIELDS}
    accounted: Set[str] = set()
    for event in step.change.events:
        accounted |= EXPLAINS.get(event.event_type, frozenset())
        if event.event_type in STATUS_AFTER or event.event_type in UNDOES_ACKNOWLEDGEMENT:
            accounted.add("status")
    return accounted


def _unknown(
    state: SensorState, incident: Incident, watch: WatchFilter, now: float, rescoped: bool
) -> Optional[StateStep]:
    """An incident that neither the log nor an earlier snapshot brought."""
    created = times.seconds(incident.created_at)
    if not watch.covers(incident) or created is None:
        return None
    lost = shard_of(incident.id) in state.doubtful and created <= state.cursor
    if lost or rescoped or created < state.origin:
        steps = adoption(state, (incident,), watch, now, followed=lost)
        return steps[0] if steps else None
    if created > now - DIFFERENCE_AGE_SECONDS:
        return None
    changed = _status_time(incident) or created
    if not incident.is_open and not now - LATELY_SECONDS < changed <= now - DIFFERENCE_AGE_SECONDS:
        return None
    events = [found_event(incident, "status", "triggered", TRIGGERED, incident.created_at)]
    states = ["triggered"]
    if incident.status != "triggered" and changed <= now - DIFFERENCE_AGE_SECONDS:
        events.append(_status_event(incident, "triggered"))
        states.append(incident.status)
    report = watch.passes(incident, states)
    flags = BRIDGE_KNOWN | (REPORTED if report else 0)
    known = known_of(incident, states[-1], changed, flags, now)
    if states[-1] != incident.status:
        known = known._replace(flags=known.flags | DIFFERS)
    return StateStep(
        incident.id, known, Change(incident, tuple(events), state.cycle) if report else None
    )


def _known(
    state: SensorState,
    before: KnownIncident,
    incident: Incident,
    watch: WatchFilter,
    now: float,
    young: _YoungDifferences,
) -> Optional[StateStep]:
    """What differs from the known state, as far as it is old enough to be reported."""
    covered = watch.covers(incident)
    if not covered and not before.has(REPORTED):
        return StateStep(incident.id, None)
    if incident.updated_at < before.updated_at:
        return None
    actual = known_of(incident, incident.status, _status_time(incident) or now, before.flags, now)
    events: List[IncidentEvent] = []
    kept: Dict[str, Any] = {"turns": before.turns, "custom_fields": before.custom_fields}
    if before.status != incident.status:
        if young.is_old(incident.id, "status", incident.status, actual.status_at, now):
            events.append(_status_event(incident, before.status))
            del kept["turns"]  # none of the log's entries is as new
        else:
            kept.update(status=before.status, status_at=before.status_at)
    else:
        kept["status_at"] = before.status_at
    updated = times.seconds(incident.updated_at) or now
    for field in FIELDS:
        was, value = getattr(before, field), getattr(actual, field)
        if was == value:
            continue
        if field == "assignees" and not (incident.is_open and value):
            continue  # PagerDuty empties the list when an incident is resolved
        if field == "incident_type" and not (was and value):
            continue  # it was not known, or not said
        if young.is_old(incident.id, field, value, updated, now):
            events.append(_field_event(incident, field, was, value))
        else:
            kept[field] = was
    if actual.bridge != before.bridge and before.has(BRIDGE_KNOWN) and incident.is_open:
        if young.is_old(incident.id, "bridge", actual.bridge, updated, now):
            events.append(_bridge_event(incident, actual.bridge))
        else:
            kept["bridge"] = before.bridge
    flags = before.flags & ~(DIFFERS | AWAY) | (0 if covered else AWAY)
    if incident.is_open:
        flags |= BRIDGE_KNOWN
    else:
        kept["bridge"] = before.bridge  # the list of what is resolved includes none
    young_ones = set(kept) - {"status_at", "turns", "custom_fields"}
    if young_ones and (incident.is_open or young_ones - {"bridge"}):
        flags |= DIFFERS
    known = actual._replace(flags=flags, **kept)
    was_reported = before.has(REPORTED)
    report = was_reported or (bool(events) and watch.passes(incident, (known.status,)))
    repaint = (
        was_reported
        and incident.is_open
        and (before.alerts, before.bridge) != (actual.alerts, kept.get("bridge", actual.bridge))
    )
    if report and (events or repaint):
        known = known._replace(flags=known.flags | REPORTED)
        change = Change(incident, tuple(events), state.cycle)
        return StateStep(incident.id, known, change, events=tuple(events))
    if (
        not events
        and before._replace(
            updated_at=known.updated_at, touched=known.touched, alerts=known.alerts
        )
        == known
    ):
        return StateStep(incident.id, known, None, lasting=False)
    return StateStep(incident.id, known, events=tuple(events))


def _status_time(incident: Incident) -> Optional[float]:
    """When the incident came into its status, as far as it is known."""
    if not incident.is_open:
        return times.seconds(incident.resolved_at) or times.seconds(incident.updated_at)
    if incident.status == "acknowledged":
        acknowledged = [
            s
            for s in (times.seconds(person.at) for person in incident.acknowledgers)
            if s is not None
        ]
        if acknowledged:
            return max(acknowledged)
    return times.seconds(incident.updated_at)


def _status_event(incident: Incident, was: str) -> IncidentEvent:
    status = incident.status
    if status == "triggered":
        event_type = UNACKNOWLEDGED if was in OPEN_STATUSES else "incident.reopened"
    elif status == "acknowledged":
        event_type = "incident.acknowledged"
    else:
        event_type = "incident.merged" if status == "merged" else "incident.resolved"
    at = _status_time(incident)
    agent = Person()
    if status == "acknowledged" and incident.acknowledgers:
        agent = incident.acknowledgers[-1]._replace(at="")
    elif not incident.is_open:
        agent = Person("", incident.resolved_by)
    occurred_at = times.iso(at) if at is not None else incident.updated_at
    changes = (("merged_into", incident.merged_into),) if incident.merged_into else ()
    return found_event(incident, "status", status, event_type, occurred_at, agent, changes)


def _field_event(incident: Incident, field: str, was: str, value: str) -> IncidentEvent:
    changes: List[Tuple[str, str]] = []
    if field in ("urgency", "priority", "incident_type"):
        changes = [("from", was or "none"), ("to", value or "none")]
    elif field == "title":
        changes = [("to", incident.title[:120])]
    elif field == "assignees":
        people = incident.assignees
        changes = [
            ("to", ", ".join(p.name for p in people)),
            ("to_ids", ", ".join(p.id for p in people)),
        ]
    elif field == "policy":
        changes = [("to", incident.escalation_policy)]
    return found_event(
        incident, field, value, _EVENT[field], incident.updated_at, Person(), tuple(changes)
    )


def _bridge_event(incident: Incident, bridge: str) -> IncidentEvent:
    to = incident.conference_url or incident.conference_number or "none"
    return found_event(
        incident, "bridge", bridge, BRIDGE_UPDATED, incident.updated_at, Person(), (("to", to),)
    )


def found_event(
    incident: Incident,
    what: str,
    value: str,
    event_type: str,
    occurred_at: str,
    agent: Person = Person(),  # noqa: B008 - immutable
    changes: Tuple[Tuple[str, str], ...] = (),
) -> IncidentEvent:
    """What a snapshot found, with the same id whoever finds it."""
    if not value.isalnum() or len(value) > 20:
        value = f"{zlib.crc32(value.encode('utf-8', 'replace')):08x}"
    return IncidentEvent(
        f"snap-{incident.id}-{what}-{value}-{occurred_at}",
        event_type,
        occurred_at,
        agent,
        tuple((key, text) for key, text in changes if text),
    )
