"""An incident's room, its own channel: `room` opens it or tells where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.acting_user import account
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, incidents_and, nothing
from pagerduty_mattermost.chat.verb import ACT, CHAT, ONE, Verb
from pagerduty_mattermost.chat.verbs.named_incidents import named, read_one
from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.core.text import escape, markdown_link
from pagerduty_mattermost.gateways.mattermost.values import id_in

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def asker(context: Context, command: Command) -> str:
    """The Mattermost id of whoever gave the command; empty where a bot does not say who."""
    if id_in(command.user) or not command.user:
        return id_in(command.user)
    try:
        return account(context, command.user).id
    except NotFound:
        return ""


def room(context: Context, command: Command) -> CommandResult:
    """The incident's room; opened where there is none, whoever asks invited."""
    from pagerduty_mattermost.incidents import alert_details
    from pagerduty_mattermost.rooms.invitations import bring_in
    from pagerduty_mattermost.rooms.links import label, room_link
    from pagerduty_mattermost.rooms.room import open_room

    incident = read_one(context, command)
    change = alert_details.fetch(context.pagerduty, incident.id)
    by = asker(context, command)
    opened = open_room(context, change, by=by)
    if by:
        bring_in(context, opened.room, (), {by: ""}, again=True)
    link = markdown_link(label(opened.room), room_link(context, opened.room))
    done = "Opened the room" if opened.is_new else "The room"
    left = "".join(f"\n:warning: {escape(one)}" for one in opened.problems)
    return CommandResult(f"{done} of {named(incident)}: {link}{left}", (incident.id,))


VERBS = (
    Verb(
        name="room",
        run=room,
        usage="room [id]",
        help="open the incident's own channel, or go to it",
        forms=(Form(("room", "open room", "open a room"), incidents_and(nothing())),),
        group=ACT,
        changes=CHAT,
        incidents=ONE,
        also_called=("channel", "warroom"),
        dry_run="open the incident's room",
    ),
)
