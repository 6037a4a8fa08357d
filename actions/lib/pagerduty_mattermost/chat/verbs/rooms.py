"""An incident's room, its own channel: `room` opens it or leads there, `info`, `rooms`, `invite`,
`announce`."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, List, Optional

from pagerduty_mattermost.chat.acting_user import account
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, incidents_and, nothing, words
from pagerduty_mattermost.chat.named_people import people
from pagerduty_mattermost.chat.verb import ACT, CHAT, INCIDENTS, ONE, Verb
from pagerduty_mattermost.chat.verbs.incidents import show
from pagerduty_mattermost.chat.verbs.named_incidents import named, read_one
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.markdown import copyable_link
from pagerduty_mattermost.core.text import channel_link, escape, one_line
from pagerduty_mattermost.gateways.mattermost.values import id_in
from pagerduty_mattermost.playbooks.playbook import NO_PLAYBOOK

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.rooms.records import RoomRecord
    from pagerduty_mattermost.rooms.totals import RoomTotals

MAX_LISTED, MAX_ENDED = 50, 15
ONLY_MEMBERS = "only members of its room may do that: say it there"
NO_ROOM = "the incident has no room: `/pd room` opens one"


def asker(context: Context, command: Command) -> str:
    """The Mattermost id of whoever gave the command; empty where a bot does not say who."""
    if id_in(command.user) or not command.user:
        return id_in(command.user)
    try:
        return account(context, command.user).id
    except NotFound:
        return ""


def linked(context: Context, room: RoomRecord) -> str:
    """The room's name as a Markdown link to it."""
    from pagerduty_mattermost.rooms.links import label, room_link

    return copyable_link(label(room), room_link(context, room))


def room_of(context: Context, incident_id: str) -> Optional[RoomRecord]:
    """The incident's room; None where there is none. Raises StoreUnreachable."""
    from pagerduty_mattermost.rooms.records import RoomRecords

    return RoomRecords(context.store, context.log).open_of(incident_id)


def need_room(context: Context, command: Command) -> RoomRecord:
    """The room of the incident that the command names; of a private one only for its members.
    Raises RejectedInput."""
    found = room_of(context, read_one(context, command).id)
    if found is None or not may_see(context, command, found):
        raise RejectedInput(NO_ROOM)
    return found


def may_see(context: Context, command: Command, room: RoomRecord) -> bool:
    """A private room is there for its members alone."""
    if not room.private or command.channel == room.channel_id:
        return True
    user = asker(context, command)
    return bool(user) and context.mattermost.is_member(room.channel_id, user)


def room(context: Context, command: Command) -> CommandResult:
    """The incident's room; opened where there is none, whoever asks invited. In a new one the
    playbook is started that fits the incident and that they may start, unless they want none."""
    from pagerduty_mattermost.chat.playbook_rights import fitting
    from pagerduty_mattermost.incidents import alert_details
    from pagerduty_mattermost.rooms.invitations import bring_in
    from pagerduty_mattermost.runs.opening import open_with
    from pagerduty_mattermost.runs.people import giver

    incident = read_one(context, command)
    there = room_of(context, incident.id)
    if there is not None and not may_see(context, command, there):
        raise RejectedInput("its room is private: ask a member of it to invite you")
    by = asker(context, command)
    change = alert_details.fetch(context.pagerduty, incident.id)
    starts = there is None and command.options.get("playbook") != NO_PLAYBOOK
    playbook = fitting(context, command, change.incident) if starts else None
    who = giver(context, command.user, command.user_name)
    both = open_with(context, change, playbook, by=who, anew=True)
    opened = both.room
    if by:
        bring_in(context, opened.room, (), {by: ""}, again=True)
    done = "Opened the room" if opened.is_new else "The room"
    problems = [*opened.problems, *([both.problem] if both.problem else [])]
    left = "".join(f"\n:warning: {escape(one)}" for one in problems)
    text = f"{done} of {named(incident)}: {linked(context, opened.room)}{left}"
    if both.run is not None:
        title = escape(one_line(both.run.run.plan.playbook.title))
        text += f"\nStarted the playbook **{title}**."
    return CommandResult(text, (incident.id,))


