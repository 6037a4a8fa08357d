"""What actions and the incident sensor tell each other while posts wait for Mattermost to be back.

    note_waiting(store, "Mattermost POST /posts: no connection", now)   # an action that kept one
    outage = read(store)                                                # the sensor: one request
    run = begin_run(store, now)                                         # `mattermost.catch_up`

Two keys below `pagerduty.outage.`, each with one kind of writer, since the datastore has no
compare-and-set: `waiting` says that something was kept which Mattermost did not take, and since
when nothing newer failed; `catch_up` is the life of the newest run that carries such things out,
by which nobody begins a second one beside it. What does not read counts as not there: both are
written anew by whoever needs them.
"""

from __future__ import annotations

import os
from typing import Any, Callable, NamedTuple, Optional

from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

KEY_PREFIX = "outage."
WAITING_KEY = KEY_PREFIX + "waiting"
RUN_KEY = KEY_PREFIX + "catch_up"
KEPT_SECONDS = 7 * 86400.0
"""As long as what waits is tried by itself."""
BEAT_SECONDS = 5.0
"""Between two signs of life of a run."""
SILENT_SECONDS = 30.0
"""A run without a sign of life for so long is dead."""


class Waiting(NamedTuple):
    """Something waits for Mattermost."""

    at: float
    """When the newest failed for the first time; seconds since the epoch."""
    reason: str = ""


class CatchUpRun(NamedTuple):
    """A run of `mattermost.catch_up`."""

    id: str
    at: float
    """Its newest sign of life, by its own machine's clock; seconds since the epoch."""
    ended: bool = False
    caught_up: int = 0
    """How many went through; told at the end."""


class Outage(NamedTuple):
    """What the datastore says of both."""

    waiting: Optional[Waiting] = None
    run: Optional[CatchUpRun] = None


def note_waiting(store: Store, reason: str, now: float) -> None:
    """Something was kept that Mattermost did not take. Raises StoreUnreachable."""
    line = one_line(clean(reason, 300))
    store.write(WAITING_KEY, to_json(Waiting(now, line)), KEPT_SECONDS)


def is_waiting(store: Store) -> bool:
    """Whether something is known to wait. Raises StoreUnreachable."""
    try:
        return _waiting(store.read(WAITING_KEY)) is not None
    except BrokenValue:
        return False


def read(store: Store) -> Outage:
    """One request. Raises StoreUnreachable."""
    found = store.read_prefix(KEY_PREFIX, on_broken=lambda error: None)
    return Outage(_waiting(found.get(WAITING_KEY)), _run(found.get(RUN_KEY)))


class OngoingRun:
    """This process's run, from `begin_run` to `end`."""

    def __init__(self, store: Store, clock: Callable[[], float], found: Outage) -> None:
        self._store, self._clock = store, clock
        self._waiting = found.waiting
        self._run = CatchUpRun(os.urandom(8).hex(), clock())
        self._save()

    def beat(self) -> None:
        """It lives; written every BEAT_SECONDS at most. Raises StoreUnreachable."""
        if self._clock() - self._run.at >= BEAT_SECONDS:
            self._run = self._run._replace(at=self._clock())
            self._save()

    def end(self, caught_up: int, still_waits: Callable[[], bool]) -> None:
        """`still_waits` looks through what is kept. The mark goes before that look: what an action
        keeps meanwhile is seen by it, or has a mark of its own. Raises StoreUnreachable."""
        if self._waiting is not None:
            self._store.delete(WAITING_KEY)
        if still_waits() and not is_waiting(self._store):
            left = self._waiting or Waiting(self._clock())
            self._store.write(WAITING_KEY, to_json(left), KEPT_SECONDS)
        self._run = self._run._replace(at=self._clock(), ended=True, caught_up=caught_up)
        self._save()

    def _save(self) -> None:
        self._store.write(RUN_KEY, to_json(self._run), KEPT_SECONDS)


def begin_run(store: Store, clock: Callable[[], float]) -> Optional[OngoingRun]:
    """None while another run is alive. Raises StoreUnreachable."""
    found = read(store)
    other = found.run
    if other is not None and not other.ended and abs(clock() - other.at) < SILENT_SECONDS:
        return None
    return OngoingRun(store, clock, found)


def _waiting(value: Any) -> Optional[Waiting]:
    try:
        return from_json(Waiting, value)
    except (MisshapenValue, TypeError):
        return None


def _run(value: Any) -> Optional[CatchUpRun]:
    try:
        return from_json(CatchUpRun, value)
    except (MisshapenValue, TypeError):
        return None
