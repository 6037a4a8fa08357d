"""The on-calls of watched schedules and escalation policies, whole, in as few requests as
PagerDuty allows.

    found = read(pagerduty, {"schedule": ["PSCHED1"], "escalation_policy": []}, since, until)
    found.spans["PSCHED1"]    # {0: [OnCallSpan(...), ...]}
    found.at_once             # how many ids fit into one request, for the next run

One kind a request: `schedule_ids` and `escalation_policy_ids` narrow each other. Rows can move
from page to page while the account changes; `total` tells when one was lost or doubled, and the
whole is read again (API: GET /oncalls).
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.gateways.pagerduty import on_calls
from pagerduty_mattermost.gateways.pagerduty.client import MAX_RECORDS, PAGE_SIZE, PagerDuty
from pagerduty_mattermost.oncall.handoffs import SCHEDULE_LEVEL, OnCallSpan, SpansByLevel

MAX_TRIES = 3
MAX_IDS = 200
"""Ids in one address: 8 KB are the limit of many a server, an id and its name take up to 34 bytes.
"""
TOO_LONG = (414, 431)
"""HTTP status of an address that is too long for the server or something before it."""
_FIELDS = {"schedule": "schedule_id", "escalation_policy": "policy_id"}


class SpansFound(NamedTuple):
    """What was read, and what it took."""

    spans: Dict[str, SpansByLevel]
    """Of each id that was asked for."""
    pages: Dict[str, int]
    """By kind, of the longest list."""
    at_once: int
    """Ids that one request may ask for, as was found out; 0: no limit was met."""


class TooManyRows(PackError):
    """More rows than can be paged through."""


def read(
    pagerduty: PagerDuty,
    ids: Mapping[str, Sequence[str]],
    since: float,
    until: float,
    at_once: int = 0,
) -> SpansFound:
    """`ids`: by kind. `at_once`: how many of them go into one request, as an earlier run found
    out; 0: that is not known. More than fit into one address are looked for among all on-calls of
    the account, where that takes no more requests. Raises the gateway's errors; RetryLater when
    the rows do not hold still."""
    count = sum(len(some) for some in ids.values())
    spans: Dict[str, Dict[int, List[OnCallSpan]]] = {
        id: {} for some in ids.values() for id in some
    }
    pages = dict.fromkeys(ids, 0)
    if count > MAX_IDS and not at_once:
        most = -(-count // PAGE_SIZE) + -(-count // MAX_IDS)
        try:
            rows = read_rows(pagerduty, {}, since, until, most * PAGE_SIZE)
        except TooManyRows:
            at_once = MAX_IDS  # from now on
        else:
            for kind in ids:
                _sort(kind, rows, spans)
            return SpansFound(dict(spans), dict.fromkeys(ids, -(-len(rows) // PAGE_SIZE)), 0)
    for kind, some in ids.items():
        todo = _parts(some, at_once or MAX_IDS)
        while todo:
            part = todo.pop(0)
            try:
                rows = read_rows(pagerduty, {kind + "_ids": list(part)}, since, until, MAX_RECORDS)
            except PackError as error:
                if len(part) == 1 or not (
                    isinstance(error, TooManyRows) or error.status in TOO_LONG
                ):
                    raise
                at_once = -(-len(part) // 2)
                todo = [piece for one in [part, *todo] for piece in _parts(one, at_once)]
                continue
            pages[kind] = max(pages[kind], -(-len(rows) // PAGE_SIZE))
            _sort(kind, rows, spans)
    return SpansFound(dict(spans), pages, at_once)


def _sort(
    kind: str, rows: Sequence[Mapping[str, Any]], spans: Mapping[str, Dict[int, List[OnCallSpan]]]
) -> None:
    for row in rows:
        one = on_calls.on_call(row)
        levels = spans.get(getattr(one, _FIELDS[kind]))
        if levels is None or not one.user.id:
            continue
        span = OnCallSpan(
            one.user, times.seconds(one.start), times.seconds(one.end), one.schedule_id
        )
        same_level = levels.setdefault(SCHEDULE_LEVEL if kind == "schedule" else one.level, [])
        if span not in same_level:
            same_level.append(span)


def _parts(ids: Sequence[str], size: int) -> List[Sequence[str]]:
    return [ids[begin : begin + size] for begin in range(0, len(ids), size or 1)]


def read_rows(
    pagerduty: PagerDuty, of: Mapping[str, Any], since: float, until: float, most: int
) -> List[Mapping[str, Any]]:
    """As PagerDuty gives them, all that touch the time and fit the filter `of`; `most`: more raise
    TooManyRows. Raises as `read`."""
    asked = {
        **of,
        "since": times.iso(since),
        "until": times.iso(max(until, since + 1)),
        "include": ["users"],
        "total": True,
    }
    for _ in range(MAX_TRIES):
        rows: List[Mapping[str, Any]] = []
        page = pagerduty.page("/oncalls", "oncalls", asked)
        total, still = page.total, True
        if total is not None and total > most:
            raise TooManyRows(f"PagerDuty GET /oncalls: {total} rows are too many")
        while True:
            rows += page.items
            still = still and page.total == total
            if not (page.more and page.items and still):
                break
            page = pagerduty.page("/oncalls", "oncalls", {**asked, "offset": len(rows)})
        if still and not page.more and (total is None or total == len(rows)):
            return rows
    raise RetryLater(
        "PagerDuty GET /oncalls: the rows changed while they were read; the next poll makes "
        "up for it"
    )
