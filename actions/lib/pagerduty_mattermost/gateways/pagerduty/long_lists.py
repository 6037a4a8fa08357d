"""Whole lists, also longer than the 10,000 records PagerDuty gives for one question: those are
read in slices of time. And lists whose pages name the next one.

    read_list(pagerduty, "/incidents", "incidents", query, None, order="oldest", now=now).items
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, Optional, Set, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.gateways.pagerduty.client import (
    MAX_RECORDS,
    PAGE_SIZE,
    Listing,
    PagerDuty,
)
from pagerduty_mattermost.gateways.pagerduty.time_slices import TimeSlices

SLICE_SECONDS = 30 * 86400.0
"""Seconds of the first slices; the API allows at most six months in one question."""
BEGINNING_SECONDS = 1230768000.0
"""Since the epoch, 2009-01-01: nothing at PagerDuty is older."""
DEFAULT_SPAN_SECONDS = 30 * 86400.0
"""What PagerDuty takes when no `since` is given (API: GET /incidents)."""


def read_list(
    pagerduty: PagerDuty,
    path: str,
    key: str,
    query: Mapping[str, Any],
    maximum: Optional[int],
    *,
    order: str = "",
    now: float,
) -> Listing:
    """Rows of a paged list, each id once, at most `maximum` (None: all). `order`: "oldest" or
    "newest" first, where the endpoint has since and until; "" where it has not. `truncated`: there
    is more."""
    limit = MAX_RECORDS if maximum is None else maximum
    found = pagerduty.list_all(path, key, query, min(limit, MAX_RECORDS))
    if not found.truncated or not order or (maximum is not None and maximum <= len(found.items)):
        return found
    rows: List[Dict[str, Any]] = []
    seen: Set[Any] = set()
    for row, cut in _sliced(pagerduty, path, key, query, order, now):
        if row.get("id") not in seen:
            if maximum is not None and len(rows) >= maximum:
                return Listing(rows, True)
            seen.add(row.get("id"))
            rows.append(row)
        if cut:
            return Listing(rows, True)
    return Listing(rows, False)


def read_cursor_list(
    pagerduty: PagerDuty, path: str, key: str, query: Mapping[str, Any], maximum: Optional[int]
) -> Listing:
    """Rows of a list that goes on at the `next_cursor` of each page, at most `maximum` (None:
    10,000). `truncated`: there is more."""
    limit = MAX_RECORDS if maximum is None else maximum
    rows: List[Dict[str, Any]] = []
    asked: Dict[str, Any] = dict(query)
    while True:
        asked["limit"] = max(1, min(PAGE_SIZE, limit - len(rows)))
        answer = pagerduty.get(path, asked)
        found = answer.get(key)
        if not isinstance(found, list):
            raise RetryLater(f"PagerDuty GET {path}: the answer holds no list '{key}'")
        rows += [row for row in found if isinstance(row, dict)]
        following = answer.get("next_cursor")
        if not following or not found or following == asked.get("cursor"):
            return Listing(rows[:limit], len(rows) > limit or bool(following and found))
        if len(rows) >= limit:
            return Listing(rows[:limit], True)
        asked["cursor"] = following


def _sliced(
    pagerduty: PagerDuty, path: str, key: str, query: Mapping[str, Any], order: str, now: float
) -> Iterator[Tuple[Dict[str, Any], bool]]:
    """Rows of one slice after the other, halved until it fits. A second with more than 10,000 is
    cut, and says so."""
    asked = {
        name: value
        for name, value in query.items()
        if name not in ("since", "until", "date_range")
    }
    start, end = _range(query, now)
    slices = TimeSlices(start, end, SLICE_SECONDS, newest_first=order == "newest")
    for first, last in slices:
        found = pagerduty.list_all(
            path, key, {**asked, "since": times.iso(first), "until": times.iso(last)}
        )
        if found.truncated and slices.halve(first, last):
            continue
        for position, row in enumerate(found.items):
            yield row, found.truncated and position == len(found.items) - 1


def _range(query: Mapping[str, Any], now: float) -> Tuple[float, float]:
    if query.get("date_range") == "all":
        return BEGINNING_SECONDS, now + 1
    end = times.seconds(str(query.get("until"))) or now + 1
    return times.seconds(str(query.get("since"))) or end - DEFAULT_SPAN_SECONDS, end
