"""Times as people type them: the one reader of commands, phrases and actions. Pure.

    read_time("tomorrow 9:00", now=clock(), zone="Europe/Berlin")   # seconds since the epoch
    iso_time("2h", now=clock(), zone="Europe/Berlin", past=True)    # ISO 8601 of two hours ago
    read_span("from 18:00 until 20:00", now=clock(), zone="UTC")    # TypedSpan(start, end)

Taken: ISO 8601 (a date alone is its midnight), a length ("2h", "1h 30min", "3 days": ago where a
past time is meant, else ahead; "in 2h" and "2h ago" say so themselves), "now", and a day with a
time of day in either order: today, tomorrow, yesterday, Monday, 1 December, 25.12., 2026-12-01;
9:00, 9:30pm, noon. A day without a time is its midnight. At the end a zone may stand: its IANA
name, an offset, or a short name (typed_zones). What has two readings is refused with both,
as is a time that the clocks show twice or skip.
"""

# flake8: noqa: E203

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.core.typed_days import DayWords, MonthDay, candidates, read_words
from pagerduty_mattermost.core.typed_zones import Place, foreign_zone, split_zone

MAX_CHARACTERS = 60
MAX_AHEAD_SECONDS = 366 * 86400.0
"""What is said to happen later is more likely a slip."""
MAX_AHEAD_WITHOUT_YEAR_SECONDS = 270 * 86400.0
"""A date without its year that lies further ahead was rather the last one."""
LONG_SECONDS = 7 * 86400.0
"""What lasts longer is asked about first."""
SLACK_SECONDS = 660.0
"""By which what is to come may lie in the past: a confirmation is good for ten minutes."""
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86400),
}
_AHEAD = ("in", "for")
_ONE = ("a", "an", "one")
_FILLERS = ("at", "on", "the", "of", "this")
_NEXT = "next"
AN_EXAMPLE_AHEAD_SECONDS = 7 * 86400.0
"""How far ahead the date lies that is shown as one to write."""


class TypedSpan(NamedTuple):
    """From when until when, in seconds since the epoch."""

    start: float
    end: float


def iso_time(text: str, *, now: float, zone: str = "UTC", past: bool = False) -> Optional[str]:
    """The time meant in ISO 8601, or None when it can't be read; an ISO text with an offset stays.
    `now`: seconds since the epoch. Raises ConfigError when this machine does not know `zone`, and
    RejectedInput for what has several readings."""
    text = text.strip()
    if len(text) <= MAX_CHARACTERS and times.has_offset(text):
        return text.replace(" ", "T", 1)
    found = _read(text, now, zone, past)
    return None if found is None else times.iso(found)


def how_to_write(now: float, zone: str) -> str:
    """Times that can be written, each of them still to come."""
    day = datetime.fromtimestamp(now + AN_EXAMPLE_AHEAD_SECONDS, times.zone(zone))
    return f"write 2h, 18:00, tomorrow 9:00 or {day:%Y-%m-%d} 9:00"


def read_time(text: str, *, now: float, zone: str = "UTC", past: bool = False) -> float:
    """The time meant, in seconds since the epoch. Raises RejectedInput for what does not read or
    has several readings, ConfigError when this machine does not know `zone`."""
    found = _read(text.strip(), now, zone, past)
    if found is None:
        raise RejectedInput(f"{_shown(text)} is no time: {how_to_write(now, zone)}")
    return found


def read_future(
    text: str, *, now: float, zone: str = "UTC", base: Optional[float] = None
) -> float:
    """The same of something that is to come within a year. `base`: from when on a length counts
    and a time of day is looked for, by default now."""
    found = read_time(text, now=now if base is None else base, zone=zone)
    check_future(text, found, now=now, since=now, zone=zone)
    return found


def check_future(text: str, found: float, *, now: float, since: float, zone: str = "UTC") -> None:
    """Raises RejectedInput where what `text` was read as is before `since`, or more than a year
    ahead."""
    if found < since - SLACK_SECONDS:
        how = how_to_write(max(now, since), zone)
        raise RejectedInput(f"{_would_be(text, found, zone)}, which is past: {how}")
    if found > now + MAX_AHEAD_SECONDS:
        how = how_to_write(now, zone)
        raise RejectedInput(f"{_would_be(text, found, zone)}, more than a year ahead: {how}")