def info(context: Context, command: Command) -> CommandResult:
    """The incident, its facts, its room, and the playbook in it."""
    from pagerduty_mattermost.gateways.mattermost import own_channels

    shown = show(context, command)
    found = room_of(context, shown.incidents[0])
    if found is None or not may_see(context, command, found):
        return shown.with_line("It has no room: `/pd room` opens one.")
    members = len(own_channels.members(context.mattermost, found.channel_id))
    zone = times.zone(context.settings.time_zone)
    facts = [
        f"Room {linked(context, found)}",
        "private" if found.private else "",
        f"{members} members",
        f"open since {times.stamp_at(found.at, zone)}",
        f"archived at {times.stamp_at(found.due, zone)}" if found.due else "",
    ]
    lines = [" · ".join(fact for fact in facts if fact), *_of_run(context, found.incident, zone)]
    return shown.with_line("\n".join(lines))


def _of_run(context: Context, incident_id: str, zone: tzinfo) -> List[str]:
    """How the playbook in the room stands, as Markdown; none where none is under way."""
    from pagerduty_mattermost.runs.people import by_id
    from pagerduty_mattermost.runs.post_text import summary
    from pagerduty_mattermost.runs.records import RunRecords
    from pagerduty_mattermost.runs.texts import name

    run = RunRecords(context.store, context.log).load(incident_id)
    if run is None:
        return []
    state = run.state
    lines = [summary(state, zone)]
    try:
        if state.commander.id:
            by_id(context, state.commander.id)
    except NotFound:
        lines.append(
            f":warning: {name(state.commander)}, who leads, has no active account any more: "
            "whoever is on call is reminded instead. `/pd commander @name` says who leads now."
        )
    return lines


def listed(context: Context, command: Command) -> CommandResult:
    """The rooms there are, the newest first; private ones for their members alone."""
    from pagerduty_mattermost.cards.card import message_line
    from pagerduty_mattermost.cards.records import IncidentRecords
    from pagerduty_mattermost.rooms.records import RoomRecords

    rooms = RoomRecords(context.store, context.log).every()
    open_ones = [one for one in reversed(rooms) if one.is_open]
    lines: List[str] = []
    for one in open_ones:
        if len(lines) >= MAX_LISTED:
            lines.append(f"… and {len(open_ones) - MAX_LISTED} more")
            break
        if not may_see(context, command, one):
            continue
        memory = IncidentRecords(context.store, one.incident, context.log).load()
        known = memory.newest.change.incident if memory.states else None
        what = message_line(known) if known is not None else escape(one.incident)
        lines.append(f"- {linked(context, one)}: {what}")
    if not lines:
        return CommandResult("There is no room. `/pd room <id>` opens one.")
    return CommandResult("\n".join(lines))


def ended(context: Context, command: Command) -> CommandResult:
    """Rooms of incidents that are over, the newest first: how long each lasted, how many people
    were ever in it and how much they wrote; private ones for their members alone."""
    from pagerduty_mattermost.rooms import totals
    from pagerduty_mattermost.rooms.records import RoomRecords

    records = RoomRecords(context.store, context.log)
    over = [*records.put_away_ones(), *(one for one in records.every() if one.ended)]
    over.sort(key=lambda one: (one.at, one.channel_id), reverse=True)
    lines: List[str] = []
    for one in over:
        if len(lines) >= MAX_ENDED:
            lines.append("… and more, longer ago")
            break
        if may_see(context, command, one):
            lines.append(_ended_line(context, one, totals.of(context, one)))
    if not lines:
        return CommandResult("No room of an incident that is over is known.")
    return CommandResult("\n".join(lines))


def _ended_line(context: Context, room: RoomRecord, counted: RoomTotals) -> str:
    from pagerduty_mattermost.cards.card import message_line
    from pagerduty_mattermost.cards.records import IncidentRecords

    memory = IncidentRecords(context.store, room.incident, context.log).load()
    known = memory.newest.change.incident if memory.states else None
    what = message_line(known) if known is not None else escape(room.incident)
    lasted = times.between(known.created_at, known.resolved_at) if known is not None else ""
    parts = [
        f"- {linked(context, room)}: {what}",
        f"lasted {lasted}" if lasted else "",
        f"{counted.people} people" if counted.people else "",
        f"{counted.messages} messages" if counted.people else "",
    ]
    return " · ".join(part for part in parts if part)


