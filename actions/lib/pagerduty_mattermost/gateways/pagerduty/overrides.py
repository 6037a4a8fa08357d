"""A schedule's overrides (API: POST /schedules/{id}/overrides)."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.references import resolve
from pagerduty_mattermost.gateways.pagerduty.responses import LIST


def create(pagerduty: PagerDuty, schedule: str, start: str, end: str, user: str) -> Dict[str, Any]:
    """The override. `user`: id, e-mail or name. PagerDuty answers 201 also when it refuses one:
    that is an error here.

    Raises RejectedInput and the gateway's errors."""
    person = resolve(pagerduty, "user", user)
    wanted = {"start": start, "end": end, "user": {"id": person.id, "type": "user_reference"}}
    answer = pagerduty.post(_path(schedule), {"overrides": [wanted]}, bare_list=True)
    rows = answer.get(LIST)
    row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    made = row.get("override")
    if row.get("status") == 201 and isinstance(made, dict):
        return made
    why = one_line(
        clean("; ".join(str(one) for one in row.get("errors") or ("no reason given",)), 500)
    )
    raise RejectedInput(f"PagerDuty refuses the override: {why}")


def read(
    pagerduty: PagerDuty, schedule: str, since: str, until: str, *, overflow: bool = False
) -> List[Dict[str, Any]]:
    """Those of a span of time (ISO 8601), cut to it unless `overflow`. Raises the gateway's
    errors."""
    span = {"since": since, "until": until, **({"overflow": True} if overflow else {})}
    rows = pagerduty.get(_path(schedule), span).get("overrides")
    return [row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict)]


def is_of(row: Mapping[str, Any], user_id: str) -> bool:
    return (row.get("user") or {}).get("id") == user_id


def _path(schedule: str) -> str:
    return fill("/schedules/{entity_id}/overrides", entity_id=schedule)
