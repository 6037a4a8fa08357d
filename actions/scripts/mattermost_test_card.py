"""mattermost.test_card: a sample card, to see that configuration, rights and looks are right."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class SampleCard(PackAction):
    def act(self, channel: str = "") -> Dict[str, Any]:
        from pagerduty_mattermost.cards.card import CardView, draw_card
        from pagerduty_mattermost.cards.sample import make_sample
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.gateways.mattermost.post_once import link

        card = draw_card(
            make_sample(self.context.clock()),
            CardView(zone=times.zone(self.context.settings.time_zone)),
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