def invite(context: Context, command: Command) -> CommandResult:
    """People come into the room, also who left it before."""
    from pagerduty_mattermost.gateways.mattermost.users import chat_user
    from pagerduty_mattermost.rooms.invitations import bring_in

    found = need_room(context, command)
    users = [chat_user(context.mattermost, name) for name in people(command.text)]
    if not users:
        raise RejectedInput("whom? Name people: invite @ada @grace")
    bring_in(context, found, (), {one.id: one.username for one in users}, again=True)
    names = ", ".join(escape(f"@{one.username}") for one in users)
    return CommandResult(f"In {linked(context, found)}: {names}.", (found.incident,))


def announce(context: Context, command: Command) -> CommandResult:
    """The incident's card in further channels, where whoever asks may write."""
    from pagerduty_mattermost.cards import posting
    from pagerduty_mattermost.cards.route import Route
    from pagerduty_mattermost.incidents import alert_details

    incident = read_one(context, command)
    wanted = [word for word in command.text.replace(",", " ").split() if word]
    if not wanted:
        raise RejectedInput("where? Name channels: announce ~incidents ~ops")
    user = asker(context, command)
    refs = [context.channels.typed(word) for word in wanted]
    for ref in refs:
        if not (user and context.mattermost.is_member(ref.id, user)):
            raise RejectedInput(f"you are no member of {ref.label}: nothing is announced there")
    change = alert_details.fetch(context.pagerduty, incident.id)
    publisher = posting.make_publisher(context)
    for ref in refs:
        publisher.show(change, ref.id, Route("announced", quiet="never"), due=True)
    where = ", ".join(channel_link(ref.label) for ref in refs)
    return CommandResult(f"{named(incident)} is announced in {where}.", (incident.id,))


VERBS = (
    Verb(
        name="room",
        run=room,
        usage="room [id]",
        example="room 1234",
        help="open its own channel, or go to it (`/pd help room`: more)",
        forms=(
            Form(
                ("room", "open room", "open a room", "room for", "open a room for"),
                incidents_and(nothing()),
            ),
        ),
        group=ACT,
        changes=CHAT,
        incidents=ONE,
        also_called=("channel", "warroom"),
        says="Open a room for {incidents}",
        to_do="open rooms",
    ),
    Verb(
        name="info",
        run=info,
        usage="info [id]",
        to_do="show incidents",
        example="info 1234",
        help="an incident, its facts and its room",
        forms=(Form(("info", "incident info", "room info"), incidents_and(nothing())),),
        group=INCIDENTS,
        incidents=ONE,
    ),
    Verb(
        name="rooms",
        run=listed,
        usage="rooms",
        to_do="list rooms",
        example="rooms",
        help="the rooms there are",
        forms=(Form(("rooms", "room list", "list rooms", "incident list")),),
        group=INCIDENTS,
    ),
    Verb(
        name="rooms_ended",
        run=ended,
        usage="rooms ended",
        to_do="list rooms",
        example="rooms ended",
        help="rooms of incidents that are over: how long, how many people, how many messages",
        forms=(
            Form(
                (
                    *("rooms ended", "room ended", "room list ended", "list ended rooms"),
                    *("ended rooms", "incident list ended", "list ended"),
                )
            ),
        ),
        group=INCIDENTS,
    ),
    Verb(
        name="invite",
        run=invite,
        usage="invite [id] <@people>",
        example="invite 1234 @grace",
        help="bring people into the incident's room",
        forms=(Form(("invite", "invite to"), incidents_and(words("text"))),),
        group=ACT,
        changes=CHAT,
        incidents=ONE,
        to_do="invite people into rooms",
        says="Invite {text} into the room of {incidents}",
    ),
    Verb(
        name="announce",
        run=announce,
        usage="announce [id] <~channels>",
        example="announce 1234 ~checkout",
        help="show the incident in further channels of yours",
        forms=(Form(("announce",), incidents_and(words("text"))),),
        group=ACT,
        changes=CHAT,
        incidents=ONE,
        says="Announce {incidents} in {text}",
        to_do="announce incidents",
    ),
)
