"""What is learnt from an incident: `retrospective` drafts it once, `publish` and `cancel` end its
reminders; `followup add`, `done`, `drop` and `followups` are about what was agreed."""

# flake8: noqa: E203

from __future__ import annotations

import re
from typing import TYPE_CHECKING, List, NamedTuple, Tuple

from pagerduty_mattermost.chat.acting_user import account
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, incidents_and, nothing, words
from pagerduty_mattermost.chat.named_people import is_me
from pagerduty_mattermost.chat.verb import CHAT, INCIDENTS, ONE, Verb
from pagerduty_mattermost.chat.verbs.looking_back import require_seen
from pagerduty_mattermost.chat.verbs.named_incidents import called, named, read_one
from pagerduty_mattermost.chat.verbs.rooms import asker, may_see
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, escape, markdown_link, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident
    from pagerduty_mattermost.reviews.retro import RetroState
    from pagerduty_mattermost.runs.acts import Who

MAX_LISTED = 30
_PERSON = re.compile(r"@[A-Za-z0-9._-]{1,64}\Z")


class SaidFollowUp(NamedTuple):
    """A follow-up as somebody typed it."""

    text: str
    owner: str = ""
    """As it was typed, with @; empty: nobody is named."""
    due: str = ""


def said_follow_up(text: str) -> SaidFollowUp:
    """What is to be done, then `@who` and `by <when>` in either order. Pure."""
    rest = clean(text).strip().split()
    owner, due = "", ""
    for _ in range(2):
        if rest and _PERSON.match(rest[-1]) and not owner:
            owner = rest.pop().rstrip(".")
            continue
        at = max((n for n, word in enumerate(rest) if word.lower() == "by"), default=0)
        if at and not due and len(rest) - at <= 5 and not any("@" in w for w in rest[at:]):
            due, rest = " ".join(rest[at + 1 :]), rest[:at]
    if owner and rest and rest[-1].lower() in ("for", "to", "owner"):
        rest.pop()
    return SaidFollowUp(" ".join(rest), owner, due)


def retrospective(context: Context, command: Command) -> CommandResult:
    """Drafted in a channel that whoever asks is in; once."""
    from pagerduty_mattermost.reviews import retrospectives

    incident = _incident(context, command)
    channel = command.text.strip()
    if channel:
        ref = context.channels.typed(channel)
        user = asker(context, command)
        if not (user and context.mattermost.is_member(ref.id, user)):
            raise RejectedInput(f"you are no member of {ref.label}: nothing is drafted there")
    made = retrospectives.make_draft(
        context, incident.id, channel=channel, by=_by(context, command), order=command.key
    )
    where = markdown_link("the draft", made.link(context))
    done = "is there already" if made.already else "is posted"
    lines = [f"The retrospective of {named(incident)}: {where} {done}."]
    lines += [f":warning: Not in it: {escape(one_line(line))}" for line in made.warnings]
    return CommandResult("\n".join(lines), (incident.id,), already=made.already)


def publish(context: Context, command: Command) -> CommandResult:
    """Mark the retrospective as published: nobody is reminded of it any more."""
    from pagerduty_mattermost.reviews import retrospectives

    incident = _incident(context, command)
    state = retrospectives.publish(context, incident.id, _by(context, command), command.key)
    count = sum(one.is_open for one in state.follow_ups)
    open_ones = "1 follow-up is" if count == 1 else f"{count} follow-ups are"
    left = f" {open_ones} open." if count else ""
    text = f"The retrospective of {named(incident)} is published.{left}"
    return CommandResult(text, (incident.id,))


def cancel(context: Context, command: Command) -> CommandResult:
    """There will be none."""
    from pagerduty_mattermost.reviews import retrospectives

    incident = _incident(context, command)
    retrospectives.cancel(context, incident.id, _by(context, command), command.text, command.key)
    return CommandResult(f"There will be no retrospective of {named(incident)}.", (incident.id,))


def status(context: Context, command: Command) -> CommandResult:
    """How it stands, with its follow-ups."""
    incident = _incident(context, command)
    return CommandResult(_status(context, incident), (incident.id,))


