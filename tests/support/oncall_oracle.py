"""Random schedules of both kinds, and who is on call by them at one moment, worked out anew from
what PagerDuty documents: neither the sandbox's code nor the pack's is used.

    rota = random_rota(Random(7), ["PA", "PB"], shift_based=True)     # in the sandbox's shape
    Oracle(rota, since, until).at(moment)                             # {"PB"}
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Dict, FrozenSet, List, NamedTuple, Sequence, Set, Tuple

from dateutil import tz

HOUR, DAY = 3600, 86400
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Europe/London",
    "Australia/Sydney",
    "Asia/Kolkata",
    "UTC",
)
BEGIN = datetime(2026, 3, 1, tzinfo=tz.UTC).timestamp()
END = datetime(2027, 3, 1, tzinfo=tz.UTC).timestamp()
"""The year that is looked at; clocks change twice in it."""
FIRST_DAY = date(2026, 2, 2)
"""A Monday; turns and events begin in the four weeks from it on."""
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ROTATING, EVERY = "rotating_member_assignment_strategy", "every_member_assignment_strategy"
_FOR_EVER = 1e12


class Span(NamedTuple):
    start: float
    end: float
    people: Tuple[str, ...] = ()


def _epoch(wall: datetime, zone: str) -> int:
    return int(wall.replace(tzinfo=tz.gettz(zone)).timestamp())


def _hour(rng: Random) -> int:
    """At which no clock changes."""
    return rng.randrange(4, 23)


def _wall(rng: Random, hour: int) -> datetime:
    day = FIRST_DAY + timedelta(days=rng.randrange(28))
    return datetime(day.year, day.month, day.day, hour)


def _moment(rng: Random) -> int:
    return int(rng.uniform(BEGIN, END)) // 60 * 60


# Random schedules, as the sandbox keeps them


def random_rota(rng: Random, users: Sequence[str], *, shift_based: bool) -> Dict[str, Any]:
    """Turns, restrictions, events, overrides, custom shifts, gaps; times are epoch seconds."""
    zone = rng.choice(ZONES)
    rota: Dict[str, Any] = {
        "time_zone": zone,
        "description": "",
        "team_ids": [],
        "layers": [],
        "overrides": [],
    }
    if not shift_based:
        if rng.random() < 0.4:  # such as the sandbox can upgrade
            rota["layers"] = [_layer(rng, users, zone, simple=True)]
        else:
            rota["layers"] = [_layer(rng, users, zone) for _ in range(rng.randrange(1, 4))]
        rota["overrides"] = [
            {"id": f"Q{number}", "user_id": rng.choice(users), **_stretch(rng)}
            for number in range(rng.randrange(20))
        ]
        return rota
    rotations = [_rotation(rng, users, zone, n) for n in range(rng.randrange(1, 4))]
    shifts = [
        {
            "id": f"C{n}",
            "assignment_id": f"CA{n}",
            "member": rng.choice((*users[:3], "")),
            **_stretch(rng),
        }
        for n in range(rng.randrange(10))
    ]
    rota.update(type="schedule_v3", rotations=rotations, custom_shifts=shifts)
    rota["shift_overrides"] = [_override(rng, users, rota, n) for n in range(rng.randrange(60))]
    return rota


def _stretch(rng: Random) -> Dict[str, int]:
    start = _moment(rng)
    return {"start": start, "end": start + rng.choice((1, 8, 24, 96)) * HOUR}


def _layer(
    rng: Random, users: Sequence[str], zone: str, *, simple: bool = False
) -> Dict[str, Any]:
    turn = rng.choice((DAY if simple else DAY // 2, DAY, DAY, 2 * DAY, 7 * DAY, 14 * DAY))
    begins = _epoch(_wall(rng, rng.randrange(4, 11) if turn < DAY else _hour(rng)), zone)
    restrictions = []
    for _ in range(0 if simple else rng.choice((0, 0, 1, 2))):
        opens = _hour(rng)
        hours = (_hour(rng) - opens) % 24 or 24
        one = {"type": "daily_restriction", "start_time_of_day": f"{opens:02}:00:00"}
        if rng.random() < 0.4:
            one["type"], hours = "weekly_restriction", hours + 24 * rng.randrange(3)
            one["start_day_of_week"] = rng.randrange(1, 8)  # type: ignore[assignment]
        restrictions.append({**one, "duration_seconds": hours * HOUR})
    ends = rng.random() < 0.3 and not simple
    return {
        "id": f"L{rng.randrange(10**6)}",
        "name": "Layer",
        "start": begins + rng.choice((0, 0, 40 * DAY + 5 * HOUR)),
        "end": begins + rng.randrange(60, 300) * DAY if ends else None,
        "virtual_start": begins,
        "turn": turn,
        "user_ids": rng.sample(list(users), rng.randrange(1, min(5, len(users) + 1))),
        "restrictions": restrictions,
    }


def _rotation(rng: Random, users: Sequence[str], zone: str, number: int) -> Dict[str, Any]:
    until = int(rng.uniform(BEGIN + 90 * DAY, END)) // HOUR * HOUR
    first = _event(rng, users, zone, f"E{number}a")
    first["effective_since"] = int(BEGIN) - rng.choice((20, -30)) * DAY
    events = [first]
    if rng.random() < 0.5:
        first["effective_until"] = until
        second = _event(rng, users, rng.choice((zone, rng.choice(ZONES))), f"E{number}b")
        second["effective_since"] = until
        events.append(second)
    return {"id": f"R{number}", "events": events}


def _event(rng: Random, users: Sequence[str], zone: str, id: str) -> Dict[str, Any]:
    begins = _wall(rng, _hour(rng))
    hours = (_hour(rng) - begins.hour) % 24 or 24
    days = ",".join(sorted(rng.sample(DAYS, rng.randrange(1, 5)), key=DAYS.index))
    rule = rng.choice(
        (
            f"FREQ=DAILY;INTERVAL={rng.randrange(1, 4)}",
            f"FREQ=WEEKLY;INTERVAL={rng.randrange(1, 3)};BYDAY={days}",
            f"FREQ=MONTHLY;BYMONTHDAY={rng.randrange(1, 29)}",
            f"FREQ=DAILY;COUNT={rng.randrange(30, 300)}",
        )
    )
    lines = [f"RRULE:{rule}"]
    if rng.random() < 0.4:
        skipped = begins + timedelta(days=rng.randrange(30, 200))
        lines.append(f"EXDATE:{skipped:%Y%m%dT%H%M%S}")

    def zoned(wall: datetime) -> Dict[str, str]:
        at = datetime.fromtimestamp(_epoch(wall, zone), tz.UTC)
        return {"date_time": f"{at:%Y-%m-%dT%H:%M:%S}Z", "time_zone": zone}

    length = timedelta(hours=hours + 24 * rng.choice((0, 0, 0, 1, 6)))
    return {
        "id": id,
        "name": "Event",
        "start": zoned(begins),
        "end": zoned(begins + length),
        "effective_until": None,
        "recurrence": lines,
        "rotating": rng.random() < 0.8,
        "shifts_per_member": rng.randrange(1, 4),
        "members": rng.sample([*users[:4], ""], rng.randrange(1, 5)),
    }


def _override(rng: Random, users: Sequence[str], rota: Dict[str, Any], n: int) -> Dict[str, Any]:
    """Mostly of somebody who is on call by it now and then; also of whoever stands in for them."""
    rotation, when = rng.choice(rota["rotations"]), _stretch(rng)
    of, people = {"rotation_id": rotation["id"]}, rng.choice(rotation["events"])["members"]
    if rota["custom_shifts"] and rng.random() < 0.2:
        shift = rng.choice(rota["custom_shifts"])
        of, people = {"custom_shift_id": shift["id"]}, [shift["member"]]
        if rng.random() < 0.8:
            when = {"start": shift["start"] + HOUR // 2, "end": shift["end"] - HOUR // 4}
    overridden = rng.choice([one for one in (*people, *people, users[4]) if one])
    overriding = rng.choice([one for one in users if one != overridden])
    who = {"overridden": overridden, "overriding": overriding}
    return {"id": f"O{n}", **of, **who, **when}


# Who is on call


class Oracle:
    """Of one schedule, from BEGIN to END."""

    def __init__(self, rota: Dict[str, Any]) -> None:
        self._rota = rota
        self._layers = [_of_layer(layer, rota["time_zone"]) for layer in rota["layers"]]
        self._rotations = [
            (rotation["id"], [_of_event(event) for event in rotation["events"]])
            for rotation in rota.get("rotations", ())
        ]

    def at(self, moment: float) -> FrozenSet[str]:
        """Ids of everybody who is on call then."""
        for override in reversed(self._rota["overrides"]):
            if override["start"] <= moment < override["end"]:
                return frozenset([override["user_id"]])
        for turns, windows in reversed(self._layers):
            if windows is None or windows.there(moment):
                people = turns.there(moment)
                if people:
                    return frozenset(people)
        found: Set[str] = set()
        for id, events in self._rotations:
            here = [one for spans in events for one in spans.there(moment)]
            found.update(self._replaced(here, "rotation_id", id, moment))
        for shift in self._rota.get("custom_shifts", ()):
            if shift["start"] <= moment < shift["end"]:
                here = [shift["member"]]
                found.update(self._replaced(here, "custom_shift_id", shift["id"], moment))
        return frozenset(found - {""})

    def _replaced(self, people: List[str], name: str, id: str, moment: float) -> List[str]:
        for one in self._rota["shift_overrides"]:
            if one.get(name) == id and one["start"] <= moment < one["end"]:
                people = [
                    one["overriding"] if user == one["overridden"] else user for user in people
                ]
        return people

    def marks(self) -> List[float]:
        """Each moment at which it may change, in order."""
        found: Set[float] = set()
        for turns, windows in self._layers:
            found.update(turns.bounds(), windows.bounds() if windows else ())
        for _, events in self._rotations:
            found.update(*(spans.bounds() for spans in events))
        for part in ("overrides", "shift_overrides", "custom_shifts"):
            for row in self._rota.get(part, ()):
                found.update((row["start"], row["end"]))
        return sorted(one for one in found if BEGIN <= one <= END)

    def changes(self) -> List[float]:
        """Each moment at which it does, in order."""
        return [at for at in self.marks() if self.at(at) != self.at(at - 1)]


class _Spans:
    """Some stretches of time, found by the moment."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = sorted(one for one in spans if one.end > one.start)
        self._starts = [one.start for one in self._spans]
        self._longest = max((one.end - one.start for one in self._spans), default=0.0)

    def there(self, moment: float) -> List[str]:
        found: List[str] = []
        for place in range(bisect_right(self._starts, moment) - 1, -1, -1):
            one = self._spans[place]
            if one.start <= moment - self._longest:
                break
            if moment < one.end:
                found += one.people or ("open",)
        return found

    def bounds(self) -> List[float]:
        return [at for one in self._spans for at in one[:2]]


