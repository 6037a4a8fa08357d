"""What the incident sensor knows of incidents: its memory while it runs (`state_store` keeps it).

    state.apply(step)       # once step.change, if any, was dispatched: nothing else changes it

All times are the server's, in seconds since the epoch. The local clock decides nothing.
"""

from __future__ import annotations

import zlib
from typing import Dict, NamedTuple, Optional, Set, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.incident import OPEN_STATUSES, Change, Incident, IncidentEvent
from pagerduty_mattermost.incidents.sent_events import SentEvents

OVERLAP_SECONDS = 120
"""Seconds before the cursor that are read again: entries appear in the log late."""
DIFFERENCE_AGE_SECONDS = 150
"""Age in seconds that a difference found by a snapshot must have: its log entry may
still appear until then, so it is more than
`OVERLAP_SECONDS`."""
KEPT_CLOSED_SECONDS = 3600
"""Seconds that a resolved incident stays known."""
SHARDS = 32

# Flags of `KnownIncident`.
REPORTED = 1
"""A change of it was dispatched, so it is followed."""
FOLDED = 2
"""Its first assignment was told as a part of its trigger, not as an event of its own."""
AWAY = 4
"""It left the watched services and teams."""
DIFFERS = 8
"""PagerDuty says something about it that the log has not explained yet."""
BY_SERVICE = 16
"""No person triggered or reopened it, so that an assignment by a person is a hand-over."""
REOPENED_AT = 32
"""`status_at` is when it was reopened, and its assignment then may still come."""
BRIDGE_KNOWN = 128
"""Its conference bridge was read, so that another one is news."""


class KnownIncident(NamedTuple):
    """The known state of one incident, as far as the log or a snapshot explained it."""

    status: str
    status_at: int
    """When the entry was made that set the status."""
    updated_at: str
    urgency: str
    priority: str
    title: str
    """crc32 of the title."""
    assignees: str
    """Sorted ids."""
    policy: str
    alerts: str
    """total/triggered/resolved"""
    flags: int
    touched: int
    """When this sensor last learned something of it."""
    bridge: str
    """crc32 of the conference bridge; empty without one. It is not in the log."""
    turns: str = ""
    """Its latest turns (`incidents.turns`)."""
    incident_type: str = ""
    """The type's name; empty where it is not known."""
    custom_fields: str = ""
    """A mark of each custom field's name and value; empty where they were not read."""

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    def has(self, flag: int) -> bool:
        return bool(self.flags & flag)


class StateStep(NamedTuple):
    """What one incident's news amounts to. `apply` it only once `change`, if any, was
    dispatched."""

    incident_id: str
    known: Optional[KnownIncident] = None
    """The state after it; None: forget the incident."""
    change: Optional[Change] = None
    entries: Tuple[Tuple[str, int], ...] = ()
    """Log entries it accounts for: id, created at."""
    events: Tuple[IncidentEvent, ...] = ()
    """What happened, whether it is reported or not."""
    lasting: bool = True
    """False when losing it in a crash costs nothing, so that it causes no write."""


class SensorState:
    """The sensor's memory."""

    def __init__(self, origin: float, cursor: float) -> None:
        self.origin = origin
        """Server time of the first start: what happened before is no news."""
        self.cursor = cursor
        self.cycle = 0
        self.scope = ""
        """Fingerprint of the watched services and teams at the last snapshot."""
        self.summary_due = False
        """The summary of the first start is still to be dispatched."""
        self.seen: Dict[str, int] = {}
        self.ignored: Dict[str, int] = {}
        """Entries that concern nothing watched; reading them again after a restart gives nothing
        again."""
        self.known: Dict[str, KnownIncident] = {}
        self.away: Set[str] = set()
        self.doubtful: Set[int] = set()
        """Shards that were lost: what a snapshot finds in them is not news."""
        self.journal: Dict[str, Optional[KnownIncident]] = {}
        self.sent = SentEvents()
        self.dirty = False
        """Something waits to be committed."""

    @property
    def since(self) -> float:
        """Where to read the log from."""
        return self.cursor - OVERLAP_SECONDS

    def is_fresh(self, entry_id: str) -> bool:
        return entry_id not in self.seen and entry_id not in self.ignored

    def apply(self, step: StateStep) -> None:
        before = self.known.get(step.incident_id)
        if step.known != before:
            self.put(step.incident_id, step.known, lasting=step.lasting)
        if step.change is not None:
            self.dirty = True
        target = self.seen if before or step.known or step.change else self.ignored
        for entry_id, at in step.entries:
            target[entry_id] = at

    def put(
        self, incident_id: str, known: Optional[KnownIncident], *, lasting: bool = True
    ) -> None:
        """Learn or, with None, forget an incident."""
        if known is None:
            self.known.pop(incident_id, None)
        else:
            self.known[incident_id] = known
        if known is not None and known.has(AWAY) and known.is_open:
            self.away.add(incident_id)
        else:
            self.away.discard(incident_id)
        if lasting or incident_id in self.journal:
            self.journal[incident_id] = known
            self.dirty = self.dirty or lasting

    def advance(self, cursor: float) -> None:
        """Move the cursor; what lies well before the overlap need not be remembered."""
        self.cursor = cursor
        oldest = cursor - 2 * OVERLAP_SECONDS
        for book in (self.seen, self.ignored):
            for entry_id in [entry_id for entry_id, at in book.items() if at < oldest]:
                del book[entry_id]

    def forget_closed(self) -> None:
        """Drop incidents that have been closed for long."""
        oldest = self.cursor - KEPT_CLOSED_SECONDS
        for incident_id in [
            i for i, k in self.known.items() if not k.is_open and k.touched < oldest
        ]:
            self.put(incident_id, None)

    def counts(self) -> Tuple[int, int]:
        """Open incidents known, and those of them that were reported."""
        open_ones = [known for known in self.known.values() if known.is_open]
        return len(open_ones), sum(known.has(REPORTED) for known in open_ones)


def shard_of(incident_id: str) -> int:
    """The number of the key in which the incident's state is kept."""
    return zlib.crc32(incident_id.encode("utf-8", "replace")) % SHARDS


def title_mark(title: str) -> str:
    """What is remembered of a title."""
    return f"{zlib.crc32(title.encode('utf-8', 'replace')):08x}"


def bridge_of(url: str, number: str) -> str:
    """What is remembered of a conference bridge."""
    return (
        f"{zlib.crc32(f'{url} {number}'.encode('utf-8', 'replace')):08x}" if url or number else ""
    )


def known_of(
    incident: Incident, status: str, status_at: float, flags: int, now: float
) -> KnownIncident:
    """The incident as it is, with this status. `now` may be that of the last read, hours ago,
    while the server's time is not confirmed: what the incident itself says is later counts as
    well, or it would be forgotten at once."""
    touched = max(now, status_at, times.seconds(incident.updated_at) or 0.0)
    return KnownIncident(
        status=status,
        status_at=int(status_at),
        updated_at=incident.updated_at,
        urgency=incident.urgency,
        priority=incident.priority,
        title=title_mark(incident.title),
        assignees=",".join(sorted(person.id for person in incident.assignees)),
        policy=incident.escalation_policy_id,
        alerts=f"{incident.alerts_total}/{incident.alerts_triggered}/{incident.alerts_resolved}",
        flags=flags,
        touched=int(touched),
        bridge=bridge_of(incident.conference_url, incident.conference_number),
        incident_type=incident.incident_type,
    )
