"""The on-calls of watched schedules and escalation policies, whole, in as few requests as
PagerDuty allows.

    found = read(pagerduty, {"schedule": ["PSCHED1"], "escalation_policy": []}, since, until)
    found.lanes["PSCHED1"]           # {0: [Spell(...), ...]}
    found.at_once                    # ids that fitted into one request, for the next time

One kind a request: `schedule_ids` and `escalation_policy_ids` narrow each other. Rows can move
from page to page while the account changes; `total` tells when one was lost or doubled, and the
whole is read again (API: GET /oncalls).
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.gateways.pagerduty import on_calls as oncall
from pagerduty_mattermost.gateways.pagerduty.client import MAX_RECORDS, PAGE_SIZE, PagerDuty
from pagerduty_mattermost.oncall.handoffs import SCHEDULE_LEVEL, Lanes, Spell

TRIES = 3
AT_ONCE = 200
"""Ids in one address: 8 KB are the limit of many a server, an id and its name take up to 34 bytes.
"""
TOO_LONG = (414, 431)
"""HTTP status of an address that is too long for the server or something before it."""
_FIELDS = {"schedule": "schedule_id", "escalation_policy": "policy_id"}


class Found(NamedTuple):
    lanes: Dict[str, Lanes]
    """Of each id that was asked for."""
    pages: Dict[str, int]
    """By kind, of the longest list."""
    at_once: int
    """0: no limit was met."""


class _TooMany(PackError):
    """More rows than can be paged through."""


def read(
    pagerduty: PagerDuty,
    ids: Mapping[str, Sequence[str]],
    since: float,
    until: float,
    at_once: int = 0,
) -> Found:
    """`ids`: by kind. More than fit into one address are looked for among all on-calls of the
    account, where that takes no more requests. Raises the gateway's errors; RetryLater when the
    rows do not hold still."""
    count = sum(len(some) for some in ids.values())
    lanes: Dict[str, Dict[int, List[Spell]]] = {id: {} for some in ids.values() for id in some}
    pages = dict.fromkeys(ids, 0)
    if count > AT_ONCE and not at_once:
        most = -(-count // PAGE_SIZE) + -(-count // AT_ONCE)
        try:
            rows = _rows(pagerduty, {}, since, until, most * PAGE_SIZE)
        except _TooMany:
            at_once = AT_ONCE  # from now on
        else:
            for kind in ids:
                _sort(kind, rows, lanes)
            return Found(dict(lanes), dict.fromkeys(ids, -(-len(rows) // PAGE_SIZE)), 0)
    for kind, some in ids.items():
        todo = _parts(some, at_once or AT_ONCE)
        while todo:
            part = todo.pop(0)
            try:
                rows = _rows(pagerduty, {kind + "_ids": list(part)}, since, until, MAX_RECORDS)
            except PackError as error:
                if len(part) == 1 or not (isinstance(error, _TooMany) or error.status in TOO_LONG):
                    raise
                at_once = -(-len(part) // 2)
                todo = [piece for one in [part, *todo] for piece in _parts(one, at_once)]
                continue
            pages[kind] = max(pages[kind], -(-len(rows) // PAGE_SIZE))
            _sort(kind, rows, lanes)
    return Found(dict(lanes), pages, at_once)


def _sort(
    kind: str, rows: Sequence[Mapping[str, Any]], lanes: Mapping[str, Dict[int, List[Spell]]]
) -> None:
    for row in rows:
        one = oncall.on_call(row)
        levels = lanes.get(getattr(one, _FIELDS[kind]))
        if levels is None or not one.user.id:
            continue
        spell = Spell(one.user, times.seconds(one.start), times.seconds(one.end), one.schedule_id)
        lane = levels.setdefault(SCHEDULE_LEVEL if kind == "schedule" else one.level, [])
        if spell not in lane:
            lane.append(spell)


def _parts(ids: Sequence[str], size: int) -> List[Sequence[str]]:
    return [ids[begin : begin + size] for begin in range(0, len(ids), size or 1)]


def _rows(
    pagerduty: PagerDuty, of: Mapping[str, Any], since: float, until: float, most: int
) -> List[Mapping[str, Any]]:
    asked = {
        **of,
        "since": times.iso(since),
        "until": times.iso(max(until, since + 1)),
        "include": ["users"],
        "total": True,
    }
    for _ in range(TRIES):
        rows: List[Mapping[str, Any]] = []
        page = pagerduty.page("/oncalls", "oncalls", asked)
        total, still = page.total, True
        if total is not None and total > most:
            raise _TooMany(f"PagerDuty GET /oncalls: {total} rows are too many")
        while True:
            rows += page.items
            still = still and page.total == total
            if not (page.more and page.items and still):
                break
            page = pagerduty.page("/oncalls", "oncalls", {**asked, "offset": len(rows)})
        if still and not page.more and (total is None or total == len(rows)):
            return rows
    raise RetryLater(
        "PagerDuty GET /oncalls: the rows changed while they were read; the next look makes "
        "up for it"
    )
