"""Pure: (what is known, log entries) -> what to dispatch and what is known then.

    steps = follow(state, entries, watch, now)   # of fresh entries: a StateStep an incident
    state.apply(step)                            # of each, once its change was dispatched

Each entry is one event, whatever else is known. The incident that comes with it is the incident
when the log was read: its state may be ahead of the entries that are visible yet. So the known
state takes over only what these entries explain; the rest waits for its own entry, or for a
snapshot to find it unexplained (`snapshot`).
"""

from __future__ import annotations

from typing import Dict, Iterable, List, Optional, Set, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.event_types import (
    EVENT_TYPES,
    EXPLAINS,
    FIELDS,
    REOPENED,
    SILENT_TYPES,
    STATUS_AFTER,
    TRIGGERED,
    UNACKNOWLEDGED,
    UNDOES_ACKNOWLEDGEMENT,
    UPDATED,
)
from pagerduty_mattermost.incidents.incident import OPEN_STATUSES, Change, Incident, IncidentEvent
from pagerduty_mattermost.incidents.known_states import (
    AWAY,
    DIFFERS,
    FOLDED,
    KEPT_CLOSED_SECONDS,
    OVERLAP_SECONDS,
    REPORTED,
    KnownIncident,
    SensorState,
    StateStep,
    known_of,
    title_mark,
)
from pagerduty_mattermost.incidents.log_entries import LogEntry, with_details, with_note
from pagerduty_mattermost.incidents.watch_filter import WatchFilter

FIRST_ASSIGNMENT_SECONDS = 5
"""Seconds after an incident's creation within which its first assignment belongs to the trigger.
"""
SAME_TRIGGER_SECONDS = 60
"""A trigger entry this many seconds from the incident's creation is the trigger; a later one is a
repeated alert."""

SAME_RESOLVE_SECONDS = 2
"""An incident resolved this many seconds after the resolve that is known was resolved once more.
"""


def in_order(entries: Iterable[LogEntry]) -> List[LogEntry]:
    """Oldest first; entries come newest first, and those of one second keep the order they
    happened in."""
    ordered = list(entries)
    ordered.reverse()
    ordered.sort(key=lambda entry: entry.at)
    return ordered


def follow(
    state: SensorState,
    entries: Iterable[LogEntry],
    watch: WatchFilter,
    now: float,
    *,
    read_again: bool = True,
) -> List[StateStep]:
    """What fresh entries (newest first, as PagerDuty lists them) amount to: one step an incident,
    in order of their first entries. `now`: the server's time. `read_again`: the overlap before it
    is read once more, so that what happened in it can be left undecided: entries of it may still
    appear."""
    groups: Dict[str, List[LogEntry]] = {}
    for entry in in_order(entries):
        groups.setdefault(entry.incident.id, []).append(entry)
    undecided_since = now - OVERLAP_SECONDS if read_again else float("inf")
    steps = (
        _step(state, incident_id, group, watch, now, undecided_since)
        for incident_id, group in groups.items()
    )
    return [step for step in steps if step is not None]


def _step(
    state: SensorState,
    incident_id: str,
    group: List[LogEntry],
    watch: WatchFilter,
    now: float,
    undecided_since: float,
) -> Optional[StateStep]:
    before = state.known.get(incident_id)
    incident = max((entry.incident for entry in group), key=lambda i: i.updated_at)
    accounted = tuple((entry.id, int(entry.at)) for entry in group)
    covered = watch.covers(incident)
    reported = before is not None and before.has(REPORTED)
    if not covered and not reported:
        return StateStep(incident_id, None, None, accounted)
    story = _IncidentStory(before, incident, group, state.origin)
    if before is None and not story.news and not incident.is_open:
        return StateStep(incident_id, None, None, accounted)
    reported = reported or (bool(story.news) and watch.passes(incident, story.states))
    if before is None and not reported and not any(entry.kind == "trigger" for entry in group):
        if group[0].at > undecided_since:
            # Its trigger may still appear and make it one to report, with all its events:
            # decided then.
            return None
        if story.is_young:
            # The log lost its trigger: it was triggered all the same. Without news a snapshot
            # finds and reports it.
            if not story.news:
                return StateStep(incident_id, None, None, accounted)
            reported = watch.passes(incident, {"triggered"})
    known = story.known(now, (REPORTED if reported else 0) | (0 if covered else AWAY))
    change = None
    if reported and story.news:
        change = Change(story.enriched(), _with_values(story.news, before, incident), state.cycle)
    if before is None or change is not None:
        return StateStep(incident_id, known, change, accounted)
    # Nothing is dispatched, so that the alert counts are still to be painted; and what only says
    # that the incident was read is not worth a write.
    known = known._replace(alerts=before.alerts)
    same = (
        before._replace(updated_at=known.updated_at, touched=known.touched, flags=known.flags)
        == known
    )
    if same and (before.flags ^ known.flags) & ~DIFFERS == 0:
        return StateStep(
            incident_id, known._replace(touched=before.touched), None, accounted, lasting=False
        )
    return StateStep(incident_id, known, None, accounted)


