"""An incident's notes: `notes` reads them, `note` writes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.cards import incident_lists
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, incidents_and, nothing, words
from pagerduty_mattermost.chat.verb import ACT, INCIDENTS, ONE, PAGERDUTY, Verb
from pagerduty_mattermost.chat.verbs.named_incidents import named, read_one, sender_and_incident
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean
from pagerduty_mattermost.gateways.pagerduty.notes import read_notes, write_note

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def listed(context: Context, command: Command) -> CommandResult:
    incident = read_one(context, command)
    rows = read_notes(context.pagerduty, incident.id)
    if not rows:
        return CommandResult(f"{named(incident)} has no notes.", (incident.id,))
    text = incident_lists.notes(rows, times.zone(context.settings.time_zone))
    return CommandResult(f"Notes of {named(incident)}:\n\n{text}", (incident.id,))


def note(context: Context, command: Command) -> CommandResult:
    text = clean(command.text).strip()
    if not text:
        raise RejectedInput("a note needs words")
    email, incident = sender_and_incident(context, command)
    write_note(context.pagerduty, incident.id, text, from_email=email)
    return CommandResult(f"Noted on {named(incident)}.", (incident.id,), email)


VERBS = (
    Verb(
        name="notes",
        run=listed,
        usage="notes [id]",
        example="notes 1234",
        help="its notes",
        to_do="read notes",
        forms=(Form(("notes", "show notes", "get notes"), incidents_and(nothing())),),
        group=INCIDENTS,
        incidents=ONE,
    ),
    Verb(
        name="note",
        run=note,
        usage="note [id] <text>",
        example="note 1234 it is the disk",
        help="add a note",
        forms=(Form(("note",), incidents_and(words("text"), note=True)),),
        also_called=("comment", "annotate", "remark"),
        group=ACT,
        changes=PAGERDUTY,
        reaches_people=True,
        incidents=ONE,
        says="Add a note to {incidents}{words}",
        to_do="add notes",
        button="Add note",
    ),
)
