"""A line of `health.check`: pages that PagerDuty has not taken yet, and whether it is known who is
on call while it does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.oncall import directory, kept_pages

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def check(context: Context) -> Tuple[str, str]:
    """ok, fail or off, and a text. Raises the store's errors."""
    now, zone = context.clock(), times.zone(context.settings.time_zone)
    pages = kept_pages.waiting(context.store)
    if pages:
        since = times.stamp_at(pages[0].at, zone)
        return "fail", (
            f"{len(pages)} wait for PagerDuty, the oldest since {since} (kept_page.list): "
            f"{pages[0].reason or 'not tried yet'}"
        )
    listed = directory.read(context.store, now)
    if listed is None:
        return "off", "none; who is on call while PagerDuty does not answer is not known yet"
    at = times.stamp_at(listed.at, zone)
    return "ok", f"none; who is on call while PagerDuty does not answer is known as of {at}"
