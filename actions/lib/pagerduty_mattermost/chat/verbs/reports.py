"""`report`: how the last days were, as text or with a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import CHAT, INCIDENTS, Verb
from pagerduty_mattermost.chat.verbs.looking_back import sent

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.reviews.reporting import MadeReport


def report(context: Context, command: Command) -> CommandResult:
    """How the last days were: by service, hour, alert and person."""
    from pagerduty_mattermost.reviews import reporting

    return CommandResult(reporting.text_of(context, _report(context, command), command.service))


def report_picture(context: Context, command: Command) -> CommandResult:
    """The same with a picture, in a direct message."""
    from pagerduty_mattermost.reviews import reporting

    made = _report(context, command)
    name, content = reporting.picture_of(context, made)
    said = reporting.text_of(context, made, command.service)
    return CommandResult(sent(context, command, name, content, said))


def _report(context: Context, command: Command) -> MadeReport:
    from pagerduty_mattermost.reviews import reporting

    span = reporting.span_of(
        command.duration, "", now=context.clock(), zone=context.settings.time_zone
    )
    services = [command.service] if command.service else []
    return reporting.make(context, span, services=services)


def _span() -> FormReader:
    """How long, and on which service."""

    def read(line: TypedLine) -> Fields:
        fields = {}
        if line and line.word(0) not in ("on", "for", "of"):
            fields["duration"], line = line.before(1).said(), line.rest(1)
        if line and line.word(0) in ("on", "for", "of"):
            service = line.rest(1).said()
            return {**fields, "service": service} if service else None
        return None if line else fields

    return FormReader(("duration", "service"), read)


VERBS = (
    Verb(
        name="report_picture",
        run=report_picture,
        usage="report picture [7d] [on <service>]",
        example="report picture 30d",
        help="the report with a picture, in a direct message",
        to_do="see reports",
        forms=(Form(("report picture", "picture report", "report as picture"), _span()),),
        group=INCIDENTS,
        changes=CHAT,
        for_everybody=True,
        is_detail=True,
        dry_run="It would send you a report with a picture.",
    ),
    Verb(
        name="report",
        run=report,
        usage="report [7d] [on <service>]",
        example="report 30d on Checkout API",
        help="how the last days were: by service, hour, alert and person",
        to_do="see reports",
        forms=(Form(("report", "incident report", "weekly report"), _span()),),
        group=INCIDENTS,
        is_detail=True,
        also_called=("statistics", "stats", "metrics"),
    ),
)
