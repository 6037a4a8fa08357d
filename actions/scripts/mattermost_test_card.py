"""mattermost.test_card: a sample card, to see that configuration, rights and looks are right."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction

_MINUTE = 60.0


class SampleCard(PackAction):
    def act(self, channel: str = "") -> Dict[str, Any]:
        from pagerduty_mattermost.cards import card as cards
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.gateways.mattermost.post_once import link

        card = cards.card(
            _sample(self.context.clock()),
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


def _sample(now: float) -> Any:
    """An incident that is none, with something in each part of the card."""
    from pagerduty_mattermost.core.times import iso
    from pagerduty_mattermost.incidents.incident import Incident, Link, Person

    return Incident(
        id="TEST",
        title="TEST, not a real incident: checkout answers 503",
        url="https://www.pagerduty.com/",
        status="acknowledged",
        urgency="high",
        priority="P1",
        service="Checkout (sample)",
        teams=(Person(name="Payments (sample)"),),
        assignees=(Person(name="Ada (sample)"),),
        acknowledgers=(Person(name="Ada (sample)", at=iso(now - 2 * _MINUTE)),),
        created_at=iso(now - 5 * _MINUTE),
        updated_at=iso(now - 2 * _MINUTE),
        alerts_total=2,
        alerts_triggered=1,
        alerts_resolved=1,
        conference_url="https://meet.example.com/sample",
        note="This card was posted by mattermost.test_card. Nobody needs to do anything.",
        note_by="Ada (sample)",
        note_at=iso(now - _MINUTE),
        summary="More than 5 % of the requests fail.",
        details=(("region", "eu-central"), ("error rate", "7.3 %")),
        links=(Link("https://example.com/runbooks/checkout", "Runbook"),),
    )
