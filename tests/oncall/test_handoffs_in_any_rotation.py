"""Hand-offs over simulated weeks and years: any rotation, override and change of the clocks; each
change of who is on call is found once."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Set, Tuple

import pytest
from dateutil import tz
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall.handoffs import (
    OnCallSpan,
    WatchState,
    coming_shifts,
    find_changes,
    from_data,
    to_data,
)
from sandbox.pagerduty.rota import on_calls

MINUTE, HOUR, DAY = 60, 3600, 86400


# A simulated year. The rows are the sandbox's; what really happened is worked out beside them,
# moment by moment.

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "UTC",
    "Asia/Kolkata",
)


BEGIN = int(datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp())


class Layer(NamedTuple):
    users: Tuple[str, ...]
    turn: int
    hour: int
    """Of the local day at which turns begin."""
    window: Optional[Tuple[int, int]]
    """First hour of each local day and hours it lasts, when it is restricted."""


class Change(NamedTuple):
    at: int
    """When somebody makes the override."""
    start: int
    end: int
    user: str
    cancelled: Optional[int]


layers = st.lists(
    st.builds(
        Layer,
        st.lists(st.sampled_from(["PA", "PB", "PC", "PD"]), min_size=1, max_size=4).map(tuple),
        st.sampled_from([6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY]),
        st.integers(0, 23),
        st.none() | st.tuples(st.integers(0, 23), st.integers(1, 23)),
    ),
    min_size=1,
    max_size=3,
)


def changes(days: int) -> Any:
    one = st.tuples(
        st.integers(2, days - 2).flatmap(lambda day: st.integers(day * DAY, (day + 1) * DAY)),
        st.sampled_from([0, 0, 10 * MINUTE, 9 * HOUR, 3 * DAY]),
        st.integers(5 * MINUTE, 3 * DAY),
        st.sampled_from(["PA", "PB", "PE"]),
        st.none() | st.integers(MINUTE, 5 * DAY),
    )
    return st.lists(one, max_size=12).map(
        lambda rows: [
            Change(
                BEGIN + at,
                BEGIN + at + wait,
                BEGIN + at + wait + length,
                user,
                cut and BEGIN + at + cut,
            )
            for at, wait, length, user, cut in sorted(rows, key=lambda row: row[:4])
        ]
    )


def made(zone: str, given: Sequence[Layer]) -> Dict[str, Any]:
    """As the sandbox keeps a schedule."""
    where = tz.gettz(zone)
    rows = []
    for layer in given:
        start = int(datetime(2025, 12, 20, layer.hour, tzinfo=where).timestamp())
        windows = []
        if layer.window:
            opens, hours = layer.window
            windows = [
                {
                    "type": "daily_restriction",
                    "start_time_of_day": f"{opens:02d}:00:00",
                    "duration_seconds": hours * HOUR,
                }
            ]
        rows.append(
            {
                "start": start,
                "end": None,
                "virtual_start": start,
                "turn": layer.turn,
                "user_ids": list(layer.users),
                "restrictions": windows,
            }
        )
    return {"id": "PSCHED", "time_zone": zone, "layers": rows, "overrides": []}


def overrides_at(given: Sequence[Change], now: float) -> List[Dict[str, Any]]:
    """What PagerDuty has at that time: a cancelled one ends then, or is gone where it had not
    begun."""
    rows = []
    for one in given:
        if one.at > now:
            continue
        end = one.end
        if one.cancelled is not None and one.cancelled <= now:
            if one.cancelled <= one.start:
                continue
            end = min(end, one.cancelled)
        rows.append({"user_id": one.user, "start": one.start, "end": end})
    return rows


def who(
    zone: str, given: Sequence[Layer], overrides: Sequence[Dict[str, Any]], at: int
) -> FrozenSet[str]:
    """Who is on call then: by hand, from the wall clock, without the sandbox's code."""
    for one in reversed(overrides):
        if one["start"] <= at < one["end"]:
            return frozenset([one["user_id"]])
    where = tz.gettz(zone)
    local = datetime.fromtimestamp(at, where).replace(tzinfo=None)
    for layer in reversed(given):
        if layer.window and not _open(layer.window, local, at, where):
            continue
        first_turn = datetime(2025, 12, 20, layer.hour)
        number = (local - first_turn) // timedelta(seconds=layer.turn)
        while (first_turn + (number + 1) * timedelta(seconds=layer.turn)).replace(
            tzinfo=where
        ).timestamp() <= at:
            number += 1
        while (first_turn + number * timedelta(seconds=layer.turn)).replace(
            tzinfo=where
        ).timestamp() > at:
            number -= 1
        return frozenset([layer.users[number % len(layer.users)]])
    return frozenset()


