"""Keeps in the datastore which of several incident sensors leads, in a thread of its own.

    leadership = Leadership(Store(service), log, wake)
    leadership.start(); leadership.stop()
    leadership.role, leadership.term        # `election` says what they mean
    with leadership.working(): …            # while the sensor reads PagerDuty

Two keys: `sensor.leader`, written every few seconds by whoever leads, and for each sensor that
stands by a key that `health.check` counts. Only where `watch.leader_election` asks for it.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, NamedTuple, Optional

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.gateways.stackstorm.broken_values import read_record
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.sensor.election import (
    LEADS,
    LOOK_SECONDS,
    STANDS_BY,
    WRITE,
    Election,
    LeaderRecord,
)
from pagerduty_mattermost.sensor.health import fault

KEY = "sensor.leader"
STANDBY_PREFIX = "sensor.standby."
KEPT_SECONDS = 86400.0
STANDBY_KEPT_SECONDS = 180.0
STANDBY_EVERY_SECONDS = 60.0
STUCK_SECONDS = 600.0
"""A sensor that has worked on one cycle for so long no longer says that it leads."""


class Standing(NamedTuple):
    """How several sensors stand, for `health.check`."""

    leader: str
    """Host and process of who leads; empty for nobody."""
    standing_by: List[str]


def new_name() -> str:
    """Of this process: people find it by host and number, and no two have the same."""
    return f"{socket.gethostname()[:60]} {os.getpid()} {uuid.uuid4().hex[:8]}"


def shown(name: str) -> str:
    """A name for people: the host and the number of the process."""
    host, _, rest = name.partition(" ")
    return f"{host} (process {rest.partition(' ')[0]})"


def standing(store: Store) -> Standing:
    """Raises StoreUnreachable."""
    record = _record(store)
    values = store.read_prefix(STANDBY_PREFIX, on_broken=lambda broken: None)
    names = sorted(str(value) for value in values.values())
    leader = record.by if record else ""
    return Standing(shown(leader) if leader else "", [shown(n) for n in names if n != leader])


class Leadership:
    """`wake`: called when the role or term changed. `store` is its own: it is not for several
    threads."""

    def __init__(
        self,
        store: Store,
        log: Any,
        wake: Callable[[], None],
        *,
        name: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._log, self._wake = store, log, wake
        self._monotonic = monotonic
        self._election = Election(name or new_name(), monotonic())
        self._working_since: Optional[float] = None
        self._standby_at: Optional[float] = None
        self._known = (STANDS_BY, 0)
        self._trouble = ""
        self._stopped = threading.Event()
        self._thread: Optional[threading.Thread] = None

    @property
    def role(self) -> str:
        """LEADS, UNSURE or STANDS_BY, at this moment."""
        return self._election.role(self._monotonic())

    @property
    def term(self) -> int:
        """Grows when what was known before must be read anew."""
        return self._election.term

    @contextmanager
    def working(self) -> Iterator[None]:
        """While the sensor does what only the leader does: if it does not come back from it,
        another takes over."""
        self._working_since = self._monotonic()
        try:
            yield
        finally:
            self._working_since = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._live, name="pagerduty-leadership", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End after what it does now; does not wait. The key stays: a process that ends is no
        different from one that was killed."""
        self._stopped.set()

    def look(self) -> float:
        """One look at the key, and what follows of it; seconds until the next. Raises nothing but
        what ends the process."""
        try:
            after = self._look()
            self._trouble = ""
        except Exception as error:  # noqa: BLE001 - the thread must not die of it
            self._election.unread()
            line = str(error) if isinstance(error, PackError) else fault(self._log, error)
            if line != self._trouble:
                self._log.warning("Which sensor leads can't be read or written: %s", line)
            self._trouble, after = line, LOOK_SECONDS
        self._note()
        return after

    def _live(self) -> None:
        while not self._stopped.is_set():
            self._stopped.wait(self.look())

    def _look(self) -> float:
        step = self._election.step(_record(self._store), self._monotonic())
        if step.what == WRITE and not self._is_stuck():
            self._store.write(KEY, to_json(step.record), KEPT_SECONDS)
            self._election.written(self._monotonic())
        self._say_standing_by()
        return step.after

    def _is_stuck(self) -> bool:
        since = self._working_since
        return since is not None and self._monotonic() - since >= STUCK_SECONDS

    def _say_standing_by(self) -> None:
        now = self._monotonic()
        key = STANDBY_PREFIX + self._election.name.rpartition(" ")[2]
        if self.role == LEADS:
            if self._standby_at is not None:
                self._store.delete(key)
                self._standby_at = None
        elif self._standby_at is None or now - self._standby_at >= STANDBY_EVERY_SECONDS:
            self._store.write(key, self._election.name, STANDBY_KEPT_SECONDS)
            self._standby_at = now

    def _note(self) -> None:
        before, self._known = self._known, (self.role, self.term)
        if before == self._known:
            return
        if self._known[0] != before[0]:
            self._log.info("Of several incident sensors this one %s now", self._known[0])
        self._wake()


def _record(store: Store) -> Optional[LeaderRecord]:
    """Who leads; None for nobody, and for a value that does not read, which is written over."""
    return read_record(store, KEY, LeaderRecord)
