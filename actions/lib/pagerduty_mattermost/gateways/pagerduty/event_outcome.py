"""What came of an event that PagerDuty took: it answers "processed" also where no incident is made
of it (the service is in maintenance or disabled, a rule drops it).

    came_of(pagerduty, incident_key, integration_key, sleep=context.sleep).row    # or why not
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, NamedTuple, Optional

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty.rows import id_of, rows_of

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

PAUSES_SECONDS = (0.0, 1.0, 2.0, 3.0)
"""PagerDuty makes the incident a moment after it took the event: how long is waited before each
look."""
_SILENT = {"maintenance": "in maintenance", "disabled": "disabled"}
"""States of a service in which nothing is triggered, in words."""


class EventOutcome(NamedTuple):
    """What came of an event."""

    row: Optional[Dict[str, Any]]
    """The incident as PagerDuty gives it; None: none was seen."""
    why: str = ""
    """Why there is none, in a few words."""


def came_of(
    pagerduty: PagerDuty,
    incident_key: str,
    integration_key: str,
    *,
    sleep: Callable[[float], None],
) -> EventOutcome:
    """The open incident that bears the key, looked for some seconds; else what is known of the
    service. Never raises a PackError: the event was taken."""
    asked = {
        "incident_key": incident_key,
        "date_range": "all",
        "statuses": ["triggered", "acknowledged"],
    }
    try:
        for number, pause in enumerate(PAUSES_SECONDS):
            if pause:
                sleep(pause)
            rows = pagerduty.page("/incidents", "incidents", asked).items
            if rows:
                return EventOutcome(rows[0])
            why = _silence(pagerduty, integration_key) if number == 0 else ""
            if why:
                return EventOutcome(None, why)
    except PackError as error:
        return EventOutcome(None, f"what came of it is not known ({error.in_chat})")
    seconds = int(sum(PAUSES_SECONDS))
    return EventOutcome(
        None, f"none was seen within {seconds} s; an event rule may drop or hold back events"
    )


def _silence(pagerduty: PagerDuty, integration_key: str) -> str:
    """Why the service of this integration triggers nothing now; empty where that is not known."""
    service = service_of(pagerduty, integration_key) or {}
    state = _SILENT.get(str(service.get("status")))
    if state is None:
        return ""
    name = one_line(clean(service.get("name"), 200))
    return f"{name} is {state}{_until(pagerduty, service)}"


def service_of(pagerduty: PagerDuty, integration_key: str) -> Optional[Dict[str, Any]]:
    """The service that events with this key go to; None where none is seen."""
    services = pagerduty.list_all("/services", "services", {"include": ["integrations"]}).items
    for service in services:
        keys = [one.get("integration_key") for one in rows_of(service, "integrations")]
        if integration_key in keys:
            return service
    return None


def _until(pagerduty: PagerDuty, service: Dict[str, Any]) -> str:
    """Until when it is in maintenance, where that is known."""
    if service.get("status") != "maintenance":
        return ""
    asked = {"filter": "ongoing", "service_ids": [id_of(service)]}
    windows = pagerduty.list_all("/maintenance_windows", "maintenance_windows", asked).items
    ends = sorted(str(row["end_time"]) for row in windows if row.get("end_time"))
    return f" until {ends[-1]}" if ends else ""
