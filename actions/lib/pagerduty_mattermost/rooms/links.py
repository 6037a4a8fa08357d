"""Where a room is: addresses that stay right when the channel is renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.gateways.mattermost.post_once import link

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.rooms.records import RoomRecord


def room_link(context: Context, room: RoomRecord) -> str:
    """Of its card where that is known, else of the channel in the configured team."""
    settings = context.mattermost.settings
    if room.post_id:
        return link(settings, room.post_id)
    team = context.settings.rooms.team or settings.team
    return f"{settings.url}/{team}/channels/{room.channel_id}" if team else settings.url


def label(room: RoomRecord) -> str:
    """`~inc-2026-01-28-disk-full`, or the id of a room whose name is not known."""
    return f"~{room.name}" if room.name else room.channel_id
