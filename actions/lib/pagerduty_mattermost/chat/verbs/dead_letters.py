"""`deadletters`: what failed and is kept, so that it can be carried out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader, incidents_and, nothing
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import PACK, Verb

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


ID_DIGITS = 16
"""Of the id of what failed (`dead_letters.first_failure`)."""
_INCIDENT = incidents_and(nothing())


def _read(line: TypedLine) -> Fields:
    """An incident, or the id of what failed."""
    word = line.typed().strip("`")
    is_id = len(word) == ID_DIGITS and all(digit in "0123456789abcdef" for digit in word)
    return {"text": word} if is_id else _INCIDENT.read(line)


def listed(context: Context, command: Command) -> CommandResult:
    """All of them, or those of the incident in `incidents`, or the one of that id."""
    from pagerduty_mattermost.core import times
    from pagerduty_mattermost.operations import dead_letter_view, dead_letters, ended_letters

    asked = command.text or command.incidents
    found = dead_letter_view.chosen(
        dead_letters.load_all(context.store, context.log), incident=asked
    )
    zone = times.zone(context.settings.time_zone)
    end = ended_letters.told(context.store, zone).get(asked, "") if asked else ""
    return CommandResult(dead_letter_view.markdown(found, len(found), zone, end))


VERBS = (
    Verb(
        name="deadletters",
        run=listed,
        usage="deadletters [id]",
        to_do="list what failed",
        example="deadletters 1234",
        help="posts and commands that failed, of all incidents or one, and what becomes of them",
        forms=(
            Form(
                tuple(
                    f"{show}{letters}"
                    for show in ("", "show ", "list ", "get ")
                    for letters in (
                        "failed posts",
                        "failed commands",
                        "deadletters",
                        "dead letters",
                        "deadletter",
                        "dead letter",
                    )
                ),
                FormReader((*_INCIDENT.fields, "text"), _read),
            ),
        ),
        group=PACK,
    ),
)
