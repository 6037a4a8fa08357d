"""What is done with a room: `room adopt`, `room archive`, `room restore`, `room rename`, `room
private`; `convert` makes an incident and its room of a channel, `cancel` ends one that is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import (
    Fields,
    Form,
    FormReader,
    Unread,
    incidents_and,
    nothing,
    to_end,
    words,
)
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import ACT, CHAT, INCIDENTS, ONE, OPEN_STATES, PAGERDUTY, Verb
from pagerduty_mattermost.chat.verbs.declare import create, titled_on_service, touched_by_trigger
from pagerduty_mattermost.chat.verbs.named_incidents import named, read_one
from pagerduty_mattermost.chat.verbs.rooms import (
    NO_ROOM,
    asker,
    linked,
    need_room,
    room_of,
)
from pagerduty_mattermost.chat.verbs.run_of import in_run
from pagerduty_mattermost.chat.verbs.status import resolve
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.core.text import clean, escape
from pagerduty_mattermost.incidents.event_types import CANCELLED_WORD

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

_OTHER_THINGS = frozenset(
    (
        *("maintenance", "window", "override", "overrides", "swap", "subscription"),
        *("snooze", "page", "call", "escalation", "notification", "notifications", "reminder"),
        *("workflow", "handover", "shift", "dialog", "command", "order", "request", "question"),
        *("ack", "acknowledgement", "note", "status", "room", "merge", "priority", "drill"),
    )
)
"""What people may want to cancel besides an incident, and can't by this command."""


def adopt(context: Context, command: Command) -> CommandResult:
    """The channel in which it is said becomes the incident's room."""
    from pagerduty_mattermost.incidents import alert_details
    from pagerduty_mattermost.rooms.adopting import adopt as adopt_channel

    if not command.channel:
        raise RejectedInput("say it in the channel that is to be the room")
    incident = read_one(context, command)
    change = alert_details.fetch(context.pagerduty, incident.id)
    made = adopt_channel(context, command.channel, change, by=asker(context, command))
    left = "".join(f"\n:warning: {escape(one)}" for one in made.problems)
    text = f"{linked(context, made.room)} is the room of {named(incident)} now.{left}"
    return CommandResult(text, (incident.id,))


def convert(context: Context, command: Command) -> CommandResult:
    """A new incident whose room is the channel in which it is said."""
    if not command.channel:
        raise RejectedInput("say it in the channel that is to be the room")
    made = create(context, command)
    try:
        adopted = adopt(context, command._replace(incidents=made.incidents[0]))
    except PackError as error:
        line = f"{made.message}\n:warning: This channel is not its room: {escape(error.in_chat)}"
        return made._replace(message=line, problem=f"no room: {error}")
    # Whoever is in the channel sees what it is now.
    return made._replace(message=f"{made.message}\n\n{adopted.message}", public=True)


