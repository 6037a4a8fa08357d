"""A channel of people's becomes an incident's room: its history stays, and it is never archived.
Also what else people do with a room by command: another name, private, more people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.core.errors import NotFound, RejectedInput, Unauthorized
from pagerduty_mattermost.core.text import clean, inert, one_line
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.rooms import names
from pagerduty_mattermost.rooms.furnishing import FurnishedRoom, furnish, leave_card
from pagerduty_mattermost.rooms.links import label
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords
from pagerduty_mattermost.rooms.tending import relabel

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change

BAD_NAME_ERRORS = ("app.channel.update.bad_id", own_channels.NAME_TAKEN)
"""What another channel's name answers, by version."""


def adopt(context: Context, channel_id: str, change: Change, *, by: str = "") -> FurnishedRoom:
    """The channel is the incident's room from now on. Raises RejectedInput where it, or the
    incident, is taken."""
    records, incident = RoomRecords(context.store, context.log), change.incident
    there = records.open_of(incident.id)
    if there is not None and there.channel_id != channel_id:
        raise RejectedInput(f"the incident has a room already: {label(there)}")
    other = records.incident_in(channel_id)
    if other and other != incident.id:
        taken = records.open_of(other)
        is_its = taken is not None and taken.channel_id == channel_id
        if is_its and alert_details.fetch(context.pagerduty, other).incident.is_open:
            raise RejectedInput(f"this channel is the room of {other}, which goes on")
        if taken is not None:
            records.forget(taken)
            leave_card(context, taken)
    try:
        channel = context.mattermost.channel(channel_id)
        if channel.type == "O":
            context.mattermost.join(channel_id)
    except (NotFound, Unauthorized) as error:
        if error.status == 401:
            raise
        bot = context.mattermost.me().username
        raise RejectedInput(
            f"the bot is not in this channel: say `/invite @{bot}` first"
        ) from None
    if channel.type not in ("O", "P"):
        raise RejectedInput("a direct message can't be a room: say it in a channel")
    if channel.archived:
        raise RejectedInput("this channel is archived: unarchive it first")
    room = there or RoomRecord(
        incident.id,
        channel.id,
        channel.team_id,
        channel.name,
        adopted=True,
        private=channel.type == "P",
        at=context.clock(),
        by=by,
    )
    records.save(room)
    records.mark(room)
    return furnish(context, room, change)


def rename(context: Context, room: RoomRecord, words: str) -> RoomRecord:
    """Another name, which stays whatever the incident is called. Raises RejectedInput."""
    title = inert(one_line(clean(words, 200), names.MAX_TITLE_CHARACTERS - 8))[
        : names.MAX_TITLE_CHARACTERS
    ]
    name = names.slug(words)[: names.MAX_NAME_CHARACTERS].strip("-")
    if len(name) < 2:
        raise RejectedInput("a name needs two letters or digits of a to z, 0 to 9")
    try:
        context.mattermost.patch_channel(room.channel_id, name=name, display_name=title)
    except RejectedInput as error:
        if error.error_id in BAD_NAME_ERRORS:
            raise RejectedInput(f"the name {name} is taken") from None
        raise
    now = context.mattermost.channel(room.channel_id)
    room = room._replace(name=now.name, title="")
    _keep(context, room)
    return room


def close_to_others(context: Context, room: RoomRecord) -> RoomRecord:
    """Make the room private. Raises MayNot."""
    own_channels.make_private(context.mattermost, room.channel_id)
    room = room._replace(private=True)
    _keep(context, room)
    return room


def _keep(context: Context, room: RoomRecord) -> None:
    RoomRecords(context.store, context.log).save(room)
    relabel(context, room)
