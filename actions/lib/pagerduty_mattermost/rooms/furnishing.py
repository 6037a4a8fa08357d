"""What a room holds before people come: the incident's card, pinned; the header; then the people;
then the room's link on the other cards and at PagerDuty, and what PagerDuty knows beside the
incident. Each step finds what an earlier run did, so whoever goes on does the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Tuple

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.cards.incident_memory import SaidNote
from pagerduty_mattermost.cards.outcome import FAILED
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.cards.route import (
    CANCELLED,
    MITIGATED,
    NONE,
    PRIVATE,
    PUBLIC,
    Route,
    event_types,
)
from pagerduty_mattermost.cards.told_replies import said_words
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config import rooms as rooms_config
from pagerduty_mattermost.core.config.rooms import feed_words
from pagerduty_mattermost.core.errors import PackError, RejectedInput, RetryLater, Unauthorized
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.channels import is_archived
from pagerduty_mattermost.gateways.mattermost.post_once import link
from pagerduty_mattermost.gateways.pagerduty.notes import ensure_note
from pagerduty_mattermost.incidents.incident import ROOM_NOTE, Change
from pagerduty_mattermost.oncall import channel_header
from pagerduty_mattermost.rooms import background, header, invitations
from pagerduty_mattermost.rooms.links import label, room_link
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords
from pagerduty_mattermost.rooms.terms import terms_of

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


ROUTE_NAME = "room"
MAX_NAME_CHARACTERS = 80
CARD, PIN, HEADER, PEOPLE, LINKS, NOTE, BACKGROUND = STEPS = (
    "card",
    "pin",
    "header",
    "people",
    "links",
    "note",
    "background",
)
NEEDED = STEPS[:-1]
"""Without them a room does not follow its incident yet."""

_OWN_WORDS = {
    rooms_config.CREATED: "",
    rooms_config.MITIGATED: MITIGATED,
    rooms_config.CANCELLED: CANCELLED,
}
"""Words of `rooms.feed` that are no event types, and what a route calls them: of `created` a line
stands below the card from the beginning."""


class FurnishedRoom(NamedTuple):
    """A room, and what of it could not be done."""

    room: RoomRecord
    problems: Tuple[str, ...] = ()
    """Steps that could not be done now, a line each; the next round does them."""


def room_route(context: Context, room: RoomRecord) -> Route:
    """The terms of the card in the room."""
    settings = terms_of(context, room)
    said = [word.lower() for word in settings.feed]
    words = [meant for word in said if word not in _OWN_WORDS for meant in feed_words(word)]
    told = event_types("rooms.feed", words) if words else ()
    told = (*told, *(event for word, event in _OWN_WORDS.items() if word in said and event))
    return Route(
        ROUTE_NAME,
        reply_on=told or (NONE,),
        quiet="never",
        room=PRIVATE if room.private else PUBLIC,
        in_channel=settings.feed_in == "channel",
    )


def furnish(context: Context, room: RoomRecord, change: Change) -> FurnishedRoom:
    """Do the steps that are not done yet; the room is remembered with those that are. A step that
    fails leaves the others to be done. Raises where the channel is no room any more."""
    records = RoomRecords(context.store, context.log)
    problems: List[str] = []
    # Asked for by hand: it paints the cards whatever they show already.
    plain = change._replace(events=(), cycle=0)
    for step in STEPS:
        if step in room.done:
            continue
        try:
            room = _WORK[step](context, room, plain)
        except PackError as error:
            if is_archived(error) or getattr(error, "status", None) == 401:
                raise
            problems.append(f"{step}: {context.line_in_chat(error)}")
            if step in (CARD,):
                break  # nobody is called into an empty room
            continue
        room = room._replace(done=(*room.done, step))
    records.save(room)
    return FurnishedRoom(room, tuple(problems))


def _card(context: Context, room: RoomRecord, change: Change) -> RoomRecord:
    """The card, which the channel's name is known with (`CardRecord.label`)."""
    publisher = posting.make_publisher(context)
    outcome = publisher.show(change, room.channel_id, room_route(context, room), due=True)
    if outcome.done == FAILED or not outcome.post_id:
        raise RetryLater(outcome.problem or f"The card in {label(room)} is being posted")
    room = room._replace(post_id=outcome.post_id)
    settings = terms_of(context, room)
    if rooms_config.CREATED in (word.lower() for word in settings.feed):
        _say_created(context, room, change, in_thread=settings.feed_in == "thread")
    return room


