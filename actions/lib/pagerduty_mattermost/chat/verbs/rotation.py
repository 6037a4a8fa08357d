"""A schedule's days ahead, as people ask for them in chat: a table, or a picture in the
channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.verb import CHAT, PEOPLE, Verb
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.oncall import rotation_posts

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

WEEK_DAYS, PICTURE_DAYS = 7, 14


def week(context: Context, command: Command) -> CommandResult:
    return CommandResult(rotation_posts.read_week(context, [_schedule(command)], WEEK_DAYS).text)


def picture(context: Context, command: Command) -> CommandResult:
    """Posted where it was asked for."""
    if not command.channel:
        raise RejectedInput("in which channel? Ask with /pd in it, or run oncall.picture")
    where, _ = rotation_posts.post_picture(
        context, _schedule(command), command.channel, PICTURE_DAYS, key=command.key
    )
    return CommandResult(f"Posted in {where.label}.")


def _schedule(command: Command) -> str:
    if not command.text.strip():
        raise RejectedInput("of which schedule? Say its name or id")
    return command.text.strip()


_SCHEDULE = r"(?:\s+(?:(?:for|of)\s+)?(?P<text>.+?))?"
VERBS = (
    Verb(
        name="oncall_week",
        run=week,
        usage="oncall week <schedule>",
        help="who is on call on which of the next seven days, and when it is handed over",
        pattern=rf"on-?\s?call\s+week(?:\s+ahead)?{_SCHEDULE}",
        group=PEOPLE,
    ),
    Verb(
        name="oncall_picture",
        run=picture,
        usage="oncall picture <schedule>",
        help="the next two weeks as a picture, posted in this channel",
        pattern=rf"on-?\s?call\s+picture{_SCHEDULE}",
        group=PEOPLE,
        changes=CHAT,
        for_everybody=True,
        dry_run="It would post the picture in this channel.",
    ),
)
