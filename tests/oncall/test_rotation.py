"""Days of a zone, a schedule's time without gaps, and the week's table: also where the clocks
change."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import List, Tuple

import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.gateways.pagerduty import schedules
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall import rotation, week
from pagerduty_mattermost.oncall.rotation import NOBODY, ScheduleEntry, midnight, pieces
from sandbox.pagerduty import rota

DAY = 86400
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "UTC",
)

ADA, GRACE = Reference("user", "PA", "Ada"), Reference("user", "PG", "Grace | @here")


def epoch(zone: str, *moment: int) -> float:
    return datetime(*moment, tzinfo=tz.gettz(zone)).timestamp()  # type: ignore[arg-type,misc]


def test_pieces_have_no_gap_and_those_of_several_people_overlap() -> None:
    found = [
        ScheduleEntry(ADA, 10, 20),
        ScheduleEntry(ADA, 20, 30),
        ScheduleEntry(GRACE, 25, 40),
        ScheduleEntry(ADA, 50, 60),
    ]
    assert pieces(found, 0, 55) == [
        ScheduleEntry(NOBODY, 0, 10),
        ScheduleEntry(ADA, 10, 30),
        ScheduleEntry(GRACE, 25, 40),
        ScheduleEntry(NOBODY, 40, 50),
        ScheduleEntry(ADA, 50, 55),
    ]
    assert pieces([], 0, 5) == [ScheduleEntry(NOBODY, 0, 5)]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 100), st.integers(1, 50)), max_size=12)
)
def test_pieces_cover_the_span_and_stretches_change_people(
    rows: List[Tuple[int, int, int]],
) -> None:
    found = sorted(
        (
            ScheduleEntry(Reference("user", f"P{who}", str(who)), at, at + length)
            for who, at, length in rows
        ),
        key=lambda one: (one.start, one.end),
    )
    made = pieces(found, 20, 90)
    for second in range(20, 90):
        there = sorted(one.user.id for one in made if one.start <= second < one.end)
        on_call = {one.user.id for one in found if one.start <= second < one.end}
        assert there == (sorted(on_call) or [""])
    cut = rotation.stretches(made)
    assert (cut[0].start, cut[-1].end) == (20, 90)
    for before, after in zip(cut, cut[1:]):
        assert before.end == after.start
        assert {one.id for one in before.people} != {one.id for one in after.people}


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # midnight itself is skipped
        ("America/Havana", date(2026, 11, 1), 25),  # midnight comes twice
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Kathmandu", date(2026, 5, 1), 24),
        ("UTC", date(2026, 10, 25), 24),
    ],
)
def test_days_are_as_long_as_they_are_there(zone: str, day: date, hours: float) -> None:
    where = times.zone(zone)
    begin, end = midnight(day, where), midnight(day + timedelta(days=1), where)
    assert (end - begin) / 3600 == hours
    assert rotation.local_day(begin, where) == day
    assert rotation.local_day(begin - 1, where) == day - timedelta(days=1)


def test_a_hand_over_at_nine_stays_at_nine_when_the_clocks_change() -> None:
    where = times.zone("Europe/Berlin")
    turns = [(ADA, 24, 25), (GRACE, 25, 26), (ADA, 26, 27)]
    found = [
        ScheduleEntry(
            who,
            epoch("Europe/Berlin", 2026, 10, first, 9),
            epoch("Europe/Berlin", 2026, 10, last, 9),
        )
        for who, first, last in turns
    ]
    text = week.message(
        [("Rota", found)], epoch("Europe/Berlin", 2026, 10, 24, 10), 3, where, "Europe/Berlin"
    )
    grace = "Grace \\| @\u200bhere"
    assert text.split("\n")[2:] == [
        "| day | Rota |",
        "| --- | --- |",
        "| Sat 24 Oct | Ada |",
        f"| Sun 25 Oct | Ada · 09:00 {grace} |",
        f"| Mon 26 Oct | {grace} · 09:00 Ada |",
    ]


def test_a_day_on_which_several_are_on_call_names_them_all() -> None:
    nine, noon = 9 * 3600, 12 * 3600
    found = [ScheduleEntry(ADA, 0, DAY), ScheduleEntry(Reference("user", "PM", "Mei"), nine, noon)]
    text = week.message([("Rota", found)], 0, 1, times.zone("UTC"), "UTC")
    assert text.endswith("| Thu 1 Jan | Ada · 09:00 Ada + Mei · 12:00 Ada |")


def test_a_table_too_long_for_a_post_is_refused() -> None:
    where = times.zone("UTC")
    hourly = [
        ScheduleEntry(
            Reference("user", f"P{n % 7}", f"Somebody {n % 7}"), n * 3600, (n + 1) * 3600
        )
        for n in range(900)
    ]
    with pytest.raises(RejectedInput, match="too many for a post"):
        week.message([("Rota", hourly)] * 2, 0, 35, where, "UTC")


def test_entries_that_do_not_read_are_left_out() -> None:
    good = {
        "user": {"id": "PA", "summary": "Ada"},
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-01-02T00:00:00+01:00",
    }
    bad = [
        None,
        {},
        {**good, "user": None},
        {**good, "end": None},
        {**good, "start": "soon"},
        {**good, "end": good["start"]},
    ]
    found = schedules.shifts({"rendered_schedule_entries": [*bad, good]})
    assert [one.user.name for one in found] == ["Ada"]


@given(st.data())
def test_random_rotations_are_told_as_they_are(data: st.DataObject) -> None:
    """Around both changes of the clocks: at any time the day's pieces name whom the rota itself
    has."""
    zone = data.draw(st.sampled_from(ZONES))
    first = data.draw(
        st.sampled_from(
            [date(2026, 3, 27), date(2026, 10, 23), date(2026, 4, 3), date(2026, 6, 1)]
        )
    )
    where = times.zone(zone)
    began = int(midnight(first - timedelta(days=10), where)) + 9 * 3600
    windows = [
        {
            "type": "daily_restriction",
            "start_time_of_day": "08:00:00",
            "duration_seconds": 10 * 3600,
        },
    ]
    layers = [
        {
            "start": began,
            "end": None,
            "virtual_start": began,
            "turn": data.draw(st.sampled_from([8 * 3600, DAY, 2 * DAY])),
            "user_ids": data.draw(
                st.lists(st.sampled_from(["PA", "PB", "PC"]), min_size=1, max_size=4)
            ),
            "restrictions": data.draw(st.sampled_from([[], windows])),
        }
        for _ in range(data.draw(st.integers(1, 2)))
    ]
    at = began + data.draw(st.integers(9 * 24, 12 * 24)) * 3600
    overrides = [{"user_id": "PO", "start": at, "end": at + 5 * 3600}]
    schedule = {"time_zone": zone, "layers": layers, "overrides": overrides}
    begin, end = midnight(first, where), midnight(first + timedelta(days=4), where)
    rendered = [
        {
            "user": {"id": one.user_id, "summary": one.user_id},
            "start": times.iso(one.start),
            "end": times.iso(one.end),
        }
        for one in rota.shifts(schedule, int(begin), int(end))
    ]
    shifts = schedules.shifts({"rendered_schedule_entries": rendered})
    found = [ScheduleEntry(one.user, one.start, one.end) for one in shifts]
    for day in rotation.days(first, 4):
        start, stop = midnight(day, where), midnight(day + timedelta(days=1), where)
        made = pieces(found, start, stop)
        assert (made[0].start, made[-1].end) == (start, stop)
        for piece in made:
            for moment in {
                int(piece.start),
                int(piece.start + piece.end) // 2,
                int(piece.end) - 1,
            }:
                now = [
                    one.user_id
                    for one in rota.shifts(schedule, moment, moment + 1)
                    if one.start <= moment < one.end
                ]
                assert [piece.user.id] == (now or [""])
