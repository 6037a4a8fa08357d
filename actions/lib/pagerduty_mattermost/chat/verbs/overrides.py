"""Overrides of schedules: take or give a part of one, take over now, list them, cancel one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from pagerduty_mattermost.chat.acting_user import find_person, sender_person, who_asks
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, FormReader, one_word, to_end, words
from pagerduty_mattermost.chat.verb import PAGERDUTY, PEOPLE, Verb
from pagerduty_mattermost.chat.verbs import override_words
from pagerduty_mattermost.chat.verbs.oncall import meant
from pagerduty_mattermost.chat.verbs.override_forms import (
    INSTEAD_OF,
    let_take_line,
    override_line,
    take_line,
)
from pagerduty_mattermost.chat.verbs.override_words import Wanted
from pagerduty_mattermost.chat.verbs.touched import named_schedule, of_id
from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.quotes import typed_id
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.core.typed_times import LONG_SECONDS, TypedSpan, read_span
from pagerduty_mattermost.gateways.pagerduty import on_calls, overrides, schedules
from pagerduty_mattermost.gateways.pagerduty.overrides import AlreadyOnCall
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve
from pagerduty_mattermost.oncall import rotation
from pagerduty_mattermost.oncall.bulk_overrides import LONGEST_DAYS

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_SHORTFALL_SECONDS = 300.0
"""By which an override may fall short of what is asked for and be the same."""
AHEAD_DAYS = 14
"""In which overrides are listed."""
MAX_SHOWN = 5
"""Overrides in a question."""
TAKE = "take"


def override(context: Context, command: Command) -> CommandResult:
    """`service`: the schedule; `duration`: [from …] for … or until …; `text`: who takes it, by
    default who asks, and behind "instead of" who is replaced."""
    wanted = _wanted(context, command)
    return _create(context, wanted, sender_person(context, command.user))


def take(context: Context, command: Command) -> CommandResult:
    """The asker takes over from now on: for `duration`, else to the end of the shift that
    is going on."""
    asker = who_asks(context, command.user).person
    wanted = _wanted_now(context, command)
    if wanted is None:
        schedule = _schedule(context, command)
        return CommandResult(f"You are on call by {escape(schedule.name)} already.")
    return _create(context, wanted, asker)


def _wanted(context: Context, command: Command) -> Wanted:
    taker, _, replaced = (part.strip() for part in command.text.partition(INSTEAD_OF))
    user = command.user
    person = find_person(context, taker, user) if taker else who_asks(context, user).person
    other = find_person(context, replaced, user) if replaced else None
    start, end = read_override_span(context, command.duration)
    schedule = _schedule(context, command)
    return Wanted(schedule, person, start, end, other, "add" in command.options)


def _wanted_now(context: Context, command: Command) -> Optional[Wanted]:
    """What `take` makes; None where the asker is on call already."""
    asker = who_asks(context, command.user).person
    schedule = _schedule(context, command)
    now, add = float(int(context.pagerduty.now())), "add" in command.options
    if command.duration.strip():
        start, end = read_override_span(context, command.duration)
        return Wanted(schedule, asker, start, end, None, add)
    people = schedules.on_duty(context.pagerduty, schedule.id, now)
    if asker.id in [one.id for one in people]:
        return None
    found = _end_of_shift(context, schedule, now)
    if found is None:
        raise RejectedInput(
            f"it is not known when the shift of {schedule.name!r} ends: say for how long, for 2h"
        )
    if found - now > LONG_SECONDS:
        until = times.stamp_at(found, times.zone(context.settings.time_zone))
        raise RejectedInput(
            f"the shift of {schedule.name!r} ends {until}, in more than a week: say for how long"
        )
    return Wanted(schedule, asker, now, found, None, add)


def _schedule(context: Context, command: Command) -> Reference:
    """That `service` names, read once."""
    return context.once(
        f"schedule {command.service}",
        lambda: resolve(context.pagerduty, "schedule", command.service),
    )


def _asked_about(context: Context, command: Command) -> Optional[Wanted]:
    """What a question is about; None where there is nothing to ask."""
    return (_wanted_now if command.verb == TAKE else _wanted)(context, command)


def _says_besides(context: Context, command: Command) -> str:
    """Of a shift-based schedule in whose place, or that a custom shift is made."""
    wanted = _asked_about(context, command)
    return "" if wanted is None else override_words.planned(context.pagerduty, wanted)


def _on_top_of(context: Context, command: Command) -> str:
    """The overrides of others in that time, as Markdown; of a layer-based schedule the newer one
    counts."""
    wanted = _asked_about(context, command)
    if wanted is None:
        return ""
    rows = _present(context, wanted)
    others = [row for row in rows if not overrides.is_of(row, wanted.person.id)]
    zone = times.zone(context.settings.time_zone)
    lines = [f"- {override_words.row(row, zone)}" for row in others[:MAX_SHOWN]]
    if not lines:
        return ""
    more = f"\n- … and {len(others) - len(lines)} more" if len(others) > len(lines) else ""
    head = f"{escape(wanted.schedule.name)} is overridden in that time already:"
    return "\n".join([head, *lines]) + more


def _present(context: Context, wanted: Wanted) -> List[Dict[str, Any]]:
    """The overrides of that time, read once."""
    span = times.iso(wanted.start), times.iso(wanted.end)
    return context.once(
        f"overrides {wanted.schedule.id} {span}",
        lambda: overrides.read(context.pagerduty, wanted.schedule.id, *span, overflow=True),
    )


def listed(context: Context, command: Command) -> CommandResult:
    schedule = meant(context.pagerduty, command.text or command.service, ("schedule",))
    now, zone = context.pagerduty.now(), times.zone(context.settings.time_zone)
    since, until = times.iso(now), times.iso(now + AHEAD_DAYS * 86400)
    found = overrides.read(context.pagerduty, schedule.id, since, until, overflow=True)
    found.sort(key=lambda row: times.seconds(str(row.get("start"))) or 0.0)
    if not found:
        return CommandResult(f"{escape(schedule.name)} has no override within {AHEAD_DAYS} days.")
    cells: List[Tuple[str, ...]] = [
        (
            markdown.cell((row.get("user") or {}).get("summary")),
            markdown.cell(times.stamp(str(row.get("start")), zone)),
            markdown.cell(times.stamp(str(row.get("end")), zone)),
            f"`{schedule.id}:{one_line(clean(row.get('id'), 40))}`",
        )
        for row in found[: markdown.MAX_ROWS]
    ]
    more = f"\n… and {len(found) - len(cells)} more." if len(found) > len(cells) else ""
    table = markdown.table(("who", "from", "until", "id"), cells)
    return CommandResult(
        f"Overrides of {escape(schedule.name)} (`/pd override cancel <id>` ends "
        f"one):\n\n{table}{more}"
    )


def cancel(context: Context, command: Command) -> CommandResult:
    """One that is going on ends now, a coming one is dropped. That it is gone is no failure."""
    schedule, override = _ids(command)
    asker = sender_person(context, command.user)
    try:
        overrides.delete(context.pagerduty, schedule, override)
    except NotFound:
        return CommandResult("There is no such override (any more).")
    return CommandResult(
        f"The override is cancelled by {escape(asker.name)}.", (), asker.email, public=True
    )


def _says_cancel(context: Context, command: Command) -> str:
    """Whose, on which schedule and when, where it is within `AHEAD_DAYS`. Raises NotFound where
    the schedule has none of this id."""
    schedule, ids = _ids(command)
    now, zone = context.pagerduty.now(), times.zone(context.settings.time_zone)
    since, until = times.iso(now), times.iso(now + AHEAD_DAYS * 86400)
    rows = overrides.read(context.pagerduty, schedule, since, until, overflow=True)
    wanted = ids.split(overrides.BETWEEN_IDS)
    row = next((one for one in rows if str(one.get("id")) in wanted), None)
    id = escape(f"{schedule}:{ids}")
    if row is None:
        return f"End the override {id}, which is none of the next {AHEAD_DAYS} days"
    return f"End the override {id} of {override_words.row(row, zone)}"


def _ids(command: Command) -> Tuple[str, str]:
    """The ids of the schedule and of the override."""
    schedule, _, override = typed_id(command.text).partition(":")
    if not (_is_id(schedule) and all(map(_is_id, override.split(overrides.BETWEEN_IDS)))):
        raise RejectedInput(
            f"{one_line(clean(command.text, 60))!r} is no id of an override: "
            "`/pd overrides <schedule>` shows each as SCHEDULE:OVERRIDE"
        )
    return schedule, override


def _is_id(word: str) -> bool:
    return word.isascii() and word.isalnum()


def _create(context: Context, wanted: Wanted, asker: Reference) -> CommandResult:
    zone = times.zone(context.settings.time_zone)
    schedule, person = wanted.schedule, wanted.person
    start, end = times.iso(wanted.start), times.iso(wanted.end)
    present = _covering(context, wanted)
    if present is not None:
        until = times.stamp(str(present.get("end")), zone)
        return CommandResult(
            f"{escape(person.name)} has {escape(schedule.name)} by an override until "
            f"{until} already."
        )
    other = wanted.instead_of.id if wanted.instead_of else ""
    try:
        made = overrides.create(
            context.pagerduty,
            schedule.id,
            start,
            end,
            person.id,
            instead_of=other,
            add=wanted.add,
        )
    except AlreadyOnCall:
        return CommandResult(
            f"{escape(person.name)} is on call by {escape(schedule.name)} then already."
        )
    span = f"from {times.stamp(start, zone)} until {times.stamp(end, zone)}"
    by = "" if person.id == asker.id else f" (asked by {escape(asker.name)})"
    id = overrides.undo_id(schedule.id, made)
    what = override_words.of_made(made)
    text = (
        f"{escape(person.name)} takes {escape(schedule.name)} {span}{what}{by}. To undo it: "
        f"`/pd override cancel {id}`"
    )
    return CommandResult(text, (), asker.email, public=True)


def _covering(context: Context, wanted: Wanted) -> Optional[Dict[str, Any]]:
    """The person's override that covers this time, but for `MAX_SHORTFALL_SECONDS`: the command
    was given twice. None when there is none."""
    first, last = wanted.start + MAX_SHORTFALL_SECONDS, wanted.end - MAX_SHORTFALL_SECONDS
    for row in _present(context, wanted):
        begins, over = times.seconds(str(row.get("start"))), times.seconds(str(row.get("end")))
        if begins is None or over is None or not overrides.is_of(row, wanted.person.id):
            continue
        if begins <= first and over >= last:
            return row
    return None


def read_override_span(context: Context, text: str) -> TypedSpan:
    """Start and end in seconds since the epoch. Raises RejectedInput."""
    now = float(int(context.clock()))
    span = read_span(text.strip(), now=now, zone=context.settings.time_zone)
    if span.end - span.start > LONGEST_DAYS * 86400:
        raise RejectedInput(f"an override lasts {LONGEST_DAYS} days at most")
    return span


def _end_of_shift(context: Context, schedule: Reference, now: float) -> Optional[float]:
    """Of the shift that is going on; None when it never ends. Of a schedule that no policy uses
    PagerDuty lists no on-call: there the schedule itself is read, for AHEAD_DAYS. Raises NotFound
    when nobody is on call."""
    rows = [
        one
        for one in on_calls.read(context.pagerduty, {"schedule_ids": [schedule.id]})
        if one.schedule
    ]
    ends = [at for at in (times.seconds(one.end) for one in rows) if at is not None and at > now]
    if rows:
        return min(ends, default=None)
    for stretch in rotation.read(context.pagerduty, schedule.id, now, now + AHEAD_DAYS * 86400):
        if stretch.start <= now < stretch.end:
            return stretch.end
    raise NotFound(
        f"nobody is on call by the schedule {schedule.name!r} now, so there is no shift to take: "
        "say for how long, for 2h"
    )


VERBS = (
    Verb(
        name="override_cancel",
        run=cancel,
        usage="override cancel <id>",
        example="override cancel PI7DH85:Q1A2B3",
        help="end an override, or drop a coming one",
        forms=(
            Form(
                to_end("override"),
                one_word("text"),
            ),
        ),
        group=PEOPLE,
        changes=PAGERDUTY,
        includes=("override",),
        touches=lambda context, command: [of_id(context, "schedule", _ids(command)[0])],
        says=_says_cancel,
        to_do="cancel overrides",
        button="End override",
    ),
    Verb(
        name="override",
        run=override,
        usage="override <schedule> [from <18:00>] for <2h> [by @user] [instead of @user]",
        flags=("add",),
        example="override Platform rotation from 18:00 for 2h by @grace",
        help="take a part of a schedule, or give it to somebody; where several are on call at "
        "once, say instead of whom, or --add to come beside them",
        forms=(
            Form(("override",), FormReader(("service", "duration", "text"), override_line)),
            Form(("let",), FormReader(("service", "duration", "text"), let_take_line)),
        ),
        group=PEOPLE,
        changes=PAGERDUTY,
        reaches_people=True,
        touches=named_schedule,
        on_top_of=_on_top_of,
        longest_days=LONGEST_DAYS,
        says="Put {who} on call for {service} {span}",
        says_besides=_says_besides,
        to_do="override schedules",
    ),
    Verb(
        name=TAKE,
        run=take,
        usage="take <schedule> [for 2h]",
        flags=("add",),
        example="take Platform rotation for 2h",
        help="be on call from now on, by default until the shift ends",
        forms=(Form(("take", "take over"), FormReader(("service", "duration"), take_line)),),
        group=PEOPLE,
        changes=PAGERDUTY,
        reaches_people=True,
        includes=("override",),
        touches=named_schedule,
        on_top_of=_on_top_of,
        longest_days=LONGEST_DAYS,
        says="Put you on call for {service} {span}",
        says_besides=_says_besides,
        to_do="take shifts",
        button="Take over",
    ),
    Verb(
        name="overrides",
        run=listed,
        usage="overrides <schedule>",
        to_do="list overrides",
        example="overrides Platform rotation",
        help="its overrides of the next two weeks",
        forms=(
            Form(
                ("overrides", "overrides of", "list overrides", "list overrides of"),
                words("text"),
            ),
        ),
        group=PEOPLE,
    ),
)
