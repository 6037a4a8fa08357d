"""The days ahead as a table: who is on call on which day, and when it is handed over. Pure;
names are escaped here."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import List, Optional, Sequence, Set, Tuple

from pagerduty_mattermost.core import markdown
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.times import MONTHS, WEEKDAYS
from pagerduty_mattermost.oncall import rotation
from pagerduty_mattermost.oncall.rotation import ScheduleEntry, Stretch

MAX_DAYS, MAX_SCHEDULES = 35, 8
MAX_TEXT_CHARACTERS = 15000
"""A post holds 16,383 characters."""

Column = Tuple[str, Sequence[ScheduleEntry]]
"""A schedule's name, and who is on call by it."""


def message(columns: Sequence[Column], now: float, count: int, where: tzinfo, zone: str) -> str:
    """A row a day, from now on. Raises RejectedInput when it is more than a post holds."""
    first = rotation.local_day(now, where)
    rows: List[List[str]] = []
    before: List[Optional[Stretch]] = [None for _ in columns]
    for day in rotation.days(first, count):
        begin = rotation.midnight(day, where)
        end = rotation.midnight(rotation.days(day, 2)[1], where)
        whole = [
            rotation.stretches(rotation.pieces(found, max(begin, now), end))
            for _, found in columns
        ]
        cells = [_cell(one, last, where) for one, last in zip(whole, before)]
        before = [one[-1] if one else None for one in whole]
        rows.append([label(day), *cells])
    head = ["day", *(markdown.cell(name) for name, _ in columns)]
    text = f"On call for {count} days, times in {zone}:\n\n{markdown.table(head, rows)}"
    if len(text) > MAX_TEXT_CHARACTERS:
        raise RejectedInput(
            f"The table has {len(text)} characters, too many for a post: fewer days or "
            "schedules fit"
        )
    return text


def label(day: date) -> str:
    """A day as people read it: "Fri 27 Nov"."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def _cell(found: Sequence[Stretch], before: Optional[Stretch], where: tzinfo) -> str:
    """ "Ada · 09:00 Ada + Grace": who has the day, and from when somebody else. `before`: the end
    of the day before: who comes at midnight comes at 00:00."""
    parts: List[str] = []
    for one in found:
        comes = bool(parts) or (before is not None and _ids(before) != _ids(one))
        at = datetime.fromtimestamp(one.start, where)
        begins = f"{at.hour:02d}:{at.minute:02d} " if comes else ""
        people = " + ".join(sorted(markdown.cell(user.name) for user in one.people))
        parts.append(begins + people)
    return " · ".join(parts)


def _ids(stretch: Stretch) -> Set[str]:
    return {user.id for user in stretch.people}
