"""Pages that PagerDuty has not taken yet: what somebody triggered, kept until it does.

    save(store, page, now)                  # before the first try
    pages = waiting(store)                  # all, in the order in which they were given
    SendingOrder(pages, now).next()         # the first of them that may be tried
    end(store, page, SENT, "...", now)

The intent is written before the first try, so a page whose process is killed at any moment is
found and sent by the next run. Each has a key by which PagerDuty makes one incident of however
many tries (`incident_key`, `dedup_key`), and what came of it stands in a key of its own before
the page is deleted. Pages of one lane (an integration key; the REST API) go in their order: while
one waits, later ones wait with it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.core.times import iso
from pagerduty_mattermost.gateways.stackstorm.broken_values import read_record
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY_PREFIX = "page."
OLD_PREFIX = "oldpage."
"""Of what came of one."""
TAKEN_PREFIX = "pagetaken."
"""Of who said to have it."""
ROUTING_PREFIX = "pagerouting."
"""Of an integration key that was typed, encrypted."""
EVENT, COMMAND = "event", "command"
"""An event of v2; a command from chat."""
TRIGGER = "trigger"
BEGUN, WAITING = "begun", "waiting"
SENT, REFUSED, WITHDRAWN = "sent", "refused", "withdrawn"
"""How a page ends."""
PATIENCE_SECONDS = 20.0
"""For which PagerDuty is tried at first, before who is on call hears."""
KEPT_SECONDS = 7 * 86400.0
"""A page that PagerDuty did not take for so long is refused."""
REMEMBERED_SECONDS = 7 * 86400.0
"""How long it is known what came of one."""
IN_HAND_SECONDS = 300.0
"""For which a page that is begun is left to whoever began it; longer than that takes."""
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 15.0, 60.0
"""Between two tries of one lane."""
JITTER_SHARE = 0.25
"""A wait is longer by up to this part of it."""
MAX_PAGES = 2000
EVENTS_SIDE, REST_SIDE = "events", "rest"
"""What a lane begins with: which of PagerDuty's two servers takes it."""


class PagedPerson(NamedTuple):
    """Whoever was on call for it when PagerDuty last said so."""

    id: str
    name: str
    email: str


class Audience(NamedTuple):
    """Who hears of a page meanwhile."""

    of: str = ""
    """Name of what they are on call for."""
    as_of: float = 0.0
    """When PagerDuty said so, seconds since the epoch; 0: it is not known who is on call."""
    people: Tuple[PagedPerson, ...] = ()
    channel: str = ""
    """Where it is told: id, name or word of the configuration."""


class KeptPage(NamedTuple):
    """One that is kept. Times in seconds since the epoch."""

    id: str
    what: str
    """EVENT or COMMAND."""
    given: Dict[str, Any]
    """What it is sent with."""
    key: str
    """By which PagerDuty knows it again."""
    lane: str
    title: str
    by: str
    """Who gave it, in words."""
    at: float
    on: str = ""
    """The service, as it was named; empty: that of the integration key."""
    channel: str = ""
    """Id of the channel it was given in."""
    state: str = BEGUN
    reason: str = ""
    """Why it waits, in one line."""
    attempts: int = 0
    next_at: float = 0.0
    maybe_taken: bool = False
    """Whether a try may have been taken although no answer came."""
    event_tried: bool = False
    """Of a command: whether an event of it may have been taken in its place."""
    audience: Optional[Audience] = None
    """None: it was not looked for yet."""
    is_quiet: bool = False
    """Whether it is one of so many that it is not told by itself."""
    is_told: bool = False

    @property
    def side(self) -> str:
        return self.lane.partition(".")[0]

    @property
    def is_page(self) -> bool:
        """Whether it pages: not an acknowledgement or a resolution that follows one."""
        return self.what == COMMAND or self.given.get("action") == TRIGGER


class EndedPage(NamedTuple):
    """One that is kept no longer, and what came of it."""

    page: KeptPage
    end: str
    """SENT, REFUSED or WITHDRAWN."""
    said: str
    """In a line of Markdown."""
    at: float
    by: str = ""
    """Who withdrew it."""


class TakenPage(NamedTuple):
    """That somebody said to have it."""

    user_id: str
    name: str
    """As Markdown that notifies nobody."""
    at: float


def lane_of(side: str, key: str) -> str:
    """Of an integration key, or of a side alone; nobody learns the key from it."""
    digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:8] if key else ""
    return f"{side}.{digest}" if digest else side


def page_id(lane: str, key: str, number: int = 0) -> str:
    """By which people and buttons name it. `number`: how many stood there before with the key."""
    digest = hashlib.sha256(f"{lane} {key}".encode("utf-8", "replace")).hexdigest()[:10]
    return f"{digest}-{number}" if number else digest


def number_of(id: str) -> int:
    """How many stood before it under its key."""
    number = id.rpartition("-")[2] if "-" in id else ""
    return int(number) if number.isdigit() else 0


def with_key(store: Store, lane: str, key: str) -> List[KeptPage]:
    """Those that are kept under this key, in order. Raises StoreUnreachable."""
    return _pages(store, KEY_PREFIX + page_id(lane, key))


