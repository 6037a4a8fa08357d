"""What a room has been for: how many people were ever in it, and how much they said.

    totals = read(context, room)       # -> RoomTotals(people=5, messages=34)

A room that is put away keeps them in its record; of one that is still open they are read anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Mapping, NamedTuple, Set

from pagerduty_mattermost.core.errors import PackError, WriteRefused
from pagerduty_mattermost.gateways.mattermost import own_channels

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.rooms.records import RoomRecord

SYSTEM = "system_"
"""How the types of what Mattermost itself says begin."""


class RoomTotals(NamedTuple):
    """How many people wrote how many messages in a room."""

    people: int = 0
    """Ever in it, the bot left out; 0: not known."""
    messages: int = 0
    """By people, deleted ones left out."""


def counted(
    posts: Iterable[Mapping[str, Any]], members: Iterable[str], bot: str, since: int
) -> RoomTotals:
    """Pure. `since`: from when on it was the room, milliseconds since the epoch."""
    people: Set[str] = set(members)
    messages = 0
    for post in posts:
        if int(post.get("create_at") or 0) < since:
            continue
        props = post.get("props")
        added = props.get("addedUserId") if isinstance(props, Mapping) else ""
        people.update(str(id) for id in (post.get("user_id"), added) if id)
        is_said = not str(post.get("type") or "").startswith(SYSTEM)
        messages += is_said and post.get("user_id") != bot and not post.get("delete_at")
    return RoomTotals(len(people - {bot}), messages)


def read(context: Context, room: RoomRecord) -> RoomTotals:
    """As they are now; nothing where Mattermost does not tell."""
    since = int(room.at * 1000)
    try:
        posts = own_channels.changed_posts(context.mattermost, room.channel_id, since - 1)
        members = own_channels.members(context.mattermost, room.channel_id)
        return counted(posts, members, context.mattermost.me().id, since)
    except WriteRefused:
        raise
    except PackError as error:
        context.log.info("What was said in ~%s is not counted: %s", room.name, error)
        return RoomTotals()


def of(context: Context, room: RoomRecord) -> RoomTotals:
    """As the record has them, else as they are now."""
    return RoomTotals(room.people, room.messages) if room.people else read(context, room)
