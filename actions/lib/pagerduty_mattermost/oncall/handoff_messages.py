"""The messages about hand-offs and coming shifts. Pure; names are escaped here or by `shown`."""

from __future__ import annotations

from datetime import tzinfo
from typing import Callable, List, Mapping, NamedTuple, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall.handoffs import ComingShift, HandOff, OnCallSpan
from pagerduty_mattermost.oncall.rendered_schedule import SWAP, OnCallReason

Shown = Callable[[Reference], str]
"""A person as Markdown."""
CANCELLED, OVER = "cancelled", "over"
MAX_PEOPLE = 10
"""Named in one message."""
YOU = "You"
MAX_UNREACHABLE = 40
"""Lines of one message about who can't be reached."""


def place(name: str, level: int) -> str:
    """ "**Checkout**, level 2"; a schedule has no level."""
    return f"**{escape(one_line(name, 200))}**" + (f", level {level}" if level else "")


def posted(
    one: HandOff,
    name: str,
    shown: Shown,
    where: tzinfo,
    now: float,
    reasons: Mapping[str, OnCallReason],
    back: str = "",
) -> str:
    """For the channel. `reasons`: of those who came, by user id. `back`: whether an override was
    `cancelled`, or is `over`, by which one of those who left was on call."""
    since = times.clock(times.iso(one.at), where, times.iso(now))
    off = (
        f" {_names([held.user for held in one.left], shown)} {_be(one.left)} off."
        if one.left
        else ""
    )
    before = {CANCELLED: "The override was cancelled. ", OVER: "The override is over. "}.get(
        back, ""
    )
    if not one.present:
        nobody = "Nobody" if before else "nobody"
        return (
            f":warning: {place(name, one.level)}: {before}{nobody} is on call since {since}.{off}"
        )
    head = f":phone: {place(name, one.level)}: {before}"
    came = {span.user.id for span in one.came}
    stay = [span.user for span in one.present if span.user.id not in came]
    if not one.came:
        return f"{head}{_names(stay, shown)} {_be(stay)} still on call since {since}.{off}"
    who = [
        f"{shown(span.user)}{until(span, where)}{because(reasons.get(span.user.id))}"
        for span in one.came[:MAX_PEOPLE]
    ]
    beside = f" {_names(stay, shown)} {_be(stay)} on call as well." if stay else ""
    return (
        f"{head}{'On' if before else 'on'} call since {since}: "
        f"{', '.join(who)}{_more(one.came)}.{off}{beside}"
    )


def for_who_came(
    one: HandOff, span: OnCallSpan, name: str, where: tzinfo, reason: Optional[OnCallReason]
) -> str:
    """The direct message to whom a hand-off put on call."""
    at = place(name, one.level)
    return f":phone: You are on call for {at}{until(span, where)}{because(reason)}."


def for_who_left(one: HandOff, name: str, shown: Shown) -> str:
    """The direct message to whom a hand-off took off call."""
    others = [span.user for span in one.present]
    after = (
        f"{_names(others, shown)} {_be(others)} on call now" if others else "nobody is on call now"
    )
    return f"You are off call for {place(name, one.level)}: {after}."


def reminder(one: ComingShift, name: str, where: tzinfo, now: float, whose: str = "Your") -> str:
    """The message before a shift begins. `whose`: the person as Markdown, or "Your"."""
    start = one.span.start or now
    begins = f"begins in {times.duration(start - now)} ({times.stamp_at(start, where)})"
    return (
        f":alarm_clock: {whose} shift for {place(name, one.level)} "
        f"{begins}{until(one.span, where, ' and lasts')}."
    )


def no_contact(
    name: str, span: OnCallSpan, level: int, where: tzinfo, now: float, whose: str
) -> str:
    """`whose`: the person as Markdown, or YOU."""
    have, are, shift = ("have", "are", "your") if whose == YOU else ("has", "is", "their")
    return (
        f":warning: {whose} {have} no phone, SMS or push contact at PagerDuty, and "
        f"{_duty(name, span, level, where, now, are, shift)}: "
        "nothing but e-mail would come. Add one under My Profile > Contact Information."
    )


class Unreachable(NamedTuple):
    """A shift of somebody whom only an e-mail would reach."""

    name: str
    """Of what they are on call for, as it is."""
    span: OnCallSpan
    level: int
    whose: str
    """The person as Markdown, or YOU."""


def no_contacts(rows: Sequence[Unreachable], where: tzinfo, now: float) -> str:
    """One message about all of them: to a channel, or to the one person whose shifts they are."""
    if len(rows) == 1:
        (one,) = rows
        return no_contact(one.name, one.span, one.level, where, now, one.whose)
    people, yours = len({one.span.user.id for one in rows}), rows[0].whose == YOU
    who = (
        f"{people} people have" if people > 1 else f"{rows[0].whose} {'have' if yours else 'has'}"
    )
    where_to = "Add one" if yours else "One is added"
    lines: List[str] = [
        f":warning: {who} no phone, SMS or push contact at PagerDuty: nothing but e-mail would "
        f"come. {where_to} under My Profile > Contact Information."
    ]
    for one in rows[:MAX_UNREACHABLE]:
        are, shift = ("you are", "your") if yours else ("is", "their")
        duty = _duty(one.name, one.span, one.level, where, now, are, shift)
        if yours:
            lines.append(f"- {duty[:1].upper()}{duty[1:]}")
        else:
            lines.append(f"- {one.whose}{': ' if _is_to_come(one.span, now) else ' '}{duty}")
    if len(rows) > MAX_UNREACHABLE:
        lines.append(f"- … and {len(rows) - MAX_UNREACHABLE} more")
    return "\n".join(lines)


def weak_rules(
    name: str, span: OnCallSpan, level: int, where: tzinfo, now: float, weakness: str
) -> str:
    """The message to the person themselves. `weakness`: as `UserContacts.text` says it."""
    duty = _duty(name, span, level, where, now, "you are", "your")
    return (
        f":warning: {duty[:1].upper()}{duty[1:]}, and you could be missed. Your notification "
        f"rules at PagerDuty: {escape(weakness)}. Change them under My Profile > Notification "
        "Rules."
    )


def _duty(
    name: str, span: OnCallSpan, level: int, where: tzinfo, now: float, are: str, shift: str
) -> str:
    if span.start is not None and _is_to_come(span, now):
        at = times.stamp_at(span.start, where)
        return f"{shift} shift for {place(name, level)} begins {at}"
    return f"{are} on call for {place(name, level)}"


def _is_to_come(span: OnCallSpan, now: float) -> bool:
    return span.start is not None and span.start > now


def until(span: OnCallSpan, where: tzinfo, word: str = "") -> str:
    """When the span ends, behind `word`; empty where it has no end."""
    return "" if span.end is None else f"{word} until {times.stamp_at(span.end, where)}"


def because(reason: Optional[OnCallReason]) -> str:
    """Why somebody is on call who would not be, in brackets; empty where it is their turn."""
    if reason is None or not reason.kind:
        return ""
    of = escape(one_line(reason.of, 80))
    if reason.kind == SWAP:
        return f" (swap with {of})"
    return f" (override in place of {of})" if of else " (override)"


def _names(people: Sequence[Reference], shown: Shown) -> str:
    return ", ".join(shown(person) for person in people[:MAX_PEOPLE]) + _more(people)


def _more(people: Sequence[object]) -> str:
    return f" and {len(people) - MAX_PEOPLE} more" if len(people) > MAX_PEOPLE else ""


def _be(people: Sequence[object]) -> str:
    return "is" if len(people) == 1 else "are"
