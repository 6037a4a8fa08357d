"""A schedule's days ahead, as people ask for them in chat: a table, or a picture in the
channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, words
from pagerduty_mattermost.chat.verb import CHAT, PEOPLE, Verb
from pagerduty_mattermost.chat.verbs.oncall import ON_CALL, WHO_IS, meant
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.oncall import rotation_posts

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

WEEK_DAYS, PICTURE_DAYS = 7, 14


def week(context: Context, command: Command) -> CommandResult:
    return CommandResult(
        rotation_posts.read_week(context, [_schedule(context, command)], WEEK_DAYS).text
    )


def picture(context: Context, command: Command) -> CommandResult:
    """Posted where it was asked for."""
    if not command.channel:
        raise RejectedInput(
            "in which channel? Ask with /pd in it, or run the action oncall.picture"
        )
    where, _ = rotation_posts.post_picture(
        context, _schedule(context, command), command.channel, PICTURE_DAYS, key=command.key
    )
    return CommandResult(f"Posted in {where.label}.")


def _schedule(context: Context, command: Command) -> str:
    """Its id."""
    if not command.text.strip():
        raise RejectedInput("of which schedule? Say its name: `/pd oncall week <schedule>`")
    return meant(context.pagerduty, command.text, ("schedule",)).id


VERBS = (
    Verb(
        name="oncall_week",
        run=week,
        usage="oncall week <schedule>",
        to_do="ask who is on call",
        example="oncall week Platform rotation",
        help="who is on call on which of the next seven days, and when it is handed over",
        forms=(
            Form(
                tuple(
                    f"{who}{call} week{ahead}"
                    for who in WHO_IS
                    for call in ON_CALL
                    for ahead in ("", " ahead")
                ),
                words("text", required=False, behind=("for", "of"), asked=True),
            ),
        ),
        group=PEOPLE,
    ),
    Verb(
        name="oncall_picture",
        run=picture,
        usage="oncall picture <schedule>",
        to_do="post pictures of schedules",
        example="oncall picture Platform rotation",
        help="the next two weeks as a picture, posted in this channel",
        forms=(
            Form(
                tuple(f"{call} picture" for call in ON_CALL),
                words("text", required=False, behind=("for", "of"), asked=True),
            ),
        ),
        group=PEOPLE,
        changes=CHAT,
        for_everybody=True,
        dry_run="It would post the picture in this channel.",
    ),
)
