"""Who hears of a page that PagerDuty does not take, and how: whoever is on call by a direct
message with a button, the channel when it is kept and when it is over.

    page, told = tell_kept(context, page, routing_key)    # saved as told
    tell_ended(context, ended_page)
    taken = accept(context, page_id, "ada", account_id)

Each message has a key, and what Mattermost does not take is a failed post: told again after a kill
it is there once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall import kept_pages, page_audience, page_texts
from pagerduty_mattermost.oncall.kept_pages import (
    Audience,
    EndedPage,
    KeptPage,
    PagedPerson,
    TakenPage,
)
from pagerduty_mattermost.oncall.shift_messages import (
    KEPT,
    SENT,
    UNKNOWN,
    ShiftButton,
    ShiftMessenger,
    close_buttons,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

VERB = "page_accept"
TOLD_AT_ONCE = 10
"""Pages that wait at the same time and have messages of their own."""


_BECAME = {
    SENT: "notified by direct message",
    UNKNOWN: "who has no account here: **call them**",
    KEPT: "not notified yet, since Mattermost did not take the message: **call them**",
}
"""Of a direct message, for people."""


class AcceptedPage(NamedTuple):
    """What came of pressing the button."""

    title: str
    """What it is about, as Markdown."""
    taken: Optional[TakenPage]
    """Who has it; None where it is over."""
    ended: Optional[EndedPage]
    already: bool


def tell_kept(
    context: Context, page: KeptPage, routing_key: str
) -> Tuple[KeptPage, Tuple[str, ...]]:
    """The page, saved as told, and a line for each person on call. Only once its audience is
    saved is anything sent, so that a second run sends the same. Raises StoreUnreachable."""
    now, waiting = context.clock(), kept_pages.waiting(context.store)
    if page.audience is None:
        told = [one for one in waiting if one.is_told and one.is_page]
        page = page._replace(
            audience=page_audience.find(context, page, routing_key),
            is_quiet=len([one for one in told if not one.is_quiet]) >= TOLD_AT_ONCE,
        )
        kept_pages.save(context.store, page, now)
    audience = page.audience or Audience()
    messenger = ShiftMessenger(context)
    lines = tuple(_told(context, messenger, page, person) for person in audience.people)
    if page.is_quiet:
        _tell_many(messenger, audience.channel, waiting)
    else:
        zone = times.zone(context.settings.time_zone)
        messenger.channel(
            audience.channel,
            page_texts.kept(page, lines, zone, now),
            _key(page.id),
            button=ShiftButton(VERB, page.id),
        )
    page = page._replace(is_told=True)
    kept_pages.save(context.store, page, now)
    return page, lines


def _told(context: Context, messenger: ShiftMessenger, page: KeptPage, person: PagedPerson) -> str:
    """Sends the direct message; what became of it in words."""
    name = messenger.name(_reference(person))
    if page.is_quiet:
        return f"{name} (not notified of each: `/pd kept`)"
    zone, now = times.zone(context.settings.time_zone), context.clock()
    became = messenger.reach(
        _reference(person),
        page_texts.for_who_is_on_call(page, zone, now),
        _key(page.id),
        button=ShiftButton(VERB, page.id),
        even_if_off=True,
    )
    return f"{name}, {_BECAME[became]}"


def _tell_many(messenger: ShiftMessenger, channel: str, waiting: Sequence[KeptPage]) -> None:
    """Once for all that wait now."""
    first = next((one.id for one in waiting if one.is_told), "")
    messenger.channel(channel, page_texts.many(len(waiting)), post_key("pages many", first))


def tell_ended(context: Context, one: EndedPage) -> None:
    """The channel hears what came of it, and its messages lose their button. One of many is told
    with the others; of an event that was taken before anybody heard of it nobody hears now. Raises
    StoreUnreachable."""
    page = one.page
    channel = page.audience.channel if page.audience is not None else page.channel
    if page.is_quiet or not channel:
        return
    zone, now = times.zone(context.settings.time_zone), context.clock()
    had_by = kept_pages.taken(context.store, page.id)
    ShiftMessenger(context).channel(
        channel, page_texts.ended(one, had_by, zone, now), f"{_key(page.id)} over"
    )
    _close(context, page, page_texts.short(one, zone, now))


def accept(context: Context, id: str, account_id: str, username: str) -> Optional[AcceptedPage]:
    """A Mattermost user has the page of this id; None where nothing is known of it any more.
    Raises the store's errors."""
    over = kept_pages.ended(context.store, id)
    about = over.page if over is not None else kept_pages.read(context.store, id)
    if about is None:
        return None
    before = kept_pages.taken(context.store, id)
    if over is not None or before is not None:
        return AcceptedPage(page_texts.what(about), before, over, True)
    made = TakenPage(account_id, escape(f"@{one_line(username, 80)}"), context.clock())
    kept_pages.take(context.store, id, made)
    zone = times.zone(context.settings.time_zone)
    line = page_texts.has_it(made, about, zone, context.clock())
    if about.is_told and not about.is_quiet and about.audience is not None:
        ShiftMessenger(context).channel(about.audience.channel, line, f"{_key(id)} taken")
        _close(context, about, line)
    return AcceptedPage(page_texts.what(about), made, None, False)


def withdraw(context: Context, id: str, by: str) -> Optional[EndedPage]:
    """A page that PagerDuty has not taken yet is not sent; None where none of that id is kept.
    `by`: whose wish it is, as Markdown. Raises the store's errors."""
    page = kept_pages.read(context.store, id)
    if page is None:
        return None
    doubt = page_texts.MAYBE_TAKEN if page.maybe_taken else ""
    over = kept_pages.end(context.store, page, kept_pages.WITHDRAWN, doubt, context.clock(), by)
    tell_ended(context, over)
    kept_pages.forget(context.store, page)
    return over


def said_of(context: Context, id: str) -> str:
    """What stands in place of the button of a message that comes late; empty while somebody may
    press it. Raises StoreUnreachable."""
    zone, now = times.zone(context.settings.time_zone), context.clock()
    over, had_by = kept_pages.ended(context.store, id), kept_pages.taken(context.store, id)
    if over is not None:
        return page_texts.short(over, zone, now)
    page = kept_pages.read(context.store, id)
    if page is None:
        return "It is too long ago to be taken."
    return page_texts.has_it(had_by, page, zone, now) if had_by is not None else ""


def _close(context: Context, page: KeptPage, text: str) -> None:
    """Put a line in place of the button of each message. Failing is logged."""
    audience, key = page.audience, _key(page.id)
    if audience is None:
        return  # nobody was told
    to_people = [(_reference(person), key) for person in audience.people]
    close_buttons(context, [(audience.channel, key), *to_people], text)


def _reference(person: PagedPerson) -> Reference:
    return Reference("user", person.id, person.name, person.email)


def _key(id: str) -> str:
    return f"page kept {id}"
