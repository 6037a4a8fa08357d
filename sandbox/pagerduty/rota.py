"""Who is on call: schedules' layers and overrides, and the rules of escalation policies.

A schedule holds `layers` (each: `user_ids`, `start`, `end` or None, `turn` in seconds, `virtual_start`) and `overrides`
(each: `user_id`, `start`, `end`). A later layer wins over an earlier one, an override over all; times are epoch
seconds.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Tuple

from .model import Thing

FAR = 90 * 86400
"""On-call shifts are looked at 90 days ahead at most."""


class Shift(NamedTuple):
    user_id: str
    start: int
    end: int


def shifts(schedule: Thing, since: int, until: int) -> List[Shift]:
    """The shifts that touch [since, until], whole, in order; nobody's time is left out."""
    longest = max([int(layer["turn"]) for layer in schedule.get("layers", ())], default=0)
    until = min(until, since + FAR)
    touching = [o for o in schedule.get("overrides", ()) if o["start"] <= until and o["end"] > since]
    low = min([since - longest, *(o["start"] for o in touching)])
    high = max([until + longest + 1, *(o["end"] for o in touching)])
    marks = {low, high}
    for layer in schedule.get("layers", ()):
        first = layer["virtual_start"] + (low - layer["virtual_start"]) // layer["turn"] * layer["turn"]
        marks.update(range(first, high, layer["turn"]))
        marks.update(t for t in (layer["start"], layer.get("end")) if t is not None)
    for override in schedule.get("overrides", ()):
        marks.update((override["start"], override["end"]))
    found: List[Tuple[Shift, object]] = []
    times = sorted(t for t in marks if low <= t <= high)
    for start, end in zip(times, times[1:]):
        who = _owner(schedule, start)
        if who is None:
            continue
        user_id, turn = who
        if found and found[-1][1] == turn and found[-1][0].end == start:
            found[-1] = (found[-1][0]._replace(end=end), turn)
        else:
            found.append((Shift(user_id, start, end), turn))
    return [shift for shift, _ in found if shift.start <= until and shift.end > since]


def _owner(schedule: Thing, at: int) -> Optional[Tuple[str, object]]:
    """The user on call at that time, and what identifies the turn."""
    for number, override in enumerate(schedule.get("overrides", ())):
        if override["start"] <= at < override["end"]:
            return override["user_id"], ("override", number)
    for number, layer in reversed(list(enumerate(schedule.get("layers", ())))):
        if layer["start"] <= at and (layer.get("end") is None or at < layer["end"]):
            turn = (at - layer["virtual_start"]) // layer["turn"]
            return layer["user_ids"][turn % len(layer["user_ids"])], (number, turn)
    return None


class OnCall(NamedTuple):
    """Start and end are None for who is always on call."""

    policy_id: str
    level: int
    user_id: str
    schedule_id: str
    start: Optional[int]
    end: Optional[int]


def on_calls(
    policies: Dict[str, Thing], schedules: Dict[str, Thing], since: int, until: int, level: Optional[int] = None
) -> List[OnCall]:
    """The on-calls of these policies that touch [since, until], by policy and level."""
    found: List[OnCall] = []
    for policy in policies.values():
        for number, rule in enumerate(policy.get("rules", ()), start=1):
            if level is not None and level != number:
                continue
            for kind, target in rule["targets"]:
                if kind == "user":
                    found.append(OnCall(policy["id"], number, target, "", None, None))
                    continue
                for shift in shifts(schedules[target], since, until):
                    found.append(OnCall(policy["id"], number, shift.user_id, target, shift.start, shift.end))
    return found
