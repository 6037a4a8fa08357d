"""What a listing holds: filters and order of incidents and log entries, by the indexes of the
book."""

# flake8: noqa: E203,W503

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from .book import Book
from .call import PagerDutyCall
from .model import OPEN, STATUSES, URGENCIES, Incident, LogEntry, invalid, refusal

DEFAULT_RANGE_SECONDS = 30 * 86400
"""Incidents without `since` and `until`: those created within it."""
MAX_RANGE_SECONDS = 6 * 31 * 86400
"""Widest range of `since` and `until` for incidents."""

_SORTS: Dict[str, Callable[[Incident], Any]] = {
    "incident_number": lambda i: i.number,
    "created_at": lambda i: (i.created_at, i.number),
    "resolved_at": lambda i: i.resolved_at or 0,
    "urgency": lambda i: i.urgency,
}
_PAGING = ("limit", "offset", "total", "include[]", "time_zone")


def list_incidents(call: PagerDutyCall) -> List[Incident]:
    """All incidents that fit the request, in its order. One listing is kept as long as nothing
    changes."""
    book = call.account
    statuses = set(call.chosen("statuses[]", STATUSES)) or set(STATUSES)
    urgencies = set(call.chosen("urgencies[]", URGENCIES))
    services, teams = (
        set(call.request.params("service_ids[]")),
        set(call.request.params("team_ids[]")),
    )
    users, key = set(call.request.params("user_ids[]")), call.param("incident_key")
    sorts = _sorts(call.param("sort_by"))
    bounds = None if call.chosen("date_range", ("all",)) else _bounds(call)
    asked = (
        book.version,
        book.clock() if book.switches.list_lag_seconds else 0.0,
        bounds,
        tuple(pair for pair in call.request.query if pair[0] not in _PAGING),
    )
    if book.listing is not None and book.listing[0] == asked:
        return book.listing[1]
    rows = []
    for i in _candidates(book, statuses, bounds):
        if (
            i.status in statuses
            and (bounds is None or bounds[0] <= i.created_at <= bounds[1])
            and (not urgencies or i.urgency in urgencies)
            and (not services or i.service_id in services)
            and (not teams or not teams.isdisjoint(i.team_ids))
            and (not users or any(u in users for u, _ in i.assignees))
            and (not key or i.key == key)
        ):
            rows.append(i)
    for field, descending in reversed(sorts):
        rows.sort(key=_SORTS[field], reverse=descending)
    book.listing = (asked, rows)
    return rows


def _candidates(
    book: Book, statuses: Set[str], bounds: Optional[Tuple[float, float]]
) -> Iterable[Incident]:
    if book.switches.list_lag_seconds:
        return book.past.as_of(book.clock() - book.switches.list_lag_seconds)
    if statuses <= set(OPEN):
        return (book.by_number[number] for number in book.open_numbers)
    if bounds is None:
        return (book.by_number[number] for _, number in book.created)
    low = bisect_left(book.created, (int(bounds[0]), 0))
    high = bisect_left(book.created, (int(bounds[1]) + 1, 0))
    return (book.by_number[number] for _, number in book.created[low:high])


def _sorts(text: str) -> List[Tuple[str, bool]]:
    parts = [part.partition(":") for part in text.split(",")] if text else []
    if len(parts) > 2:
        raise invalid("sort_by takes at most two fields")
    for field, _, direction in parts:
        if field not in _SORTS or direction not in ("", "asc", "desc"):
            raise invalid("sort_by is invalid")
    return [(field, direction == "desc") for field, _, direction in parts]


def _bounds(call: PagerDutyCall) -> Tuple[float, float]:
    since, until = call.time("since"), call.time("until")
    until_or_now = until if until is not None else call.account.clock()
    low = since if since is not None else until_or_now - DEFAULT_RANGE_SECONDS
    if until_or_now - low > MAX_RANGE_SECONDS:
        raise refusal(2005, "The date range may not be wider than 6 months")
    return low, until_or_now


def list_log(call: PagerDutyCall, entries: Optional[List[LogEntry]] = None) -> Sequence[LogEntry]:
    """Log entries that fit the request, newest first; of the whole account or the ones given."""
    book = call.account
    call.flag("is_overview")
    since, until = call.time("since"), call.time("until")
    teams = set(call.request.params("team_ids[]"))
    if entries is None:
        entries, times = book.log, book.log_times
    else:
        times = [entry.created_at for entry in entries]
    switches = book.switches
    low, high = 0, len(times)
    if since is not None:
        low = (bisect_left if switches.since_inclusive else bisect_right)(times, since)
    if until is not None:
        high = (bisect_right if switches.until_inclusive else bisect_left)(times, until)
    if not teams and book.hidden_until <= book.clock():
        return _Newest(entries, low, max(low, high))
    return [
        e
        for e in entries[low:high][::-1]
        if book.visible(e) and (not teams or not teams.isdisjoint(e.team_ids))
    ]


class _Newest(Sequence[LogEntry]):
    """A stretch of the log seen backwards, without a copy."""

    def __init__(self, entries: List[LogEntry], low: int, high: int) -> None:
        self._entries, self._low, self._high = entries, low, high

    def __len__(self) -> int:
        return self._high - self._low

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            start, stop, _ = index.indices(len(self))
            return self._entries[self._high - stop : self._high - start][::-1]
        return self._entries[self._high - 1 - range(len(self))[index]]
