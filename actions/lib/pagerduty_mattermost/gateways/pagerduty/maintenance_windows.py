"""Maintenance windows that go on or are to come (API: GET /maintenance_windows)."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.pagerduty.rows import rows_of

_PATH = "/maintenance_windows"


class MaintenanceWindow(NamedTuple):
    """A time in which services trigger nothing, in seconds since the epoch."""

    id: str
    services: Tuple[Reference, ...]
    start: float
    end: float
    description: str = ""

    @property
    def names(self) -> str:
        """The names of its services; not escaped."""
        return ", ".join(one.name for one in self.services)


def read_open(pagerduty: PagerDuty, service: str = "") -> List[MaintenanceWindow]:
    """Those that go on or are to come, the first to begin first; of one service where its id is
    given. Raises the gateway's errors."""
    query: Dict[str, Any] = {"filter": "open", **({"service_ids": [service]} if service else {})}
    rows = pagerduty.list_all(_PATH, "maintenance_windows", query).items
    return sorted(filter(None, map(_window, rows)), key=lambda one: one.start)


def read_one(pagerduty: PagerDuty, id: str) -> Optional[MaintenanceWindow]:
    """The one of this id, whatever its time; None when there is none. Raises the gateway's other
    errors."""
    try:
        row = pagerduty.get(fill(_PATH + "/{id}", id=id)).get("maintenance_window")
    except NotFound:
        return None
    return _window(row) if isinstance(row, dict) else None


def end_now(pagerduty: PagerDuty, id: str, *, from_email: str) -> None:
    """Ends one that goes on, deletes one to come. Raises NotFound when there is none."""
    pagerduty.delete(fill(_PATH + "/{id}", id=id), from_email=from_email)


def _window(row: Dict[str, Any]) -> Optional[MaintenanceWindow]:
    """None for a row without id or times."""
    start, end = (times.seconds(str(row.get(name) or "")) for name in ("start_time", "end_time"))
    if not row.get("id") or start is None or end is None:
        return None
    services = tuple(
        Reference("service", str(one.get("id") or ""), one_line(clean(one.get("summary"), 200)))
        for one in rows_of(row, "services")
    )
    description = one_line(clean(row.get("description"), 200))
    return MaintenanceWindow(one_line(str(row["id"])), services, start, end, description)
