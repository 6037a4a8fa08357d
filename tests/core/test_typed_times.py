"""Times as people type them."""

from __future__ import annotations

from datetime import datetime
from typing import Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import ConfigError
from pagerduty_mattermost.core.typed_times import iso_time

NOW = 1795258980.0  # Saturday 2026-11-21 12:03 in Berlin


@pytest.mark.parametrize(
    ("text", "past", "wanted"),
    [
        ("2026-11-21T09:00:00Z", False, "2026-11-21T09:00:00Z"),
        ("2026-11-21 09:00:00+01:00", False, "2026-11-21T09:00:00+01:00"),
        ("2026-11-21T09:00", False, "2026-11-21T08:00:00Z"),
        ("2026-11-21", False, "2026-11-20T23:00:00Z"),
        ("2026-06-21T09:00", False, "2026-06-21T07:00:00Z"),
        ("now", False, "2026-11-21T11:03:00Z"),
        ("2h", False, "2026-11-21T13:03:00Z"),
        ("2h", True, "2026-11-21T09:03:00Z"),
        ("in 2h", True, "2026-11-21T13:03:00Z"),
        ("2h ago", False, "2026-11-21T09:03:00Z"),
        ("1h 30min", False, "2026-11-21T12:33:00Z"),
        ("1.5 hours", False, "2026-11-21T12:33:00Z"),
        ("3 days", True, "2026-11-18T11:03:00Z"),
        ("tomorrow 9:00", False, "2026-11-22T08:00:00Z"),
        ("tomorrow 9:00 America/New_York", False, "2026-11-22T14:00:00Z"),
        ("tomorrow 9:00 -0500", False, "2026-11-22T14:00:00Z"),
        ("yesterday 9:00", True, "2026-11-20T08:00:00Z"),
        ("9:00", False, "2026-11-22T08:00:00Z"),
        ("9:00", True, "2026-11-21T08:00:00Z"),
        ("Monday 9:00", False, "2026-11-23T08:00:00Z"),
        ("banana", False, None),
        ("", False, None),
        ("5", False, None),
        ("25:00", False, None),
        ("2026-13-01T00:00:00Z", False, None),
        ("9:00 Europe/Nowhere", False, None),
        ("99999999999999 days", False, None),
        ("x" * 1000, False, None),
    ],
)
def test_times_as_people_type_them(text: str, past: bool, wanted: Optional[str]) -> None:
    assert iso_time(text, now=NOW, zone="Europe/Berlin", past=past) == wanted


@given(
    st.floats(1.7e9, 1.9e9),
    st.sampled_from(
        ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati"]
    ),
    st.integers(0, 23),
    st.integers(0, 59),
    st.booleans(),
)
@settings(deadline=None)
def test_a_time_of_day_is_the_next_or_the_last_one_in_its_zone(
    now: float, zone: str, hour: int, minute: int, past: bool
) -> None:
    found = times.seconds(iso_time(f"{hour}:{minute:02}", now=now, zone=zone, past=past) or "")
    assert found is not None
    local = datetime.fromtimestamp(found, times.zone(zone))
    assert abs((local.hour * 60 + local.minute) - (hour * 60 + minute)) <= 60, (
        "but for an hour that the clocks skip"
    )
    assert (now - 90000 <= found <= now) if past else (now < found <= now + 90000)


def test_a_zone_in_the_text_counts_for_the_day_as_well() -> None:
    now = 1795796160.0  # Friday 2026-11-27 17:16 in Berlin
    assert iso_time("18:00", now=now, zone="Europe/Berlin") == "2026-11-27T17:00:00Z"
    assert iso_time("18:00 CET", now=now, zone="UTC") == "2026-11-27T17:00:00Z"
    assert iso_time("18:00", now=now, zone="Europe/Berlin", past=True) == "2026-11-26T17:00:00Z"


def test_an_unknown_zone_of_the_configuration_is_told() -> None:
    with pytest.raises(ConfigError, match="time_zone"):
        iso_time("2026-11-21", now=NOW, zone="Europe/Nowhere")


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    found = iso_time(text, now=NOW, zone="Europe/Berlin")
    assert found is None or times.parse(found) is not None
