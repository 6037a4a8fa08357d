"""Overrides of schedules: take or give a part of one, take over now, list them, cancel one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from pagerduty_mattermost.chat.acting_user import find_person, identify
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.verb import PAGERDUTY, PEOPLE, Verb
from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.core.typed_times import iso_time
from pagerduty_mattermost.gateways.pagerduty import on_calls, overrides
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve
from pagerduty_mattermost.oncall import rotation

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

LONGEST_DAYS = 30
"""Of one override; a longer one is more likely a slip."""
MAX_SHORTFALL_SECONDS = 300.0
"""By which an override may fall short of what is asked for and be the same."""
AHEAD_DAYS = 14
"""In which overrides are listed."""
_UNTIL = r"(?:for|until|to)\s+"
_SPAN = re.compile(
    rf"(?:from\s+(?P<start>.+?)\s+{_UNTIL}|(?:{_UNTIL})?)(?P<end>.+)", re.IGNORECASE
)
_ID = re.compile(r"(?P<schedule>\w+):(?P<override>\w+)")


def override(context: Context, command: Command) -> CommandResult:
    """`service`: the schedule; `duration`: [from …] for … or until …; `text`: who takes it, by
    default who asks."""
    asker = identify(context, command.user).person
    person = find_person(context, command.text.strip()) if command.text.strip() else asker
    schedule = resolve(context.pagerduty, "schedule", command.service)
    start, end = _span(context, command.duration)
    return _create(context, schedule, person, start, end, asker)


def take(context: Context, command: Command) -> CommandResult:
    """The asker takes over from now on: for `duration`, else to the end of the shift that
    is going on."""
    asker = identify(context, command.user).person
    schedule = resolve(context.pagerduty, "schedule", command.service)
    now = float(int(context.pagerduty.now()))
    if command.duration.strip():
        start, end = _span(context, command.duration)
        return _create(context, schedule, asker, start, end, asker)
    people = on_calls.on_duty(context.pagerduty, schedule.id, now)
    if asker.id in [one.id for one in people]:
        return CommandResult(f"You are on call by {escape(schedule.name)} already.")
    found = _end_of_shift(context, schedule, now)
    if found is None:
        raise RejectedInput(
            f"it is not known when the shift of {schedule.name!r} ends: say for how long, for 2h"
        )
    return _create(context, schedule, asker, now, found, asker)


def listed(context: Context, command: Command) -> CommandResult:
    schedule = resolve(context.pagerduty, "schedule", command.text or command.service)
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
    found = _ID.fullmatch(command.text.strip().strip("`"))
    if not found:
        raise RejectedInput(
            "which one? Its id as `/pd overrides <schedule>` shows it: SCHEDULE:OVERRIDE"
        )
    asker = identify(context, command.user).person
    path = fill("/schedules/{schedule}/overrides/{override}", **found.groupdict())
    try:
        context.pagerduty.delete(path)
    except NotFound:
        return CommandResult("There is no such override (any more).")
    return CommandResult(
        f"The override is cancelled by {escape(asker.name)}.", (), asker.email, public=True
    )


def _create(
    context: Context,
    schedule: Reference,
    person: Reference,
    start: float,
    end: float,
    asker: Reference,
) -> CommandResult:
    zone = times.zone(context.settings.time_zone)
    present = _covering(context, schedule, person, start, end)
    if present is not None:
        until = times.stamp(str(present.get("end")), zone)
        return CommandResult(
            f"{escape(person.name)} has {escape(schedule.name)} by an override until "
            f"{until} already."
        )
    made = overrides.create(
        context.pagerduty, schedule.id, times.iso(start), times.iso(end), person.id
    )
    span = f"from {times.stamp(times.iso(start), zone)} until {times.stamp(times.iso(end), zone)}"
    by = "" if person.id == asker.id else f" (asked by {escape(asker.name)})"
    id = f"{schedule.id}:{one_line(clean(made.get('id'), 40))}"
    text = (
        f"{escape(person.name)} takes {escape(schedule.name)} {span}{by}. To undo it: "
        f"`/pd override cancel {id}`"
    )
    return CommandResult(text, (), asker.email, public=True)


def _covering(
    context: Context, schedule: Reference, person: Reference, start: float, end: float
) -> Optional[Dict[str, Any]]:
    """The person's override that covers this time, but for `MAX_SHORTFALL_SECONDS`: the command
    was given twice. None when there is none."""
    for row in overrides.read(
        context.pagerduty, schedule.id, times.iso(start), times.iso(end), overflow=True
    ):
        begins, over = times.seconds(str(row.get("start"))), times.seconds(str(row.get("end")))
        if begins is None or over is None or not overrides.is_of(row, person.id):
            continue
        if begins <= start + MAX_SHORTFALL_SECONDS and over >= end - MAX_SHORTFALL_SECONDS:
            return row
    return None


def _span(context: Context, text: str) -> Tuple[float, float]:
    """Start and end in seconds since the epoch. Raises RejectedInput."""
    now = float(int(context.clock()))
    zone = context.settings.time_zone
    found = _SPAN.fullmatch(text.strip())
    words: Dict[str, str] = found.groupdict(default="") if found else {}
    start = (
        times.seconds(iso_time(words["start"], now=now, zone=zone) or "")
        if words.get("start")
        else now
    )
    if start is None:
        raise RejectedInput(
            f"from when? from 18:00, from tomorrow 9:00; not {words['start'][:60]!r}"
        )
    end = times.seconds(iso_time(words.get("end", ""), now=start, zone=zone) or "")
    if end is None:
        raise RejectedInput(
            "for how long? for 2h, until 18:00, from tomorrow 9:00 for 8h; not "
            f"{text.strip()[:60]!r}"
        )
    if start < now - 60:
        raise RejectedInput("an override can't begin in the past")
    if not 0 < end - start <= LONGEST_DAYS * 86400:
        raise RejectedInput(
            f"an override ends after it begins, and lasts {LONGEST_DAYS} days at most"
        )
    return start, end


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
        f"nobody is on call by the schedule {schedule.name!r} now: say for how long you "
        "take it, for 2h"
    )


VERBS = (
    Verb(
        name="override_cancel",
        run=cancel,
        usage="override cancel <id>",
        help="end an override, or drop a coming one",
        pattern=r"override\s+(?:cancel|end|delete)\s+(?P<text>\S+)",
        group=PEOPLE,
        changes=PAGERDUTY,
        includes=("override",),
    ),
    Verb(
        name="override",
        run=override,
        usage="override <schedule> [from <18:00>] for <2h> [by @user]",
        help="take a part of a schedule, or give it to somebody",
        pattern=r"override\s+(?P<service>.+?)\s+"
        r"(?:(?P<duration_>from\s+.+?\s+(?:for|until|to)\s+.+?)"
        r"|(?:for|until|to)\s+(?P<duration>.+?))"
        r"(?:\s+(?:by|with)\s+(?P<text>@?\S.*))?",
        group=PEOPLE,
        changes=PAGERDUTY,
    ),
    Verb(
        name="take",
        run=take,
        usage="take <schedule> [for 2h]",
        help="be on call from now on, by default until the shift ends",
        pattern=r"take(?:\s+over)?\s+(?P<service>.+?)(?:\s+(?:for|until|to)\s+(?P<duration>.+))?",
        group=PEOPLE,
        changes=PAGERDUTY,
        includes=("override",),
    ),
    Verb(
        name="overrides",
        run=listed,
        usage="overrides <schedule>",
        help="its overrides of the next two weeks",
        pattern=r"overrides\s+(?:of\s+)?(?P<text>.+)",
        group=PEOPLE,
    ),
)