def _say_created(context: Context, room: RoomRecord, change: Change, *, in_thread: bool) -> None:
    incident = change.incident
    zone, now = times.zone(context.settings.time_zone), times.iso(context.clock())
    parts = [
        f"{times.clock(incident.created_at, zone, now)} · Triggered",
        escape(one_line(incident.service, MAX_NAME_CHARACTERS)),
        escape(one_line(incident.priority, MAX_NAME_CHARACTERS)),
        f"{escape(one_line(incident.urgency, MAX_NAME_CHARACTERS))} urgency"
        if incident.urgency
        else "",
    ]
    context.post_once(
        room.channel_id,
        " · ".join(part for part in parts if part),
        key=f"room created {room.incident} {room.channel_id}",
        root_id=room.post_id if in_thread else "",
    )


def _pin(context: Context, room: RoomRecord, change: Change) -> RoomRecord:
    if room.post_id:
        own_channels.pin(context.mattermost, room.post_id)
    return room


def _people(context: Context, room: RoomRecord, change: Change) -> RoomRecord:
    return invitations.invite_all(context, room, change.incident)


def _links(context: Context, room: RoomRecord, change: Change) -> RoomRecord:
    posting.make_publisher(context).repaint(change)
    return room


def _note(context: Context, room: RoomRecord, change: Change) -> RoomRecord:
    """At PagerDuty, in the name of who is configured; it does not come back into the room."""
    settings = context.settings
    sender = settings.pagerduty.from_email
    hidden = room.private and not settings.rooms.link_private
    if not (settings.rooms.note and sender) or hidden:
        return room
    text = f"{ROOM_NOTE}{label(room)}"
    address = room_link(context, room)
    said = SaidNote(room.channel_id, said_words(f"{text}\n{address}"), context.clock())
    records = IncidentRecords(context.store, room.incident, context.log)
    if not records.was_said(room.channel_id):
        records.save_said(room.channel_id, said)
    ensure_note(context.pagerduty, room.incident, text, address, from_email=sender)
    return room


def _background(context: Context, room: RoomRecord, change: Change) -> RoomRecord:
    background.tell(context, room)
    return room


def leave_card(context: Context, room: RoomRecord) -> None:
    """The card in what was a room is one like any other from now on."""
    cards = IncidentRecords(context.store, room.incident, context.log)
    record = cards.load().cards.get(room.channel_id)
    if record is not None:
        route = record.route._replace(room="", in_channel=False)
        cards.save_card(record._replace(route=route))


def paint_header(context: Context, room: RoomRecord, change: Change) -> RoomRecord:
    """The pack's part of the header, where it differs from what was written last; what people took
    out stays out."""
    # A live name in a header calls whoever it names, also when it is taken out.
    leads = f"led by {escape(room.commander)}" if room.commander else ""
    shown = header.parts(change.incident, link(context.mattermost.settings, room.post_id), leads)
    if room.header_is_theirs or room.header == shown[0]:
        return room
    before = context.mattermost.channel(room.channel_id).header
    if room.header and not channel_header.has_part(before, header.WORDS):
        return room._replace(header_is_theirs=True)
    after = channel_header.placed(before, header.WORDS, shown, channel_header.LIMITS["header"])
    if after.text != before:
        try:
            context.mattermost.patch_channel(room.channel_id, header=after.text)
        except (Unauthorized, RejectedInput) as error:
            if error.status == 401 or is_archived(error):
                raise
            context.log.info("The header of %s stays: %s", label(room), error)
    return room._replace(header=shown[0])


def keep_title(context: Context, room: RoomRecord, title: str) -> RoomRecord:
    """The channel's title follows the incident's, unless people gave it another one."""
    if room.adopted or not room.title or title == room.title:
        return room
    now = context.mattermost.channel(room.channel_id)
    if now.display_name != room.title:
        return room._replace(title="")
    try:
        context.mattermost.patch_channel(room.channel_id, display_name=title)
    except (Unauthorized, RejectedInput) as error:
        if error.status == 401:
            raise
        return room._replace(title="")
    return room._replace(title=title)


_WORK: Dict[str, Any] = {
    CARD: _card,
    PIN: _pin,
    HEADER: paint_header,
    PEOPLE: _people,
    LINKS: _links,
    NOTE: _note,
    BACKGROUND: _background,
}
