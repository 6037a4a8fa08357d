"""Hours of the week as people write them: whether a moment is within them, and when they end.
Quiet hours are written so. Pure.

    hours = parse("Mon-Fri 22:00-07:00, Sat, Sun, Europe/Berlin")  # raises RejectedInput
    ends(hours, now, zone)  # seconds since the epoch, or None when the moment is not within

Parts stand between commas: days, hours, or both. Hours that end before they begin end the next
day, and belong to the day on which they begin; without days they are every day's. Days without
hours last from midnight to midnight. One IANA name may stand anywhere.

A time of day is the first moment at which the clock there shows it or a later one, so 02:30 exists
once on every day: also where the clock is put forward over it (the moment of the jump) or back
(the first 02:30). The hours are spans between such moments; those that touch are one.
"""

from __future__ import annotations

import re
from datetime import timedelta, tzinfo
from typing import List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, one_line

NEVER = "never"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_MINUTES = 1440
WEEK_MINUTES = 7 * DAY_MINUTES
MAX_CHARACTERS = 200
MAX_DAYS_AHEAD = 16
"""How far the end is looked for."""

_HOURS = re.compile(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")
_ZONE = re.compile(r"[A-Z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*")


class DailySpan(NamedTuple):
    """Minutes after midnight of each of the days (0: Monday); the end may lie on the next day."""

    days: Tuple[int, ...]
    start: int
    end: int


class WeeklyHours(NamedTuple):
    """What was written; no spans: never."""

    spans: Tuple[DailySpan, ...] = ()
    zone: str = ""
    """IANA name; empty: the configuration's."""


def parse(text: str) -> WeeklyHours:
    """The hours of a text; none of "" and "never". Raises RejectedInput that says what does
    not read."""
    written = one_line(clean(text, MAX_CHARACTERS)).strip()
    if written.lower() in ("", NEVER):
        return WeeklyHours()
    spans: List[DailySpan] = []
    zones: List[str] = []
    for part in written.replace("–", "-").split(","):
        days: List[int] = []
        hours: List[Tuple[int, int]] = []
        for word in part.split():
            found = _days(word)
            if found:
                days += found
            elif _HOURS.fullmatch(word):
                hours.append(_minutes(word))
            elif _ZONE.fullmatch(word):
                zones.append(word)
            else:
                raise _wrong(f"'{word}' is no day, no hours and no time zone")
        if days or hours:
            each = tuple(dict.fromkeys(days)) or tuple(range(7))
            spans += [DailySpan(each, start, end) for start, end in hours or [(0, DAY_MINUTES)]]
    if len(set(zones)) > 1:
        raise _wrong(f"two time zones, {zones[0]} and {zones[1]}")
    if not spans:
        raise _wrong("no day and no hours")
    if _whole_week(spans):
        raise _wrong("it would never end")
    return WeeklyHours(tuple(spans), zones[0] if zones else "")


def ends(hours: WeeklyHours, now: float, where: tzinfo) -> Optional[float]:
    """When the time that `now` is in is over, in seconds since the epoch; None when it is in
    none."""
    today = times.wall_clock(now, where).date()
    found: List[Tuple[float, float]] = []
    for offset in range(-2, MAX_DAYS_AHEAD):
        day = today + timedelta(days=offset)
        for span in hours.spans:
            if day.weekday() in span.days:
                found.append(
                    (
                        times.local_moment(day, span.start, where),
                        times.local_moment(day, span.end, where),
                    )
                )
    end: Optional[float] = None
    for start, finish in sorted(found):
        if end is None:
            end = finish if start <= now < finish else None
        elif start > end:
            break
        else:
            end = max(end, finish)
    return end


def _days(word: str) -> List[int]:
    """`Sat`, `Saturday`, `Mon-Fri`, `Fri-Mon`; nothing when the word is none of these."""
    names = word.lower().split("-")
    numbers = [_day(name) for name in names]
    if len(names) > 2 or any(number is None for number in numbers):
        return []
    first, last = numbers[0] or 0, numbers[-1] or 0
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]


def _day(word: str) -> Optional[int]:
    """`mon`, `monday` or what is in between."""
    return next(
        (i for i, name in enumerate(DAYS) if len(word) >= 3 and name.startswith(word)), None
    )


def _minutes(word: str) -> Tuple[int, int]:
    found = _HOURS.fullmatch(word)
    assert found is not None
    hour, minute, to_hour, to_minute = (int(part) for part in found.groups())
    start, end = hour * 60 + minute, to_hour * 60 + to_minute
    if minute > 59 or to_minute > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:
        raise _wrong(f"'{word}' are no hours such as 22:00-07:00")
    if start == end:
        raise _wrong(f"'{word}' begins when it ends; name the days to make them quiet as a whole")
    return start, end if end > start else end + DAY_MINUTES


def _whole_week(spans: List[DailySpan]) -> bool:
    covered = bytearray(WEEK_MINUTES)
    for span in spans:
        for day in span.days:
            for minute in range(span.start, span.end):
                covered[(day * DAY_MINUTES + minute) % WEEK_MINUTES] = 1
    return all(covered)


def _wrong(why: str) -> RejectedInput:
    return RejectedInput(
        f"quiet hours: {why}; write days and hours such as 22:00-07:00, Sat, Sun, "
        f"Europe/Berlin, or {NEVER}"
    )
