"""All shifts of one person within a span of time, given to somebody else: on every schedule of
either kind on which they stand.

    shifts = find_shifts(pagerduty, asker.id, taker.id, start, end)     # only looks
    outcomes = give_shifts(pagerduty, shifts, asker.id, taker)          # an override each
    in_one_line(outcomes, taker, zone)      # "Mei Tanaka takes 2 shifts: …; not done: …"

What is so already is looked at first: a shift that was given is no shift of theirs any more, so
whoever says it twice finds none.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
)

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import (
    PackError,
    RejectedInput,
    RetryLater,
    reworded,
)
from pagerduty_mattermost.core.spans import gaps, joined
from pagerduty_mattermost.core.text import counted, one_line
from pagerduty_mattermost.gateways.pagerduty import on_calls, overrides, schedules
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.references import (
    Reference,
    resolve,
    shift_based_rows,
)
from pagerduty_mattermost.gateways.pagerduty.rows import id_of, rows_of
from pagerduty_mattermost.gateways.pagerduty.schedules import Schedule

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

LONGEST_DAYS = 30
"""Of one override, and of what is given at once; a longer time is more likely a slip."""
MAX_SHIFTS = 30
"""Of one act: more are more likely a slip, and are not read by whoever confirms them."""
MAX_UNUSED = 100
"""Schedules that no escalation policy uses, which are read one by one."""


class OwnShift(NamedTuple):
    """A shift to be given, cut to the span of time; seconds since the epoch."""

    schedule: Reference
    start: float
    end: float


class ShiftOutcome(NamedTuple):
    """What became of one."""

    shift: OwnShift
    id: str = ""
    """Of the override, as `/pd override cancel` takes it."""
    error: Optional[PackError] = None


def find_shifts(
    pagerduty: PagerDuty, person: str, taker: str, start: float, end: float
) -> List[OwnShift]:
    """Those of a person, by id, the earliest first; without what the taker has as well. Requests:
    one for each 100 of their on-calls, schedules and policies, and those for the schedules on
    which they stand. Raises RejectedInput where there are more than MAX_SHIFTS, and the gateway's
    errors."""
    rows = on_calls.read(pagerduty, {"user_ids": [person]}, whole=True, since=start, until=end)
    ids = [row.schedule_id for row in rows if row.schedule_id]
    found = schedules.read_many(pagerduty, [*ids, *_unused(pagerduty)], start, end)
    shifts = own_shifts(found, person, taker, start, end)
    if len(shifts) > MAX_SHIFTS:
        raise RejectedInput(
            f"that would be {len(shifts)} shifts, and {MAX_SHIFTS} are given at once at most: say "
            "a shorter time"
        )
    return shifts


def _unused(pagerduty: PagerDuty) -> List[str]:
    """Ids of the schedules that no escalation policy uses: PagerDuty's on-calls leave them out."""
    layered = pagerduty.list_all("/schedules", "schedules").items
    found = [id_of(row) for row in layered if not rows_of(row, "escalation_policies")]
    shift_based = shift_based_rows(pagerduty)
    if shift_based:
        used = _used(pagerduty)
        found += [id_of(row) for row in shift_based if id_of(row) not in used]
    if len(found) > MAX_UNUSED:
        raise RejectedInput(
            f"{len(found)} schedules are used by no escalation policy, more than can be "
            f"searched ({MAX_UNUSED}): say it schedule by schedule"
        )
    return found


def _used(pagerduty: PagerDuty) -> Set[str]:
    policies = pagerduty.list_all("/escalation_policies", "escalation_policies").items
    return {
        id_of(target)
        for policy in policies
        for rule in rows_of(policy, "escalation_rules")
        for target in rows_of(rule, "targets")
    }


def own_shifts(
    found: Mapping[str, Schedule], person: str, taker: str, start: float, end: float
) -> List[OwnShift]:
    """The person's shifts in schedules that were read for [start, end). Pure."""
    made: List[OwnShift] = []
    for one in found.values():
        mine = joined((each.start, each.end) for each in one.final if each.user.id == person)
        theirs = [(each.start, each.end) for each in one.final if each.user.id == taker]
        schedule = Reference("schedule", one.id, one.name)
        made += [
            OwnShift(schedule, *piece)
            for begin, stop in mine
            for piece in gaps(theirs, max(begin, start), min(stop, end))
        ]
    return sorted(made, key=lambda each: (each.start, each.schedule.name, each.schedule.id))


