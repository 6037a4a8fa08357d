"""Ask in the rota's channel who takes one's shift, take somebody's, withdraw the question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List

from pagerduty_mattermost.chat.acting_user import who_asks
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import ENDS, Fields, Form, FormReader, Unread, nothing, to_end
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import CHAT, PAGERDUTY, PEOPLE, Verb
from pagerduty_mattermost.chat.verbs.touched import named_schedule, of_id
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.core.typed_times import is_time, read_future
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve
from pagerduty_mattermost.oncall import bulk_overrides

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def swap(context: Context, command: Command) -> CommandResult:
    """`service` and `duration`: the schedule, and within a day from when on the asker's shift
    begins; `text` in their place: the key of a question whose button was pressed."""
    from pagerduty_mattermost.oncall import swaps

    asker = who_asks(context, command.user).person
    if command.text:
        return _take(context, command.text, asker)
    schedule = resolve(context.pagerduty, "schedule", command.service)
    now, zone = float(int(context.clock())), context.settings.time_zone
    at = max(now, read_future(command.duration, now=now, zone=zone))
    shift = swaps.find_shift(context, schedule, asker.id, at)
    if shift is None:
        since = times.stamp_at(at, times.zone(zone))
        return CommandResult(
            f"You have no shift of {escape(schedule.name)} within a day from {since}."
        )
    where = swaps.channel_of(context, schedule, command.channel)
    shown = escape(bulk_overrides.place(shift, times.zone(zone)))
    if swaps.ask(context, shift, asker, where) is None:
        return CommandResult(f"It is asked already who takes {shown}.", (), asker.email)
    return CommandResult(
        f"Asked who takes {shown}. `/pd swap cancel` withdraws it; it is yours until somebody "
        "takes it.",
        (),
        asker.email,
    )


def _take(context: Context, key: str, person: Reference) -> CommandResult:
    from pagerduty_mattermost.oncall import swap_taking, swaps

    found = swap_taking.take(context, key, person)
    shown = swaps.shown(context, found.swap)
    if found.already:
        taker = swaps.who(found.taker)
        line = f"{taker} takes {shown} already." if taker else f"{shown}: it was withdrawn."
        return CommandResult(line, (), person.email, already=True)
    undo = " and ".join(f"`/pd override cancel {id}`" for id in found.undo.split(", "))
    return CommandResult(f"You take {shown}. To undo it: {undo}", (), person.email, already=True)


def cancel(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.oncall import swaps

    asker = who_asks(context, command.user).person
    rows = []
    for one in swaps.withdraw(context, asker.id):
        taken = f"{swaps.who(one.taker)} has taken it, too late to withdraw"
        said = taken if one.taker else "withdrawn, it stays yours"
        rows.append(f"{swaps.shown(context, one.swap)}: {said}.")
    return CommandResult("\n".join(rows) or "You ask for no swap.", (), asker.email)


def _read(line: TypedLine) -> Fields:
    """`<schedule> <when>`: the longest end of the line that is a time. Raises Unread where
    somebody is named: it asks whoever may take it."""
    if any(line.text[word.start] == "@" for word in line.words):
        raise Unread(
            "swap asks the rota's channel who takes your shift; `/pd override <schedule> from "
            "<18:00> for <2h> by @user` gives it to one person"
        )
    line_of = line.without("my")
    for count in range(1, len(line_of.words)):
        when = line_of.rest(count)
        if count + 6 >= len(line_of.words) and is_time(when.said()):
            before = line_of.before(count)
            if count > 1 and before.words[-1].key in ("shift", "shifts"):
                count -= 1
                before = before.before(count)
            if count > 1 and before.words[-1].key in ("on", "from", "at"):
                before = before.before(count - 1)
            return {"service": before.said(), "duration": when.said()}
    return None


def _touched(context: Context, command: Command) -> List[Dict[str, Any]]:
    from pagerduty_mattermost.oncall import swaps

    if not command.text:
        return named_schedule(context, command)
    return [of_id(context, "schedule", swaps.asked(context, command.text).schedule_id)]


def _says(context: Context, command: Command) -> str:
    if command.text:
        return "Take the shift"
    schedule = escape(one_line(command.service, 200))
    return f"Ask who takes your shift of {schedule} {escape(one_line(command.duration, 80))}"


VERBS = (
    Verb(
        name="swap_cancel",
        run=cancel,
        usage="swap cancel",
        example="swap cancel",
        help="withdraw the question who takes your shift",
        is_detail=True,
        forms=(Form(to_end("swap", "my swap", "my swaps", ends=(*ENDS, "withdraw")), nothing()),),
        group=PEOPLE,
        changes=CHAT,
        to_do="withdraw a swap",
        dry_run="It would withdraw what you ask.",
    ),
    Verb(
        name="swap",
        run=swap,
        usage="swap <schedule> <when>",
        example="swap Platform rotation tomorrow",
        help="ask who takes your shift; the first gets it",
        forms=(
            Form(
                ("swap", *(f"swap my shift {word}" for word in ("of", "for", "on"))),
                FormReader(("service", "duration"), _read),
            ),
        ),
        group=PEOPLE,
        changes=PAGERDUTY,
        reaches_people=True,
        includes=("override",),
        touches=_touched,
        says=_says,
        to_do="swap shifts",
    ),
)
