"""The incident sensor's snapshots: when the next one is due, and reading it.

A snapshot compares open incidents with what is known of them, and so finds what the log did not
tell. After a start, and when what is watched has changed, all of them are read, a request a page;
otherwise each snapshot reads a part (`incidents.sweep`), and all only when PagerDuty counts other
than is known. One comes after so many cycles, at once when something went wrong, and never so
often that it takes more than its share of the account's rate limit.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Tuple

from pagerduty_mattermost.gateways.pagerduty.client import MAX_RECORDS, PagerDuty
from pagerduty_mattermost.gateways.pagerduty.rate_brake import is_low
from pagerduty_mattermost.incidents.known_states import AWAY, REPORTED, SensorState
from pagerduty_mattermost.incidents.reader import (
    MAX_SERVICES,
    SnapshotRead,
    read_snapshot,
    scope_of,
)
from pagerduty_mattermost.incidents.snapshot import Pending, is_unchanged
from pagerduty_mattermost.incidents.sweep import MAX_UNEXPLAINED, SweepPlace, read_part
from pagerduty_mattermost.incidents.watch_filter import WatchFilter

RATE_SHARE = 0.05
"""Share of the rate limit that snapshots may take."""
DEFAULT_REQUESTS_A_MINUTE = 960
"""Requests a minute of an account's key, where the answers don't say."""
LONGEST_WAY_SECONDS = 600.0
"""For which one that is due gives way while the rate limit runs out: an account that lives at its
limit gets one now and then all the same."""
WHOLE_APART_SECONDS = 3600.0
"""Between two reads of all open incidents that PagerDuty's count asks for."""


class Snapshots:
    """`every`: cycles from one to the next. Times are the caller's monotonic seconds."""

    def __init__(self, pagerduty: PagerDuty, every: int) -> None:
        self._pagerduty = pagerduty
        self._every = every
        self.wanted = True
        """One is due at once: at the start, and after something went wrong."""
        self.whole_wanted = True
        """The next one reads all open incidents."""
        self.asked: Dict[str, None] = {}
        """Incidents to look up one by one: a call told of them what the log has not got."""
        self._asked_now: Tuple[str, ...] = ()
        self.pending: Pending = {}
        """Differences found that are too young to be reported."""
        self.read_at: Optional[float] = None
        self._cycles = 0.0
        self._requests = 2
        """Of the newest one."""
        self._place = self._next_place = SweepPlace()
        self._whole_at: Optional[float] = None
        self._miscount = 0
        """By how many PagerDuty's count of the open incidents differed from what was known."""
        self._gave_way_at: Optional[float] = None
        """Since when one is due that gives way to what people do."""
        self._looked_up: Dict[str, int] = {}
        """Known incidents that no list names, and the cycle in which they were last looked up."""

    def count(self, weight: float) -> None:
        """A cycle was run, which counts as so much of one."""
        self._cycles += weight

    def is_due(self, now: float) -> bool:
        if not self.wanted and self._cycles < self._every:
            return False
        rate = self._pagerduty.last_rate
        if is_low(rate):
            self._gave_way_at = now if self._gave_way_at is None else self._gave_way_at
            if now - self._gave_way_at < LONGEST_WAY_SECONDS:
                return False
        limit = rate.limit if rate is not None and rate.limit > 0 else DEFAULT_REQUESTS_A_MINUTE
        spacing = self._requests * 60.0 / (RATE_SHARE * limit)
        return self.read_at is None or now - self.read_at >= spacing

    def read_all(self, watch: WatchFilter, now: float) -> SnapshotRead:
        """Everything that is open. Raises the gateway's errors."""
        return self._read(watch, lambda row: False, (), now)

    def read_changed(self, state: SensorState, watch: WatchFilter, now: float) -> SnapshotRead:
        """What differs from what is known, and of what is known as open and no longer listed some:
        those looked up longest ago first. Raises the gateway's errors."""
        known_open = sorted(
            (i for i, known in state.known.items() if known.is_open),
            key=lambda i: (self._looked_up.get(i, 0), not state.known[i].has(REPORTED)),
        )

        def unchanged(row: Mapping[str, Any]) -> bool:
            return is_unchanged(state.known.get(str(row.get("id"))), row)

        if self.whole_wanted or state.doubtful or state.scope != watch.fingerprint:
            read = self._read(watch, unchanged, known_open, now)
            self._whole_at, self._next_place = now, SweepPlace()
            looked_up = {i for i in known_open if i not in read.listed}
        else:
            self.read_at = now
            known = {i: state.known[i] for i in known_open}
            scope = scope_of(watch.services, watch.teams)
            self._asked_now = tuple(self.asked)[:MAX_UNEXPLAINED]
            part = read_part(
                self._pagerduty, scope, unchanged, known, self._place, self._asked_now
            )
            read, self._next_place, self._requests = part.read, part.place, part.read.requests
            self._count_open(state, watch, part.open_total, now)
            looked_up = {*self._looked_up, *read.vanished, *(one.id for one in read.found.changed)}
        waiting = set(read.vanished)
        self._looked_up = {
            i: self._looked_up.get(i, 0) if i in waiting else state.cycle
            for i in known_open
            if i in looked_up
        }
        return read

    def _count_open(
        self, state: SensorState, watch: WatchFilter, total: Optional[int], now: float
    ) -> None:
        """Ask for a read of all when PagerDuty counts as many more or less twice in a row: one
        difference may be an entry on its way; and where there are more than can be gone through
        in parts."""
        countable = watch.services is None or len(watch.services) <= MAX_SERVICES
        if total is None or not countable:
            return
        rested = self._whole_at is None or now - self._whole_at >= WHOLE_APART_SECONDS
        if total > MAX_RECORDS:
            self.whole_wanted = rested
            return
        known = sum(one.is_open and not one.has(AWAY) for one in state.known.values())
        before, self._miscount = self._miscount, total - known
        if self._miscount and self._miscount == before and rested:
            self.whole_wanted = True

    def taken(self) -> None:
        """What the newest one found was dispatched."""
        self.wanted = False
        self._gave_way_at = None
        for incident_id in self._asked_now:
            self.asked.pop(incident_id, None)
        if self._next_place == SweepPlace():
            self.whole_wanted = False
        self._place = self._next_place
        self._cycles = 0.0

    def _read(
        self,
        watch: WatchFilter,
        unchanged: Callable[[Mapping[str, Any]], bool],
        known_open: Iterable[str],
        now: float,
    ) -> SnapshotRead:
        self.read_at = now
        read = read_snapshot(self._pagerduty, watch.services, watch.teams, unchanged, known_open)
        self._requests = read.requests
        return read