def followup_add(context: Context, command: Command) -> CommandResult:
    """What is to be done, by whom, and by when."""
    from pagerduty_mattermost.reviews import retro_text, retrospectives
    from pagerduty_mattermost.runs.acts import Who

    incident = _incident(context, command)
    said = said_follow_up(command.text)
    by = _by(context, command)
    owner = Who()
    if said.owner:
        user = None if is_me(said.owner) else account(context, said.owner)
        owner = by if user is None else Who(user.id, user.username)
    state = retrospectives.add_follow_up(
        context,
        incident.id,
        said.text,
        owner=owner,
        due=retrospectives.read_due(context, said.due),
        by=by,
        order=command.key,
    )
    added = next(one for one in state.follow_ups if one.id == command.key)
    zone = times.zone(context.settings.time_zone)
    line = retro_text.follow_up_line(added, zone)
    hint = "" if added.due else " Say `by friday` at its end, and its owner is reminded."
    return CommandResult(f"{line}.{hint}", (incident.id,))


def followup_done(context: Context, command: Command) -> CommandResult:
    """Mark a follow-up as done: nobody is told of it any more."""
    from pagerduty_mattermost.reviews import retro

    return _changed(context, command, retro.FOLLOW_UP_DONE)


def followup_drop(context: Context, command: Command) -> CommandResult:
    """Mark a follow-up as one that will not be done."""
    from pagerduty_mattermost.reviews import retro

    return _changed(context, command, retro.FOLLOW_UP_DROPPED)


def followups(context: Context, command: Command) -> CommandResult:
    """What is open: of everybody, or of whoever asks."""
    from pagerduty_mattermost.reviews import gathering, retro_text
    from pagerduty_mattermost.reviews.retro_records import RetroRecords

    zone = times.zone(context.settings.time_zone)
    mine = asker(context, command) if command.text == "mine" else ""
    lines: List[str] = []
    left = 0
    for state in RetroRecords(context.store, context.log).every():
        some = [
            one
            for one in state.follow_ups
            if one.is_open and (command.text != "mine" or one.owner.id == mine)
        ]
        room = gathering.room_of(context, state.incident) if some else None
        if room is not None and not may_see(context, command, room):
            continue
        fitting = some[: max(0, MAX_LISTED - len(lines))]
        left += len(some) - len(fitting)
        name = escape(called(context, state.incident, room)) if fitting else ""
        lines += [f"- {name}: {retro_text.follow_up_line(one, zone)}" for one in fitting]
    if not lines:
        return CommandResult("No follow-up is open.")
    more = [f"- … and {left} more"] if left > 0 else []
    return CommandResult("\n".join(["**Open follow-ups**", *lines, *more]))


def _changed(context: Context, command: Command, kind: str) -> CommandResult:
    from pagerduty_mattermost.reviews import retrospectives

    incident = _incident(context, command)
    number = retrospectives.number_of(command.text)
    retrospectives.change_follow_up(
        context, incident.id, number, kind, _by(context, command), command.key
    )
    return CommandResult(_status(context, incident), (incident.id,))


def _status(context: Context, incident: Incident) -> str:
    from pagerduty_mattermost.reviews import retro_text, retrospectives
    from pagerduty_mattermost.reviews.retro_records import RetroRecords

    state: RetroState = RetroRecords(context.store, context.log).load(incident.id)
    zone = times.zone(context.settings.time_zone)
    return retro_text.status(state, incident, retrospectives.link_of(context, state), zone)


def _incident(context: Context, command: Command) -> Incident:
    """What was said in a private room is its members' alone."""
    incident = read_one(context, command)
    require_seen(context, command, incident.id)
    return incident


def _by(context: Context, command: Command) -> Who:
    from pagerduty_mattermost.runs.people import giver

    return giver(context, command.user, command.user_name)


_NAMES = ("retrospective", "retro", "post-mortem", "postmortem")


def _said(*behind: str) -> Tuple[str, ...]:
    """With the word behind its name, or before it."""
    both = [
        (f"{name} {word}", f"{word} {name}", f"{word} {name} of")
        for word in behind
        for name in _NAMES
    ]
    return tuple(one for some in both for one in some)


