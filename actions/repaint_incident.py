"""mattermost.repaint_incident: every card the incident already has, in every channel."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from pagerduty_mattermost.card_action import CardAction, as_results, sentence


class RepaintIncident(CardAction):
    kept_as = "repaint_incident"

    def act(self, change: Optional[Mapping[str, Any]] = None, incident_id: Optional[str] = "") -> Dict[str, Any]:
        idle = self.idle(change)
        if idle:
            return idle
        shown = self.change_of(change, incident_id)
        outcomes = self.posts().repaint(shown)
        return {"incident_id": shown.incident.id, "cards": as_results(outcomes), "message": sentence(outcomes)}