def read_span(text: str, *, now: float, zone: str = "UTC") -> TypedSpan:
    """`[from <time>] for <length>`, or `until <time>`; it begins now where nothing else is said.
    Raises as `read_future`, and RejectedInput where it does not end after it begins."""
    words = text.split()
    keys = [word.lower() for word in words]
    start, begin = now, ""
    if keys[:1] == ["from"]:
        place = next((n for n in range(2, len(keys)) if keys[n] in ("for", "until", "to")), 0)
        if not place:
            raise RejectedInput(f"{_shown(text)} has no end: from 18:00 until 20:00, or for 2h")
        begin = " ".join(words[1:place])
        words, keys = words[place:], keys[place:]
    if keys and keys[0] in ("for", "until", "to"):
        words = words[1:]
    typed = " ".join(words)
    if begin:
        begin, typed = _in_one_zone(begin, typed, times.zone(zone))
        start = max(now, read_future(begin, now=now, zone=zone))
    end = read_future(typed, now=now, zone=zone, base=start)
    if end <= start:
        raise RejectedInput(
            f"{_would_be(typed, end, zone)}, not after the beginning, {_stamp(start, zone)}"
        )
    return TypedSpan(start, end)


def _in_one_zone(begin: str, end: str, where: tzinfo) -> Tuple[str, str]:
    """A zone that only one of both ends has counts for the other as well: from 9am to 5pm PST."""
    zones = [foreign_zone(text.replace(",", " ").split(), where) for text in (begin, end)]
    if zones[1] and not zones[0] and _is_of_a_day(begin):
        return f"{begin} {zones[1]}", end
    if zones[0] and not zones[1] and _is_of_a_day(end):
        return begin, f"{end} {zones[0]}"
    return begin, end


def _is_of_a_day(text: str) -> bool:
    """Whether a time means another moment in another zone."""
    return not (is_length(text) or text.strip().lower() == "now" or times.has_offset(text))


