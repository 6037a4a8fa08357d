"""`health`: how both sides and the pack's own parts stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form
from pagerduty_mattermost.chat.verb import PACK, Verb

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def health(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.operations import health_checks

    return CommandResult(health_checks.table(health_checks.checks(context)))


VERBS = (
    Verb(
        name="health",
        run=health,
        usage="health",
        to_do="see the health",
        example="health",
        help="how both sides and the integration's own parts stand",
        forms=(Form(("health", "health check", "healthcheck", "pagerduty health")),),
        group=PACK,
    ),
)
