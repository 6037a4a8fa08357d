"""`/pd dead letters`: what failed and is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Answer, Said

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def listing(context: Context, said: Said) -> Answer:
    from pagerduty_mattermost.core import times
    from pagerduty_mattermost.operations import dead_letter_view, dead_letters

    found = dead_letter_view.chosen(
        dead_letters.load_all(context.store, context.log), incident=said.incidents
    )
    return Answer(
        dead_letter_view.markdown(found, len(found), times.zone(context.settings.time_zone))
    )
