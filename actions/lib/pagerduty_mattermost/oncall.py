"""Who is on call now, for an escalation policy, a schedule or a service (API: GET /oncalls)."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Tuple

from .errors import NotFound, RejectedInput
from .lookup import Reference, resolve
from .pagerduty import PagerDuty
from .text import clean, one_line

MAX_ROWS = 2000


class OnCall(NamedTuple):
    """One user on call at one level. Times are ISO 8601 as PagerDuty gives them, empty when always on call."""

    level: int
    user: Reference
    schedule: str = ""
    """Name of the schedule that puts the user on call; empty when the policy names the user."""
    policy: str = ""
    start: str = ""
    end: str = ""


def who(
    pagerduty: PagerDuty, *, escalation_policy: str = "", schedule: str = "", service: str = ""
) -> Tuple[List[OnCall], str]:
    """Who is on call now, first level first, and the name of what was asked for.

    Exactly one of the three, as id or name. Raises RejectedInput otherwise, and NotFound, Ambiguous and the gateway's
    errors. An id costs one request where the answer names somebody (a service's: two).
    """
    given = [(kind, text) for kind, text in _asked(escalation_policy, schedule, service) if text]
    if len(given) != 1:
        raise RejectedInput("give exactly one of escalation_policy, schedule and service")
    kind, text = given[0]
    if kind == "service":
        target = resolve(pagerduty, kind, text)
        if not target.escalation_policy_id:
            raise NotFound(f"the service {target.name!r} has no escalation policy")
        return _now(pagerduty, "escalation_policy", target.escalation_policy_id), target.name
    if text.isalnum() and text.isupper():
        rows = _now(pagerduty, kind, text)
        if rows:
            return rows, rows[0].policy if kind == "escalation_policy" else rows[0].schedule
    target = resolve(pagerduty, kind, text)
    return _now(pagerduty, kind, target.id), target.name


def _asked(escalation_policy: str, schedule: str, service: str) -> Tuple[Tuple[str, str], ...]:
    pairs = (("escalation_policy", escalation_policy), ("schedule", schedule), ("service", service))
    return tuple((kind, one_line(clean(text))) for kind, text in pairs)


def _now(pagerduty: PagerDuty, kind: str, id: str) -> List[OnCall]:
    params: Dict[str, Any] = {kind + "_ids": [id], "include": ["users"]}
    rows = pagerduty.list_all("/oncalls", "oncalls", params, MAX_ROWS).items
    found: List[OnCall] = []
    for row in rows:
        one = _on_call(row)
        if one.user.id and one not in found:
            found.append(one)
    return sorted(found, key=lambda one: (one.level, one.policy, one.user.name))


def _on_call(row: Dict[str, Any]) -> OnCall:
    user = row.get("user") or {}
    level = row.get("escalation_level")
    return OnCall(
        level=level if isinstance(level, int) else 1,
        user=Reference("user", _text(user, "id"), _text(user, "name") or _text(user, "summary"), _text(user, "email")),
        schedule=_text(row.get("schedule") or {}, "summary"),
        policy=_text(row.get("escalation_policy") or {}, "summary"),
        start=one_line(clean(row.get("start"))),
        end=one_line(clean(row.get("end"))),
    )


def _text(thing: Any, key: str) -> str:
    return one_line(clean(thing.get(key), 500)) if isinstance(thing, dict) else ""
