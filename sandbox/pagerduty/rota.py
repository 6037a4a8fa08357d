"""Who is on call: schedules' layers, restrictions and overrides, and the rules of escalation
policies.

A schedule holds `time_zone`, `layers` (each: `user_ids`, `start`, `end` or None, `turn` in
seconds, `virtual_start`, `restrictions` as the API shows them) and `overrides` (each: `user_id`,
`start`, `end`). A later layer wins over an earlier one, an override over all. Times are epoch
seconds; turns and restrictions follow the schedule's wall clock, so that a hand-over at 9:00 stays
at 9:00 when the clocks change.
"""

# flake8: noqa: W503

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from . import shift_rota
from .model import Thing
from .wall_clock import epoch, wall

MAX_AHEAD_SECONDS = 90 * 86400
"""On-call shifts are looked at 90 days ahead at most."""
_MAX_CLOCK_CHANGE_SECONDS = 2 * 3600
"""No clock change makes a turn longer by more than this."""
_Window = Tuple[int, int]


class Shift(NamedTuple):
    user_id: str
    start: int
    end: int


def shifts(schedule: Thing, since: int, until: int) -> List[Shift]:
    """The shifts that touch [since, until], whole, in order; nobody's time is left out. By a
    shift-based schedule several may be on call at once."""
    if schedule.get("type") == shift_rota.SHIFT_BASED:
        until = min(until, since + MAX_AHEAD_SECONDS)
        return [
            Shift(one.user_id, one.start, one.end)
            for one in shift_rota.assignments(schedule, since, until + 1)
            if one.user_id
        ]
    until = min(until, since + MAX_AHEAD_SECONDS)
    zone = schedule.get("time_zone") or "UTC"
    given = [layer for layer in schedule.get("layers", ()) if layer["user_ids"]]
    longest = max([int(layer["turn"]) + _MAX_CLOCK_CHANGE_SECONDS for layer in given], default=0)
    overrides = list(schedule.get("overrides", ()))
    touching = [o for o in overrides if o["start"] <= until and o["end"] > since]
    low = min([since - longest, *(o["start"] for o in touching)])
    high = max([until + longest + 1, *(o["end"] for o in touching)])
    layers = [_Layer(layer, zone, low, high) for layer in given]
    marks = {low, high}
    for layer in layers:
        marks.update(layer.marks(low, high))
    for override in overrides:
        marks.update((override["start"], override["end"]))
    found: List[Tuple[Shift, object]] = []
    times = sorted(t for t in marks if low <= t <= high)
    for start, end in zip(times, times[1:]):
        who = _owner(layers, overrides, start)
        if who is None:
            continue
        user_id, turn = who
        if found and found[-1][1] == turn and found[-1][0].end == start:
            found[-1] = (found[-1][0]._replace(end=end), turn)
        else:
            found.append((Shift(user_id, start, end), turn))
    return [shift for shift, _ in found if shift.start <= until and shift.end > since]


def _owner(
    layers: Sequence[_Layer], overrides: Sequence[Thing], at: int
) -> Optional[Tuple[str, object]]:
    """The user on call at that time, and what identifies the turn."""
    for number in range(len(overrides) - 1, -1, -1):
        if overrides[number]["start"] <= at < overrides[number]["end"]:
            return overrides[number]["user_id"], ("override", number)
    for number in range(len(layers) - 1, -1, -1):
        turn = layers[number].turn(at)
        if turn is not None:
            return layers[number].user(turn), (number, turn)
    return None


class _Layer:
    """One layer within [low, high]."""

    def __init__(self, layer: Thing, zone: str, low: int, high: int) -> None:
        self._start, self._end = layer["start"], layer.get("end")
        self._users: Sequence[str] = layer["user_ids"]
        self._zone = zone
        self._first = wall(layer["virtual_start"], zone)
        self._length = timedelta(seconds=int(layer["turn"]))
        restrictions = layer.get("restrictions") or ()
        self._windows = _windows(restrictions, zone, low, high) if restrictions else None
        self._opens = [start for start, _ in self._windows or ()]

    def user(self, turn: int) -> str:
        return self._users[turn % len(self._users)]

    def turn(self, at: int) -> Optional[int]:
        """Number of the turn at that time, None when the layer is off."""
        if at < self._start or self._end is not None and at >= self._end:
            return None
        if self._windows is not None:
            place = bisect_right(self._opens, at) - 1
            if place < 0 or at >= self._windows[place][1]:
                return None
        return self._number(at)

    def marks(self, low: int, high: int) -> Iterator[int]:
        """Every time within the range at which its owner may change."""
        number = self._number(low)
        while True:
            begin = self._begin(number)
            if begin > high:
                break
            yield begin
            number += 1
        yield self._start
        if self._end is not None:
            yield self._end
        for window in self._windows or ():
            yield from window

    def _begin(self, number: int) -> int:
        return epoch(self._first + number * self._length, self._zone)

    def _number(self, at: int) -> int:
        number = (wall(at, self._zone) - self._first) // self._length
        while self._begin(number) > at:
            number -= 1
        while self._begin(number + 1) <= at:
            number += 1
        return number


def _windows(restrictions: Sequence[Thing], zone: str, low: int, high: int) -> List[_Window]:
    """When any of the restrictions lets the layer be on call, in order and merged."""
    found: List[_Window] = []
    day = wall(low, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    day -= timedelta(days=8)
    last = wall(high, zone)
    while day <= last:
        for restriction in restrictions:
            if (
                restriction["type"] == "weekly_restriction"
                and day.isoweekday() != restriction["start_day_of_week"]
            ):
                continue
            hours, minutes, seconds = (
                int(part) for part in restriction["start_time_of_day"].split(":")
            )
            opens = day + timedelta(hours=hours, minutes=minutes, seconds=seconds)
            closes = opens + timedelta(seconds=restriction["duration_seconds"])
            found.append((epoch(opens, zone), epoch(closes, zone)))
        day += timedelta(days=1)
    merged: List[_Window] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


class OnCallTurn(NamedTuple):
    """Start and end are None for who is always on call."""

    policy_id: str
    level: int
    user_id: str
    schedule_id: str
    start: Optional[int]
    end: Optional[int]


def on_calls(
    policies: Dict[str, Thing],
    schedules: Dict[str, Thing],
    since: int,
    until: int,
    level: Optional[int] = None,
) -> List[OnCallTurn]:
    """The on-calls of these policies that touch [since, until], by policy and level."""
    found: List[OnCallTurn] = []
    for policy in policies.values():
        for number, rule in enumerate(policy.get("rules", ()), start=1):
            if level is not None and level != number:
                continue
            for kind, target in rule["targets"]:
                if kind == "user":
                    found.append(OnCallTurn(policy["id"], number, target, "", None, None))
                    continue
                for shift in shifts(schedules[target], since, until):
                    found.append(
                        OnCallTurn(
                            policy["id"], number, shift.user_id, target, shift.start, shift.end
                        )
                    )
    return found
