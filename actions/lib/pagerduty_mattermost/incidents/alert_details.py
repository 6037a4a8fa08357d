"""What a card shows and the log's incidents lack: the first alert's details and the conference
bridge. Best effort.

Asked for once, when a card is created and the change does not bring them; the bridge again when
something changed that nobody knows yet. A PagerDuty that fails or is slow never blocks a card.
"""

# flake8: noqa: W503

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.incidents.event_types import UPDATED
from pagerduty_mattermost.incidents.incident import Change, Incident

BRIDGE_EVENTS = (UPDATED, "incident.conference_bridge.updated")
INCLUDE = ["conference_bridge", "first_trigger_log_entries"]


def wanted(change: Change, incident: Incident, *, creates: bool) -> Dict[str, bool]:
    """What is worth a request: nothing that the change itself has answered."""
    types = {event.event_type for event in change.events}
    asks = creates and not change.complete
    return {
        "alert": asks and not (incident.details or incident.links or incident.summary),
        "bridge": (asks or bool(types.intersection(BRIDGE_EVENTS)))
        and not incident.conference_url,
    }


def with_extras(
    incident: Incident, pagerduty: PagerDuty, asked: Mapping[str, bool], log: Any = None
) -> Incident:
    """The incident with what PagerDuty has of it now; unchanged when it does not answer soon."""
    from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident
    from pagerduty_mattermost.incidents.alert_content import with_details
    from pagerduty_mattermost.incidents.log_entries import incident_from_rest

    try:
        if asked["alert"]:
            answer = pagerduty.get(fill("/incidents/{id}/alerts", id=incident.id), {"limit": 1})
            alerts = answer.get("alerts")
            first = (
                alerts[0]
                if isinstance(alerts, list) and alerts and isinstance(alerts[0], dict)
                else {}
            )
            incident = with_details(incident, {"channel": first.get("body")})
        if asked["bridge"]:
            row = get_incident(pagerduty, incident.id, ["conference_bridge"])
            found = incident_from_rest(row)
            if found is not None:
                incident = incident._replace(
                    conference_url=found.conference_url, conference_number=found.conference_number
                )
    except PackError as error:
        if log is not None:
            log.info(
                "Incident %s is shown without its alert's details or bridge: %s",
                incident.id,
                error,
            )
    return incident


def fetch(pagerduty: PagerDuty, incident_id: str) -> Change:
    """The incident as PagerDuty has it now, without events. Raises the gateway's errors, NotFound
    among them."""
    from pagerduty_mattermost.core.errors import RetryLater
    from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident
    from pagerduty_mattermost.incidents.log_entries import incident_from_rest

    row = get_incident(pagerduty, incident_id, INCLUDE)
    incident = incident_from_rest(row)
    if incident is None:
        raise RetryLater(f"PagerDuty GET /incidents/{incident_id}: the answer holds no incident")
    server_time = pagerduty.last_server_time
    entry = row.get("first_trigger_log_entry")
    return Change(
        incident,
        read_at=times.iso(server_time) if server_time is not None else "",
        complete=isinstance(entry, Mapping) and isinstance(entry.get("channel"), Mapping),
    )
