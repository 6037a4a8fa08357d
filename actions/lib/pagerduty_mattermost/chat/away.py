"""What somebody is answered whose command failed since a server is away: what is away, since when,
what became of the command, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotKnown, PackError, RetryLater
from pagerduty_mattermost.incidents.state_store import HEARTBEAT_KEY

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

PAGERDUTY = "PagerDuty"
LIMITED = 429


def line_of(context: Context, error: BaseException, verb: str) -> str:
    """What went wrong with a command of that verb which a chat bot gave."""
    if not isinstance(error, PackError):
        return context.line_of(error)
    from pagerduty_mattermost.chat.verbs.registry import TABLE

    return context.one_line(explained(context, error, acts=TABLE.is_act(verb)))


def explained(context: Context, error: PackError, *, acts: bool) -> str:
    """The error in one line for people in chat. `acts`: whether the command was to change
    something."""
    if not isinstance(error, RetryLater) or isinstance(error, NotKnown) or not error.service:
        return error.in_chat
    since = _since(context) if error.service == PAGERDUTY and error.status != LIMITED else ""
    settings = context.settings.mattermost
    channel = (settings.operations_channel or settings.default_channel).lstrip("~")
    told_in = f"~{channel}" if channel else "the operations channel"
    return said(error, acts=acts, since=since, told_in=told_in)


def said(error: RetryLater, *, acts: bool, since: str, told_in: str) -> str:
    """`since`: when it was seen last, in words, where the operations channel (`told_in`) was told
    that it is away, and hears that it is back. Pure."""
    begin = f"{error.in_chat}, since {since}." if since else f"{error.in_chat}."
    again = f"when {told_in} says that it is back" if since else "in a minute"
    if not acts:
        return f"{begin} Ask again {again}."
    if error.maybe_done:
        return f"{begin} It is not known whether it was done: check before you repeat it."
    return (
        f"{begin} Nothing was changed, and nothing is repeated by itself: do it in PagerDuty's "
        f"own app, or here {again}."
    )


def _since(context: Context) -> str:
    """Up to when the incident sensor could read PagerDuty, where it has said that it can't; empty
    where it has not, and where that is not known."""
    try:
        beat = context.store_soon.read(HEARTBEAT_KEY)
    except PackError:
        return ""
    told = beat.get("told") if isinstance(beat, dict) else None
    problem = told.get("pagerduty") if isinstance(told, dict) else None
    since = str(problem.get("since") or "") if isinstance(problem, dict) else ""
    zone = times.zone(context.settings.time_zone)
    return times.clock(since, zone, times.iso(context.clock()))