def archive(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.rooms.putting_away import put_away
    from pagerduty_mattermost.rooms.records import RoomRecords

    found = need_room(context, command)
    records = RoomRecords(context.store, context.log)
    why = "Archived, as somebody asked for: `/pd room restore` brings it back."
    put_away(context, records, found, why)
    return CommandResult(f"{linked(context, found)} is archived.", (found.incident,))


def restore(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.gateways.mattermost import own_channels
    from pagerduty_mattermost.incidents import alert_details
    from pagerduty_mattermost.rooms.following import go_on
    from pagerduty_mattermost.rooms.records import ARCHIVED_BY_PEOPLE, RoomRecords

    incident = read_one(context, command)
    if room_of(context, incident.id) is not None:
        raise RejectedInput("its room is open")
    records = RoomRecords(context.store, context.log)
    by_hand = [one for one in records.of(incident.id) if one.state == ARCHIVED_BY_PEOPLE]
    found = [*by_hand, *records.old_of(incident.id)]
    if not found:
        raise RejectedInput(NO_ROOM)
    own_channels.restore(context.mattermost, found[0].channel_id)
    change = alert_details.fetch(context.pagerduty, incident.id)
    back = go_on(context, records, found[0], change)
    return CommandResult(f"{linked(context, back)} is open again.", (incident.id,))


def rename(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.rooms.adopting import rename as rename_room

    found = rename_room(context, need_room(context, command), command.text)
    return CommandResult(f"The room is called {linked(context, found)} now.", (found.incident,))


def make_private(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.rooms.adopting import close_to_others

    found = need_room(context, command)
    if found.private:
        raise RejectedInput("it is private already")
    found = close_to_others(context, found)
    return CommandResult(f"{linked(context, found)} is private now.", (found.incident,))


def cancel(context: Context, command: Command) -> CommandResult:
    """It was no incident: resolved, with a note that says so."""
    why = clean(command.text).strip()
    said = command._replace(text=f"{CANCELLED_WORD}: {why}" if why else CANCELLED_WORD)
    done = resolve(context, said, "Cancelled and resolved")
    left = [in_run(context, command, one, "cancelled", why) for one in done.incidents]
    lines = [done.message, *(escape(one) for one in left if one)]
    return done._replace(message="\n".join(lines))


def _cancel(line: TypedLine) -> Fields:
    """`[id] [why]`. Raises Unread for something else that people would cancel: without an incident
    it would resolve the thread's."""
    if line.word(0) in _OTHER_THINGS:
        raise Unread(
            f"{line.word(0)!r} can't be cancelled so: `/pd cancel` resolves an incident that was "
            "none, and says why; name it in front, `/pd cancel 1234 a false alarm`"
        )
    return incidents_and(words("text", required=False), note=True).read(line)


VERBS = (
    Verb(
        name="room_adopt",
        run=adopt,
        usage="room adopt [id]",
        example="room adopt 1234",
        help="make this channel the incident's room; it is never archived",
        forms=(Form(("room adopt", "adopt"), incidents_and(nothing())),),
        group=ACT,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Make this channel the room of {incidents}",
        to_do="make channels rooms",
    ),
    Verb(
        name="room_archive",
        run=archive,
        usage="room archive [id]",
        example="room archive 1234",
        help="archive the incident's room now",
        forms=(
            Form(
                (
                    *("room archive", "archive", "archive room", "archive the room"),
                    *to_end("room", "the room", ends=("close", "end")),
                ),
                incidents_and(nothing()),
            ),
        ),
        group=ACT,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Archive the room of {incidents}",
        to_do="archive rooms",
    ),
    Verb(
        name="room_restore",
        run=restore,
        usage="room restore [id]",
        example="room restore 1234",
        help="bring an archived room back (the bot needs to be an admin of the team)",
        forms=(Form(("room restore", "room unarchive"), incidents_and(nothing())),),
        group=ACT,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Bring back the room of {incidents}",
        to_do="restore rooms",
    ),
    Verb(
        name="room_rename",
        run=rename,
        usage="room rename [id] <name>",
        example="room rename 1234 shop-is-down",
        help="give the room another name, which stays",
        forms=(Form(("room rename",), incidents_and(words("text"))),),
        group=ACT,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        to_do="rename rooms",
        says="Rename the room of {incidents}{words}",
    ),
    Verb(
        name="room_private",
        run=make_private,
        usage="room private [id]",
        example="room private 1234",
        help="make the room private (the bot needs to be an admin of the team)",
        forms=(Form(("room private",), incidents_and(nothing())),),
        group=ACT,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Make the room of {incidents} private",
        to_do="make rooms private",
    ),
    Verb(
        name="convert",
        run=convert,
        usage='convert "<title>" on <service>',
        example='convert "The shop is slow" on Checkout API',
        help="trigger an incident whose room is this channel",
        forms=(Form(("convert",), FormReader(("service", "text"), titled_on_service)),),
        group=INCIDENTS,
        changes=PAGERDUTY,
        includes=("create", "declare", "room_adopt"),
        touches=touched_by_trigger,
        to_do="make channels rooms",
        says="Trigger “{text}”{on}, and make this channel its room",
    ),
    Verb(
        name="cancel",
        run=cancel,
        usage="cancel [id] [why]",
        example="cancel 1234 a false alarm",
        help="it was none: resolve it with a note that says so",
        forms=(
            Form(
                ("cancel", "cancelled", "cancel incident"),
                FormReader(("incidents", "text"), _cancel),
            ),
        ),
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=OPEN_STATES,
        repaints=True,
        includes=("resolve", "note"),
        says="Resolve {incidents}, with a note that it was cancelled",
        to_do="cancel incidents",
        button="Cancel it",
    ),
)
