"""All open incidents, a few pages at a time: what a snapshot reads while nothing is wrong.

    part = read_part(pagerduty, scope, unchanged, known, place)
    # part.found and part.vanished as of a snapshot; part.place: where the next one goes on

Each part reads the page of the newest incidents, which change most, and goes on through the
others from the oldest; in turn it reads those resolved lately. At a part every five minutes that
is 36 requests an hour however large the account is; 5,000 open incidents are gone through in two
and a half hours, 200 with each part. Incidents of which something is not explained yet are looked
up one by one. Raises the gateway's errors.
"""

from __future__ import annotations

from typing import (
    Any,
    Callable,
    Dict,
    FrozenSet,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from pagerduty_mattermost.gateways.pagerduty.client import MAX_RECORDS, PagerDuty
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.incidents.known_states import DIFFERS, KnownIncident
from pagerduty_mattermost.incidents.reader import PAGE_ROWS, SnapshotRead, SnapshotReading

OTHER_PAGES = 2
"""Beside the page of the newest open incidents."""
RESOLVED_EVERY_PARTS = 3
"""One of so many parts reads the incidents resolved lately in place of a page of open ones."""
MAX_UNEXPLAINED = 10
"""Incidents looked up one by one in a part since something of them is not explained."""
LAST_OFFSET = MAX_RECORDS - PAGE_ROWS
"""The API lists no further page; an account with more open incidents is read whole instead."""


class SweepPlace(NamedTuple):
    """How far a sweep has come."""

    number: int = 0
    """Of the next part."""
    offset: int = 0
    """In the list of open incidents, oldest first."""
    passed: FrozenSet[str] = frozenset()
    """Known incidents that were listed before the offset."""
    known: Optional[FrozenSet[str]] = None
    """What was known as open when it began; None: it has not begun."""


class SweepPart(NamedTuple):
    """One part of a snapshot, and where the next begins."""

    read: SnapshotRead
    place: SweepPlace
    open_total: Optional[int]
    """How many are open altogether, as PagerDuty counts; None when it does not."""


def read_part(
    pagerduty: PagerDuty,
    scope: Mapping[str, Any],
    unchanged: Callable[[Mapping[str, Any]], bool],
    known: Mapping[str, KnownIncident],
    place: SweepPlace,
    asked: Sequence[str] = (),
) -> SweepPart:
    """`known`: the incidents that are known as open, those to look up first in front; `unchanged`:
    rows that need not be read further; `asked`: incidents to look up in any case."""
    query: Dict[str, Any] = {**scope, "date_range": "all"}
    reading = SnapshotReading(pagerduty, unchanged)
    newest = reading.open_page({**query, "sort_by": "created_at:desc"}, 0)
    total = MAX_RECORDS if newest.total is None else newest.total
    done = not newest.more
    pages = OTHER_PAGES
    resolved: Tuple[Incident, ...] = ()
    is_short = total - len(newest.items) <= PAGE_ROWS * (OTHER_PAGES - 1)
    if is_short or place.number % RESOLVED_EVERY_PARTS == 0:
        resolved, pages = reading.resolved(scope), pages - 1
    passed = frozenset(i for i in place.passed if i in known)
    # What has been resolved since moved the rest of the list up.
    offset = max(0, place.offset - (len(place.passed) - len(passed)))
    for _ in range(0 if done else pages):
        page = reading.open_page({**query, "sort_by": "created_at:asc"}, offset)
        passed |= {str(row.get("id")) for row in page.items} & known.keys()
        offset += len(page.items)
        done = not page.more or offset >= total - len(newest.items) or offset >= LAST_OFFSET
        if done:
            break
    began = frozenset(known) if place.known is None else place.known
    there = passed | reading.listed | reading.closed
    vanished = [i for i in known if i in began and i not in there] if done else []
    if total > MAX_RECORDS:
        vanished = []
    unexplained = [
        i
        for i in (*asked, *(i for i, one in known.items() if one.has(DIFFERS)))
        if i not in reading.listed | reading.closed
    ]
    read = reading.looked_up(vanished, unexplained[:MAX_UNEXPLAINED], resolved, newest.server_time)
    number = place.number + 1
    after = SweepPlace(number) if done else SweepPlace(number, offset, passed, began)
    return SweepPart(read, after, newest.total)
