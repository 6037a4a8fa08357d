"""A schedule's overrides (API: POST /schedules/{id}/overrides)."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from . import times
from .create import uncertain
from .errors import PackError, RejectedInput, RetryLater
from .lookup import resolve
from .pagerduty import PagerDuty, fill
from .pagerduty_answers import LIST
from .text import clean, one_line


def create(pagerduty: PagerDuty, schedule: str, start: str, end: str, user: str) -> Dict[str, Any]:
    """The override. `user`: id, e-mail or name. PagerDuty answers 201 also when it refuses one: that is an error here.

    A lost answer is looked for among the schedule's overrides, never repeated. Raises RejectedInput and the
    gateway's errors."""
    person = resolve(pagerduty, "user", user)
    path = fill("/schedules/{entity_id}/overrides", entity_id=schedule)
    wanted = {"start": start, "end": end, "user": {"id": person.id, "type": "user_reference"}}
    try:
        answer = pagerduty.post(path, {"overrides": [wanted]}, bare_list=True)
    except RetryLater as error:
        found = _look(pagerduty, path, wanted) if error.maybe_done else None
        if found is None:
            raise (uncertain(error) if error.maybe_done else error) from None
        return found
    rows = answer.get(LIST)
    row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    made = row.get("override")
    if row.get("status") == 201 and isinstance(made, dict):
        return made
    why = one_line(clean("; ".join(str(one) for one in row.get("errors") or ("no reason given",)), 500))
    raise RejectedInput(f"PagerDuty refuses the override: {why}")


def _look(pagerduty: PagerDuty, path: str, wanted: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
    try:
        rows = pagerduty.get(path, {"since": wanted["start"], "until": wanted["end"]}).get("overrides")
    except PackError:
        return None
    for row in rows if isinstance(rows, list) else ():
        same = isinstance(row, dict) and (row.get("user") or {}).get("id") == wanted["user"]["id"]
        if same and all(times.seconds(str(row.get(at))) == times.seconds(wanted[at]) for at in ("start", "end")):
            return dict(row)
    return None