class _IncidentStory:
    """The entries of one incident gone through in their order."""

    def __init__(
        self,
        before: Optional[KnownIncident],
        incident: Incident,
        group: List[LogEntry],
        origin: float,
    ) -> None:
        self.before = before
        self.incident = incident
        self.news: List[IncidentEvent] = []
        """Events since the first start of the sensor."""
        self.states: Set[str] = set()
        """States the incident had when news came."""
        self._group = group
        self._origin = origin
        self._explained: Set[str] = set()
        self._folded = before is not None and before.has(FOLDED)
        self._created = times.seconds(incident.created_at)
        self._status, self._status_at = self._start()
        first_assignment: Optional[IncidentEvent] = None
        for position, entry in enumerate(group):
            if entry.event is None:
                continue
            if self._is_first_assignment(entry):
                self._folded, first_assignment = True, entry.event
                self._explained |= EXPLAINS["incident.reassigned"]
                continue
            event_type = self._type(entry, position)
            self._explained |= EXPLAINS.get(event_type, frozenset())
            state_then = self._turn(event_type, entry)
            if self._is_news(entry):
                self.news.append(_retyped(entry.event, event_type, incident))
                self.states.add(state_then)
        if first_assignment is not None:
            self.news = [_with_assignment(event, first_assignment) for event in self.news]

    @property
    def is_young(self) -> bool:
        """So young that it would still be known had its trigger been seen."""
        return self._created is not None and self._created >= self._origin and not self._is_old

    @property
    def _is_old(self) -> bool:
        return (
            self._created is not None and self._group[0].at - self._created > KEPT_CLOSED_SECONDS
        )

    def _start(self) -> Tuple[str, int]:
        """Status before these entries."""
        if self.before is not None:
            return self.before.status, self.before.status_at
        first = self._group[0]
        unknown = first.kind not in EVENT_TYPES and first.kind not in SILENT_TYPES
        if unknown and self._is_old and self.incident.is_open:
            # Every open incident is known, so this one was closed so long that it was forgotten.
            return "resolved", 0
        began_triggered = self.is_young or any(
            e.event is not None and e.event.event_type in STATUS_AFTER for e in self._group
        )
        return ("triggered" if began_triggered else self.incident.status), 0

    def _is_news(self, entry: LogEntry) -> bool:
        """It happened after the first start. In the very second of it: unless the snapshot taken
        then showed it."""
        if int(entry.at) != int(self._origin):
            return entry.at > self._origin
        return (
            self.before is None
            or self.before.has(REPORTED)
            or self.before.updated_at < times.iso(entry.at)
        )

    def _is_first_assignment(self, entry: LogEntry) -> bool:
        if entry.kind != "assign" or self._folded or self._created is None:
            return False
        return 0 <= entry.at - self._created <= FIRST_ASSIGNMENT_SECONDS

    def _type(self, entry: LogEntry, position: int) -> str:
        """The event's type, once it is known in what state the entry found the incident."""
        assert entry.event is not None
        event_type = entry.event.event_type
        closed = self._status not in OPEN_STATUSES and entry.at >= self._status_at
        if event_type == TRIGGERED:
            if self._created is None or abs(entry.at - self._created) <= SAME_TRIGGER_SECONDS:
                return TRIGGERED
            return REOPENED if closed else UPDATED
        maybe_reopened = entry.kind not in EVENT_TYPES or event_type == UNACKNOWLEDGED
        if closed and maybe_reopened:
            later = (
                e.event.event_type for e in self._group[position + 1 :] if e.event is not None
            )
            resolved = times.seconds(self.incident.resolved_at) or 0.0
            resolved_again = (
                resolved >= entry.at and resolved > self._status_at + SAME_RESOLVE_SECONDS
            )
            if (
                self.incident.is_open
                or resolved_again
                or any(one in STATUS_AFTER for one in later)
            ):
                return REOPENED
        if event_type == UPDATED and entry.kind not in EVENT_TYPES and self._has_new_title:
            return "incident.title_updated"
        return event_type

    @property
    def _has_new_title(self) -> bool:
        """Another one than was known, and no entry so far accounts for it."""
        return (
            self.before is not None
            and title_mark(self.incident.title) != self.before.title
            and "title" not in self._explained
        )

    def _turn(self, event_type: str, entry: LogEntry) -> str:
        """Take over the status an event brings; an older entry never paints over a newer. Returns
        the state then."""
        status, at = STATUS_AFTER.get(event_type), int(entry.at)
        if status is None:
            handed_over = event_type in UNDOES_ACKNOWLEDGEMENT and self._status in OPEN_STATUSES
            takes_back = entry.kind not in EVENT_TYPES or handed_over
            if takes_back and self.incident.status == "triggered" and at >= self._status_at:
                # An unknown type may be a reopen whose resolve is still to come, late: that one is
                # older then.
                self._status, self._status_at = "triggered", at
            return self._status
        if status == "resolved" and self.incident.status == "merged":
            status = "merged"
        tie = at == self._status_at and (
            self.incident.status == self._status != status or event_type == TRIGGERED
        )
        if at >= self._status_at and not tie:
            self._status, self._status_at = status, at
        return status

    def known(self, now: float, flags: int) -> KnownIncident:
        """The state to remember: of what these entries do not explain, what was known before."""
        incident, before = self.incident, self.before
        flags |= FOLDED if self._folded else 0
        after = known_of(incident, self._status, self._status_at, flags, now)
        if before is not None:
            stale = incident.updated_at < before.updated_at
            kept = {f: getattr(before, f) for f in FIELDS if stale or f not in self._explained}
            kept["bridge"] = before.bridge  # the log includes none
            if not incident.is_open:
                kept["assignees"] = ""
            after = after._replace(**kept, updated_at=max(incident.updated_at, before.updated_at))
        actual = known_of(incident, incident.status, 0, 0, now)
        if after.status != incident.status or any(
            getattr(after, f) != getattr(actual, f) for f in FIELDS
        ):
            after = after._replace(flags=after.flags | DIFFERS)
        return after

    def enriched(self) -> Incident:
        """The incident with what its entries hold beyond it: the first alert's details, the latest
        note."""
        incident = self.incident
        for entry in self._group:
            if entry.kind == "trigger":
                incident = with_details(incident, entry.raw)
            if entry.event is not None:
                incident = with_note(incident, entry.event)
        return incident


