"""Times as people type them, made ISO 8601 with an offset.

    iso_time("2h", now=clock(), zone="Europe/Berlin", past=True)    # two hours ago
    iso_time("tomorrow 9:00", now=clock(), zone="Europe/Berlin")    # "2026-11-22T08:00:00Z"

Taken: ISO 8601 (a date alone is its midnight), a length ("2h", "1h 30min", "3 days": ago where a
past time is meant, else ahead; "in 2h" and "2h ago" say so themselves), "now", and what dateparser
reads in English, with a zone's short name, offset or IANA name at its end. Without one it is in
`zone`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Optional

from pagerduty_mattermost.core import times

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_UNIT = r"(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)"
_LENGTH = re.compile(rf"(in\s+)?((?:\d+(?:\.\d+)?\s*{_UNIT}\s*)+?)(\s+ago)?", re.IGNORECASE)
_PART = re.compile(rf"(\d+(?:\.\d+)?)\s*({_UNIT})", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_OFFSET = re.compile(r"[Tt ].*(?:[Zz]|[+-]\d\d:?\d\d|[+-]\d\d)$")
_ZONE = re.compile(r"\s+((?:[A-Z][A-Za-z_]+/)+[A-Z][A-Za-z_]+)$")
_CLOCK = re.compile(
    r"(?:at\s+)?\d{1,2}(?::\d\d){0,2}\s*(?:[ap]\.?m\.?)?(?:\s*(?:[a-z]{2,5}|(?:utc|gmt)?[+-]\d\d?(?::?\d\d)?))?",
    re.IGNORECASE,
)
"""A time of day without a date: the next one, or the last one where a past time is meant."""
_ONLY_NUMBERS = re.compile(r"[\d\s./-]*")
MAX_CHARACTERS = 60


def iso_time(text: str, *, now: float, zone: str = "UTC", past: bool = False) -> Optional[str]:
    """The time meant, or None when it can't be read. `now`: seconds since the epoch. An ISO text
    with an offset stays. Raises ConfigError when this machine does not know `zone`."""
    text = text.strip()
    if not text or len(text) > MAX_CHARACTERS:
        return None
    if times.parse(text) is not None and _OFFSET.search(text):
        return text.replace(" ", "T", 1)
    if text.lower() == "now":
        return times.iso(now)
    length = _LENGTH.fullmatch(text)
    if length:
        return _from_length(
            length.group(2), now, bool(length.group(3)) or (past and not length.group(1))
        )
    named = _ZONE.search(text)
    if named:
        from dateutil import tz

        if tz.gettz(named.group(1)) is None:
            return None
        zone, text = named.group(1), text[: named.start()]
    local = _naive(text)
    if local is not None:
        return times.iso(_instant(local, zone))
    return _in_words(text, now, zone, past)


def _from_length(text: str, now: float, ago: bool) -> Optional[str]:
    total = sum(float(number) * _UNITS[unit[0].lower()] for number, unit in _PART.findall(text))
    try:
        return times.iso(now - total if ago else now + total)
    except (OverflowError, ValueError, OSError):
        return None


def _naive(text: str) -> Optional[datetime]:
    """An ISO date or time without an offset."""
    day = _DATE.fullmatch(text)
    read = times.parse(text + "T00:00:00" if day else text)
    return None if read is None else read.replace(tzinfo=None)


def _in_words(text: str, now: float, zone: str, past: bool) -> Optional[str]:
    day = _DATE.match(text)
    if _ONLY_NUMBERS.fullmatch(text) or (day and times.parse(day.group() + "T00:00:00") is None):
        return None  # "10/11" or a 13th month would be read as something, but as what?
    import warnings

    clock = _CLOCK.fullmatch(text)
    base = (datetime(1970, 1, 1, tzinfo=times.zone("UTC")) + timedelta(seconds=now)).astimezone(
        times.zone(zone)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a dateparser older than this Python, about itself
        import dateparser

        try:
            found = dateparser.parse(
                text,
                languages=["en"],
                # In local time throughout: with another TIMEZONE dateparser takes the base for
                # UTC, and is a day off.
                settings={
                    "TIMEZONE": "UTC",
                    "RELATIVE_BASE": base.replace(tzinfo=None),
                    # The day of a time of day is found below: dateparser's is wrong at the end of
                    # a month.
                    "PREFER_DATES_FROM": "current_period"
                    if clock
                    else "past"
                    if past
                    else "future",
                    "DATE_ORDER": "YMD",
                },
            )
        except (ValueError, OverflowError, TypeError):
            found = None
    if found is None:
        return None
    if not clock:
        return times.iso(_instant(found, zone))
    days = sorted(_instant(found + timedelta(days=number), zone) for number in (-2, -1, 0, 1, 2))
    fit = [at for at in days if at <= now][-1:] if past else [at for at in days if at > now][:1]
    return times.iso(fit[0]) if fit else None


def _instant(moment: datetime, zone: str) -> float:
    """Seconds since the epoch; without a zone of its own it is in `zone`."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=times.zone(zone))).timestamp()
