"""What PagerDuty knows beside an incident, told once in its new room where `rooms.background` says
so: earlier incidents like it, open ones that may belong to it, recent changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, List

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.rooms import BACKGROUND
from pagerduty_mattermost.incidents import alike
from pagerduty_mattermost.rooms.terms import terms_of

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.rooms.records import RoomRecord

NEW_SECONDS = 3600.0
"""A room that is older has been read long ago: it is told nothing of it any more."""


def tell(context: Context, room: RoomRecord) -> None:
    """A request for each word of the setting, which gives way where PagerDuty's rate limit runs
    out; nothing is posted where nothing is known. Raises the gateways' errors."""
    settings = terms_of(context, room)
    if context.clock() - room.at > NEW_SECONDS:
        return
    zone = times.zone(context.settings.time_zone)
    lines: List[str] = []
    for word in BACKGROUND:
        if word in settings.background:
            found = alike.read(context.pagerduty_spare, room.incident, word)
            lines += alike.as_lines(alike.HEADS[word], found, zone)
    if lines:
        context.post_once(
            room.channel_id,
            "\n".join(lines),
            key=f"room background {room.incident} {room.channel_id}",
            root_id=room.post_id if settings.feed_in == "thread" else "",
        )
