"""Two rooms of one incident, as a crash may leave them: the one that was made first is the room.
The others are archived where nobody wrote in them; else people are told, and both stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import markdown_link
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.post_once import is_intended
from pagerduty_mattermost.rooms.links import room_link
from pagerduty_mattermost.rooms.records import DUPLICATE, RoomRecord, RoomRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident


def settle(context: Context, records: RoomRecords, incident: Incident) -> Optional[RoomRecord]:
    """The incident's one room, None where none is remembered. Raises the gateways' errors."""
    rooms = [room for room in records.of(incident.id) if room.is_open]
    if not rooms:
        return None
    for other in rooms[1:]:
        if not other.adopted:
            retire(context, records, other, rooms[0])
    return rooms[0]


def retire(context: Context, records: RoomRecords, other: RoomRecord, room: RoomRecord) -> None:
    """`other` is no room of the incident any more. Anything of it may be done twice."""
    link = markdown_link("the room of this incident", room_link(context, room))
    key = _key(other)
    if people_wrote_in(context, other.channel_id):
        line = f"Two rooms were opened for this incident: {link} is followed, this one is not."
        context.post_once(other.channel_id, line, key=key)
        records.save(other._replace(state=DUPLICATE))
        return
    try:
        context.post_once(other.channel_id, f"Opened twice: go on in {link}.", key=key)
        own_channels.archive(context.mattermost, other.channel_id)
    except PackError as error:
        # Another run may have archived it at this moment.
        if not context.mattermost.channel(other.channel_id).archived:
            raise error
    records.forget(other)


def was_retired(context: Context, other: RoomRecord) -> bool:
    """Whether it was archived, or is to be, since it is no room of its incident: a run that was
    still at work on it may have written its record once more. Raises StoreUnreachable."""
    return is_intended(context.store, other.channel_id, _key(other))


def _key(other: RoomRecord) -> str:
    return f"room duplicate {other.incident} {other.channel_id}"


def people_wrote_in(context: Context, channel_id: str) -> bool:
    """Whether anybody but the bot and the server itself did."""
    me = context.mattermost.me().id
    posts = context.mattermost.channel_posts(channel_id)
    return any(post.get("user_id") != me and not post.get("type") for post in posts)
