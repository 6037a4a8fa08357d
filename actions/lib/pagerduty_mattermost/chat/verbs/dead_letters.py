"""`deadletters`: what failed and is kept, so that it can be carried out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, incidents_and, nothing
from pagerduty_mattermost.chat.verb import PACK, Verb

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def listed(context: Context, command: Command) -> CommandResult:
    """All of them, or those of the incident in `incidents`."""
    from pagerduty_mattermost.core import times
    from pagerduty_mattermost.operations import dead_letter_view, dead_letters

    found = dead_letter_view.chosen(
        dead_letters.load_all(context.store, context.log), incident=command.incidents
    )
    return CommandResult(
        dead_letter_view.markdown(found, len(found), times.zone(context.settings.time_zone))
    )


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
                incidents_and(nothing()),
            ),
        ),
        group=PACK,
    ),
)
