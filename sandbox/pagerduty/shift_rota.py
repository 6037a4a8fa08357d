"""Who is on call by a shift-based schedule: the events of its rotations, custom shifts and
overrides (API: V3 schedules).

Such a schedule holds `rotations` (each: `id` and `events`), `custom_shifts` (each: `id`, `start`,
`end`, `member`) and `shift_overrides` (each: `id`, `rotation_id` or `custom_shift_id`, `start`,
`end`, `overridden`, `overriding`). A member is a user's id, or empty where nobody is assigned. An
event's `start` and `end` are what the API takes: `date_time` and `time_zone`. Times are epoch
seconds; an event recurs by the wall clock of its own zone.
"""

# flake8: noqa: E203

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from dateutil import parser, rrule

from .model import Thing
from .wall_clock import KEPT_TIMES, epoch, wall, zone_of

ROTATING = "rotating_member_assignment_strategy"
EVERY = "every_member_assignment_strategy"
SHIFT_BASED = "schedule_v3"
"""The type of such a schedule; a layer-based one is a `schedule`."""


class Assignment(NamedTuple):
    """Somebody's time on call, or (with an empty `user_id`) time that nobody has."""

    user_id: str
    start: int
    end: int
    source: Tuple[Tuple[str, str], ...]
    """`type`, and the ids of what it comes from, as the API names them."""


def assignments(schedule: Thing, since: int, until: int) -> List[Assignment]:
    """Those that touch [since, until), whole, in order; several people may be on call at once.
    Time that nobody has comes as an assignment without a user."""
    found: List[Assignment] = []
    overrides = list(schedule.get("shift_overrides", ()))
    for rotation in schedule.get("rotations", ()):
        shifts = [one for event in rotation["events"] for one in _shifts(event, since, until)]
        source = (("type", "schedule_rotation"), ("rotation_id", rotation["id"]))
        own = [Assignment(user, start, end, source) for user, start, end in shifts]
        found += _overridden(own, "rotation_id", rotation["id"], overrides)
    for shift in schedule.get("custom_shifts", ()):
        source = (("type", "custom_shift"), ("shift_id", shift["id"]))
        own = [Assignment(shift["member"], shift["start"], shift["end"], source)]
        found += _overridden(own, "custom_shift_id", shift["id"], overrides)
    found = [one for one in found if one.start < until and one.end > since]
    people = [one for one in found if one.user_id]
    empty = [one for one in found if not one.user_id]
    rotations = schedule.get("rotations", ())
    source = (
        ("type", "schedule_rotation"),
        *((("rotation_id", rotations[0]["id"]),) if rotations else ()),
    )
    gaps = [
        Assignment("", start, end, source)
        for start, end in _gaps(sorted({(one.start, one.end) for one in found}), since, until)
    ]
    return sorted([*people, *empty, *gaps], key=lambda one: (one.start, one.end, one.user_id))


def coverage(found: Sequence[Assignment], since: int, until: int) -> float:
    """The part of [since, until) in which somebody is on call, in percent."""
    spans = sorted((one.start, one.end) for one in found if one.user_id)
    free = sum(end - start for start, end in _gaps(spans, since, until))
    return round(100.0 * (until - since - free) / (until - since), 1) if until > since else 0.0


def members(schedule: Thing) -> List[str]:
    """Ids of all users that the schedule names, each once."""
    ids = [
        user
        for rotation in schedule.get("rotations", ())
        for event in rotation["events"]
        for user in event["members"]
    ]
    ids += [shift["member"] for shift in schedule.get("custom_shifts", ())]
    ids += [override["overriding"] for override in schedule.get("shift_overrides", ())]
    return list(dict.fromkeys(id for id in ids if id))


def recurrence(lines: Sequence[str], start: Thing) -> Any:
    """The rule of an event, over the wall clock of its zone. Raises ValueError."""
    try:
        return _recurrence(tuple(lines), start["date_time"], start["time_zone"])
    except (TypeError, KeyError) as error:
        raise ValueError(f"is not a recurrence rule: {error}") from None


@lru_cache(maxsize=1000)
def _recurrence(lines: Tuple[str, ...], date_time: str, zone: str) -> Any:
    """It remembers the times that it was asked for."""
    rules = [line for line in lines if line.startswith("RRULE:")]
    others = [line for line in lines if not line.startswith(("RRULE:", "EXDATE", "RDATE"))]
    if len(rules) != 1 or others:
        raise ValueError("must be exactly one RRULE and any number of EXDATE and RDATE")
    try:
        return rrule.rrulestr(
            "\n".join(lines), dtstart=_walled(date_time, zone), forceset=True, cache=True
        )
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"is not a recurrence rule: {error}") from None


def _shifts(event: Thing, since: int, until: int) -> Iterator[Tuple[str, int, int]]:
    """User, start and end of what the event makes that touches [since, until)."""
    zone = event["start"]["time_zone"]
    length = _wall(event["end"]) - _wall(event["start"])
    low, high = event["effective_since"], event.get("effective_until")
    last = until if high is None else min(until, high)
    people: Sequence[str] = event["members"]
    for number, begins in enumerate(recurrence(event["recurrence"], event["start"])):
        start = epoch(begins, zone)
        if start >= last:
            return
        end = epoch(begins + length, zone)
        start, end = max(start, low), end if high is None else min(end, high)
        if end <= max(start, since):
            continue
        turn = number // event["shifts_per_member"] % len(people) if event["rotating"] else None
        for user in people if turn is None else (people[turn],):
            yield user, start, end