def _retyped(event: IncidentEvent, event_type: str, incident: Incident) -> IncidentEvent:
    if event_type == event.event_type:
        return event
    if event_type == "incident.title_updated" and not event.change("to"):
        event = event._replace(changes=(*event.changes, ("to", incident.title[:120])))
    return event._replace(event_type=event_type)


def _with_assignment(event: IncidentEvent, assignment: IncidentEvent) -> IncidentEvent:
    """The trigger's event with whom the incident was assigned to."""
    if event.event_type != TRIGGERED or event.change("to"):
        return event
    assigned = tuple(
        (key, assignment.change(key)) for key in ("to", "to_ids") if assignment.change(key)
    )
    return event._replace(changes=event.changes + assigned)


def _with_values(
    events: List[IncidentEvent], before: Optional[KnownIncident], incident: Incident
) -> Tuple[IncidentEvent, ...]:
    """Old and new priority and urgency where the entries do not hold them, which is how PagerDuty
    sends them."""
    found = list(events)
    for event_type, was, now in (
        ("incident.priority_updated", before.priority if before else "", incident.priority),
        ("incident.urgency_updated", before.urgency if before else "", incident.urgency),
    ):
        positions = [i for i, event in enumerate(found) if event.event_type == event_type]
        if not positions or any(found[i].change("to") for i in positions):
            continue
        first, last = positions[0], positions[-1]
        found[last] = found[last]._replace(changes=(*found[last].changes, ("to", now or "none")))
        if was and not found[first].change("from"):
            found[first] = found[first]._replace(changes=(*found[first].changes, ("from", was)))
    return tuple(found)