def _of_layer(layer: Dict[str, Any], zone: str) -> Tuple[_Spans, Any]:
    first = datetime.fromtimestamp(layer["virtual_start"], tz.gettz(zone)).replace(tzinfo=None)
    turns, number, people = [], 0, layer["user_ids"]
    last = layer["end"] or _FOR_EVER
    while True:
        begins, ends = (
            _epoch(first + timedelta(seconds=n * layer["turn"]), zone)
            for n in (number, number + 1)
        )
        if begins > END:
            break
        who = (people[number % len(people)],)
        turns.append(Span(max(begins, layer["start"]), min(ends, last), who))
        number += 1
    windows: List[Span] = []
    for restriction in layer["restrictions"]:
        weekly = restriction["type"] == "weekly_restriction"
        for offset in range(420):
            day = FIRST_DAY - timedelta(days=7) + timedelta(days=offset)
            if weekly and day.isoweekday() != restriction["start_day_of_week"]:
                continue
            hour = int(restriction["start_time_of_day"][:2])
            opens = datetime(day.year, day.month, day.day, hour)
            closes = opens + timedelta(seconds=restriction["duration_seconds"])
            windows.append(Span(_epoch(opens, zone), _epoch(closes, zone)))
    return _Spans(turns), _Spans(windows) if layer["restrictions"] else None


