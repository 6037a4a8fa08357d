"""Which of several incident sensors reads PagerDuty: one leads, the others stand by and take over
when it falls silent. Pure.

    election = Election("host-a 4711 9f2c", now)
    step = election.step(record, now)       # what to do after a read of the datastore's key
    election.written(now)                   # once what it said is written
    election.unread()                       # the datastore did not answer
    election.role(now), election.term       # whether it leads, and for which time

The datastore has no compare-and-set, so a claim counts only when it still stands a while after it
was written: of two that claim at once the later one overwrote the earlier, and one alone reads its
own name back. Whoever leads looks more often than a claim takes, so it has given way before one
that it did not see counts. For the moment in which a process that stood still and its successor
both read, nothing is posted twice: each card and reply has one key, whoever makes it
(docs/cluster.md).

`now`: seconds of one clock of this process, which never goes back; clocks of different machines
are never compared. A leader writes a count that grows, and who stands by measures how long it has
not grown.
"""

from __future__ import annotations

from typing import NamedTuple, Optional

LOOK_SECONDS = 2.0
"""Between two looks at the key, and so between two beats of who leads."""
SILENT_SECONDS = 8.0
"""A leader whose beat has not changed for so long is taken to be gone; one that could not write
for so long no longer takes itself for the leader."""
SETTLE_SECONDS = 4.0
"""Between a claim and the read that confirms it: longer than a look of who leads takes."""
LATE_SECONDS = 4.0
"""A beat that was written so long after its read may have overwritten a successor's: what this
process knows may be old then."""

LEADS, UNSURE, STANDS_BY = "leads", "unsure", "stands by"
"""Unsure: it led, and has not been able to say so for a while; it does nothing until it knows."""
WAIT, WRITE = "wait", "write"


class LeaderRecord(NamedTuple):
    """Who leads, as the key says."""

    by: str
    """Of a process; no two have the same."""
    beat: int = 0
    """Grows with each write."""


class Step(NamedTuple):
    """What to do."""

    what: str
    """WAIT: nothing. WRITE: `record`."""
    record: LeaderRecord
    after: float
    """Seconds until the next look."""


class Election:
    """How one process sees it."""

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.term = 0
        """Grows whenever this process begins to lead, and whenever another may have led between
        two moments in which it did: what it knew before must be read anew."""
        self._leads = False
        self._good_at = now
        self._read_at = now
        self._seen: Optional[LeaderRecord] = None
        self._seen_at: Optional[float] = None
        """Since when the leader's beat is what it is, as far as reads without a gap tell."""
        self._has_claimed = False

    def role(self, now: float) -> str:
        """LEADS, UNSURE or STANDS_BY."""
        if not self._leads:
            return STANDS_BY
        return LEADS if now - self._good_at < SILENT_SECONDS else UNSURE

    def step(self, record: Optional[LeaderRecord], now: float) -> Step:
        """After a read of the key; None: nobody stands there."""
        self._read_at = now
        has_claimed, self._has_claimed = self._has_claimed, False
        if record is None:  # nobody yet, or somebody took the key away
            return self._write(0)
        if record.by == self.name:
            return self._mine(record, has_claimed)
        self._leads = False
        if self._seen_at is None or record != self._seen:
            self._seen, self._seen_at = record, now
        if now - self._seen_at >= SILENT_SECONDS:
            return self._write(record.beat)
        return Step(WAIT, record, LOOK_SECONDS)

    def written(self, now: float) -> None:
        """What `step` said is written."""
        if not self._leads:
            self._has_claimed = True
        elif now - self._read_at >= LATE_SECONDS:
            self.term += 1
        self._good_at = now

    def unread(self) -> None:
        """The datastore did not answer, or did not take what was to be written: how long the
        leader has been silent is measured anew, since it can't write now either."""
        self._seen_at, self._has_claimed = None, False

    def _mine(self, record: LeaderRecord, has_claimed: bool) -> Step:
        self._seen_at = None
        if not self._leads and has_claimed:  # it stood for the time between the two looks
            self._leads = True
            self.term += 1
        return self._write(record.beat)

    def _write(self, beat: int) -> Step:
        self._seen_at = None
        after = LOOK_SECONDS if self._leads else SETTLE_SECONDS
        return Step(WRITE, LeaderRecord(self.name, beat + 1), after)
