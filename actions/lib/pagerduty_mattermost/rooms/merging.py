"""An incident with a room was merged into another one: one room goes on. Where the other has one,
this one leads there; else this room becomes the other's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.core.markdown import copyable_link
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.rooms.furnishing import furnish, leave_card
from pagerduty_mattermost.rooms.links import label, room_link
from pagerduty_mattermost.rooms.opening import purpose
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords
from pagerduty_mattermost.rooms.terms import terms_of

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change

MAX_BUTTON_CHARACTERS = 60


def merge(context: Context, records: RoomRecords, room: RoomRecord, change: Change) -> RoomRecord:
    """The room of the incident that goes on. Raises the gateways' errors; a repeated run finishes
    it."""
    target = change.incident.merged_into
    other = records.open_of(target)
    if other is not None and other.channel_id != room.channel_id:
        return _lead_there(context, records, room, other)
    return _becomes(context, records, room, target)


def _lead_there(
    context: Context, records: RoomRecords, room: RoomRecord, other: RoomRecord
) -> RoomRecord:
    key = f"room merged {room.incident} {other.incident}"
    there = copyable_link(label(other), room_link(context, other))
    join = "A member of it can invite you." if other.private else "Join that channel, write there."
    line = f"Merged: it goes on in {there}. {join}"
    context.post_once(room.channel_id, line, key=key, props=_join(context, other))
    here = copyable_link(label(room), room_link(context, room))
    context.post_once(
        other.channel_id, f"The incident of {here} was merged into this one.", key=key
    )
    wait = terms_of(context, room).archive_seconds
    due = 0.0 if room.adopted or wait is None else context.clock() + wait
    room = room._replace(ended=True, due=due)
    records.save(room)
    return room


def _join(context: Context, other: RoomRecord) -> Dict[str, Any]:
    """Props with a button that brings whoever clicks into the other room; none where clicks can't
    be answered, or a member has to invite."""
    chat = context.settings.chat
    if other.private or not chat.has_buttons:
        return {}
    key = chat.signing_keys[0].reveal()
    name = one_line(f"Join {label(other)}", MAX_BUTTON_CHARACTERS)
    return buttons.join_room(other.incident, name, chat.public_url, key, context.clock())


def _becomes(context: Context, records: RoomRecords, room: RoomRecord, target: str) -> RoomRecord:
    change = alert_details.fetch(context.pagerduty, target)
    now = room._replace(
        incident=target,
        post_id="",
        done=(),
        header="",
        ended=False,
        due=0.0,
    )
    records.save(now)
    records.mark(now)
    leave_card(context, room)
    records.forget(room)
    if not room.adopted:
        context.mattermost.patch_channel(room.channel_id, purpose=purpose(target))
    context.post_once(
        room.channel_id,
        "Merged: this is the room of the other incident now.",
        key=f"room becomes {room.incident} {target}",
    )
    return furnish(context, now, change).room
