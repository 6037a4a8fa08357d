"""Users by id, in as few requests as PagerDuty allows (API: GET /users, GET /users/{id})."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence

from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.gateways.pagerduty.client import PAGE_SIZE, PagerDuty, fill

MAX_ASKED_SINGLY = 2
"""So many are asked for each by itself."""


def read_users(
    pagerduty: PagerDuty, ids: Sequence[str], params: Optional[Mapping[str, Any]] = None
) -> Dict[str, Dict[str, Any]]:
    """PagerDuty's rows by id. Asks for each user, or for the list of all where that takes fewer
    requests. Users whom PagerDuty no longer knows are left out. `params`: of each request. Raises
    the gateway's errors."""
    asked = dict(params or {})
    wanted = list(dict.fromkeys(ids))
    found: Dict[str, Dict[str, Any]] = {}
    if len(wanted) > MAX_ASKED_SINGLY:
        page = pagerduty.page("/users", "users", {**asked, "total": True})
        total = page.total or 0  # told where it is asked for, on this page alone
        pages = -(-total // PAGE_SIZE)
        if not page.more or 0 < pages <= len(wanted):
            rows = list(page.items)
            while page.more and page.items and len(rows) < total:
                page = pagerduty.page("/users", "users", {**asked, "offset": len(rows)})
                rows += page.items
            found = {str(row.get("id")): row for row in rows}
    for id in wanted:
        if id not in found:
            try:
                row = pagerduty.get(fill("/users/{id}", id=id), asked).get("user")
            except NotFound:
                continue
            if isinstance(row, dict):
                found[id] = row
    return {id: found[id] for id in wanted if id in found}