def _of_event(event: Dict[str, Any]) -> _Spans:
    zone = event["start"]["time_zone"]
    begins, ends = (
        datetime.strptime(event[part]["date_time"], "%Y-%m-%dT%H:%M:%SZ")
        .replace(tzinfo=tz.UTC)
        .astimezone(tz.gettz(zone))
        .replace(tzinfo=None)
        for part in ("start", "end")
    )
    skipped = [line.partition(":")[2] for line in event["recurrence"][1:]]
    until, people = event["effective_until"] or _FOR_EVER, event["members"]
    spans, number = [], 0
    for day in _days(event["recurrence"][0].partition(":")[2], begins.date()):
        at = datetime(day.year, day.month, day.day, begins.hour)
        if f"{at:%Y%m%dT%H%M%S}" in skipped:
            continue
        who = tuple(people)
        if event["rotating"]:
            who = (people[number // event["shifts_per_member"] % len(people)],)
        start, end = _epoch(at, zone), _epoch(at + (ends - begins), zone)
        spans.append(Span(max(start, event["effective_since"]), min(end, until), who))
        number += 1
    return _Spans(spans)


def _days(rule: str, first: date) -> List[date]:
    """On which it recurs, day by day."""
    words = dict(word.split("=") for word in rule.split(";"))
    every, found = int(words.get("INTERVAL", "1")), []
    week = first - timedelta(days=first.weekday())
    for offset in range(430):
        day = first + timedelta(days=offset)
        if words["FREQ"] == "DAILY":
            there = offset % every == 0
        elif words["FREQ"] == "WEEKLY":
            there = DAYS[day.weekday()] in words["BYDAY"].split(",")
            there = there and (day - week).days // 7 % every == 0
        else:
            there = day.day == int(words["BYMONTHDAY"])
        if there and len(found) < int(words.get("COUNT", "10000")):
            found.append(day)
    return found
