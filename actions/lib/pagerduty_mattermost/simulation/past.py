"""What PagerDuty's log tells of a time that is over: its entries, and each incident as it was at
any moment of it. Pure.

    past = Past(rows)                # rows of GET /log_entries with their incidents, any order
    past.entries(since, until)       # as the log was then, newest first
    past.incident(id, at)            # the row of GET /incidents/{id}; None: not there yet

An entry comes with its incident as it is now. What it was before is reckoned back by the entries:
status, people, urgency. A priority or a title that was changed since stays as it is now where the
entry does not say what it was before (`Past.assumed`).
"""

# flake8: noqa: E203

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.event_types import (
    EVENT_TYPES,
    REOPENED,
    SILENT_TYPES,
    STATUS_AFTER,
    UNDOES_ACKNOWLEDGEMENT,
    UPDATED,
)
from pagerduty_mattermost.incidents.incident import OPEN_STATUSES
from pagerduty_mattermost.incidents.known_states import KEPT_CLOSED_SECONDS
from pagerduty_mattermost.incidents.log_entries import LogEntry, parse_entry

Row = Dict[str, Any]
RECENT_INCIDENTS = 200
"""Incidents that were over last, of which a list of resolved ones shows the newest page."""
_URGENCIES = {"high": "low", "low": "high"}
_PRIORITY, _URGENCY, _TITLE = (
    "incident.priority_updated",
    "incident.urgency_updated",
    "incident.title_updated",
)


class _Step(NamedTuple):
    """An entry of one incident."""

    at: float
    entry: LogEntry
    kind: str
    """Its event type; REOPENED also where the log tells it by the status alone."""


