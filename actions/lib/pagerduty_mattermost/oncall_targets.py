"""Schedules and escalation policies as people name them, and who is on call for many of them at once.

found = [target(pagerduty, text) for text in ("Platform rotation", "PPOL123")]
present(pagerduty, found, now)      # {"PSCHED1": [Reference(...)], "PPOL123": [...]}
"""

from __future__ import annotations

from typing import Dict, Iterable, List, Mapping, Sequence

from . import oncall, rotation
from .errors import NotFound
from .lookup import Reference, resolve
from .oncall import OnCall
from .pagerduty import PagerDuty
from .text import clean, one_line

KINDS = ("schedule", "escalation_policy")
AT_ONCE = 100
"""Ids in one request: an address must not grow without end."""


def target(pagerduty: PagerDuty, text: str) -> Reference:
    """The schedule, else the escalation policy, of that id or name. Raises NotFound, Ambiguous and the gateway's."""
    for kind in KINDS:
        try:
            return resolve(pagerduty, kind, text)
        except NotFound:
            continue
    raise NotFound(f"there is no schedule or escalation policy {one_line(clean(text, 100))!r}")


def present(pagerduty: PagerDuty, targets: Iterable[Reference], now: float) -> Dict[str, List[Reference]]:
    """Who is on call now, by the target's id: by a schedule everyone, by a policy its first level that has anyone.

    One request for each 100 schedules and 100 policies (and their pages); PagerDuty's on-calls know only schedules that
    a policy uses, so each other one is asked for by itself.
    """
    by_kind: Dict[str, List[str]] = {kind: [] for kind in KINDS}
    for one in targets:
        if one.id not in by_kind[one.kind]:
            by_kind[one.kind].append(one.id)
    found: Dict[str, List[Reference]] = {}
    for id, rows in rows_of(pagerduty, "schedule", by_kind["schedule"]).items():
        found[id] = _people(rows) or unused(pagerduty, id, now)
    for id, rows in rows_of(pagerduty, "escalation_policy", by_kind["escalation_policy"]).items():
        found[id] = _people([row for row in rows if row.level == rows[0].level])
    return found


def rows_of(pagerduty: PagerDuty, kind: str, ids: Sequence[str], **span: float) -> Dict[str, List[OnCall]]:
    """The on-calls of each of the schedules or policies, first level first; each id is there."""
    found: Dict[str, List[OnCall]] = {id: [] for id in ids}
    for begin in range(0, len(ids), AT_ONCE):
        for row in oncall.read(pagerduty, {kind + "_ids": list(ids[begin : begin + AT_ONCE])}, whole=True, **span):
            id = row.schedule_id if kind == "schedule" else row.policy_id
            if id in found:
                found[id].append(row)
    return found


def unused(pagerduty: PagerDuty, schedule: str, now: float) -> List[Reference]:
    """Who is on call by a schedule that no policy uses."""
    names: Mapping[str, Reference] = {
        one.user.id: one.user for one in rotation.read(pagerduty, schedule, now, now + 60) if one.start <= now < one.end
    }
    return [resolve(pagerduty, "user", id) for id in names]


def _people(rows: Iterable[OnCall]) -> List[Reference]:
    return list({row.user.id: row.user for row in rows}.values())
