"""A room follows its incident: header, title, new people; the end, after which it is archived; and
the way back when it is reopened. What the channel is told of each event is told by its card
(`cards.painter`). All of it is a matter of how things are, not of what happened: whoever looks
later does what an earlier run left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, List, Optional, Sequence

from pagerduty_mattermost.cards import posting, thread_reply
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError, WriteRefused
from pagerduty_mattermost.core.text import escape, markdown_link
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.rooms import invitations, merging, names
from pagerduty_mattermost.rooms.furnishing import NEEDED, keep_title, paint_header
from pagerduty_mattermost.rooms.links import label
from pagerduty_mattermost.rooms.putting_away import put_away
from pagerduty_mattermost.rooms.records import (
    ARCHIVED,
    ARCHIVED_BY_PEOPLE,
    OPEN,
    RoomRecord,
    RoomRecords,
)
from pagerduty_mattermost.rooms.terms import terms_of

if TYPE_CHECKING:
    from pagerduty_mattermost.cards.outcome import CardOutcome
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change, Incident

Busy = Callable[[str], bool]
"""Whether something still goes on in the room of an incident that is over, by its id: then it is
not archived yet."""
RESPONDER_EVENTS = "incident.responder."


def follow(
    context: Context,
    change: Change,
    outcomes: Sequence[CardOutcome],
    busy: Busy = lambda incident_id: False,
) -> None:
    """The room of an incident whose cards were just brought up. Costs nothing where there is none.
    What fails is logged: the next round does it."""
    if not any(one.in_room for one in outcomes):
        return
    try:
        records = RoomRecords(context.store, context.log)
        rooms = records.of(change.incident.id)
        if rooms:
            room = next((one for one in rooms if one.is_open), rooms[0])
            follow_room(context, records, room, change, busy=busy)
        elif change.incident.is_open:
            bring_back(context, records, change)
    except WriteRefused:
        raise
    except Exception as error:  # noqa: BLE001 - the cards are right, and the round comes again
        line = context.line_of(error)
        context.log.warning("The room of %s will follow: %s", change.incident.id, line)


def follow_room(
    context: Context,
    records: RoomRecords,
    room: RoomRecord,
    change: Change,
    *,
    by_round: bool = False,
    busy: Busy = lambda incident_id: False,
) -> RoomRecord:
    """The room as the incident is now; remembered where it differs. `by_round`: it is looked
    after, whatever has changed. Raises the gateways' errors. Reads nothing from Mattermost while
    nothing differs."""
    incident = change.incident
    if incident.status == "merged" and incident.merged_into and not room.ended:
        return merging.merge(context, records, room, change)
    if room.state == ARCHIVED_BY_PEOPLE and incident.is_open and room.note != room.state:
        _tell_elsewhere(
            context, room, f"Its room {label(room)} was archived by hand: unarchive it to go on."
        )
        room = room._replace(note=room.state)
        records.save(room)
    if room.state != OPEN:
        return room
    now = room
    if set(room.done) >= set(NEEDED):
        zone = times.zone(context.settings.time_zone)
        now = paint_header(context, now, change)
        now = keep_title(context, now, names.title(terms_of(context, now).title, incident, zone))
        now = _with_new_people(context, now, change)
    now = _ended(context, now, incident) if not incident.is_open else _goes_on(now)
    if now != room:
        records.save(now)
    # What people did in chat comes without its event: the room is to hear of it first.
    is_told = bool(change.events) or by_round
    is_due = now.ended and now.due and context.clock() >= now.due
    if is_told and is_due and not busy(room.incident):
        return put_away(context, records, now, "Archived: the incident is over.")
    return now


def _with_new_people(context: Context, room: RoomRecord, change: Change) -> RoomRecord:
    if not change.incident.is_open:
        return room
    invited = terms_of(context, room).invite
    wants_assignees = invitations.ASSIGNEES in invited
    people = invitations.assigned(change.incident) if wants_assignees else []
    wants = invitations.RESPONDERS in invited
    if wants and any(kind.startswith(RESPONDER_EVENTS) for kind in change.event_types):
        people += invitations.responders(context, change.incident.id)
    new = [person for person in people if person.id not in room.invited]
    return invitations.bring_in(context, room, new) if new else room


def _ended(context: Context, room: RoomRecord, incident: Incident) -> RoomRecord:
    """The incident is over: from when on the room is to be archived, and the line that says so."""
    if room.ended:
        return room
    wait = terms_of(context, room).archive_seconds
    if room.adopted or wait is None:
        return room._replace(ended=True, due=0.0)
    ended_at = times.seconds(incident.resolved_at) or context.clock()
    due = max(ended_at + wait, 1.0)
    if wait:
        zone = times.zone(context.settings.time_zone)
        when = times.stamp_at(due, zone)
        line = f"It is over. This room is archived on {when}, unless the incident is reopened."
        key = f"room over {room.incident} {int(ended_at)}"
        context.post_once(room.channel_id, line, key=key)
    return room._replace(ended=True, due=due)


def _goes_on(room: RoomRecord) -> RoomRecord:
    return room._replace(ended=False, due=0.0) if room.ended else room


def bring_back(context: Context, records: RoomRecords, change: Change) -> Optional[RoomRecord]:
    """The incident is open again and its room was put away: it is restored, or people are told
    once who can do it; what people archived is left to them. The cards go on in any case."""
    rooms: List[RoomRecord] = records.old_of(change.incident.id)
    archived = [room for room in rooms if room.state == ARCHIVED]
    if not archived:
        return None
    room = archived[0]
    try:
        own_channels.restore(context.mattermost, room.channel_id)
    except own_channels.MayNot:
        settings = context.mattermost.settings
        team = context.settings.rooms.team or settings.team
        address = f"{settings.url}/{team}/channels/{room.channel_id}"
        _tell_elsewhere(
            context,
            room,
            f"Its room {label(room)} is archived, and the bot may not restore it: an admin of the "
            f"team can ({markdown_link('open it', address)}, then Unarchive Channel).",
            of=change.incident.updated_at[:10],
        )
        return None
    return go_on(context, records, room, change)


def go_on(context: Context, records: RoomRecords, room: RoomRecord, change: Change) -> RoomRecord:
    """A room whose channel is back is looked after again, and its card painted."""
    room = room._replace(
        state=OPEN,
        ended=not change.incident.is_open,
        due=0.0,
        note="",
    )
    records.take_back(room)
    posting.make_publisher(context).repaint(change._replace(events=(), cycle=0))
    return follow_room(context, records, room, change)


def _tell_elsewhere(context: Context, room: RoomRecord, line: str, of: str = "") -> None:
    """In the threads of the incident's other cards, once; where there is none, to operators."""
    key = f"room {room.state} {room.channel_id} {of}"
    try:
        thread_reply.reply(context, room.incident, line, key=key)
    except NotFound:
        context.notify_operators(key, f"{escape(room.incident)}: {line}")
    except PackError as error:
        context.log.warning("Not informed of the room of %s: %s", room.incident, error)
