"""Times of PagerDuty in the configured zone, and durations in words."""

# flake8: noqa: W503

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import ConfigError

UTC = timezone.utc


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-21T12:03:04Z", "2026-11-21T12:03:04Z"),
        ("2026-11-21T12:03:04.123456Z", "2026-11-21T12:03:04Z"),
        ("2026-11-21T12:03:04+01:00", "2026-11-21T11:03:04Z"),
        ("2026-11-21T12:03:04-0530", "2026-11-21T17:33:04Z"),
        ("2026-11-21T12:03", "2026-11-21T12:03:00Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
    ],
)
def test_iso_times_of_every_shape_are_one_moment(written: str, expected: str) -> None:
    assert times.iso(times.seconds(written) or 0) == expected


@pytest.mark.parametrize(
    "written", ["", "None", "yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_time_is_nothing_and_no_exception(written: str) -> None:
    assert times.parse(written) is None
    assert times.seconds(written) is None
    assert times.clock(written, UTC) == ""
    assert times.stamp(written, UTC) == ""
    assert times.between(written, written) == ""


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(written: str) -> None:
    times.parse(written)


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2900, 1, 1)))
def test_printing_and_reading_are_inverse(moment: datetime) -> None:
    whole = moment.replace(microsecond=0, tzinfo=UTC)
    assert times.parse(times.iso(whole.timestamp())) == whole


def test_times_are_shown_in_the_configured_zone_with_its_name() -> None:
    berlin = times.zone("Europe/Berlin")
    assert times.stamp("2026-11-21T23:30:00Z", berlin) == "22 Nov 2026 00:30 CET"
    assert times.stamp("2026-07-01T12:00:00Z", berlin) == "1 Jul 2026 14:00 CEST"
    assert times.stamp("2026-07-01T12:00:00Z", times.zone("UTC")) == "1 Jul 2026 12:00 UTC"
    assert (
        times.stamp("2026-07-01T12:00:00Z", times.zone("America/Sao_Paulo"))
        == "1 Jul 2026 09:00 UTC-03"
    )


def test_the_day_is_told_only_when_it_is_another_one() -> None:
    assert times.clock("2026-11-21T12:03:59Z", UTC, near="2026-11-21T23:00:00Z") == "12:03"
    assert times.clock("2026-11-20T12:03:00Z", UTC, near="2026-11-21T00:01:00Z") == "20 Nov 12:03"
    assert (
        times.clock("2025-11-20T12:03:00Z", UTC, near="2026-11-21T00:01:00Z")
        == "20 Nov 2025 12:03"
    )
    assert times.clock("2026-11-20T12:03:00Z", UTC) == "20 Nov 12:03"


def test_a_zone_nobody_knows_is_named() -> None:
    with pytest.raises(ConfigError, match="Mars/Olympus"):
        times.zone("Mars/Olympus")


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (45.9, "45 s"),
        (60, "1 min"),
        (12 * 60 + 59, "12 min"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
        (86400, "1 d"),
        (2 * 86400 + 3 * 3600 + 5, "2 d 3 h"),
    ],
)
def test_durations_are_words(length: float, words: str) -> None:
    assert times.duration(length) == words


def test_a_duration_backwards_is_not_told() -> None:
    assert times.between("2026-11-21T12:00:00Z", "2026-11-21T12:12:00Z") == "12 min"
    assert times.between("2026-11-21T12:12:00Z", "2026-11-21T12:00:00Z") == ""
