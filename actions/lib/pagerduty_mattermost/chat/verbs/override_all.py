"""All shifts of who asks within a span of time, given to somebody else: `/pd override all from
Monday to Friday by @mei`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple

from pagerduty_mattermost.chat.acting_user import find_person, who_asks
from pagerduty_mattermost.chat.command import Command, CommandResult, HalfDone
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader, Unread
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import ALWAYS, PAGERDUTY, PEOPLE, Verb
from pagerduty_mattermost.chat.verbs.override_forms import LENGTH_WORDS
from pagerduty_mattermost.chat.verbs.overrides import read_override_span
from pagerduty_mattermost.chat.verbs.touched import of_id
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput, reworded
from pagerduty_mattermost.core.text import counted, escape
from pagerduty_mattermost.core.typed_times import TypedSpan, span_in_words
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall import bulk_overrides
from pagerduty_mattermost.oncall.bulk_overrides import LONGEST_DAYS, OwnShift

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


class _GivenShifts(NamedTuple):
    asker: Reference
    taker: Reference
    span: TypedSpan
    shifts: List[OwnShift]


def override_all(context: Context, command: Command) -> CommandResult:
    """`duration`: from when until when; `text`: who takes the asker's shifts."""
    wanted = _wanted(context, command)
    zone = times.zone(context.settings.time_zone)
    taker, pagerduty = wanted.taker, context.pagerduty
    if not wanted.shifts:
        span = span_in_words(wanted.span, context.settings.time_zone)
        return CommandResult(
            f"You have no shift {span} that {escape(taker.name)} does not have: nothing is left "
            "to give."
        )
    made = bulk_overrides.give_shifts(pagerduty, wanted.shifts, wanted.asker.id, taker)
    failed = [one.error for one in made if one.error is not None]
    if failed:
        line = bulk_overrides.in_one_line(made, taker.name, zone)
        if len(failed) == len(made):
            raise reworded(failed[-1], line)
        raise HalfDone(line, CommandResult(line, (), wanted.asker.email), failed[0])
    rows = [
        f"- {escape(bulk_overrides.place(one.shift, zone))}: `/pd override cancel {one.id}`"
        for one in made
    ]
    head = (
        f"{escape(taker.name)} takes {counted(len(made), 'shift')} of "
        f"{escape(wanted.asker.name)}. What undoes each stands behind it:"
    )
    return CommandResult("\n".join([head, *rows]), (), wanted.asker.email, public=True)


def _wanted(context: Context, command: Command) -> _GivenShifts:
    asker = who_asks(context, command.user).person
    taker = find_person(context, command.text, command.user)
    if taker.id == asker.id:
        raise RejectedInput("these are your shifts already: say who else takes them, by @user")
    span = read_override_span(context, command.duration)
    shifts = bulk_overrides.find_shifts(
        context.pagerduty, asker.id, taker.id, span.start, span.end
    )
    return _GivenShifts(asker, taker, span, shifts)


def _says(context: Context, command: Command) -> str:
    """Each shift with its schedule, start and end, then what is done with them."""
    wanted = _wanted(context, command)
    zone = times.zone(context.settings.time_zone)
    rows = [f"- {escape(bulk_overrides.place(one, zone))}" for one in wanted.shifts]
    span = span_in_words(wanted.span, context.settings.time_zone)
    return "\n".join(
        [
            f"Your shifts {span}:",
            *rows,
            "",
            f"Put {escape(wanted.taker.name)} on call in your place in "
            f"{counted(len(rows), 'shift')}",
        ]
    )


def _touched(context: Context, command: Command) -> List[Dict[str, Any]]:
    ids = dict.fromkeys(one.schedule.id for one in _wanted(context, command).shifts)
    return [of_id(context, "schedule", id) for id in ids]


def _read(line: TypedLine) -> Fields:
    """`from <day> to <day> by @user`."""
    if line.word(0) not in ("from", *LENGTH_WORDS):
        return None  # a schedule whose name begins with "all"
    found = line.cut("by", "with", last=True)
    if found is None:
        raise Unread("who takes your shifts? override all from Monday to Friday by @user")
    return {"duration": found[0].said(), "text": found[1].said()}


def _read_phrase(line: TypedLine) -> Fields:
    """`from <day> to <day> over to <@user>`."""
    found = line.cut("over", last=True)
    if found is None:
        return None
    taker = found[1].without("to")
    return {"duration": found[0].said(), "text": taker.said()} if taker else None


VERBS = (
    Verb(
        name="override_all",
        run=override_all,
        usage="override all from <day> to <day> by @user",
        example="override all from 24 Dec to 2 Jan by @grace",
        help="give all your shifts of that time to somebody, on every schedule you stand in",
        forms=(
            Form(
                ("override all", "override all my shifts"),
                FormReader(("duration", "text"), _read),
            ),
            Form(("hand my shifts",), FormReader(("duration", "text"), _read_phrase)),
        ),
        group=PEOPLE,
        changes=PAGERDUTY,
        reaches_people=True,
        confirmed=ALWAYS,
        includes=("override",),
        touches=_touched,
        longest_days=LONGEST_DAYS,
        says=_says,
        button="Give my shifts",
        to_do="give your shifts to others",
    ),
)
