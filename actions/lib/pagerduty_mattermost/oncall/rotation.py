"""Who is on call by a schedule in a span of time, cut by local days. Pure but for `read`.

    entries = read(pagerduty, schedule.id, since, until)    # overrides are in it already
    pieces(entries, begin, end)                             # without gaps or overlaps: nobody's
                                                            # time is a piece too

Days are those of a time zone: one with a change of the clocks has 23 or 25 hours; a hand-over at
9:00 stays at 9:00.
"""

from __future__ import annotations

from datetime import date, timedelta, tzinfo
from typing import Any, Iterable, List, Mapping, NamedTuple, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.references import Reference

NOBODY = Reference("user", "", "nobody")


class ScheduleEntry(NamedTuple):
    """Somebody's time on call as a schedule says, or nobody's; seconds since the epoch."""

    user: Reference
    start: float
    end: float


def read(pagerduty: PagerDuty, schedule: str, since: float, until: float) -> List[ScheduleEntry]:
    """The final schedule (API: GET /schedules/{id}), one request. Raises the gateway's errors,
    NotFound too."""
    span = {"since": times.iso(since), "until": times.iso(until), "overflow": "true"}
    row = pagerduty.get(fill("/schedules/{id}", id=schedule), span).get("schedule")
    final = row.get("final_schedule") if isinstance(row, dict) else None
    return schedule_entries(
        final.get("rendered_schedule_entries") or () if isinstance(final, dict) else ()
    )


def schedule_entries(rows: Iterable[Any]) -> List[ScheduleEntry]:
    """Those of PagerDuty's rendered entries that have a user and times, in order."""
    found: List[ScheduleEntry] = []
    for entry in rows:
        if not isinstance(entry, dict):
            continue
        user, start, end = entry.get("user"), _at(entry, "start"), _at(entry, "end")
        if (
            isinstance(user, dict)
            and user.get("id")
            and start is not None
            and end is not None
            and end > start
        ):
            found.append(
                ScheduleEntry(Reference("user", str(user["id"]), _name(user)), start, end)
            )
    return sorted(found, key=lambda one: (one.start, one.end))


def pieces(found: Sequence[ScheduleEntry], begin: float, end: float) -> List[ScheduleEntry]:
    """[begin, end) without a gap: in order, one person's adjoining entries as one, `NOBODY`
    where there is none."""
    made: List[ScheduleEntry] = []

    def add(user: Reference, start: float, stop: float) -> None:
        if made and made[-1].user.id == user.id:
            made[-1] = made[-1]._replace(end=stop)
        else:
            made.append(ScheduleEntry(user, start, stop))

    at = begin
    for one in found:
        start, stop = max(one.start, at), min(one.end, end)
        if stop <= start:
            continue
        if start > at:
            add(NOBODY, at, start)
        add(one.user, start, stop)
        at = stop
    if at < end:
        add(NOBODY, at, end)
    return made


def midnight(day: date, where: tzinfo) -> float:
    """When the day begins; where the clocks skip midnight, at the first time there is."""
    return times.local_moment(day, 0, where)


def local_day(at: float, where: tzinfo) -> date:
    """The day that a calendar there shows at that moment."""
    return times.wall_clock(at, where).date()


def days(first: date, count: int) -> List[date]:
    return [first + timedelta(days=number) for number in range(count)]


def _at(entry: Mapping[str, Any], name: str) -> Any:
    return times.seconds(str(entry.get(name) or ""))


def _name(user: Mapping[str, Any]) -> str:
    return one_line(clean(user.get("summary") or user.get("name") or user["id"], 200))
