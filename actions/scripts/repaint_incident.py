"""mattermost.repaint_incident: every card the incident already has, in every channel; and one in
each channel that is subscribed to it from chat."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from pagerduty_mattermost.action_bases.card_action import CardAction, as_results, sentence
from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.incidents.trigger_payload import along_of


class RepaintIncident(CardAction):
    kept_as = "repaint_incident"

    def act(
        self, change: Optional[Mapping[str, Any]] = None, incident_id: Optional[str] = ""
    ) -> Dict[str, Any]:
        idle = self.idle(change)
        if idle:
            return idle
        shown = posting.change_of(self.context, change, incident_id)
        # A change is what the sensor saw; an incident that a person names is repainted alone.
        if change:
            outcomes = posting.follow(self.context, shown, along_of(change))
            if not outcomes:
                from pagerduty_mattermost.operations import unrouted

                unrouted.report(self.context, shown)
        else:
            outcomes = posting.make_publisher(self.context).repaint(shown)
        self.follow_room(shown, outcomes)
        return {
            "incident_id": shown.incident.id,
            "cards": as_results(outcomes),
            "message": sentence(outcomes),
        }
