"""Times: PagerDuty's ISO 8601 in, people's words out, in the one configured zone.

Pure. Times that don't read give None or the empty text, never an exception: a card must not fail
because a field of PagerDuty's was null or odd. dateutil is imported only for zones other than UTC
(each action is a new process).
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Optional

from pagerduty_mattermost.core.errors import ConfigError

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
    r"\s*(Z|z|[+-]\d\d:?\d\d|[+-]\d\d)?"
)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def zone(name: str) -> tzinfo:
    """The zone of an IANA name; raises ConfigError when this machine knows no such zone."""
    if name in ("", "UTC", "Etc/UTC", "Z"):
        return timezone.utc
    from dateutil import tz

    # dateutil reads "CET+1" by POSIX's rules, as a zone that no clock has.
    by_rule = "/" not in name and re.search(r"[+-]\d", name) is not None
    found: Optional[tzinfo] = None if by_rule else tz.gettz(name)
    if found is None:
        raise ConfigError(
            f"time_zone: this machine knows no time zone '{name}'; write an IANA name like "
            "Europe/Berlin"
        )
    return found


_OFFSET_MARGIN_SECONDS = 2 * 86400.0
"""Before and after a moment at which the zone's offsets are looked at: no zone changes twice
within."""


def wall_clock(moment: float, where: tzinfo) -> datetime:
    """What a clock there shows at that moment (seconds since the epoch), without a zone."""
    return moment_in(moment, where).replace(tzinfo=None)


def moment_in(moment: float, where: tzinfo) -> datetime:
    """That moment (seconds since the epoch) as a clock there shows it, with its zone."""
    return datetime.fromtimestamp(moment, timezone.utc).astimezone(where)


def local_moment(day: date, minutes: int, where: tzinfo) -> float:
    """The first moment, in seconds since the epoch, at which a clock there shows so many minutes
    after midnight of that day; where the clocks skip it, a later time."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)
    as_utc = wall.replace(tzinfo=timezone.utc).timestamp()
    sides = (as_utc - _OFFSET_MARGIN_SECONDS, as_utc + _OFFSET_MARGIN_SECONDS)
    guesses = sorted(as_utc - _offset(side, where) for side in sides)
    for guess in guesses:
        if wall_clock(guess, where) == wall:
            return guess
    low, high = guesses  # the clock jumps over it between these two
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if wall_clock(middle, where) >= wall else (middle, high)
    return high


def _offset(moment: float, where: tzinfo) -> float:
    return (wall_clock(moment, where) - wall_clock(moment, timezone.utc)).total_seconds()


def parse(iso: str) -> Optional[datetime]:
    """The moment of an ISO 8601 text, aware, in UTC; None when it does not read. Without an offset
    it is UTC."""
    found = _ISO.fullmatch(iso.strip())
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            min(int(second or 0), 59),  # a leap second is the last one of its minute
            int((fraction or "0")[:6].ljust(6, "0")),
            timezone.utc,
        )
        if offset and offset not in "Zz":
            digits = offset[1:].replace(":", "").ljust(4, "0")
            ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
            moment += -ahead if offset[0] == "+" else ahead
    except (ValueError, OverflowError):
        return None
    return moment


def has_offset(iso: str) -> bool:
    """Whether an ISO 8601 text reads and says its offset from UTC."""
    found = _ISO.fullmatch(iso.strip())
    return found is not None and found.group(8) is not None and parse(iso) is not None


def seconds(iso: str) -> Optional[float]:
    """Seconds since the epoch of an ISO 8601 text; None when it does not read."""
    moment = parse(iso)
    return None if moment is None else moment.timestamp()


def iso(epoch: float) -> str:
    """ISO 8601 in UTC, to the second, of seconds since the epoch."""
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(text: str, where: tzinfo, near: str = "") -> str:
    """ "12:03", or "21 Nov 12:03" when that is another day than `near` (another year: "21 Nov 2025
    12:03")."""
    moment = parse(text)
    if moment is None:
        return ""
    local = moment.astimezone(where)
    hours = f"{local.hour:02d}:{local.minute:02d}"
    other = parse(near) if near else None
    if near and (other is None or other.astimezone(where).date() == local.date()):
        return hours
    if other is not None and other.astimezone(where).year != local.year:
        return f"{local.day} {MONTHS[local.month - 1]} {local.year} {hours}"
    return f"{local.day} {MONTHS[local.month - 1]} {hours}"


def stamp(text: str, where: tzinfo) -> str:
    """ "21 Nov 2026 12:03 CET": complete, for a card that may be read days later. Empty when it
    does not read."""
    moment = parse(text)
    if moment is None:
        return ""
    local = moment.astimezone(where)
    name = local.tzname() or ""
    if not re.match(r"[A-Za-z]", name):
        name = "UTC" + (name or local.strftime("%z"))
    return (
        f"{local.day} {MONTHS[local.month - 1]} {local.year} "
        f"{local.hour:02d}:{local.minute:02d} {name}"
    )


def stamp_at(moment: float, where: tzinfo) -> str:
    """The same of seconds since the epoch."""
    return stamp(iso(moment), where)


def duration(length: float) -> str:
    """A number of seconds in words, the two largest units: "45 s", "12 min", "1 h 5 min", "2 d 3
    h"."""
    whole = max(0, int(length))
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def between(start: str, end: str) -> str:
    """`duration` from one ISO time to another; empty when either does not read or they are the
    wrong way round."""
    first, last = seconds(start), seconds(end)
    return (
        duration(last - first) if first is not None and last is not None and last >= first else ""
    )
