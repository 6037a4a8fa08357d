"""Quiet hours: what can be written, and that they begin and end rightly wherever clocks are
changed."""

# flake8: noqa: W503

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.cards.quiet_hours import QuietHours
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.quiet import QuietConfig
from pagerduty_mattermost.core.errors import ConfigError, RejectedInput
from pagerduty_mattermost.core.weekly_hours import DailySpan, WeeklyHours, ends, parse

EVERY = tuple(range(7))
BERLIN = times.zone("Europe/Berlin")
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",
]


def at(text: str) -> float:
    found = times.seconds(text)
    assert found is not None, text
    return found


def end(text: str, moment: str, zone: Any = BERLIN) -> str:
    found = ends(parse(text), at(moment), zone)
    return "" if found is None else times.iso(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", WeeklyHours()),
        ("Never", WeeklyHours()),
        ("22:00-07:00", WeeklyHours((DailySpan(EVERY, 1320, 1860),))),
        ("22:00–07:00 Europe/Berlin, Sat, Sun", None),
        ("Mon-Fri 19:00-08:00", WeeklyHours((DailySpan((0, 1, 2, 3, 4), 1140, 1920),))),
        ("fri-mon", WeeklyHours((DailySpan((4, 5, 6, 0), 0, 1440),))),
        ("Saturday 00:00-24:00 UTC", WeeklyHours((DailySpan((5,), 0, 1440),), "UTC")),
    ],
)
def test_what_can_be_written(text: str, expected: Any) -> None:
    whole = WeeklyHours(
        (DailySpan(EVERY, 1320, 1860), DailySpan((5,), 0, 1440), DailySpan((6,), 0, 1440)),
        "Europe/Berlin",
    )
    assert parse(text) == (expected if expected is not None else whole)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("22-07", "'22-07' is no day"),
        ("25:00-07:00", "are no hours"),
        ("22:00-07:60", "are no hours"),
        ("24:00-07:00", "are no hours"),
        ("07:00-07:00", "begins when it ends"),
        ("Europe/Berlin", "no day and no hours"),
        ("Sat UTC, Sun Europe/Berlin", "two time zones"),
        ("Mon-Sun", "never end"),
        ("00:00-12:00, 12:00-24:00", "never end"),
        ("nightly", "'nightly' is no day"),
        ("1320", "'1320' is no day"),
    ],
)
def test_what_does_not_read_is_named(text: str, why: str) -> None:
    with pytest.raises(RejectedInput, match=why):
        parse(text)


@given(st.text(max_size=40))
def test_any_text_reads_or_is_refused_in_one_line(text: str) -> None:
    try:
        parse(text)
    except RejectedInput as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_a_night_ends_in_the_morning_and_a_weekend_on_monday() -> None:
    text = "22:00-07:00, Sat, Sun"
    assert end(text, "2026-11-25T21:00:00Z") == "2026-11-26T06:00:00Z"
    assert end(text, "2026-11-26T05:59:59Z") == "2026-11-26T06:00:00Z"
    assert end(text, "2026-11-26T06:00:00Z") == ""
    assert end(text, "2026-11-25T20:59:59Z") == ""
    assert end(text, "2026-11-27T21:00:00Z") == "2026-11-30T06:00:00Z", (
        "Friday's night, the weekend and Sunday's"
    )
    assert end("Fri 22:00-07:00", "2026-11-28T05:00:00Z") == "2026-11-28T06:00:00Z", (
        "Saturday's morning is Friday's"
    )
    assert end("Fri 22:00-07:00", "2026-11-28T21:30:00Z") == ""


def test_the_end_is_by_the_clock_on_the_wall_when_it_is_changed() -> None:
    assert end("22:00-07:00", "2026-03-28T21:00:00Z") == "2026-03-29T05:00:00Z", (
        "eight hours in spring"
    )
    assert end("22:00-07:00", "2026-10-24T20:00:00Z") == "2026-10-25T06:00:00Z", "ten in autumn"


