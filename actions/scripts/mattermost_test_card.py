"""mattermost.test_card: a sample card, to see that configuration, rights and looks are right."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class SampleCard(PackAction):
    def act(self, channel: str = "") -> Dict[str, Any]:
        from pagerduty_mattermost.cards import card as cards
        from pagerduty_mattermost.cards.sample import sample
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.gateways.mattermost.post_once import link

        card = cards.card(
            sample(self.context.clock()),
            cards.View(zone=times.zone(self.context.settings.time_zone)),
        )
        where, sent = self.context.channels.using(
            channel,
            lambda found: (
                found,
                self.context.post_once(found.id, card.message, props=card.props),
            ),
        )
        return {
            "post_id": sent.post_id,
            "channel_id": sent.channel_id,
            "link": link(self.context.mattermost.settings, sent.post_id),
            "message": f"Posted a sample card in {where.label}.",
        }
