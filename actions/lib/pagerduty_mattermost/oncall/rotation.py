"""Who is on call by a schedule in a span of time, cut by local days. Pure but for `read`.

    entries = read(pagerduty, schedule.id, since, until)    # overrides are in it already
    pieces(entries, begin, end)                             # without gaps: nobody's time is a
                                                            # piece too

Days are those of a time zone: one with a change of the clocks has 23 or 25 hours; a hand-over at
9:00 stays at 9:00.
"""

from __future__ import annotations

from datetime import date, timedelta, tzinfo
from typing import Dict, List, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.spans import gaps
from pagerduty_mattermost.gateways.pagerduty import schedules
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.references import Reference

NOBODY = Reference("user", "", "nobody")


class Stretch(NamedTuple):
    """A time in which the same people are on call; seconds since the epoch."""

    people: Tuple[Reference, ...]
    start: float
    end: float


class ScheduleEntry(NamedTuple):
    """Somebody's time on call as a schedule says, or nobody's; seconds since the epoch."""

    user: Reference
    start: float
    end: float


def read(pagerduty: PagerDuty, schedule: str, since: float, until: float) -> List[ScheduleEntry]:
    """Who is on call by a schedule of either kind, each person's shifts. Raises the gateway's
    errors, NotFound too (`gateways.pagerduty.schedules.read`)."""
    found = schedules.read(pagerduty, schedule, since, until)
    return [ScheduleEntry(one.user, one.start, one.end) for one in found.final]


def pieces(found: Sequence[ScheduleEntry], begin: float, end: float) -> List[ScheduleEntry]:
    """[begin, end) without a gap, in order: one person's adjoining entries as one, `NOBODY` where
    there is none. Where several are on call at once, their pieces overlap."""
    made: List[ScheduleEntry] = []
    last: Dict[str, int] = {}
    """By user, the place of their newest piece."""
    for one in sorted(found, key=lambda entry: entry.start):
        start, stop = max(one.start, begin), min(one.end, end)
        if stop <= start:
            continue
        place = last.get(one.user.id)
        if place is not None and made[place].end >= start:
            made[place] = made[place]._replace(end=max(made[place].end, stop))
        else:
            last[one.user.id] = len(made)
            made.append(ScheduleEntry(one.user, start, stop))
    free = gaps([(one.start, one.end) for one in made], begin, end)
    nobodys = [ScheduleEntry(NOBODY, *gap) for gap in free]
    return sorted([*made, *nobodys], key=lambda one: (one.start, one.end))


def stretches(found: Sequence[ScheduleEntry]) -> List[Stretch]:
    """Pieces cut where who is on call changes: each with everybody of that time."""
    marks = sorted({at for one in found for at in (one.start, one.end)})
    made: List[Stretch] = []
    for start, stop in zip(marks, marks[1:]):
        people = tuple(one.user for one in found if one.start <= start and one.end >= stop)
        ids = {one.id for one in people}
        if made and made[-1].end == start and {one.id for one in made[-1].people} == ids:
            made[-1] = made[-1]._replace(end=stop)
        else:
            made.append(Stretch(people, start, stop))
    return made


def midnight(day: date, where: tzinfo) -> float:
    """When the day begins; where the clocks skip midnight, at the first time there is."""
    return times.local_moment(day, 0, where)


def local_day(at: float, where: tzinfo) -> date:
    """The day that a calendar there shows at that moment."""
    return times.wall_clock(at, where).date()


def days(first: date, count: int) -> List[date]:
    """So many days from the first on."""
    return [first + timedelta(days=number) for number in range(count)]
