"""Incidents that no rule posts: a route that was forgotten shows in the log of `serve`, once for
each service."""

from __future__ import annotations

from typing import Any, Mapping, Sequence, Set

from standalone.pack_model import Rule

INCIDENT_TRIGGER = "pagerduty.incident"
POST_ACTION = "pagerduty.mattermost.post_incident"
MAX_SERVICES = 1000
"""Services that are remembered as told of."""


class Unrouted:
    """Which services have been told of."""

    def __init__(self) -> None:
        self._services: Set[str] = set()

    def line(self, trigger_ref: str, payload: Mapping[str, Any], rules: Sequence[Rule]) -> str:
        """What to say of an incident that has just been triggered; empty where `rules`, those it
        fits, hold one that posts cards, and where its service was told of before."""
        events = [event.get("event_type") for event in payload.get("events") or ()]
        if trigger_ref != INCIDENT_TRIGGER or "incident.triggered" not in events:
            return ""
        if any(rule.action["ref"] == POST_ACTION for rule in rules):
            return ""
        incident = payload["incident"]
        service = str(incident.get("service_id"))
        if service in self._services or len(self._services) >= MAX_SERVICES:
            return ""
        self._services.add(service)
        kind = ", ".join(
            str(part)
            for part in (
                incident.get("service"),
                f"{incident.get('urgency')} urgency",
                incident.get("priority") or "no priority",
            )
        )
        return (
            f"#{incident.get('number')} ({kind}) fits no enabled rule that posts cards: it "
            f"gets none. `run pagerduty.route.explain incident_id={incident.get('id')}` says why. "
            "Further incidents of this service are not listed here"
        )
