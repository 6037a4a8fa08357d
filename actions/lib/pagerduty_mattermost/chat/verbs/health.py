"""`health`: how both sides and the pack's own parts stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Answer, Said
from pagerduty_mattermost.chat.verb import PACK, Verb

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def health(context: Context, said: Said) -> Answer:
    from pagerduty_mattermost.operations import health_checks

    return Answer(health_checks.table(health_checks.checks(context)))


VERBS = (
    Verb(
        name="health",
        run=health,
        usage="health",
        help="how both sides and the integration's own parts stand",
        pattern=r"health(?:\s*check)?",
        group=PACK,
    ),
)
