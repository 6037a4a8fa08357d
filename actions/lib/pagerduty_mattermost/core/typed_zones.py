"""Time zones as they stand at the end of a typed time: an IANA name, an offset, or a short name.
Pure.

    words, place = split_zone(["9:00", "CET"], times.zone("UTC"))  # -> ["9:00"], Place(+01:00)

A short name is the given zone's own where its clocks are called so at that moment ("CST" is
Chicago's there and Shanghai's there); else one that means the same offset everywhere.
"""

# flake8: noqa: E203

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import List, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput

_HOURS = {
    **dict.fromkeys(("utc", "gmt", "z", "wet"), 0.0),
    **dict.fromkeys(("cet", "west"), 1.0),
    **dict.fromkeys(("cest", "eet", "sast", "cat"), 2.0),
    **dict.fromkeys(("eest", "msk", "eat"), 3.0),
    "pkt": 5.0,
    "wib": 7.0,
    **dict.fromkeys(("hkt", "sgt", "awst"), 8.0),
    **dict.fromkeys(("jst", "kst"), 9.0),
    "acst": 9.5,
    "aest": 10.0,
    "acdt": 10.5,
    "aedt": 11.0,
    "nzst": 12.0,
    "nzdt": 13.0,
    "brt": -3.0,
    "adt": -3.0,
    "edt": -4.0,
    **dict.fromkeys(("est", "cdt"), -5.0),
    "mdt": -6.0,
    **dict.fromkeys(("mst", "pdt"), -7.0),
    **dict.fromkeys(("pst", "akdt"), -8.0),
    "akst": -9.0,
    "hst": -10.0,
}
"""Of short names, ahead of UTC."""
_SEVERAL = {
    "cst": "-06:00 or Asia/Shanghai",
    "ist": "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem",
    "bst": "Europe/London or Asia/Dhaka",
    "ast": "-04:00 or Asia/Riyadh",
    "amt": "-04:00 or +04:00",
    "gst": "+04:00",
    "sst": "-11:00 or +08:00",
}
"""Short names of several zones, and what to write instead."""
_MAX_OFFSET_MINUTES = 15 * 60
_LATER_SECONDS = (0.0, 1200.0, 1800.0, 3600.0, 7200.0)
"""After which a clock that is put back may show the same once more."""
_UTC = timezone.utc


class Place(NamedTuple):
    """A zone, and which of its names for the time was said."""

    where: tzinfo
    name: str = ""
    """In small letters; empty where none was said."""

    def today(self, now: float) -> date:
        return times.wall_clock(now, self.where).date()

    def instant(self, day: date, seconds: int) -> float:
        """When a clock there shows so many seconds after midnight: the first time where it does so
        twice, a later time where the clocks skip it. Raises RejectedInput for a name that the
        zone has not then and that stands for several others."""
        minutes, rest = divmod(seconds, 60)
        first = times.local_moment(day, minutes, self.where)
        if not self.name:
            return first + rest
        said = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)
        if times.wall_clock(first, self.where) != said:
            first -= 3600.0  # skipped: by the offset that has the name, before or after
            for near in (first, first + 3600.0):
                if _name(near, self.where) == self.name:
                    ahead = times.wall_clock(near, self.where) - times.wall_clock(near, _UTC)
                    return times.local_moment(day, minutes, timezone(ahead)) + rest
        for later in _LATER_SECONDS:
            same = times.wall_clock(first + later, self.where) == said
            if same and _name(first + later, self.where) == self.name:
                return first + later + rest
        if self.name in _HOURS:
            fixed = timezone(timedelta(hours=_HOURS[self.name]))
            return times.local_moment(day, minutes, fixed) + rest
        several = _SEVERAL.get(self.name, "an offset such as +01:00")
        raise RejectedInput(f"{self.name.upper()} is no one time zone: write {several}")

    def instants(self, day: date, seconds: int) -> List[float]:
        """Each time at which a clock there shows so many seconds after midnight: none where the
        clocks skip it, two in the hour that they show twice. Raises as `instant`."""
        first = self.instant(day, seconds)
        if self.name:
            return [first]
        said = datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)
        later = (first + more for more in _LATER_SECONDS)
        return [at for at in later if times.wall_clock(at, self.where) == said]


def split_zone(words: Sequence[str], default: tzinfo) -> Optional[Tuple[List[str], Place]]:
    """The words without the zone at their end, and the zone; the default
    where none stands there. None for a zone that there is not."""
    rest, last = list(words[:-1]), words[-1] if words else ""
    if "/" in last and last[0].isalpha():
        where = _iana(last)
        return None if where is None else (rest, Place(where))
    last = last.lower()
    offset = _offset(last)
    if offset is not None and rest:
        return rest, Place(offset)
    if rest and (last in _HOURS or last in _SEVERAL or _is_called(last, default)):
        return rest, Place(default, last)
    return list(words), Place(default)


def foreign_zone(words: Sequence[str], default: tzinfo) -> str:
    """The zone at the end of the words where it is another than the default; empty where none
    stands there, and for a name that the default's own clocks have."""
    split = split_zone(words, default)
    if split is None or split[1].where is default and not split[1].name:
        return ""
    return "" if _is_called(words[-1].lower(), default) else words[-1]


def _iana(name: str) -> Optional[tzinfo]:
    from dateutil import tz

    # A name with dots in it would be a path.
    plain = all(c.isascii() and (c.isalnum() or c in "/_+-") for c in name)
    return tz.gettz(name) if plain else None


def _offset(word: str) -> Optional[tzinfo]:
    """`+01:00`, `-0500`, `utc+1`, `gmt-3`."""
    for prefix in ("utc", "gmt"):
        if word.startswith(prefix):
            word = word[len(prefix) :]
            break
    if word[:1] not in ("+", "-") or not word[1:].isascii():
        return None
    hours, colon, minutes = word[1:].partition(":")
    if not colon and len(hours) > 2:
        hours, minutes = hours[:-2], hours[-2:]
    minutes = minutes or "00"
    if not (hours.isdecimal() and minutes.isdecimal() and len(hours) < 3 and len(minutes) == 2):
        return None
    total = int(hours) * 60 + int(minutes)
    if total > _MAX_OFFSET_MINUTES or int(minutes) > 59:
        return None
    return timezone(timedelta(minutes=-total if word[0] == "-" else total))


def _name(moment: float, where: tzinfo) -> str:
    return (times.moment_in(moment, where).tzname() or "").lower()


def _is_called(word: str, where: tzinfo) -> bool:
    """Whether the zone's clocks are called so at some time of these years."""
    if not word.isalpha() or not 3 <= len(word) <= 5:
        return False
    start = times.local_moment(date(2024, 1, 1), 0, timezone.utc)
    return any(_name(start + month * 30 * 86400, where) == word for month in range(48))