def _open(window: Tuple[int, int], local: datetime, at: int, where: Any) -> bool:
    opens, hours = window
    for day in (-1, 0, 1):
        start = datetime(local.year, local.month, local.day) + timedelta(days=day, hours=opens)
        end = start + timedelta(hours=hours)
        if start.replace(tzinfo=where).timestamp() <= at < end.replace(tzinfo=where).timestamp():
            return True
    return False


Rota = Tuple[str, Sequence[Layer], Sequence[Change]]
"""Zone, layers, overrides."""


LEVELS = {("PS0", 0): (0,), ("PPOL", 1): (0, 1), ("PPOL", 2): (1,)}
"""What is watched, by level: which rotas. Level 2 has a user of its own besides."""


ALWAYS = "PZ"


def people(
    rotas: Sequence[Rota], overrides: Sequence[Any], lane: Tuple[str, int], at: int
) -> FrozenSet[str]:
    found = frozenset([ALWAYS] if lane == ("PPOL", 2) else [])
    for number in LEVELS[lane]:
        zone, given, _ = rotas[number]
        found |= who(zone, given, overrides[number], at)
    return found


def truth(
    rotas: Sequence[Rota], lane: Tuple[str, int], since: int, until: int
) -> List[Tuple[int, FrozenSet[str]]]:
    """(when, who from then on) of each real change within (since, until]."""
    final = [overrides_at(changed, until) for _, _, changed in rotas]
    marks: Set[int] = set(range(since // 1800 * 1800, until + 1, 1800))
    marks.update(at for rows in final for one in rows for at in (one["start"], one["end"]))
    found = []
    before = people(rotas, final, lane, since)
    for at in sorted(mark for mark in marks if since < mark <= until):
        now = people(rotas, final, lane, at)
        if now != before:
            found.append((at, now))
        before = now
    return found


def rows_at(
    rotas: Sequence[Rota], schedules: Dict[str, Any], since: int, until: int, now: float
) -> Dict[str, Any]:
    """What PagerDuty answers at that time, in no order: levels_of of the schedule and of the
    policy."""
    for number, (_, _, changed) in enumerate(rotas):
        schedules[f"PS{number}"]["overrides"] = overrides_at(changed, now)
    both, second = (
        [("schedule", "PS0"), ("schedule", "PS1")],
        [("schedule", "PS1"), ("user", ALWAYS)],
    )
    policies = {
        "PPOL": {"id": "PPOL", "rules": [{"targets": both}, {"targets": second}]},
        "POTHER": {"id": "POTHER", "rules": [{"targets": [("schedule", "PS0")]}]},
    }
    levels_of: Dict[str, Dict[int, List[OnCallSpan]]] = {"PS0": {}, "PPOL": {}}
    for row in on_calls(policies, schedules, since, until):
        span = OnCallSpan(
            Reference("user", row.user_id, row.user_id), row.start, row.end, row.schedule_id
        )
        if row.policy_id == "PPOL":
            levels_of["PPOL"].setdefault(row.level, []).append(span)
        if row.schedule_id == "PS0":
            levels_of["PS0"].setdefault(0, []).append(span)
    return levels_of


def simulate(rotas: Sequence[Rota], days: int, chance: Random) -> None:
    """Looks at random times; some fail, some die after they told and before they remembered."""
    schedules = {f"PS{number}": made(zone, given) for number, (zone, given, _) in enumerate(rotas)}
    start, end = BEGIN + DAY, BEGIN + days * DAY
    now, state = start, WatchState()
    messages: Dict[str, Tuple[Tuple[str, int], int, FrozenSet[str]]] = {}
    reminded: Dict[str, float] = {}
    while True:
        sure = (
            not start < now < end or now - state.at > DAY
        )  # longer than two days away are another test's
        kind = 1.0 if sure else chance.random()
        if kind >= 0.1:  # else the request fails
            levels_of = rows_at(rotas, schedules, int(state.at or now), int(now) + 1800, now)
            for levels in levels_of.values():
                for spans in levels.values():
                    chance.shuffle(spans)
            look = find_changes(state, levels_of, now)
            for one in look.handoffs:
                present = frozenset(span.user.id for span in one.present)
                messages.setdefault(one.key, ((one.watched, one.level), int(one.at), present))
            for begin in coming_shifts({"PS0": levels_of["PS0"]}, now, 1800):
                reminded[begin.key] = begin.span.start or 0.0
            if kind >= 0.2:  # else it dies before it remembers
                state = from_data(json.loads(json.dumps(to_data(look.state)))) or WatchState()
        if now >= end:
            break
        gap = chance.choice([60, 60, 300, 1800, 4 * HOUR, DAY])
        now = min(end, now + chance.randint(1, gap))
    for lane in LEVELS:
        told_of = sorted(
            ((at, present) for where, at, present in messages.values() if where == lane),
            key=_first,
        )
        assert told_of == truth(rotas, lane, start, end), lane
    starts = {float(at) for at, _ in truth(rotas, ("PS0", 0), start, end)}
    assert {at for at in reminded.values() if at <= end} <= starts | _moved(rotas[0][2])


def _first(one: Tuple[int, FrozenSet[str]]) -> int:
    return one[0]


def _moved(changed: Sequence[Change]) -> Set[float]:
    """Starts of shifts that were announced and then changed by somebody."""
    return {float(at) for one in changed for at in (one.start, one.end)}


def rotas(days: int) -> Any:
    one = st.tuples(st.sampled_from(ZONES), layers, changes(days))
    return st.tuples(one, one, st.integers(0, 2**32))


@settings(max_examples=3, deadline=None)
@given(rotas(40))
def test_forty_days_have_one_message_for_each_real_hand_off(drawn: Tuple[Rota, Rota, int]) -> None:
    simulate(drawn[:2], 40, Random(drawn[2]))


@pytest.mark.soak
@settings(max_examples=30, deadline=None)
@given(rotas(365))
def test_a_year_has_one_message_for_each_real_hand_off(drawn: Tuple[Rota, Rota, int]) -> None:
    simulate(drawn[:2], 365, Random(drawn[2]))


def test_every_shift_is_announced_in_time() -> None:
    """A look a minute: each real beginning of somebody's shift has its reminder, half an hour
    before."""
    rota = ("Europe/Berlin", [Layer(("PA", "PB", "PC"), 6 * HOUR, 9, None)], [])
    start = int(
        datetime(2026, 3, 28, tzinfo=timezone.utc).timestamp()
    )  # the clocks go forward a day later
    schedules = {"PS0": made(*rota[:2]), "PS1": made(*rota[:2])}
    found: Dict[str, Tuple[int, float]] = {}
    for now in range(start, start + 2 * DAY, MINUTE):
        levels_of = rows_at([rota, rota], schedules, now - MINUTE, now + 1800, now)
        for one in coming_shifts({"PS0": levels_of["PS0"]}, now, 1800):
            found.setdefault(one.key, (int(one.span.start or 0), (one.span.start or 0) - now))
    real = [at for at, _ in truth([rota, rota], ("PS0", 0), start, start + 2 * DAY)]
    assert sorted(at for at, _ in found.values())[: len(real)] == real
    assert all(1740 < ahead <= 1800 for _, ahead in found.values())
