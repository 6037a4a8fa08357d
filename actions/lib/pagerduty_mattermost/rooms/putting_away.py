"""A room is put away: a last line, the channel archived, its card left alone, and no list of rooms
holds it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.channels import is_archived
from pagerduty_mattermost.rooms import totals
from pagerduty_mattermost.rooms.links import label
from pagerduty_mattermost.rooms.records import ARCHIVED, RoomRecord, RoomRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def put_away(context: Context, records: RoomRecords, room: RoomRecord, why: str) -> RoomRecord:
    """Raises RejectedInput for a channel of people's that became a room, and what the gateways
    raise: what the bot may not do is told in the operations channel, and tried again. `why`: what
    the last line says, as Markdown."""
    if room.adopted:
        raise RejectedInput(
            f"{label(room)} was a channel of people's before: archive it in Mattermost yourself"
        )
    day = times.iso(context.clock())[:10]
    counted = totals.read(context, room)
    try:
        context.post_once(
            room.channel_id, why, key=f"room archived {room.incident} {day} {int(room.due)}"
        )
        own_channels.archive(context.mattermost, room.channel_id)
    except own_channels.MayNot as error:
        context.notify_operators("rooms:archive", escape(f"{label(room)} stays: {error}"))
        raise
    except PackError as error:
        if not is_archived(error):
            raise
    room = room._replace(state=ARCHIVED, people=counted.people, messages=counted.messages)
    _leave_card(context, room)
    records.put_away(room)
    return room


def _leave_card(context: Context, room: RoomRecord) -> None:
    """Nobody is told that its channel is archived, and nothing of it is tried."""
    cards = IncidentRecords(context.store, room.incident, context.log)
    record = cards.load().cards.get(room.channel_id)
    if record is not None and not record.shelved:
        cards.save_card(record._replace(shelved=True))
