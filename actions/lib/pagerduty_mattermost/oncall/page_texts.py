"""What is said of pages that PagerDuty has not taken yet. Pure; outside text is escaped here."""

# flake8: noqa: E203

from __future__ import annotations

from datetime import tzinfo
from typing import List, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.markdown import MAX_ROWS, cell, table
from pagerduty_mattermost.core.text import clean, counted, escape, one_line
from pagerduty_mattermost.oncall.kept_pages import (
    REFUSED,
    SENT,
    WITHDRAWN,
    Audience,
    EndedPage,
    KeptPage,
    TakenPage,
)
from pagerduty_mattermost.oncall.last_known import age

MAX_TITLE_CHARACTERS, MAX_REASON_CHARACTERS = 200, 200
_SIDE, _METHODS = "PagerDuty ", ("GET", "POST", "PUT", "DELETE")
MAYBE_TAKEN = "A try may have been taken although no answer came: check PagerDuty once it answers."


def what(page: KeptPage) -> str:
    """ "“Disk full” on **Database**"."""
    on = f" on **{escape(one_line(clean(page.on), 80))}**" if page.on else ""
    return f"“{escape(one_line(clean(page.title), MAX_TITLE_CHARACTERS))}”{on}"


def reason(page: KeptPage) -> str:
    """Why it waits, as Markdown."""
    return why(page.reason)


def why(line: str) -> str:
    """What an error says of PagerDuty, as Markdown."""
    return escape(one_line(bare(line), MAX_REASON_CHARACTERS))


def bare(line: str) -> str:
    """An error's line without PagerDuty's name, or the request that an earlier version named; fit
    to stand in brackets."""
    said = one_line(clean(line))
    begin, _, rest = said.partition(": ")
    if rest and any(method in begin.split() for method in _METHODS):
        said = rest
    said = said[len(_SIDE) :] if said.startswith(_SIDE) else said
    return said.replace(" (", ", ").replace(")", "")


def known_as_of(audience: Audience, now: float) -> str:
    """How old that is; empty for what PagerDuty says now."""
    if now - audience.as_of < 60.0:
        return ""
    return f" when PagerDuty last said so, {age(audience.as_of, now)} ago"


def kept(page: KeptPage, told: Sequence[str], zone: tzinfo, now: float) -> str:
    """What the channel is told. `told`: a line for each person, as Markdown."""
    at = times.clock(times.iso(page.at), zone, times.iso(now))
    why = reason(page)
    return (
        f":rotating_light: {what(page)} of {at} by {escape(page.by)} is not at PagerDuty yet, "
        f"which takes nothing now ({why}). It is kept, and sent once when it does.\n"
        f"{heard(page.audience or Audience(), told, now)}"
    )


def not_sent(page: KeptPage) -> str:
    """What whoever gave the page is told."""
    why = reason(page)
    takes_nothing = f" It takes nothing now ({why})." if why else ""
    return (
        f":rotating_light: **Not at PagerDuty yet**: {what(page)}.{takes_nothing} Your page is "
        "kept, and sent once by itself."
    )


def heard(audience: Audience, told: Sequence[str], now: float) -> str:
    """Who is on call, and whether they heard."""
    if not audience.as_of:
        return (
            "Who is on call for it is not known, so **nobody was notified**: call somebody by "
            "other means."
        )
    of = escape(one_line(clean(audience.of), 80))
    since = known_as_of(audience, now)
    if not audience.people:
        return f"Nobody was on call for {of}{since}, so **nobody was notified**."
    return f"On call for {of}{since}: {'; '.join(told)}."


def for_who_is_on_call(page: KeptPage, zone: tzinfo, now: float) -> str:
    """The direct message to whom a page would have reached."""
    audience = page.audience or Audience()
    at = times.clock(times.iso(page.at), zone, times.iso(now))
    of = escape(one_line(clean(audience.of), 80))
    was = "were" if known_as_of(audience, now) else "are"
    return (
        f":rotating_light: **{escape(page.by)} pages you past PagerDuty**, which takes nothing "
        f"now, so your phone may stay silent: {what(page)}, of {at}.\n"
        f"You {was} on call for {of}{known_as_of(audience, now)}. It is kept, and sent once when "
        "PagerDuty takes it."
    )


def many(count: int) -> str:
    """What is posted in place of further notices."""
    return (
        f":rotating_light: {count} pages wait for PagerDuty by now. Further ones are kept as "
        "well, without a message each: `/pd kept` lists them."
    )


def has_it(one: TakenPage, page: KeptPage, zone: tzinfo, now: float) -> str:
    """`one.name` is Markdown."""
    since = times.clock(times.iso(one.at), zone, times.iso(now))
    return f":white_check_mark: {one.name} has {what(page)} since {since}."


def ended(one: EndedPage, had_by: Optional[TakenPage], zone: tzinfo, now: float) -> str:
    """What the channel is told came of it."""
    waited = times.duration(max(0.0, one.at - one.page.at))
    had = f" {had_by.name} said to have it." if had_by is not None else ""
    if one.end == SENT:
        return (
            f":white_check_mark: {what(one.page)} is at PagerDuty now, {waited} after it was "
            f"given.{had}\n{one.said}"
        ).rstrip()
    if one.end == WITHDRAWN:
        return f":no_entry_sign: {what(one.page)} is withdrawn by {one.by}. {one.said}".rstrip()
    return (
        f":warning: {what(one.page)} is **not sent**, {waited} after it was given: {one.said}{had}"
    )


def short(one: EndedPage, zone: tzinfo, now: float) -> str:
    """What stands in place of a button."""
    at = times.clock(times.iso(one.at), zone, times.iso(now))
    words = {
        SENT: f":white_check_mark: At PagerDuty since {at}.",
        WITHDRAWN: f":no_entry_sign: Withdrawn by {one.by} at {at}.",
        REFUSED: f":warning: Not sent: {one.said}",
    }
    return words[one.end]


def sent_quietly(count: int, left: int) -> str:
    """What is said of those that were not told one by one."""
    rest = f"; {left} still wait" if left else ""
    pages = "page that was kept is" if count == 1 else "pages that were kept are"
    return f":white_check_mark: {count} more {pages} at PagerDuty now{rest}."


def listed(pages: Sequence[KeptPage], zone: tzinfo, now: float) -> str:
    """All pages that wait, the oldest first, as Markdown."""
    if not pages:
        return "No page waits for PagerDuty."
    rows: List[List[str]] = [
        [
            f"`{one.id}`",
            cell(one.title, 60),
            cell(one.on, 40),
            cell(one.by, 40),
            cell(times.clock(times.iso(one.at), zone, times.iso(now)), 30),
            str(one.attempts),
            cell(bare(one.reason), 100),
        ]
        for one in pages[:MAX_ROWS]
    ]
    head = ("id", "what", "on", "by", "of", "tries", "why")
    count = counted(len(pages), "page")
    text = f"{count} not taken by PagerDuty yet, tried each minute:\n\n{table(head, rows)}"
    return text + (f"\n… and {len(pages) - len(rows)} more." if len(pages) > len(rows) else "")