def span_in_words(span: TypedSpan, zone: str) -> str:
    """ "from 1 Dec 2026 09:00 CET until 12 Dec 2026 09:00 CET (11 d)"; the length is that of the
    minutes shown, also where it began a moment ago."""
    length = times.duration((span.end // 60 - span.start // 60) * 60)
    return f"from {_stamp(span.start, zone)} until {_stamp(span.end, zone)} ({length})"


def is_length(text: str) -> bool:
    """Whether it is a length of time, as "2h" is and "22:00" is not."""
    return len(text) <= MAX_CHARACTERS and _length(text.lower().split()) is not None


def is_time(text: str) -> bool:
    """Whether it reads as a time, be it in several ways."""
    try:
        return _read(text.strip(), 0.0, "UTC", past=False) is not None
    except RejectedInput:
        return True


def _read(text: str, now: float, zone: str, past: bool) -> Optional[float]:
    if not text or len(text) > MAX_CHARACTERS:
        return None
    where = times.zone(zone)
    try:
        return _read_in(text, now, zone, where, past)
    except (OverflowError, ValueError, OSError):
        return None


def _read_in(text: str, now: float, zone: str, where: tzinfo, past: bool) -> Optional[float]:
    moment = times.parse(text)
    if moment is not None and times.has_offset(text):
        return moment.timestamp()
    if moment is not None:
        seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
        date = MonthDay(moment.year, moment.month, moment.day)
        clock = seconds if ":" in text else None
        return _only(text, _moments(text, date, clock, now, Place(where), past), zone)
    typed = text.replace(",", " ").split()
    words = [word.lower() for word in typed]
    if words == ["now"]:
        return now
    length = _length(words)
    if length is not None:
        return _in_reach(now + (-length if past and words[0] not in _AHEAD else length))
    if words[-1:] == ["ago"]:
        length = _length(words[:-1])
        return None if length is None else _in_reach(now - length)
    split = split_zone(typed, where)
    if split is None:
        return None
    typed, place = split
    words = [word for word in map(str.lower, typed) if word not in _FILLERS]
    said = read_words([word for word in words if word != _NEXT])
    if said is None:
        return None
    readings: List[float] = []
    for day in said.days or (None,):
        for at in _moments(text, day, said.clock, now, place, past):
            readings.append(at)
            if _NEXT in words:  # the coming one, or the one after it
                readings.append(at + 7 * 86400)
    if said.or_clock is not None:
        readings += _moments(text, None, said.or_clock, now, place, past)
    found = _only(text, readings, zone)
    if found is not None and any(isinstance(day, MonthDay) and not day.year for day in said.days):
        _check_year(text, found, now, zone)
    return found


def _only(text: str, readings: List[float], zone: str) -> Optional[float]:
    """None where there is no reading. Raises RejectedInput where there are several."""
    if len(set(readings)) > 1:
        raise RejectedInput(_several(text, list(dict.fromkeys(readings)), zone))
    return readings[0] if readings else None


def _check_year(text: str, found: float, now: float, zone: str) -> None:
    """Raises RejectedInput for a date without its year that was probably meant as the last one."""
    if MAX_AHEAD_WITHOUT_YEAR_SECONDS < found - now <= MAX_AHEAD_SECONDS:
        written = times.wall_clock(found, times.zone(zone)).strftime("%Y-%m-%d %H:%M")
        raise RejectedInput(f"{_would_be(text, found, zone)}: write {written} where that is meant")


def _moments(
    text: str,
    day: Optional[DayWords],
    clock: Optional[int],
    now: float,
    place: Place,
    past: bool,
) -> List[float]:
    """The next such moment, or the last one where a past time is meant; two where the clocks show
    it twice and both may be meant, none where no such day is near. Raises RejectedInput where the
    clocks skip it. `clock`: seconds after midnight; without it a day begins when it begins."""
    days = candidates(day, place.today(now))
    if past:
        days = days[::-1]
    for one in days:
        first = place.instant(one, clock or 0)
        found = [first] if clock is None else place.instants(one, clock)
        meant = [at for at in found or [first] if (at <= now if past else at > now)]
        if not meant and len(days) > 1:
            continue
        if not found:
            raise RejectedInput(_skipped(text, first, place.where))
        return meant or found[:1]
    return []


def _length(words: List[str]) -> Optional[float]:
    """Seconds of "2h", "1h 30min", "in 3 days"; None for what is no length."""
    if words[:1] and words[0] in _AHEAD:
        words = words[1:]
    text = " ".join("1" if word in _ONE else word for word in words if word != "and")
    total, at = 0.0, 0
    while at < len(text):
        start = at
        while at < len(text) and (text[at] in "0123456789."):
            at += 1
        number = text[start:at]
        at += text[at : at + 1] == " "
        start = at
        while at < len(text) and text[at].isalpha():
            at += 1
        unit = _UNITS.get(text[start:at])
        good = number.replace(".", "", 1).isdecimal() and number[0] != "." and number[-1] != "."
        if unit is None or not good:
            return None
        total += float(number) * unit
        at += text[at : at + 1] == " "
    return total if text else None


def _in_reach(moment: float) -> Optional[float]:
    """None for a time that no calendar has."""
    times.iso(moment)
    return moment


def _several(text: str, readings: List[float], zone: str) -> str:
    where = times.zone(zone)
    shown = [_stamp(at, zone) for at in readings]
    written = [times.wall_clock(at, where).strftime("%Y-%m-%d %H:%M") for at in readings]
    if len(set(written)) < len(written):  # the clocks show it twice
        written = [f"{one} {full.split()[-1]}" for one, full in zip(written, shown)]
    return f"{_shown(text)} may be {' or '.join(shown)}: write {' or '.join(written)}"


def _skipped(text: str, found: float, where: tzinfo) -> str:
    shown = times.stamp_at(found, where)
    written = times.wall_clock(found, where).strftime("%Y-%m-%d %H:%M")
    return (
        f"{_shown(text)} would be {shown}, since the clocks skip that time: "
        f"write {written} where that is meant"
    )


def _would_be(text: str, found: float, zone: str) -> str:
    return f"{_shown(text)} would be {_stamp(found, zone)}"


def _stamp(moment: float, zone: str) -> str:
    return times.stamp_at(moment, times.zone(zone))


def _shown(text: str) -> str:
    return repr(one_line(text, MAX_CHARACTERS))
