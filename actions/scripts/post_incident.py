"""mattermost.post_incident: the incident's card in a channel; of a change also its other cards."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from pagerduty_mattermost.action_bases.card_action import CardAction, card_result
from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.cards.post_rules import check_channel, route_of
from pagerduty_mattermost.incidents.trigger_payload import along_of


class PostIncident(CardAction):
    kept_as = "post_incident"

    def act(
        self,
        change: Optional[Mapping[str, Any]] = None,
        incident_id: Optional[str] = "",
        channel: Optional[str] = "",
        **route: Any,
    ) -> Dict[str, Any]:
        """`route`: what a card is like, as `route_of` reads it."""
        check_channel(channel)
        wanted = route_of(route)
        idle = self.idle(change)
        if idle:
            return idle
        shown = posting.change_of(self.context, change, incident_id)
        along = along_of(change) if change else None
        outcomes = posting.post(self.context, shown, channel or ":default", wanted, along)
        self.follow_room(shown, outcomes)
        return card_result(shown.incident.id, outcomes)
