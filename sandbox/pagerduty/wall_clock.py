"""What clocks show in a zone, and when they show it. Each is worked out once: a schedule is asked
for again and again. A zone is a name of the IANA's; one that there is none of is UTC."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache

from dateutil import tz

KEPT_TIMES = 50_000


def zone_of(name: str) -> tzinfo:
    return tz.gettz(name) or tz.UTC


def epoch(shown: datetime, zone: str) -> int:
    """When clocks show that time, in epoch seconds."""
    return _epoch(shown, shown.fold, zone)


@lru_cache(maxsize=KEPT_TIMES)
def _epoch(shown: datetime, fold: int, zone: str) -> int:
    """`fold`: which of two times that clocks show twice; such times are equal but for that."""
    return int(shown.replace(tzinfo=zone_of(zone), fold=fold).timestamp())


@lru_cache(maxsize=KEPT_TIMES)
def wall(at: float, zone: str) -> datetime:
    """What clocks show at that time, without the zone."""
    return datetime.fromtimestamp(at, zone_of(zone)).replace(tzinfo=None)
