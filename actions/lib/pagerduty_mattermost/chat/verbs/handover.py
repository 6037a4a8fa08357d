"""Notes for whoever comes on call next: kept for the next hand-off of what the asker is on call
for."""

from __future__ import annotations

from typing import TYPE_CHECKING, List

from pagerduty_mattermost.chat.acting_user import who_asks
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import (
    TEXT_IN_QUOTES,
    Fields,
    Form,
    FormReader,
    Unread,
    nothing,
    to_end,
    words,
)
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import CHAT, NOTHING, PEOPLE, Verb
from pagerduty_mattermost.core import times, typed_incidents
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.core.markdown import code_block
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.oncall import handover_notes

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.people.identity import Identity

MAX_NAMED = 5
ADMINS = ("owner", "admin")
"""Roles at PagerDuty whose holders may say of others that they have it."""


def shown(context: Context, command: Command) -> CommandResult:
    person = who_asks(context, command.user, now=True).person
    text = handover_notes.read(context.store, person.id)
    if not text:
        return CommandResult(
            'You have noted nothing for your next hand-off: `/pd handover "what to know"`'
        )
    return CommandResult(f"Noted for your next hand-off:\n{code_block(text)}")


def note(context: Context, command: Command) -> CommandResult:
    """`text` is kept beside what is noted already."""
    person = who_asks(context, command.user, now=True).person
    named = _on_call_for(context, person.id)
    text = handover_notes.add(context.store, person.id, command.text, context.clock())
    return CommandResult(
        f"Noted for your next hand-off{named}; posted once, in its channel and to whoever comes:"
        f"\n{code_block(text)}",
        (),
        person.email,
    )


def clear(context: Context, command: Command) -> CommandResult:
    person = who_asks(context, command.user, now=True).person
    if not handover_notes.read(context.store, person.id):
        return CommandResult("Nothing was noted.", (), person.email)
    handover_notes.delete(context.store, person.id)
    return CommandResult("What you had noted is dropped.", (), person.email)


def accept(context: Context, command: Command) -> CommandResult:
    """`text`: the key of a hand-off, where its button was pressed; else all to the asker."""
    from pagerduty_mattermost.oncall import shift_acceptance

    who = _whoever_has_it(context, command.user)
    waiting = shift_acceptance.waiting_for(context.store, who.person.id)
    keys = [command.text] if command.text else [one.key for one in waiting]
    if not keys:
        return CommandResult("There is no hand-off to you that is not taken.")
    zone, rows, already = times.zone(context.settings.time_zone), [], False
    for key in keys:
        one, already = shift_acceptance.accepted(
            context, key, who.person, for_others=who.role in ADMINS
        )
        said = shift_acceptance.line(one, zone, context.clock())
        rows.append(
            f"{escape(one_line(one.name, 80))}: {'already taken. ' if already else ''}{said}"
        )
    return CommandResult("\n".join(rows), (), who.person.email, already=already)


def _whoever_has_it(context: Context, user: str) -> Identity:
    """As PagerDuty has them now. While it does not answer, as it had them within the hour: a
    shift can be taken then as well."""
    try:
        return who_asks(context, user, now=True)
    except RetryLater:
        return who_asks(context, user)


def _on_call_for(context: Context, user_id: str) -> str:
    """By what they are on call, as the watch saw it last, as Markdown."""
    from pagerduty_mattermost.oncall import watch
    from pagerduty_mattermost.oncall.targets import kept_targets

    state, texts = watch.remembered(context.store), list(context.settings.oncall.channels)
    ids = [
        id
        for id, levels in state.levels.items()
        if any(user_id in people for people in levels.values())
    ]
    if not ids:
        return " (you are on call for nothing now of which hand-offs are posted)"
    known = kept_targets(context.pagerduty, context.store, texts, context.clock()).known
    names: List[str] = sorted({one.name for one in known.values() if one.id in ids})
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f", of {escape(one_line(' or '.join(names[:MAX_NAMED])))}{more}"


def _notes(line: TypedLine) -> Fields:
    """Raises Unread for an incident in front: that is handed over by another command."""
    found = typed_incidents.read(line.typed())
    if (found.ids or found.wrong) and not line.is_quoted():
        word = one_line(found.wrong or found.ids[0], 40)
        raise Unread(
            f"handover keeps notes for whoever comes on call next: `/pd reassign {word} @user` "
            f"gives an incident to somebody; {TEXT_IN_QUOTES}"
        )
    return {"text": line.said()} if line else None


VERBS = (
    Verb(
        name="handover_accept",
        run=accept,
        usage="handover accept",
        example="handover accept",
        help="say that you have it: the button of a hand-off to you",
        to_do="accept hand-offs",
        is_detail=True,
        forms=(Form(("handover accept", "i have it"), nothing()),),
        group=PEOPLE,
        changes=CHAT,
        dry_run="It would say that you have it.",
    ),
    Verb(
        name="handover_clear",
        run=clear,
        usage="handover clear",
        example="handover clear",
        help="drop what you noted for your next hand-off",
        is_detail=True,
        forms=(Form(("handover clear", "clear handover", *to_end("handover")), nothing()),),
        to_do="drop hand-over notes",
        group=PEOPLE,
        changes=CHAT,
        dry_run="It would drop your notes.",
    ),
    Verb(
        name="handover",
        run=note,
        usage='handover "<notes>"',
        example='handover "replica lags, see the runbook"',
        help="for whoever comes on call after you, posted once",
        to_do="write hand-over notes",
        forms=(
            Form(("handover", "hand over"), FormReader(("text",), _notes)),
            Form(("note for the next on call",), words("text", behind=("that",))),
        ),
        group=PEOPLE,
        changes=CHAT,
        dry_run="It would keep the notes for your next hand-off.",
        also_called=("handoff",),
    ),
    Verb(
        name="handover_notes",
        run=shown,
        usage="handover",
        example="handover",
        help="what you noted for your next hand-off",
        to_do="read hand-over notes",
        is_detail=True,
        forms=(Form(("handover", "handover notes"), nothing()),),
        group=PEOPLE,
        changes=NOTHING,
    ),
)