class Past:
    """All incidents as they were at any moment of the time that was read."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._finals: Dict[str, Row] = {}
        """By incident, as it is now."""
        found: List[Tuple[float, int, Row]] = []
        groups: Dict[str, List[Tuple[float, LogEntry]]] = defaultdict(list)
        newest_first = sorted(rows, key=_created, reverse=True)
        for place, row in enumerate(reversed(newest_first)):
            entry = parse_entry(row)
            if entry is None or not entry.whole or entry.kind in SILENT_TYPES:
                continue
            final = self._finals.setdefault(entry.incident.id, dict(row["incident"]))
            found.append((entry.at, place, {**row, "incident": final}))
            groups[entry.incident.id].append((entry.at, entry))
        self._log = [row for _, _, row in sorted(found, key=lambda one: one[:2])]
        self._times = [_created(row) for row in self._log]
        self.assumed: Set[str] = set()
        """Incidents whose priority or title was changed, and what it was is not known."""
        self._stories = {id: _told(group, self._finals[id]) for id, group in groups.items()}
        self._moments = {id: [step.at for step in steps] for id, steps in self._stories.items()}
        self._states: Dict[Tuple[str, int], Row] = {}
        left_open = {id for id, one in self._finals.items() if one.get("status") in OPEN_STATUSES}
        over = sorted((steps[-1].at, id) for id, steps in self._stories.items())
        self._left_open = sorted(left_open)
        self._by_end = [id for _, id in over if id not in left_open]
        self._ends = [self._stories[id][-1].at for id in self._by_end]
        """When the last entry was made of those that are over now."""
        self._late = sorted(at for steps in self._stories.values() for at in _long_after(steps))

    def near(self, at: float) -> List[str]:
        """Incidents that may be open at that moment, or were over shortly before it."""
        place = bisect_right(self._ends, at)
        return [*self._by_end[max(0, place - RECENT_INCIDENTS) :], *self._left_open]

    @property
    def ids(self) -> List[str]:
        return list(self._finals)

    def has_late_entry(self, since: float, until: float) -> bool:
        """Whether between these times there is an entry of an incident that was over for so long
        that the sensor had forgotten it."""
        return bisect_right(self._late, since) < bisect_right(self._late, until)

    def entries(self, since: float, until: float, of: str = "") -> List[Row]:
        """Those of both seconds and between, newest first, their incidents as they were at
        `until`. `of`: those of one incident alone."""
        chosen = self._log[bisect_left(self._times, since) : bisect_right(self._times, until)]
        states: Dict[str, Optional[Row]] = {}
        rows = []
        for row in reversed(chosen):
            id = str(row["incident"].get("id"))
            if of and id != of:
                continue
            if id not in states:
                states[id] = self.incident(id, until)
            rows.append({**row, "incident": states[id] or row["incident"]})
        return rows

    def incident(self, id: str, at: float) -> Optional[Row]:
        final = self._finals.get(id)
        if final is None or (times.seconds(str(final.get("created_at"))) or 0.0) > at:
            return None
        shown = bisect_right(self._moments[id], at)
        if (id, shown) not in self._states:
            self._states[id, shown] = self._made(final, self._stories[id], shown)
        return self._states[id, shown]

    def _made(self, final: Row, steps: List[_Step], count: int) -> Row:
        """As it was after so many of its entries."""
        shown = steps[:count]
        row = {**final, **_status(shown, steps, final)}
        row.update(self._reckoned_back(row, steps[count:]))
        people = _assigned(shown, steps)
        if row["status"] not in OPEN_STATUSES:
            row["assignments"] = []
        elif people is not None:
            row["assignments"] = people
        row["first_trigger_log_entry"] = next(
            (dict(step.entry.raw) for step in steps if step.entry.kind == "trigger"),
            final.get("first_trigger_log_entry"),
        )
        return row

    def _reckoned_back(self, row: Row, later: Sequence[_Step]) -> Row:
        """What was changed after that moment as it was at it."""
        found: Row = {}
        urgency = str(row.get("urgency") or "")
        for step in reversed(later):
            event = step.entry.event
            was = event.change("from") if event is not None else ""
            if step.kind == _URGENCY:
                urgency = was if was in _URGENCIES else _URGENCIES.get(urgency, urgency)
                found["urgency"] = urgency
            elif step.kind == _PRIORITY and was:
                found["priority"] = None if was == "none" else {"id": "", "summary": was}
            elif step.kind == _TITLE and was:
                found["title"] = was
            elif step.kind in (_PRIORITY, _TITLE):
                self.assumed.add(step.entry.incident.id)
        return found


def _created(row: Mapping[str, Any]) -> float:
    return times.seconds(str(row.get("created_at"))) or 0.0


def _told(group: Sequence[Tuple[float, LogEntry]], final: Mapping[str, Any]) -> List[_Step]:
    """The entries of one incident, oldest first. That it was reopened no entry says: it is the
    first one after a resolve that could be it, where the incident was open once more."""
    steps: List[_Step] = []
    closed = False
    kinds = [entry.event.event_type if entry.event else "" for _, entry in group]
    ends_open = final.get("status") in OPEN_STATUSES
    for number, ((at, entry), kind) in enumerate(zip(group, kinds)):
        after = STATUS_AFTER.get(kind)
        again = ends_open or any(
            STATUS_AFTER.get(one) in ("resolved", "merged") for one in kinds[number + 1 :]
        )
        unknown = kind == UPDATED and entry.kind not in EVENT_TYPES
        if closed and again and (unknown or kind in UNDOES_ACKNOWLEDGEMENT):
            kind, after = REOPENED, "triggered"
        closed = closed if after is None else after not in OPEN_STATUSES
        steps.append(_Step(at, entry, kind))
    return steps


def _long_after(steps: Sequence[_Step]) -> List[float]:
    """When something happened to an incident that had been over for an hour."""
    found: List[float] = []
    over_at: Optional[float] = None
    for step in steps:
        if over_at is not None and step.at - over_at >= KEPT_CLOSED_SECONDS:
            found.append(step.at)
        after = STATUS_AFTER.get(step.kind)
        if after is not None:
            over_at = None if after in OPEN_STATUSES else step.at
    return found


def _status(shown: Sequence[_Step], steps: Sequence[_Step], final: Mapping[str, Any]) -> Row:
    """The status and what goes with it."""
    status, at, by = "triggered", str(final.get("created_at") or ""), None
    acknowledged: List[Row] = []
    for step in shown:
        raw = step.entry.raw
        after = STATUS_AFTER.get(step.kind)
        if after is None and step.kind in UNDOES_ACKNOWLEDGEMENT and status == "acknowledged":
            after = "triggered"
        if after is None:
            continue
        status = "resolved" if after == "merged" else after
        at, by = str(raw.get("created_at")), raw.get("agent")
        if status == "acknowledged":
            acknowledged.append({"at": at, "acknowledger": by})
        else:
            acknowledged = []
    updated = str(shown[-1].entry.raw.get("created_at")) if shown else at
    row: Row = {
        "status": status,
        "updated_at": updated,
        "last_status_change_at": at,
        "last_status_change_by": by if by is not None else final.get("last_status_change_by"),
        "acknowledgements": acknowledged,
        "resolved_at": at if status == "resolved" else None,
    }
    if status != "resolved":
        row["resolve_reason"] = None
    if len(shown) == len(steps):
        row["updated_at"] = final.get("updated_at") or updated
    return row


def _assigned(shown: Sequence[_Step], steps: Sequence[_Step]) -> Optional[List[Row]]:
    """Whom it was assigned to; None where the log does not say."""
    named = [step for step in steps if _people(step)]
    for step in reversed(shown):
        people = _people(step)
        if people:
            at = step.entry.raw.get("created_at")
            return [{"at": at, "assignee": one} for one in people]
    return [] if named else None


def _people(step: _Step) -> List[Mapping[str, Any]]:
    raw = step.entry.raw
    found = raw.get("assignees") or raw.get("assigned_users")
    if step.kind not in (*UNDOES_ACKNOWLEDGEMENT, REOPENED) or not isinstance(found, list):
        return []
    return [one for one in found if isinstance(one, dict)]
