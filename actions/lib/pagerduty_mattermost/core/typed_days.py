"""The day and the time of day in what people type. Pure.

    read_words(["tomorrow", "9:00"])  # -> DayAndClock((RelativeDay(1),), 32400)
    read_words(["12/01", "9am"])      # -> two days: 12 January and 1 December
    read_words(["banana"])            # -> None

Of a date in numbers the year comes first, last or not at all; which of the other two is the month
is known where one of them is above 12 or they are the same. Else there are two readings.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import List, NamedTuple, Optional, Sequence, Tuple, Union

from pagerduty_mattermost.core.weekly_hours import DAYS

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
DAY_SECONDS = 86400
_RELATIVE = {"today": 0, "tomorrow": 1, "yesterday": -1}
_CLOCKS = {"noon": 43200, "midday": 43200}
_MAX_YEARS = 8
"""In which a 29 February is looked for."""


class RelativeDay(NamedTuple):
    """So many days after today."""

    days: int


class Weekday(NamedTuple):
    """The next one, or the last one where a past time is meant; 0: Monday."""

    number: int


class MonthDay(NamedTuple):
    """A date; the year 0: the next such date, or the last one."""

    year: int
    month: int
    day: int


DayWords = Union[RelativeDay, Weekday, MonthDay]


class DayAndClock(NamedTuple):
    """What was said; at least one of both."""

    days: Tuple[DayWords, ...] = ()
    """Its readings: none where no day was said, several where it can be read so."""
    clock: Optional[int] = None
    """Seconds after midnight."""
    or_clock: Optional[int] = None
    """The same where the day may be none: 9.30 is a date and a time of day."""


def read_words(words: Sequence[str]) -> Optional[DayAndClock]:
    """What words in small letters, without fillers, say; None where one does not read."""
    days: Optional[Tuple[DayWords, ...]] = None
    clock: Optional[int] = None
    at = 0
    while at < len(words):
        found, taken = _clock(words, at)
        if taken:
            if clock is not None:
                return None
            clock, at = found, at + taken
            continue
        day, taken = _day(words, at)
        if not taken or days is not None:
            return None
        days, at = day, at + taken
    if days is None and clock is None:
        return None
    if clock is None and len(words) == 1 and isinstance(days, tuple):
        return _perhaps_no_day(words[0], days)
    return DayAndClock(days or (), clock)


def _perhaps_no_day(word: str, days: Tuple[DayWords, ...]) -> Optional[DayAndClock]:
    """Of two numbers that are all that was said: 9.30 may be half past nine as well, 9-17 is from
    nine until five."""
    hours, dot, minutes = word.partition(".")
    if dot and _is_number(hours, 2) and len(minutes) == 2:
        found, taken = _clock([f"{hours}:{minutes}"], 0)
        return DayAndClock(days, None, found if taken else None)
    if word.count("-") == 1 and all(_is_number(part, 2) for part in word.split("-")):
        return None
    return DayAndClock(days)


def candidates(day: Optional[DayWords], today: date) -> List[date]:
    """The dates that may be meant, in order: around today where no day was said."""
    if day is None:
        return [today + timedelta(days=number) for number in (-2, -1, 0, 1, 2)]
    if isinstance(day, RelativeDay):
        return [today + timedelta(days=day.days)]
    if isinstance(day, Weekday):
        first = today + timedelta(days=(day.number - today.weekday()) % 7 - 7)
        return [first + timedelta(days=7 * week) for week in range(4)]
    years = [day.year] if day.year else range(today.year - _MAX_YEARS, today.year + _MAX_YEARS + 1)
    return [found for found in (_date(year, day) for year in years) if found is not None]


def _date(year: int, day: MonthDay) -> Optional[date]:
    try:
        return date(year, day.month, day.day)
    except ValueError:
        return None


def _clock(words: Sequence[str], at: int) -> Tuple[Optional[int], int]:
    """A time of day and how many words it takes; 0 where there is none."""
    word = words[at]
    if word in _CLOCKS:
        return _CLOCKS[word], 1
    half, taken = _half(word), 1
    if half:
        word = word[: -len(half)].rstrip(".")
    elif at + 1 < len(words) and _half(words[at + 1]) == words[at + 1]:
        half, taken = words[at + 1], 2
    parts = word.split(":")
    if not all(_is_number(part, 2) for part in parts) or len(parts) > 3:
        return None, 0
    if len(parts) == 1 and not half:
        return None, 0
    if any(len(part) != 2 for part in parts[1:]):
        return None, 0
    hour, minute, second = (*(int(part) for part in parts), 0, 0)[:3]
    if half:
        if not 1 <= hour <= 12:
            return None, 0
        hour = hour % 12 + (12 if half[0] == "p" else 0)
    total = hour * 3600 + minute * 60 + second
    if minute > 59 or second > 59 or total > DAY_SECONDS:
        return None, 0
    return total, taken


def _half(word: str) -> str:
    """am or pm at the end of a word, with its dots."""
    for half in ("a.m.", "p.m.", "a.m", "p.m", "am", "pm"):
        if word.endswith(half):
            return half
    return ""


def _day(words: Sequence[str], at: int) -> Tuple[Tuple[DayWords, ...], int]:
    """The readings of a day and how many words it takes; 0 where there is none."""
    word = words[at].rstrip(".") or words[at]
    if word in _RELATIVE:
        return (RelativeDay(_RELATIVE[word]),), 1
    number = _named(word, DAYS)
    if number is not None:
        return (Weekday(number),), 1
    month = _named(word, MONTHS)
    if month is not None:
        day = _ordinal(words[at + 1]) if at + 1 < len(words) else 0
        return _with_year(words, at + 2, month + 1, day, 2) if day else ((), 0)
    day = _ordinal(words[at])
    if day and at + 1 < len(words):
        month = _named(words[at + 1].rstrip("."), MONTHS)
        if month is not None:
            return _with_year(words, at + 2, month + 1, day, 2)
    readings = _in_numbers(words[at])
    return (readings, 1) if readings else ((), 0)


def _with_year(
    words: Sequence[str], at: int, month: int, day: int, taken: int
) -> Tuple[Tuple[DayWords, ...], int]:
    year = words[at] if at < len(words) else ""
    if len(year) == 4 and _is_number(year, 4):
        return (MonthDay(int(year), month, day),), taken + 1
    return (MonthDay(0, month, day),), taken


def _in_numbers(word: str) -> Tuple[DayWords, ...]:
    """`2026-12-01`, `25.12.`, `12/25/2026`; both readings of `12/01`."""
    for mark in "-/.":
        parts = word.split(mark)
        if mark == "." and len(parts) > 1 and not parts[-1]:
            parts = parts[:-1]
        if 2 <= len(parts) <= 3 and all(_is_number(part, 4) for part in parts):
            break
    else:
        return ()
    numbers = [int(part) for part in parts]
    if len(parts[0]) == 4:
        return (MonthDay(*numbers),) if len(parts) == 3 and _fits(numbers[1:]) else ()
    if len(parts) == 3 and len(parts[2]) != 4:
        return ()
    if any(len(part) > 2 for part in parts[:2]):
        return ()
    year = numbers[2] if len(parts) == 3 else 0
    first, second = numbers[:2]
    readings = [
        MonthDay(year, month, day)
        for month, day in dict.fromkeys(((first, second), (second, first)))
        if _fits([month, day])
    ]
    return tuple(readings)


def _fits(month_and_day: Sequence[int]) -> bool:
    month, day = month_and_day
    return 1 <= month <= 12 and 1 <= day <= 31


def _named(word: str, names: Sequence[str]) -> Optional[int]:
    """The place of the name that a word of at least three letters begins."""
    if len(word) < 3:
        return None
    return next((place for place, name in enumerate(names) if name.startswith(word)), None)


def _ordinal(word: str) -> int:
    """1 of "1", "1st" and "1."; 0 of what is no day."""
    for ending in ("st", "nd", "rd", "th", "."):
        if word.endswith(ending):
            word = word[: -len(ending)]
            break
    return int(word) if _is_number(word, 2) and 1 <= int(word) <= 31 else 0


def _is_number(word: str, digits: int) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= digits
