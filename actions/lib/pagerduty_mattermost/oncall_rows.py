"""The on-calls of watched schedules and escalation policies, whole, in as few requests as PagerDuty allows.

    found = read(pagerduty, "schedule", ids, since, until)
    found.lanes["PSCHED1"]           # {0: [Spell(...), ...]}
    found.at_once                    # ids that fitted into one request, for the next time

One kind a request: `schedule_ids` and `escalation_policy_ids` narrow each other. Rows can move from page to page while
the account changes; `total` tells when one was lost or doubled, and the whole is read again (API: GET /oncalls).
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from . import oncall, times
from .errors import PackError, RetryLater
from .handoffs import SCHEDULE_LEVEL, Lanes, Spell
from .pagerduty import MAX_RECORDS, PAGE_SIZE, PagerDuty

TRIES = 3
TOO_LONG = (414, 431)
"""HTTP status of an address that is too long for the server or something before it."""
_FIELDS = {"schedule": "schedule_id", "escalation_policy": "policy_id"}


class Found(NamedTuple):
    lanes: Dict[str, Lanes]
    """Of each id that was asked for."""
    pages: int
    """Of the longest list."""
    at_once: int
    """0: all ids fitted."""


class _TooMany(PackError):
    """More rows than can be paged through."""


def read(pagerduty: PagerDuty, kind: str, ids: Sequence[str], since: float, until: float, at_once: int = 0) -> Found:
    """Raises the gateway's errors; RetryLater when the rows do not hold still."""
    lanes: Dict[str, Dict[int, List[Spell]]] = {id: {} for id in ids}
    todo = [list(part) for part in _parts(ids, at_once or len(ids))]
    pages = 0
    while todo:
        part = todo.pop(0)
        try:
            rows = _whole(pagerduty, kind, part, since, until)
        except PackError as error:
            if len(part) == 1 or not (isinstance(error, _TooMany) or error.status in TOO_LONG):
                raise
            at_once = -(-len(part) // 2)
            todo = [list(piece) for one in [part, *todo] for piece in _parts(one, at_once)]
            continue
        pages = max(pages, -(-len(rows) // PAGE_SIZE))
        for row in rows:
            one = oncall.on_call(row)
            levels = lanes.get(getattr(one, _FIELDS[kind]))
            if levels is None or not one.user.id:
                continue
            spell = Spell(one.user, times.seconds(one.start), times.seconds(one.end), one.schedule_id)
            lane = levels.setdefault(SCHEDULE_LEVEL if kind == "schedule" else one.level, [])
            if spell not in lane:
                lane.append(spell)
    return Found(dict(lanes), pages, at_once)


def _parts(ids: Sequence[str], size: int) -> List[Sequence[str]]:
    return [ids[begin : begin + size] for begin in range(0, len(ids), size or 1)]


def _whole(pagerduty: PagerDuty, kind: str, ids: Sequence[str], since: float, until: float) -> List[Mapping[str, Any]]:
    asked = {
        kind + "_ids": list(ids),
        "since": times.iso(since),
        "until": times.iso(max(until, since + 1)),
        "include": ["users"],
        "total": True,
    }
    for _ in range(TRIES):
        rows: List[Mapping[str, Any]] = []
        first = pagerduty.page("/oncalls", "oncalls", asked)
        total, page, still = first.total, first, True
        if total is not None and total > MAX_RECORDS:
            raise _TooMany(f"PagerDuty GET /oncalls: {total} rows for {len(ids)} ids")
        while True:
            rows += page.items
            still = still and page.total == total
            if not (page.more and page.items and still):
                break
            page = pagerduty.page("/oncalls", "oncalls", {**asked, "offset": len(rows)})
        if still and not page.more and (total is None or total == len(rows)):
            return rows
    raise RetryLater("PagerDuty GET /oncalls: the rows changed while they were read; the next look makes up for it")
