"""An incident's room with its conversation, as a file: `room export`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.acting_user import account
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, incidents_and, nothing
from pagerduty_mattermost.chat.verb import CHAT, INCIDENTS, ONE, Verb
from pagerduty_mattermost.chat.verbs.looking_back import file_form
from pagerduty_mattermost.chat.verbs.named_incidents import named, read_one
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import counted

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

DEFAULT_FORM = "md"


def room_export(context: Context, command: Command) -> CommandResult:
    """All that was said in the room, in a direct message to whoever asks and may read it."""
    from pagerduty_mattermost.reviews import room_export as exporting

    incident = read_one(context, command)
    user = account(context, command.user)
    room = exporting.need_room(context, incident.id)
    try:
        exporting.require_reader(context, room, user)
    except RejectedInput:
        raise RejectedInput("the room is not yours to read: ask a member of it") from None
    form = command.text or DEFAULT_FORM
    made = exporting.send(context, user, room, incident, form, command.key)
    files = f", in {made.parts} files" if made.parts > 1 else ""
    text = (
        f"The room of {named(incident)} with {counted(made.posts, 'message')}{files} was sent to "
        "you in a direct message."
    )
    return CommandResult(text, (incident.id,))


_WORDS = ("room export", "export room", "export the room", "room as")
VERBS = (
    Verb(
        name="room_export",
        run=room_export,
        usage="room export [id] [md|html|csv|json]",
        example="room export 1234 html",
        help="the room with all that was said in it, as a file in a direct message",
        to_do="export rooms",
        forms=(Form(_WORDS, file_form()), Form(_WORDS, incidents_and(nothing()))),
        group=INCIDENTS,
        incidents=ONE,
        changes=CHAT,
        for_everybody=True,
        is_detail=True,
        dry_run="It would send you a file.",
    ),
)