def test_a_time_that_the_clock_jumps_over_is_the_jump_and_one_that_comes_twice_the_first() -> None:
    assert end("01:00-02:30", "2026-03-29T00:30:00Z") == "2026-03-29T01:00:00Z"
    assert end("02:30-07:00", "2026-03-29T01:00:00Z") == "2026-03-29T05:00:00Z"
    assert end("02:15-02:45", "2026-03-29T01:00:00Z") == "", (
        "an hour that is left out is not quiet"
    )
    assert end("01:00-02:30", "2026-10-25T00:10:00Z") == "2026-10-25T00:30:00Z"
    assert end("01:00-02:30", "2026-10-25T01:10:00Z") == "", "the second 02:10: it is over"
    assert end("02:30-07:00", "2026-10-25T01:10:00Z") == "2026-10-25T06:00:00Z", (
        "the second 02:10: it goes on"
    )


def test_a_day_that_never_was_ends_nothing_too_late() -> None:
    """Samoa left 30 December 2011 out."""
    zone = times.zone("Pacific/Apia")
    assert end("Fri", "2011-12-30T09:59:59Z", zone) == "", "Thursday"
    assert end("Fri", "2011-12-30T10:00:00Z", zone) == "", "Saturday"
    assert end("Thu-Fri", "2011-12-29T20:00:00Z", zone) == "2011-12-30T10:00:00Z"


minutes = st.integers(0, 95).map(lambda quarter: quarter * 15)
spans = st.builds(
    lambda days, start, length: DailySpan(tuple(sorted(days)), start, start + 15 * length),
    st.sets(st.integers(0, 6), min_size=1, max_size=7),
    minutes,
    st.integers(1, 96),
).filter(lambda span: span.end - span.start < 1440 or span.start == 0)
free = st.lists(spans, min_size=1, max_size=3).filter(
    lambda found: len({d for s in found for d in s.days}) < 7
)
moments = st.one_of(
    st.integers(at("2018-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z")),  # type: ignore[arg-type]
    st.builds(
        lambda change, near: change + near,
        st.sampled_from(
            [
                int(at(day + "T01:00:00Z"))
                for day in ("2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01")
            ]
        ),
        st.integers(-2 * 86400, 2 * 86400),
    ),
)


def on_the_wall(moment: float, zone: Any) -> datetime:
    return datetime.fromtimestamp(moment, timezone.utc).astimezone(zone).replace(tzinfo=None)


def comes_twice(moment: float, zone: Any) -> bool:
    shown = on_the_wall(moment, zone)
    return any(on_the_wall(moment + other, zone) == shown for other in (-3600, -1800, 1800, 3600))


def quiet_by_the_wall(found: List[DailySpan], shown: datetime) -> bool:
    def inside(span: DailySpan, back: int) -> bool:
        day = shown - timedelta(days=back)
        return (
            day.weekday() in span.days
            and span.start <= shown.hour * 60 + shown.minute + back * 1440 < span.end
        )

    return any(inside(span, back) for span in found for back in (0, 1))


@settings(max_examples=300, deadline=None)
@given(found=free, moment=moments, name=st.sampled_from(ZONES))
def test_it_is_quiet_when_the_clock_on_the_wall_says_so(
    found: List[DailySpan], moment: int, name: str
) -> None:
    zone = times.zone(name)
    finish = ends(WeeklyHours(tuple(found)), moment, zone)
    if not comes_twice(moment, zone):
        assert (finish is not None) == quiet_by_the_wall(found, on_the_wall(moment, zone))
    if finish is None:
        return
    assert finish > moment
    assert ends(WeeklyHours(tuple(found)), finish, zone) is None, "it is over when it ends"
    for between in (moment, (moment + finish) // 2, finish - 1):
        assert ends(WeeklyHours(tuple(found)), between, zone) == finish, (
            "one quiet time has one end, whoever asks"
        )


def test_a_route_says_its_own_hours_or_none() -> None:
    now = at("2026-11-25T23:30:00Z")
    hours = QuietHours(QuietConfig(hours="22:00-07:00"), "Europe/Berlin", lambda: now)
    assert hours.until("") == at("2026-11-26T06:00:00Z")
    assert hours.until("22:00-07:00 America/New_York") is None, "19:30 there"
    assert hours.until("never") is None
    assert (
        QuietHours(QuietConfig(False, "22:00-07:00"), "UTC", lambda: now).until("Wed, Thu") is None
    )
    with pytest.raises(ConfigError, match="Mars/Olympus"):
        hours.until("22:00-07:00 Mars/Olympus")