def _overridden(
    found: List[Assignment], name: str, id: str, overrides: Sequence[Thing]
) -> List[Assignment]:
    """With the overrides of this rotation or custom shift, in the order they were made."""
    for override in overrides:
        if override.get(name) != id:
            continue
        kept: List[Assignment] = []
        for one in found:
            start, end = max(one.start, override["start"]), min(one.end, override["end"])
            if end <= start or one.user_id != override["overridden"]:
                kept.append(one)
                continue
            kind = dict(one.source)["type"].replace("_override", "") + "_override"
            source = {**dict(one.source), "type": kind, "override_id": override["id"]}
            kept += [
                piece
                for piece in (
                    one._replace(end=start),
                    Assignment(override["overriding"], start, end, tuple(source.items())),
                    one._replace(start=end),
                )
                if piece.end > piece.start
            ]
        found = kept
    return found


def _gaps(spans: Sequence[Tuple[int, int]], since: int, until: int) -> Iterator[Tuple[int, int]]:
    at = since
    for start, end in spans:
        if start > at:
            yield at, min(start, until)
        at = max(at, end)
        if at >= until:
            return
    if at < until:
        yield at, until


def _wall(moment: Thing) -> datetime:
    """What the clocks of its zone show then."""
    return _walled(moment["date_time"], moment["time_zone"])


@lru_cache(maxsize=KEPT_TIMES)
def _walled(date_time: str, zone: str) -> datetime:
    at = parser.isoparse(date_time)
    if at.tzinfo is not None:
        at = at.astimezone(zone_of(zone)).replace(tzinfo=None)
    return at


def upgraded(schedule: Thing, ids: Sequence[str], now: int) -> Optional[Dict[str, Any]]:
    """What a layer-based schedule becomes: a rotation for its one layer, its overrides to come as
    overrides of that rotation, and as custom shifts where nobody would be on call by it. None for
    one with restrictions, several layers, or turns that are no whole days."""
    layers = schedule.get("layers", ())
    if len(layers) != 1 or layers[0].get("restrictions"):
        return None
    layer, day = layers[0], timedelta(days=1)
    days, rest = divmod(timedelta(seconds=layer["turn"]), day)
    if not days or rest:
        return None
    zone = schedule["time_zone"]
    begins = wall(layer["virtual_start"], zone)

    def moment(shown: datetime) -> Thing:
        at = wall(epoch(shown, zone), "UTC")
        return {"date_time": at.isoformat() + "Z", "time_zone": schedule["time_zone"]}

    event = {
        "id": ids[1],
        "name": layer["name"],
        "start": moment(begins),
        "end": moment(begins + days * day),
        "effective_since": layer["start"],
        "effective_until": layer.get("end"),
        "recurrence": [f"RRULE:FREQ=DAILY;INTERVAL={days}"],
        "rotating": True,
        "shifts_per_member": 1,
        "members": list(layer["user_ids"]),
    }
    shape: Dict[str, Any] = {
        "type": SHIFT_BASED,
        "rotations": [{"id": ids[0], "events": [event]}],
        "custom_shifts": [],
        "shift_overrides": [],
    }
    made = {"rotations": shape["rotations"]}
    for override, parts in _winning(schedule.get("overrides", ()), now):
        who, replaced, filled = override["user_id"], [], []
        for start, end in parts:
            replaced += stand_ins(made, override["id"], who, start, end)
            turns = sorted((begin, stop) for _, begin, stop in _turns(made, start, end))
            filled += [(begin, stop) for begin, stop in _gaps(turns, start, end)]
        shape["shift_overrides"] += _numbered(override["id"], replaced)
        shifts = [{"start": begin, "end": stop, "member": who} for begin, stop in filled]
        shape["custom_shifts"] += [
            {**one, "assignment_id": f"{one['id']}A"}
            for one in _numbered(f"{override['id']}C", shifts)
        ]
    return shape


def _winning(
    overrides: Sequence[Thing], now: int
) -> Iterator[Tuple[Thing, List[Tuple[int, int]]]]:
    """The overrides that are not over, each with the parts of its time in which no later one
    stands before it."""
    for number, override in enumerate(overrides):
        if override["end"] > now:
            later = sorted((one["start"], one["end"]) for one in overrides[number + 1 :])
            yield override, list(_gaps(later, override["start"], override["end"]))


def _numbered(id: str, rows: Sequence[Thing]) -> List[Thing]:
    """Each with an id of its own; the first has this one."""
    return [
        {**row, "id": f"{id}{number:02d}" if number else id} for number, row in enumerate(rows)
    ]


def _turns(schedule: Thing, start: int, end: int) -> List[Tuple[str, int, int]]:
    """Who is on call by the first rotation, from when to when within this time."""
    return [
        (who, max(begin, start), min(stop, end))
        for event in schedule["rotations"][0]["events"]
        for who, begin, stop in _shifts(event, start, end)
        if who and begin < end and stop > start
    ]


def stand_ins(schedule: Thing, id: str, user: str, start: int, end: int) -> List[Thing]:
    """Overrides that put a user in place of whoever is on call by the first rotation, one for each
    of them; the first has the id."""
    turns = sorted({(b, e, who) for who, b, e in _turns(schedule, start, end) if who != user})
    rows = [
        {
            "rotation_id": schedule["rotations"][0]["id"],
            "start": begin,
            "end": stop,
            "overridden": who,
            "overriding": user,
        }
        for begin, stop, who in turns
    ]
    return _numbered(id, rows)
