"""mattermost.post_incident: the incident's one card in a channel, and its thread."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

from pagerduty_mattermost.action_bases.card_action import CardAction, as_results, sentence
from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.cards.route import make_route
from pagerduty_mattermost.core.text import listed


class PostIncident(CardAction):
    kept_as = "post_incident"

    def act(
        self,
        change: Optional[Mapping[str, Any]] = None,
        incident_id: Optional[str] = "",
        channel: Optional[str] = "",
        route: Optional[str] = "",
        start_on: Optional[List[str]] = None,
        reply_on: Optional[List[str]] = None,
        mention: Optional[str] = "",
        checklist: Optional[List[str]] = None,
        reactions: Optional[List[str]] = None,
        quiet: Optional[str] = "",
    ) -> Dict[str, Any]:
        wanted = make_route(
            route, listed(start_on), listed(reply_on), mention, checklist, listed(reactions), quiet
        )
        idle = self.idle(change)
        if idle:
            return idle
        shown = posting.change_of(self.context, change, incident_id)
        outcome = posting.make_publisher(self.context).show(shown, channel or ":default", wanted)
        result = {"incident_id": shown.incident.id, **as_results([outcome])[0]}
        return {**result, "message": sentence([outcome])}
