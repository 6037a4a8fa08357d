"""Who is on call by a schedule in a span of time, cut by local days. Pure but for `read`.

    stretches = read(pagerduty, schedule.id, since, until)     # overrides are in it already
    pieces(stretches, begin, end)                              # without gaps or overlaps: nobody's
    time is a piece too

Days are those of a time zone: one with a change of the clocks has 23 or 25 hours; a hand-over at
9:00 stays at 9:00.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Iterable, List, Mapping, NamedTuple, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.references import Reference

NOBODY = Reference("user", "", "nobody")


class Stretch(NamedTuple):
    """Somebody's uninterrupted time on call; seconds since the epoch."""

    user: Reference
    start: float
    end: float


def read(pagerduty: PagerDuty, schedule: str, since: float, until: float) -> List[Stretch]:
    """The final schedule (API: GET /schedules/{id}), one request. Raises the gateway's errors,
    NotFound too."""
    span = {"since": times.iso(since), "until": times.iso(until), "overflow": "true"}
    row = pagerduty.get(fill("/schedules/{id}", id=schedule), span).get("schedule")
    final = row.get("final_schedule") if isinstance(row, dict) else None
    return stretches(
        final.get("rendered_schedule_entries") or () if isinstance(final, dict) else ()
    )


def stretches(entries: Iterable[Any]) -> List[Stretch]:
    """Those of PagerDuty's rendered entries that have a user and times, in order."""
    found: List[Stretch] = []
    for entry in entries:
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
            found.append(Stretch(Reference("user", str(user["id"]), _name(user)), start, end))
    return sorted(found, key=lambda one: (one.start, one.end))


def pieces(found: Sequence[Stretch], begin: float, end: float) -> List[Stretch]:
    """[begin, end) without a gap: in order, one person's adjoining stretches as one, `NOBODY`
    where there is none."""
    made: List[Stretch] = []

    def add(user: Reference, start: float, stop: float) -> None:
        if made and made[-1].user.id == user.id:
            made[-1] = made[-1]._replace(end=stop)
        else:
            made.append(Stretch(user, start, stop))

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
    from dateutil import tz

    return tz.resolve_imaginary(datetime(day.year, day.month, day.day, tzinfo=where)).timestamp()


def local_day(at: float, where: tzinfo) -> date:
    return datetime.fromtimestamp(at, where).date()


def days(first: date, count: int) -> List[date]:
    return [first + timedelta(days=number) for number in range(count)]


def _at(entry: Mapping[str, Any], name: str) -> Any:
    return times.seconds(str(entry.get(name) or ""))


def _name(user: Mapping[str, Any]) -> str:
    return one_line(clean(user.get("summary") or user.get("name") or user["id"], 200))
