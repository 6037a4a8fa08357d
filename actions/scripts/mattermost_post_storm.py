"""mattermost.post_storm: one card for a storm in a channel, kept true, and a summary in its thread
at the end; and the same in each channel that is subscribed to such incidents from chat."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import RejectedInput


class PostStorm(PackAction):
    kept_as = "post_storm"

    def act(
        self,
        change: Optional[Mapping[str, Any]] = None,
        channel: Optional[str] = "",
        mention: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.cards.route import checked_mention

        mentioned = checked_mention(mention)
        storm = change or {}
        if not storm.get("key") or "incidents" not in storm:
            raise RejectedInput(
                "change must be the payload of the trigger pagerduty.storm: '{{ trigger }}'"
            )
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.noise.storm_publisher import sentence, show_everywhere

        shown = show_everywhere(self.context, storm, channel or "", mentioned)
        cards = [card._asdict() for card in shown]
        return {
            **cards[0],
            "cards": cards,
            "message": sentence(storm, cards[0]["done"]),
        }
