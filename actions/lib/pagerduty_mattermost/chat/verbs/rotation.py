"""A schedule's days ahead, as people ask for them in chat: a table, or a picture in the
channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Answer, Said
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.oncall import rotation_posts

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

WEEK, PICTURE = 7, 14
"""Days."""


def week(context: Context, said: Said) -> Answer:
    return Answer(rotation_posts.week(context, [_schedule(said)], WEEK).text)


def picture(context: Context, said: Said) -> Answer:
    """Posted where it was asked for."""
    if not said.channel:
        raise RejectedInput("in which channel? Ask with /pd in it, or run oncall.picture")
    where, _ = rotation_posts.picture(
        context, _schedule(said), said.channel, PICTURE, key=said.key
    )
    return Answer(f"Posted in {where.label}.")


def _schedule(said: Said) -> str:
    if not said.text.strip():
        raise RejectedInput("of which schedule? Say its name or id")
    return said.text.strip()
