"""Pages that PagerDuty has not taken yet: who has one, which there are, and withdrawing one."""

from __future__ import annotations

from typing import TYPE_CHECKING, List

from pagerduty_mattermost.chat.acting_user import account
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, nothing, words
from pagerduty_mattermost.chat.verb import CHAT, NOTHING, PEOPLE, Verb
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, escape, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def listed(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.oncall import kept_pages, page_texts

    zone = times.zone(context.settings.time_zone)
    pages = kept_pages.waiting(context.store)
    return CommandResult(page_texts.listed(pages, zone, context.clock()))


def accept(context: Context, command: Command) -> CommandResult:
    """`text`: the page's id. PagerDuty is not asked who it is: it does not answer."""
    from pagerduty_mattermost.oncall import page_notices, page_texts

    who = account(context, command.user)
    found = page_notices.accept(context, _id(command.text), who.id, who.username)
    if found is None:
        return CommandResult(f"No page {_id(command.text)} is kept, or it is too long ago.")
    zone, now = times.zone(context.settings.time_zone), context.clock()
    if found.ended is not None:
        line = page_texts.short(found.ended, zone, now)
        return CommandResult(f"{found.title}: {line}", already=True)
    if found.already and found.taken is not None:
        return CommandResult(f"{found.taken.name} has {found.title} already.", already=True)
    return CommandResult(
        f"You have {found.title}. It is still sent when PagerDuty takes it; `/pd kept drop "
        f"{_id(command.text)}` withdraws it once it is over.",
        already=True,
    )


def drop(context: Context, command: Command) -> CommandResult:
    """`text`: ids of pages."""
    from pagerduty_mattermost.oncall import kept_pages, page_notices, page_texts

    name = escape(f"@{account(context, command.user).username}")
    lines: List[str] = []
    for id in dict.fromkeys(_id(word) for word in command.text.replace(",", " ").split()):
        over = page_notices.withdraw(context, id, name)
        if over is not None:
            lines.append(f"{page_texts.what(over.page)} is withdrawn. {over.said}".rstrip())
            continue
        before = kept_pages.ended(context.store, id)
        if before is None:
            lines.append(f"No page {id} is kept: `/pd kept` lists those that are.")
            continue
        zone = times.zone(context.settings.time_zone)
        said = page_texts.short(before, zone, context.clock())
        lines.append(f"{page_texts.what(before.page)}: {said}")
    return CommandResult("\n".join(lines))


def _id(text: str) -> str:
    """As people copy it. Raises RejectedInput for what is none."""
    id = one_line(clean(text, 60)).strip("`# ").lower()
    if not id or not id.replace("-", "").isalnum():
        raise RejectedInput("which page? Its id, as `/pd kept` shows it")
    return id


VERBS = (
    Verb(
        name="kept_drop",
        run=drop,
        usage="kept drop <id>",
        example="kept drop 3f2a91c0d4",
        help="withdraw a page that PagerDuty has not taken yet",
        is_detail=True,
        forms=(Form(("kept drop", "kept withdraw", "drop kept page"), words("text")),),
        group=PEOPLE,
        changes=CHAT,
        to_do="withdraw kept pages",
        dry_run="It would withdraw the page.",
    ),
    Verb(
        name="page_accept",
        run=accept,
        usage="kept accept <id>",
        example="kept accept 3f2a91c0d4",
        help="say that you have a page that PagerDuty has not taken: its button",
        is_detail=True,
        forms=(Form(("kept accept", "kept take"), words("text")),),
        group=PEOPLE,
        changes=CHAT,
        to_do="take kept pages",
        dry_run="It would say that you have it.",
    ),
    Verb(
        name="kept_pages",
        run=listed,
        usage="kept",
        example="kept",
        help="what you triggered and PagerDuty has not taken yet; it is sent by itself",
        forms=(Form(("kept", "kept pages", "show kept pages", "list kept pages"), nothing()),),
        group=PEOPLE,
        changes=NOTHING,
        to_do="list kept pages",
    ),
)
