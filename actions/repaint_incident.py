"""mattermost.repaint_incident: every card the incident already has, in every channel; and one in each channel that is
subscribed to it from chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, AbstractSet, Any, Dict, List, Mapping, Optional

from pagerduty_mattermost.card_action import CardAction, as_results, sentence
from pagerduty_mattermost.errors import NotFound, PackError

if TYPE_CHECKING:
    from pagerduty_mattermost.incident import Change
    from pagerduty_mattermost.posts import Outcome, Posts


class RepaintIncident(CardAction):
    kept_as = "repaint_incident"

    def act(self, change: Optional[Mapping[str, Any]] = None, incident_id: Optional[str] = "") -> Dict[str, Any]:
        idle = self.idle(change)
        if idle:
            return idle
        shown = self.change_of(change, incident_id)
        posts = self.posts()
        outcomes = posts.repaint(shown)
        if change:
            outcomes += self._subscribed(posts, shown, {one.channel_id for one in outcomes})
        return {"incident_id": shown.incident.id, "cards": as_results(outcomes), "message": sentence(outcomes)}

    def unfinished(self, result: Any) -> Optional[PackError]:
        """A channel that was closed to the bot: what it missed is told when it is open again."""
        problems = [card["problem"] for card in result.get("cards") or () if card["done"] == "failed"]
        return NotFound(str(problems[0])) if problems else None

    def _subscribed(self, posts: Posts, change: Change, present: AbstractSet[str]) -> List[Outcome]:
        """A channel that has the incident's card already needs nothing more."""
        from pagerduty_mattermost import subscriptions
        from pagerduty_mattermost.channels import ChannelUnavailable
        from pagerduty_mattermost.posts import FAILED, Outcome

        found: List[Outcome] = []
        for channel, several in subscriptions.matching(self.store, change.incident, self.log).items():
            if channel in present:
                continue
            try:
                outcome = posts.show(change, channel, subscriptions.joined(several))
            except ChannelUnavailable as error:
                outcome = Outcome(channel, done=FAILED, problem=str(error))
            found.append(outcome)
        return found
