"""Cards of storms that nobody would ever end, as a part of reconcile."""

from __future__ import annotations

from typing import TYPE_CHECKING, AbstractSet, List

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import WriteRefused
from pagerduty_mattermost.gateways.mattermost.channels import is_archived
from pagerduty_mattermost.noise import storm_publisher

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def close_storms(context: Context, ongoing: AbstractSet[str], now: float) -> List[str]:
    """What could not be ended, a line each. `ongoing`: keys of the storms that are."""
    problems: List[str] = []
    zone = times.zone(context.settings.time_zone)
    for channel_id, storm in storm_publisher.orphans(context.store, ongoing, now):
        try:
            storm_publisher.show(
                context.store,
                context.mattermost,
                channel_id,
                storm,
                zone,
                context.post_once,
                buttons=storm_publisher.buttons_of(context),
            )
        except WriteRefused:
            raise
        except Exception as error:  # noqa: BLE001 - of one storm, the others go on
            if not is_archived(error):
                problems.append(f"{storm['key']}: {context.line_of(error)}")
    return problems