def waiting(store: Store, *, aside: bool = False) -> List[KeptPage]:
    """All that are kept, in the order in which they were given. `aside`: what does not read is
    put into quarantine. Raises StoreUnreachable."""
    return _pages(store, KEY_PREFIX, aside=aside)


def read(store: Store, id: str) -> Optional[KeptPage]:
    """Raises StoreUnreachable."""
    try:
        return record_or_none(KeptPage, store.read(KEY_PREFIX + id))
    except BrokenValue:
        return None


def save(store: Store, page: KeptPage, now: float) -> None:
    """Raises what `Store.write` raises."""
    left = page.at + KEPT_SECONDS + REMEMBERED_SECONDS - now
    store.write(KEY_PREFIX + page.id, to_json(page), max(1.0, left))


def is_full(store: Store) -> bool:
    """Whether no more are kept. Raises StoreUnreachable."""
    return store.holds(KEY_PREFIX, MAX_PAGES)


def end(store: Store, page: KeptPage, end: str, said: str, now: float, by: str = "") -> EndedPage:
    """What came of it is written; `forget` deletes the page once that is told. Raises what
    `Store.write` raises."""
    made = EndedPage(page, end, said, now, by)
    store.write(OLD_PREFIX + page.id, to_json(made), REMEMBERED_SECONDS)
    return made


def forget(store: Store, page: KeptPage) -> None:
    """Raises StoreUnreachable."""
    if page.given.get("has_own_key"):
        store.delete(ROUTING_PREFIX + page.id)
    store.delete(KEY_PREFIX + page.id)


def forgotten(context: Context, page: KeptPage) -> None:
    """It ended. Where that can't be written, the next run looks whether PagerDuty has it."""
    try:
        forget(context.store_soon, page)
    except PackError as error:
        context.log.warning("A page that is over is still kept: %s", error)


def ended(store: Store, id: str) -> Optional[EndedPage]:
    """What came of one that is kept no longer. Raises StoreUnreachable."""
    return read_record(store, OLD_PREFIX + id, EndedPage)


def taken(store: Store, id: str) -> Optional[TakenPage]:
    """Who has it. Raises StoreUnreachable."""
    return read_record(store, TAKEN_PREFIX + id, TakenPage)


def take(store: Store, id: str, one: TakenPage) -> None:
    """Raises what `Store.write` raises."""
    store.write(TAKEN_PREFIX + id, to_json(one), REMEMBERED_SECONDS)


def after(page: KeptPage, error: RetryLater, now: float, random: float) -> KeptPage:
    """It after a try that failed. Pure. `random`: from 0 to 1."""
    wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(page.attempts - 1, 10))
    if error.retry_after is not None:
        wait = max(wait, error.retry_after)
    return page._replace(state=WAITING, next_at=now + wait * (1.0 + JITTER_SHARE * random))


class SendingOrder:
    """Which page is tried next in one run. Pure.

    `by_hand`: also those whose time has not come."""

    def __init__(self, pages: Sequence[KeptPage], now: float, *, by_hand: bool = False) -> None:
        self._left, self._now, self._by_hand = list(pages), now, by_hand
        self._closed: Set[str] = set()

    def next(self) -> Optional[KeptPage]:
        """The page that is to be sent next; None when that was all for this run."""
        while self._left:
            page = self._left.pop(0)
            if page.lane in self._closed or page.side in self._closed:
                continue
            if self._is_due(page):
                return page
            self._closed.add(page.lane)
        return None

    def failed(self, page: KeptPage, error: RetryLater) -> None:
        """It waits on, and its lane with it; where PagerDuty answers nothing, or has trouble, so
        does all that goes to the same server."""
        limited = error.status is not None and error.status < 500
        self._closed.add(page.lane if limited else page.side)

    def _is_due(self, page: KeptPage) -> bool:
        if page.state == BEGUN:
            return self._now - page.at >= IN_HAND_SECONDS
        return self._by_hand or page.next_at <= self._now


def row(page: KeptPage, had_by: Optional[TakenPage]) -> Dict[str, Any]:
    """One as an action's result has it; times are ISO 8601. Pure."""
    audience = page.audience or Audience()
    return {
        "id": page.id,
        "title": page.title,
        "service": page.on,
        "given_by": page.by,
        "given_at": iso(page.at),
        "dedup_key": page.key,
        "reason": page.reason,
        "attempts": page.attempts,
        "next_at": iso(page.next_at) if page.next_at else "",
        "maybe_taken": page.maybe_taken,
        "on_call": [{"id": one.id, "name": one.name} for one in audience.people],
        "on_call_as_of": iso(audience.as_of) if audience.as_of else "",
        "taken_by": had_by.name if had_by is not None else "",
    }


def _pages(store: Store, prefix: str, *, aside: bool = False) -> List[KeptPage]:
    broken: List[BrokenValue] = []
    found: List[KeptPage] = []
    for name, value in store.read_prefix(prefix, on_broken=broken.append).items():
        one = record_or_none(KeptPage, value)
        if one is not None:
            found.append(one)
        else:
            broken.append(BrokenValue(name, json.dumps(value), "no page that is kept"))
    for error in broken if aside else ():
        store.quarantine(error.name, error.raw, error.why)
        store.delete(error.name)
    return sorted(found, key=lambda one: (one.at, one.id))
