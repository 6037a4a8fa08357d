"""Pure: the entries of one incident's log gone through in their order: which event each of them
is, given the state it found the incident in, and what is known after it.

    story = IncidentStory(before, incident, group, origin)
    story.news; story.known(now, flags); story.enriched()
"""

# flake8: noqa: E203,W503

from __future__ import annotations

from typing import List, NamedTuple, Optional, Set, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.alert_content import with_details
from pagerduty_mattermost.incidents.event_types import (
    CUSTOM_FIELDS,
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
from pagerduty_mattermost.incidents.incident import OPEN_STATUSES, Incident, IncidentEvent
from pagerduty_mattermost.incidents.known_states import (
    BRIDGE_KNOWN,
    BY_SERVICE,
    DIFFERS,
    FOLDED,
    KEPT_CLOSED_SECONDS,
    REOPENED_AT,
    REPORTED,
    KnownIncident,
    known_of,
    title_mark,
)
from pagerduty_mattermost.incidents.log_entries import (
    LogEntry,
    acting_person,
    first_trigger_id,
    with_event,
)
from pagerduty_mattermost.incidents.turns import (
    BEGAN,
    CLOSED,
    GUESSED,
    HAND_OVER,
    OPEN,
    REOPENING,
    Turns,
    read_turns,
    turn_of,
)

FIRST_ASSIGNMENT_SECONDS = 5
"""Seconds after an incident was triggered or reopened within which its first assignment belongs to
that, unless a person made it by hand."""
SAME_ACT_SECONDS = 1
"""Seconds within which the entries of one act are written: who triggers or reopens by hand assigns
with it."""
SAME_TRIGGER_SECONDS = 60
"""A trigger entry this many seconds from the incident's creation is the trigger; a later one is a
repeated alert."""

SAME_RESOLVE_SECONDS = 2
"""Resolved this many seconds after the resolve that is known, it was resolved once more."""


class Beginning(NamedTuple):
    """When an incident was triggered or reopened, and by whom."""

    at: Optional[float] = None
    by: Optional[str] = None
    """The person's id; empty: no person, None: not known."""
    again: bool = False
    """Reopened, and the assignment that belongs to it may still come."""

    @classmethod
    def known(
        cls, before: Optional[KnownIncident], created: Optional[float], turns: Turns
    ) -> Beginning:
        by = "" if before is not None and before.has(BY_SERVICE) else None
        if before is not None and before.has(REOPENED_AT):
            again = [one.at for one in turns.turns if one.told_as in (REOPENING, GUESSED)]
            return cls(float(max(again, default=before.status_at)), by, again=True)
        return cls(created, by)


class IncidentStory:
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
        self._first_trigger = next(filter(None, map(first_trigger_id, group)), "")
        self._status, self._status_at = self._start()
        self._is_status_of_group = False
        """Set by one of these entries, which are in order even within a second."""
        self._turns = self._known_turns = read_turns(before.turns if before is not None else "")
        self._began = Beginning.known(before, self._created, self._turns)
        for position, entry in enumerate(group):
            if entry.event is None:
                continue
            if self._is_first_assignment(entry):
                self._explained |= EXPLAINS["incident.reassigned"]
                self._fold(entry.event, entry.at)
                continue
            if self._was_told_by_its_assignment(entry) or self._tells_what_was_told(entry):
                continue
            event_type = self._type(entry, position)
            self._explained |= EXPLAINS.get(event_type, frozenset())
            state_then = self._turn(event_type, entry)
            self._begin(event_type, entry)
            event = self._corrected(_retyped(entry.event, event_type, incident))
            turn = turn_of(event_type, entry.kind, entry.at)
            self._turns = self._turns.with_turn(turn) if turn is not None else self._turns
            if self._is_news(entry):
                self.news.append(event)
                self.states.add(state_then)

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
        opens = first.kind in ("assign", "trigger") or (unknown and self.incident.is_open)
        if opens and self._is_old:
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
        """It belongs to the trigger or to a reopening, and is no hand-over of a person."""
        if entry.kind != "assign" or (self._is_closed_at(entry) and entry.at > self._status_at):
            return False
        began, person = self._began, acting_person(entry)
        if not person:
            return self._follows_a_beginning(entry)
        is_same_act = began.at is not None and 0 <= entry.at - began.at <= SAME_ACT_SECONDS
        return is_same_act and not self._folded and began.by in (None, person)

    def _follows_a_beginning(self, entry: LogEntry) -> bool:
        """It came within seconds of the trigger or of a reopening, which has one assignment: where
        the incident began once, the first."""
        again = [one for one in self._turns.turns if one.told_as in (CLOSED, REOPENING, GUESSED)]
        if self._folded and not again:
            return False
        reopened = (one.at for one in again if one.told_as != CLOSED and not one.by_assignment)
        began = [at for at in (self._created, self._began.at, *reopened) if at is not None]
        return any(0 <= entry.at - at <= FIRST_ASSIGNMENT_SECONDS for at in began)

    def _fold(self, assignment: IncidentEvent, at: float) -> None:
        """Whom it was assigned to becomes part of the event that began it, where that is news."""
        for place in range(len(self.news) - 1, -1, -1):
            event = self.news[place]
            after = at - (times.seconds(event.occurred_at) or 0.0)
            is_near = 0 <= after <= FIRST_ASSIGNMENT_SECONDS
            if is_near and event.event_type in (TRIGGERED, REOPENED):
                self.news[place] = _with_assignment(event, assignment)
                break
        if self._began.at is not None and at >= self._began.at:
            self._folded, self._began = True, self._began._replace(again=False)

    def _was_told_by_its_assignment(self, entry: LogEntry) -> bool:
        """The entry of a reopening that its assignment, which was seen sooner, told already: as
        one, or as a hand-over, which the resolve before it will put right."""
        assert entry.event is not None
        if entry.event.event_type not in (TRIGGERED, REOPENED):
            return False
        told = [one for one in self._turns.near(entry.at, SAME_ACT_SECONDS) if one.by_assignment]
        for one in told[:1]:
            self._turns = self._turns.instead(one, one._replace(by_assignment=False))
        return bool(told)

    def _tells_what_was_told(self, entry: LogEntry) -> bool:
        """The assignment of a reopening of which another entry was told as something else."""
        return entry.kind == "assign" and any(
            one.told_as == HAND_OVER and not one.by_assignment
            for one in self._turns.near(entry.at, SAME_ACT_SECONDS)
        )

    def _corrected(self, event: IncidentEvent) -> IncidentEvent:
        """The event, saying what younger ones were that were told before it: the hand-over after
        this resolve reopened the incident; the reopening after this one was a hand-over."""
        at = times.seconds(event.occurred_at) or 0.0
        if STATUS_AFTER.get(event.event_type, "triggered") not in OPEN_STATUSES:
            wrong = self._turns.after(at)
            if wrong is None and self.incident.is_open:
                wrong = self._known_turns.hand_over_in(at)
            if wrong is None or wrong.told_as not in (HAND_OVER, BEGAN):
                return event
            key, truly = "reopened_at", GUESSED
        elif event.event_type == REOPENED:
            wrong = self._turns.after(at, OPEN)
            if wrong is None or wrong.told_as != GUESSED:
                return event
            key, truly = "not_reopened_at", HAND_OVER
        else:
            return event
        self._turns = self._turns.instead(wrong, wrong._replace(told_as=truly))
        return event._replace(changes=(*event.changes, (key, times.iso(wrong.at))))

    def _begin(self, event_type: str, entry: LogEntry) -> None:
        """Remember when it was triggered or reopened, and by whom: the assignment that belongs to
        it may follow."""
        if event_type == TRIGGERED and not self._began.again:
            self._began = self._began._replace(by=acting_person(entry))
        elif event_type == REOPENED:
            self._folded = entry.kind == "assign"
            self._began = Beginning(entry.at, acting_person(entry), again=True)
        elif event_type in UNDOES_ACKNOWLEDGEMENT or self._status not in OPEN_STATUSES:
            self._began = self._began._replace(again=False)

    def _is_closed_at(self, entry: LogEntry) -> bool:
        closed = self._turns.is_closed(entry.at)
        if closed is None:
            return self._status not in OPEN_STATUSES and entry.at >= self._status_at
        return closed

    def _is_reopening_due(self, entry: LogEntry) -> bool:
        """What was told of the time after it shows the incident open again, and no entry that
        says so itself reopened it."""
        after = self._turns.after(entry.at)
        return after is not None and after.told_as != REOPENING

    def _type(self, entry: LogEntry, position: int) -> str:
        """The event's type, once it is known in what state the entry found the incident."""
        assert entry.event is not None
        event_type = entry.event.event_type
        closed = self._is_closed_at(entry)
        if event_type == TRIGGERED:
            if entry.id == self._first_trigger:
                return TRIGGERED
            last = self._turns.before(entry.at)
            closed_at = last.at if last is not None else self._status_at
            if closed and (self._is_status_of_group or entry.at > closed_at > 0):
                return REOPENED
            if self._first_trigger and acting_person(entry) and self._turns.closed_in(entry.at):
                return REOPENED
            near = self._created is None or abs(entry.at - self._created) <= SAME_TRIGGER_SECONDS
            began = (one.at for one in self._turns.turns if one.told_as == BEGAN)
            if near and all(entry.at <= one + SAME_ACT_SECONDS for one in began):
                return TRIGGERED
            return REOPENED if closed else UPDATED
        maybe_reopened = (
            entry.kind not in EVENT_TYPES or entry.kind == "assign" or event_type == UNACKNOWLEDGED
        )
        if closed and maybe_reopened:
            later = (
                e.event.event_type for e in self._group[position + 1 :] if e.event is not None
            )
            resolved = times.seconds(self.incident.resolved_at) or 0.0
            resolved_again = (
                resolved >= entry.at and resolved > self._status_at + SAME_RESOLVE_SECONDS
            )
            if (
                self._is_reopening_due(entry)
                or self._turns.lacks_reopening(entry.at)
                or (self.incident.is_open and self._turns.after(entry.at) is None)
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
            reopens = entry.kind == "trigger" or entry.kind not in EVENT_TYPES
            takes_back = reopens or handed_over
            if takes_back and self.incident.status == "triggered" and at >= self._status_at:
                # It may be a reopen whose resolve is still to come, late: that one is older then.
                self._status, self._status_at = "triggered", at
            return self._status
        if status == "resolved" and self.incident.status == "merged":
            status = "merged"
        tie = (
            at == self._status_at
            and not self._is_status_of_group
            and (self.incident.status == self._status != status or event_type == TRIGGERED)
        )
        # Of what closes, also a hand-over says that it is older: it was open again then.
        older = status not in OPEN_STATUSES and self._turns.after(at) is not None
        if at >= self._status_at and not tie and not older:
            self._status, self._status_at, self._is_status_of_group = status, at, True
        return status

    def known(self, now: float, flags: int) -> KnownIncident:
        """The state to remember: of what these entries do not explain, what was known before."""
        incident, before = self.incident, self.before
        flags |= FOLDED if self._folded else 0
        if before is not None and "bridge" not in self._explained:
            flags |= before.flags & BRIDGE_KNOWN
        flags |= BY_SERVICE if self._began.by == "" else 0
        if self._status in OPEN_STATUSES:
            flags |= REOPENED_AT if self._began.again else 0
        after = known_of(incident, self._status, self._status_at, flags, now)
        after = after._replace(turns=str(self._turns))
        said = any(e.event and e.event.event_type == CUSTOM_FIELDS for e in self._group)
        if before is not None:
            stale = incident.updated_at < before.updated_at
            kept = {f: getattr(before, f) for f in FIELDS if stale or f not in self._explained}
            kept.update(bridge=before.bridge, custom_fields="" if said else before.custom_fields)
            if not incident.is_open:
                kept["assignees"] = ""
            after = after._replace(**kept, updated_at=max(incident.updated_at, before.updated_at))
        actual = known_of(incident, incident.status, 0, 0, now)
        other = any(getattr(after, f) != getattr(actual, f) for f in FIELDS)
        if after.status != incident.status or other or said:
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
                incident = with_event(incident, entry.event)
        return incident


def _retyped(event: IncidentEvent, event_type: str, incident: Incident) -> IncidentEvent:
    if event_type == event.event_type:
        return event
    if event_type == "incident.title_updated" and not event.change("to"):
        event = event._replace(changes=(*event.changes, ("to", incident.title[:120])))
    return event._replace(event_type=event_type)


def _with_assignment(event: IncidentEvent, assignment: IncidentEvent) -> IncidentEvent:
    """The event that triggered or reopened the incident, with whom it was assigned to."""
    if event.change("to"):
        return event
    assigned = tuple(
        (key, assignment.change(key)) for key in ("to", "to_ids") if assignment.change(key)
    )
    return event._replace(changes=event.changes + assigned)