VERBS = (
    Verb(
        name="retrospective_publish",
        run=publish,
        usage="retrospective publish [id]",
        example="retrospective publish 1234",
        help="the retrospective is published: its reminders end",
        to_do="publish retrospectives",
        forms=(Form(_said("publish", "published"), incidents_and(nothing())),),
        group=INCIDENTS,
        incidents=ONE,
        changes=CHAT,
        is_detail=True,
        says="Publish the retrospective of {incidents}",
    ),
    Verb(
        name="retrospective_cancel",
        run=cancel,
        usage='retrospective cancel [id] ["<why>"]',
        example='retrospective cancel 1234 "known cause"',
        help="there will be no retrospective",
        to_do="cancel retrospectives",
        forms=(Form(_said("cancel", "skip"), incidents_and(words("text", required=False))),),
        group=INCIDENTS,
        incidents=ONE,
        changes=CHAT,
        is_detail=True,
        says="Cancel the retrospective of {incidents}",
    ),
    Verb(
        name="retrospective_status",
        run=status,
        usage="retrospective status [id]",
        example="retrospective status 1234",
        help="how the retrospective stands, and its follow-ups",
        to_do="see retrospectives",
        forms=(Form(_said("status", "show"), incidents_and(nothing())),),
        group=INCIDENTS,
        incidents=ONE,
        is_detail=True,
    ),
    Verb(
        name="retrospective",
        run=retrospective,
        usage="retrospective [id] [~channel]",
        example="retrospective 1234 ~postmortems",
        help="draft the retrospective: facts, times against targets, questions",
        to_do="draft retrospectives",
        forms=(
            Form(
                (*_NAMES, *(f"{name} of" for name in _NAMES)),
                incidents_and(words("text", required=False)),
            ),
        ),
        group=INCIDENTS,
        incidents=ONE,
        changes=CHAT,
        says="Draft the retrospective of {incidents}",
    ),
    Verb(
        name="followup_add",
        run=followup_add,
        usage="followup add [id] <what> [@who] [by <when>]",
        example="followup add 1234 Raise the pool size @grace by friday",
        help="agree on a follow-up; its owner is reminded on that day, then the channel",
        to_do="add follow-ups",
        forms=(
            Form(
                ("followup add", "follow-up add", "add followup", "add follow-up"),
                incidents_and(words("text")),
            ),
        ),
        group=INCIDENTS,
        incidents=ONE,
        changes=CHAT,
        is_detail=True,
        says="Add the follow-up {text} to {incidents}",
    ),
    Verb(
        name="followup_done",
        run=followup_done,
        usage="followup done [id] F<n>",
        example="followup done 1234 F1",
        help="a follow-up is done",
        to_do="close follow-ups",
        forms=(
            Form(
                ("followup done", "follow-up done", "followup close"), incidents_and(words("text"))
            ),
        ),
        group=INCIDENTS,
        incidents=ONE,
        changes=CHAT,
        is_detail=True,
        says="Follow-up {text} of {incidents} is done",
    ),
    Verb(
        name="followup_drop",
        run=followup_drop,
        usage="followup drop [id] F<n>",
        example="followup drop 1234 F1",
        help="a follow-up will not be done",
        to_do="drop follow-ups",
        forms=(Form(("followup drop", "follow-up drop"), incidents_and(words("text"))),),
        group=INCIDENTS,
        incidents=ONE,
        changes=CHAT,
        is_detail=True,
        says="Drop the follow-up {text} of {incidents}",
    ),
    Verb(
        name="followups",
        run=followups,
        usage="followups [mine]",
        example="followups mine",
        help="open follow-ups of all incidents",
        to_do="list follow-ups",
        forms=(
            Form(("followups mine", "follow-ups mine", "my followups"), fixed={"text": "mine"}),
            Form(
                ("followups", "follow-ups", "followup list", "list follow-ups", "list followups")
            ),
        ),
        group=INCIDENTS,
        is_detail=True,
    ),
)
