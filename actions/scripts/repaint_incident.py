"""mattermost.repaint_incident: every card the incident already has, in every channel; and one in
each channel that is subscribed to it from chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, AbstractSet, Any, Dict, List, Mapping, Optional

from pagerduty_mattermost.action_bases.card_action import CardAction, as_results, sentence
from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.core.errors import NotFound, PackError

if TYPE_CHECKING:
    from pagerduty_mattermost.cards.outcome import Outcome
    from pagerduty_mattermost.cards.publisher import Posts
    from pagerduty_mattermost.cards.route import Route
    from pagerduty_mattermost.incidents.incident import Change


class RepaintIncident(CardAction):
    kept_as = "repaint_incident"

    def act(
        self, change: Optional[Mapping[str, Any]] = None, incident_id: Optional[str] = ""
    ) -> Dict[str, Any]:
        idle = self.idle(change)
        if idle:
            return idle
        shown = posting.change_of(self.context, change, incident_id)
        posts = posting.posts(self.context)
        outcomes = posts.repaint(shown)
        if change:
            outcomes += self._held(posts, shown, {one.channel_id for one in outcomes})
            outcomes += self._subscribed(posts, shown, {one.channel_id for one in outcomes})
        return {
            "incident_id": shown.incident.id,
            "cards": as_results(outcomes),
            "message": sentence(outcomes),
        }

    def unfinished(self, result: Any) -> Optional[PackError]:
        """A channel that was closed to the bot: what it missed is told when it is open again."""
        problems = [
            card["problem"] for card in result.get("cards") or () if card["done"] == "failed"
        ]
        return NotFound(str(problems[0])) if problems else None

    def _held(self, posts: Posts, change: Change, present: AbstractSet[str]) -> List[Outcome]:
        """Cards that quiet hours hold back and that may come now, also where the change fits no
        criteria of the rule. Looked for where no card is yet, and when the urgency has changed.
        """
        if present and "incident.urgency_updated" not in change.event_types:
            return []
        from pagerduty_mattermost.cards import held_cards as held
        from pagerduty_mattermost.cards.outcome import CREATED

        mine = [
            one
            for one in held.every(self.context.store, self.context.log)
            if one.incident_id == change.incident.id
        ]
        found = [
            self._shown(posts, change, one.channel_id, one.route)
            for one in mine
            if one.channel_id not in present
        ]
        return [one for one in found if one.done == CREATED or one.problem]

    def _subscribed(
        self, posts: Posts, change: Change, present: AbstractSet[str]
    ) -> List[Outcome]:
        """A channel that has the incident's card already needs nothing more."""
        from pagerduty_mattermost.cards import subscriptions

        fitting = subscriptions.matching(self.context.store, change.incident, self.context.log)
        return [
            self._shown(posts, change, channel, subscriptions.joined(several))
            for channel, several in fitting.items()
            if channel not in present
        ]

    def _shown(self, posts: Posts, change: Change, channel: str, route: Route) -> Outcome:
        from pagerduty_mattermost.cards.outcome import FAILED, Outcome
        from pagerduty_mattermost.gateways.mattermost.channels import ChannelUnavailable

        try:
            return posts.show(change, channel, route)
        except ChannelUnavailable as error:
            return Outcome(channel, done=FAILED, problem=str(error))
