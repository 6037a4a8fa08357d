"""The incident sensor's snapshots: when the next one is due, and reading it.

A snapshot compares all open incidents with what is known of them, and so finds what the log did
not tell. It costs a request a page, so it comes after so many cycles, at once when something went
wrong, and never so often that it takes more than its share of the account's rate limit.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, Mapping, Optional

from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.incidents.known_states import REPORTED, SensorState
from pagerduty_mattermost.incidents.reader import SnapshotRead, read_snapshot
from pagerduty_mattermost.incidents.snapshot import Pending, is_unchanged
from pagerduty_mattermost.incidents.watch_filter import WatchFilter

RATE_SHARE = 0.05
"""Share of the rate limit that snapshots may take."""
DEFAULT_RATE = 960
"""Requests a minute of an account's key, where the answers don't say."""


class Snapshots:
    """`every`: cycles from one to the next. Times are the caller's monotonic seconds."""

    def __init__(self, pagerduty: PagerDuty, every: int) -> None:
        self._pagerduty = pagerduty
        self._every = every
        self.wanted = True
        """One is due at once: at the start, and after something went wrong."""
        self.pending: Pending = {}
        """Differences found that are too young to be reported."""
        self.read_at: Optional[float] = None
        self._cycles = 0.0
        self._requests = 2
        """Of the newest one."""
        self._looked_up: Dict[str, int] = {}
        """Known incidents that no list names, and the cycle in which they were last looked up."""

    def count(self, weight: float) -> None:
        """A cycle was run, which counts as so much of one."""
        self._cycles += weight

    def is_due(self, now: float) -> bool:
        if not self.wanted and self._cycles < self._every:
            return False
        rate = self._pagerduty.last_rate
        limit = rate.limit if rate is not None and rate.limit > 0 else DEFAULT_RATE
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
        read = self._read(
            watch,
            lambda row: is_unchanged(state.known.get(str(row.get("id"))), row),
            known_open,
            now,
        )
        waiting = set(read.vanished)
        self._looked_up = {
            i: self._looked_up.get(i, 0) if i in waiting else state.cycle
            for i in known_open
            if i not in read.listed
        }
        return read

    def taken(self) -> None:
        """What the newest one found was dispatched."""
        self.wanted = False
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