def give_shifts(
    pagerduty: PagerDuty, shifts: Sequence[OwnShift], person: str, taker: Reference
) -> List[ShiftOutcome]:
    """An override for each, one after the other; what fails stays with that one, but where
    PagerDuty does not answer the rest is not tried. `person`: id of whose shifts they are."""
    made: List[ShiftOutcome] = []
    down: Optional[RetryLater] = None
    for one in shifts:
        if down is not None:
            made.append(ShiftOutcome(one, error=RetryLater(f"not tried, since {down.in_chat}")))
            continue
        try:
            made.append(ShiftOutcome(one, _give(pagerduty, one, person, taker)))
        except RetryLater as error:
            down = error
            made.append(ShiftOutcome(one, error=error))
        except PackError as error:
            made.append(ShiftOutcome(one, error=error))
    return made


def _give(pagerduty: PagerDuty, one: OwnShift, person: str, taker: Reference) -> str:
    """Id of the override. On a shift-based schedule the person alone is replaced, whoever stands
    beside them."""
    beside = schedules.is_shift_based(pagerduty, one.schedule.id)
    made = overrides.create(
        pagerduty,
        one.schedule.id,
        times.iso(one.start),
        times.iso(one.end),
        taker.id,
        instead_of=person if beside else "",
    )
    return overrides.undo_id(one.schedule.id, made)


def bulk_create(
    context: Context, user: str, taker: str, start: str, end: str, *, preview: bool
) -> Dict[str, Any]:
    """The action's result. `user`, `taker`: id, e-mail or name; `start`, `end`: ISO 8601. Raises
    RejectedInput for times that are none, and where a shift failed an error whose line says what
    is done and what is not."""
    pagerduty, zone = context.pagerduty, times.zone(context.settings.time_zone)
    begin, stop = times.seconds(start), times.seconds(end)
    if begin is None or stop is None or not begin < stop <= begin + LONGEST_DAYS * 86400:
        raise RejectedInput(
            f"start and end: expected two times, the earlier one first, {LONGEST_DAYS} days apart "
            "at most"
        )
    of, to = resolve(pagerduty, "user", user), resolve(pagerduty, "user", taker)
    if of.id == to.id:
        raise RejectedInput("user and taker are the same person")
    shifts = find_shifts(pagerduty, of.id, to.id, begin, stop)
    if preview:
        return _result([ShiftOutcome(one) for one in shifts], "would be given")
    made = give_shifts(pagerduty, shifts, of.id, to)
    failed = [one.error for one in made if one.error is not None]
    if failed:
        raise reworded(failed[-1], in_one_line(made, to.name, zone))
    return _result(made, "given")


def _result(made: Sequence[ShiftOutcome], done: str) -> Dict[str, Any]:
    rows = [
        {
            "schedule_id": one.shift.schedule.id,
            "schedule": one.shift.schedule.name,
            "start": times.iso(one.shift.start),
            "end": times.iso(one.shift.end),
            "override_id": one.id.partition(":")[2],
        }
        for one in made
    ]
    return {"shifts": rows, "message": f"{counted(len(rows), 'shift')} {done}."}


def place(one: OwnShift, zone: tzinfo) -> str:
    """ "Platform rotation from 1 Dec 2026 09:00 CET until 2 Dec 2026 09:00 CET", not escaped."""
    start, end = (times.stamp_at(at, zone) for at in (one.start, one.end))
    return f"{one_line(one.schedule.name, 80)} from {start} until {end}"


def in_one_line(outcomes: Sequence[ShiftOutcome], taker: str, zone: tzinfo) -> str:
    """What failed and why, and what is done, with how it is undone. Pure; not escaped. `taker`:
    their name."""
    failed: Dict[str, List[str]] = {}
    for one in outcomes:
        if one.error is not None:
            failed.setdefault(str(one.error), []).append(place(one.shift, zone))
    parts = [f"not done: {', '.join(places)}: {why}" for why, places in failed.items()]
    done = [one for one in outcomes if one.error is None]
    if done:
        undo = "; ".join(f"{place(one.shift, zone)} ({one.id})" for one in done)
        parts.append(
            f"{counted(len(done), 'shift')} given to {taker}, each undone by /pd override "
            f"cancel and its id: {undo}"
        )
    return ". ".join(part[0].upper() + part[1:] for part in parts)
