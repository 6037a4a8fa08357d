"""What actions and the incident sensor tell each other while something waits for a server that is
away: posts for Mattermost, pages for PagerDuty.

    note_waiting(store, "Mattermost POST /posts: no connection", now)   # an action that kept one
    note_waiting(store, "PagerDuty ...", now, PAGES, part="events")     # a page that is kept
    outages = read(store)                                               # the sensor: one request
    run = begin_run(store, clock)                                       # `mattermost.catch_up`
    run = begin_run(store, clock, PAGES)                                # `kept_page.send`

Keys below `pagerduty.outage.`, each with one kind of writer, since the datastore has no
compare-and-set: one says that something was kept, and since when nothing newer failed (of pages
one for each of PagerDuty's servers); another is the life of the newest run that carries such
things out, by which nobody begins a second one beside it. What does not read counts as not there:
all are written anew by whoever needs them.
"""

from __future__ import annotations

import os
from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

KEY_PREFIX = "outage."
KEPT_SECONDS = 7 * 86400.0
"""As long as what waits is tried by itself."""
BEAT_SECONDS = 5.0
"""Between two signs of life of a run."""
SILENT_SECONDS = 30.0
"""A run without a sign of life for so long is dead."""


class AwaitedSide(NamedTuple):
    """What waits, and its keys."""

    waiting_key: str
    run_key: str
    parts: Tuple[str, ...] = ("",)
    """Behind `waiting_key`: what is awaited may be several servers."""

    @property
    def waiting_keys(self) -> Tuple[str, ...]:
        return tuple(self.waiting_key + part for part in self.parts)

    @property
    def keys(self) -> Tuple[str, ...]:
        return (*self.waiting_keys, self.run_key)


POSTS = AwaitedSide(KEY_PREFIX + "waiting", KEY_PREFIX + "catch_up")
PAGES = AwaitedSide(KEY_PREFIX + "pages_", KEY_PREFIX + "sending", ("rest", "events"))


class Waiting(NamedTuple):
    """Something waits."""

    at: float
    """When the newest failed for the first time; seconds since the epoch."""
    reason: str = ""


class CatchUpRun(NamedTuple):
    """A run that carries out what waits."""

    id: str
    at: float
    """Its newest sign of life, by its own machine's clock; seconds since the epoch."""
    ended: bool = False
    caught_up: int = 0
    """How many went through; told at the end."""


class Outage(NamedTuple):
    """What the datastore says of one side."""

    waiting: Optional[Waiting] = None
    run: Optional[CatchUpRun] = None
    parts: Tuple[str, ...] = ()
    """Those of the side for which something waits."""


class Outages(NamedTuple):
    """What waits for Mattermost, and for PagerDuty."""

    posts: Outage = Outage()
    pages: Outage = Outage()


def note_waiting(
    store: Store, reason: str, now: float, side: AwaitedSide = POSTS, part: str = ""
) -> None:
    """Something was kept that the other side did not take. Raises StoreUnreachable."""
    line = one_line(clean(reason, 300))
    store.write(side.waiting_key + part, to_json(Waiting(now, line)), KEPT_SECONDS)


def is_waiting(store: Store, side: AwaitedSide = POSTS) -> bool:
    """Whether something is known to wait. Raises StoreUnreachable."""
    return any(_is_noted(store, key) for key in side.waiting_keys)


def read(store: Store) -> Outages:
    """What waits for each side, by one request. Raises StoreUnreachable."""
    found = store.read_prefix(KEY_PREFIX, on_broken=lambda error: None)
    return Outages(_outage(found, POSTS), _outage(found, PAGES))


class OngoingRun:
    """This process's run, from `begin_run` to `end`."""

    def __init__(
        self, store: Store, clock: Callable[[], float], side: AwaitedSide, found: Outage
    ) -> None:
        self._store, self._clock, self._side = store, clock, side
        self._found = found
        self._run = CatchUpRun(os.urandom(8).hex(), clock())
        self._save()

    def beat(self) -> None:
        """It lives; written every BEAT_SECONDS at most. Raises StoreUnreachable."""
        if self._clock() - self._run.at >= BEAT_SECONDS:
            self._run = self._run._replace(at=self._clock())
            self._save()

    def end(self, caught_up: int, still_waiting: Callable[[], List[str]]) -> None:
        """`still_waiting` looks through what is kept: for which parts of the side something waits.
        The marks go before that look: what an action keeps meanwhile is seen by it, or has a mark
        of its own. Raises StoreUnreachable."""
        for part in self._found.parts:
            self._store.delete(self._side.waiting_key + part)
        for part in still_waiting():
            if not _is_noted(self._store, self._side.waiting_key + part):
                left = self._found.waiting or Waiting(self._clock())
                key = self._side.waiting_key + part
                self._store.write(key, to_json(left), KEPT_SECONDS)
        self._run = self._run._replace(at=self._clock(), ended=True, caught_up=caught_up)
        self._save()

    def _save(self) -> None:
        self._store.write(self._side.run_key, to_json(self._run), KEPT_SECONDS)


def begin_run(
    store: Store, clock: Callable[[], float], side: AwaitedSide = POSTS
) -> Optional[OngoingRun]:
    """Note that a run begins; None while another one is alive. Raises StoreUnreachable."""
    found = read(store)
    one = found.pages if side == PAGES else found.posts
    other = one.run
    if other is not None and not other.ended and abs(clock() - other.at) < SILENT_SECONDS:
        return None
    return OngoingRun(store, clock, side, one)


def _outage(found: Mapping[str, Any], side: AwaitedSide) -> Outage:
    marks = {
        part: record_or_none(Waiting, found.get(side.waiting_key + part)) for part in side.parts
    }
    waits = [one for one in marks.values() if one is not None]
    return Outage(
        max(waits, default=None, key=lambda one: one.at),
        record_or_none(CatchUpRun, found.get(side.run_key)),
        tuple(part for part, one in marks.items() if one is not None),
    )


def _is_noted(store: Store, key: str) -> bool:
    try:
        return record_or_none(Waiting, store.read(key)) is not None
    except BrokenValue:
        return False
