"""`start`: a playbook begins, in the room of its incident, which is opened where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader
from pagerduty_mattermost.chat.line import TypedLine, words_of
from pagerduty_mattermost.chat.verb import CHAT, ONE, PLAYBOOK, Verb
from pagerduty_mattermost.chat.verbs.named_incidents import named, read_one
from pagerduty_mattermost.chat.verbs.rooms import asker, linked, may_see, room_of
from pagerduty_mattermost.core import typed_incidents
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.quotes import plain
from pagerduty_mattermost.core.text import escape, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident
    from pagerduty_mattermost.playbooks.playbook import Playbook


def start(context: Context, command: Command) -> CommandResult:
    """The playbook that is named, else the one that is taken for such an incident by itself."""
    from pagerduty_mattermost.incidents import alert_details
    from pagerduty_mattermost.rooms.invitations import bring_in
    from pagerduty_mattermost.runs.opening import open_with
    from pagerduty_mattermost.runs.people import giver

    incident = read_one(context, command)
    playbook = playbook_for(context, command, incident, command.text)
    there = room_of(context, incident.id)
    if there is not None and not may_see(context, command, there):
        raise RejectedInput("its room is private: ask a member of it to invite you")
    by = giver(context, command.user, command.user_name)
    change = alert_details.fetch(context.pagerduty, incident.id)
    opened = open_with(context, change, playbook, by=by, order_id=command.key)
    if opened.run is None:
        raise RejectedInput(opened.problem)
    user = asker(context, command)
    if user:
        bring_in(context, opened.room.room, (), {user: ""}, again=True)
    done = "Started" if opened.run.is_new else "Under way already:"
    title = escape(one_line(opened.run.run.plan.playbook.title))
    problems = (*opened.room.problems, *opened.run.problems, *_missing(opened.run.missing))
    left = "".join(f"\n:warning: {escape(one)}" for one in problems)
    text = f"{done} **{title}** in {linked(context, opened.room.room)} of {named(incident)}.{left}"
    return CommandResult(text, (incident.id,), already=not opened.run.is_new)


def playbook_for(context: Context, command: Command, incident: Incident, name: str) -> Playbook:
    """Raises NotFound and RejectedInput where there is none that whoever asks may start."""
    from pagerduty_mattermost.chat.playbook_rights import find_startable, startable
    from pagerduty_mattermost.playbooks.library import load

    library = load(context)
    if name:
        return find_startable(context, command, library, name)
    mine = startable(context, command, library)
    fits = library.fitting(incident)
    if fits is not None and any(one.playbook.name == fits.name for one in mine):
        return fits
    if len(mine) != 1:
        names = ", ".join(one.playbook.name for one in mine) or "none that you may start"
        raise RejectedInput(f"which playbook? There are {names}")
    return mine[0].playbook


def _missing(words: Tuple[str, ...]) -> Tuple[str, ...]:
    if not words:
        return ()
    return (f"{', '.join(words)}: nobody with a Mattermost account is that now",)


def _named_playbook(line: TypedLine) -> Fields:
    """The name of a playbook, in front of its incident or behind it."""
    if not line:
        return {}
    named_first = typed_incidents.read(line.typed(), 1)
    if named_first.ids:
        rest = words_of(named_first.rest)
        if len(rest.words) > 1:
            return None
        return {"incidents": named_first.ids[0], "text": plain(named_first.rest)}
    behind = line.rest(1).without("for", "on", "of").without("incident")
    if not behind:
        return {"text": line.said()} if len(line.words) == 1 else None
    found = typed_incidents.read(behind.typed(), 1)
    if not found.ids or found.rest:
        return None
    return {"text": line.before(1).said(), "incidents": found.ids[0]}


VERBS = (
    Verb(
        name="start",
        run=start,
        usage="start [playbook] [id]",
        to_do="start playbooks",
        example="start major-incident 1234",
        help="start a playbook in the incident's room; without words: declare one in a dialog",
        forms=(
            Form(
                ("start", "start playbook", "playbook start", "run playbook"),
                FormReader(("text", "incidents"), _named_playbook),
            ),
        ),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        includes=("room",),
        says="Start the playbook{words} for {incidents}",
    ),
)
