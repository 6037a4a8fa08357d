"""Times as people type them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import ConfigError, RejectedInput
from pagerduty_mattermost.core.typed_times import (
    TypedSpan,
    iso_time,
    read_future,
    read_span,
    read_time,
    span_in_words,
)
from pagerduty_mattermost.core.yaml_text import loaded

CASES = Path(__file__).resolve().parents[1] / "fixtures" / "cases"
SPELT = loaded((CASES / "F02_more_times.yaml").read_text("utf-8"))
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


def clocks_change(now: float, zone: str) -> bool:
    """Whether they do within two days."""
    near = [times.wall_clock(now + days * 86400, times.zone(zone)) for days in (-2, 2)]
    return near[1] - near[0] != timedelta(days=4)


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
    try:
        said = iso_time(f"{hour}:{minute:02}", now=now, zone=zone, past=past)
    except RejectedInput:
        assert clocks_change(now, zone)
        return
    found = times.seconds(said or "")
    assert found is not None
    local = datetime.fromtimestamp(found, times.zone(zone))
    assert (local.hour, local.minute) == (hour, minute)
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


ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "Africa/Casablanca",
    "America/New_York",
    "America/Chicago",
    "America/Havana",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Antarctica/Troll",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Honolulu",
)
MINUTES = st.integers(int(NOW // 60) - 400 * 1440, int(NOW // 60) + 400 * 1440)


@given(MINUTES, st.sampled_from(ZONES), st.booleans())
@settings(deadline=None, max_examples=400)
def test_what_is_shown_reads_as_the_moment_that_it_shows(
    minute: int, zone: str, past: bool
) -> None:
    """Also in the hour that a clock shows twice: the zone's name says which."""
    moment = minute * 60.0
    shown = times.stamp(times.iso(moment), times.zone(zone))
    assert read_time(shown, now=NOW, zone=zone, past=past) == moment


@given(MINUTES, st.sampled_from(ZONES), st.sampled_from(("UTC", "Asia/Tokyo", "Europe/Berlin")))
@settings(deadline=None, max_examples=200)
def test_a_whole_date_reads_in_its_zone_wherever_the_reader_is(
    minute: int, zone: str, here: str
) -> None:
    moment = minute * 60.0
    wall = times.wall_clock(moment, times.zone(zone))
    for written in (
        f"{wall:%Y-%m-%d %H:%M}",
        f"{wall.day} {wall:%B} {wall.year} {wall.hour}:{wall:%M}",
        f"{wall:%H:%M} on {wall:%b} {wall.day}, {wall.year}",
        f"{wall:%Y/%m/%d} at {wall:%I:%M%p}",
    ):
        try:
            read = read_time(f"{written} {zone}", now=NOW, zone=here)
        except RejectedInput:  # it is shown twice
            assert clocks_change(moment, zone)
            continue
        assert times.wall_clock(read, times.zone(zone)) == wall, written


@given(st.integers(1, 12), st.integers(1, 28), st.sampled_from("/.-"), st.sampled_from(ZONES))
@settings(deadline=None)
def test_a_date_in_numbers_is_read_only_where_it_has_one_reading(
    month: int, day: int, mark: str, zone: str
) -> None:
    for first, second in ((month, day), (day, month)):
        written = f"{first}{mark}{second}{mark}2027 9:00"
        if day > 12 or day == month:
            found = times.wall_clock(read_time(written, now=NOW, zone=zone), times.zone(zone))
            assert (found.month, found.day) == (month, day)
        else:
            with pytest.raises(RejectedInput, match="may be .* or .*: write 2027-.* or 2027-"):
                read_time(written, now=NOW, zone=zone)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("12/01 9am", "may be 1 Dec 2026 09:00 CET or 12 Jan 2027 09:00 CET: write 2026-12-01"),
        ("1.12. 9:00", "may be 12 Jan 2027 09:00 CET or 1 Dec 2026 09:00 CET"),
        ("next Monday", "may be 23 Nov 2026 00:00 CET or 30 Nov 2026 00:00 CET"),
        ("18:00 IST", "IST is no one time zone: write Asia/Kolkata"),
        ("18:00 CST", "CST is no one time zone"),
        ("2112-01-29 9:00", "would be 29 Jan 2112 09:00 CET, more than a year ahead: write 2h"),
        ("400 days", "more than a year ahead"),
        ("yesterday 9:00", "would be 20 Nov 2026 09:00 CET, which is past: write 2h"),
        ("2h ago", "which is past"),
        ("banana", "'banana' is no time: write 2h, 18:00"),
        ("9.30", "may be 30 Sep 2027 00:00 CEST or 22 Nov 2026 09:30 CET: write 2027-09-30"),
        ("13.12", "may be 13 Dec 2026 00:00 CET or 21 Nov 2026 13:12 CET"),
        ("9-17", "is no time"),
        ("20 Nov", "would be 20 Nov 2027 00:00 CET: write 2027-11-20 00:00 where that is meant"),
        ("21 Nov 9:00", "would be 21 Nov 2027 09:00 CET: write 2027-11-21 09:00"),
        ("12 Jan 27", "is no time"),
        ("9", "is no time"),
    ],
)
def test_what_is_not_sure_is_refused_with_its_reading(text: str, told: str) -> None:
    with pytest.raises(RejectedInput) as refused:
        read_future(text, now=NOW, zone="Europe/Berlin")
    assert told in str(refused.value)


@pytest.mark.parametrize("text", SPELT["refused"])
def test_what_is_no_time_or_several_is_refused(text: str) -> None:
    now = SPELT["now"].timestamp()
    with pytest.raises(RejectedInput, match="write "):
        read_future(text, now=now, zone=SPELT["zone"])


@pytest.mark.parametrize(("text", "wanted"), SPELT["read"].items())
def test_what_has_one_reading_is_read(text: str, wanted: str) -> None:
    now = SPELT["now"].timestamp()
    assert times.iso(read_future(text, now=now, zone=SPELT["zone"])) == wanted


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("for 2h", "2026-11-21T11:03:00Z", "2026-11-21T13:03:00Z"),
        ("2h", "2026-11-21T11:03:00Z", "2026-11-21T13:03:00Z"),
        ("until 18:00", "2026-11-21T11:03:00Z", "2026-11-21T17:00:00Z"),
        ("from 18:00 until 20:00", "2026-11-21T17:00:00Z", "2026-11-21T19:00:00Z"),
        ("from tomorrow 22:00 to 6:00", "2026-11-22T21:00:00Z", "2026-11-23T05:00:00Z"),
        ("from Monday 9am for an hour", "2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z"),
    ],
)
def test_a_span_has_two_ends(text: str, start: str, end: str) -> None:
    span = read_span(text, now=NOW, zone="Europe/Berlin")
    assert (times.iso(span.start), times.iso(span.end)) == (start, end)


@pytest.mark.parametrize(
    ("text", "now", "told"),
    [
        ("28 march 2:30", "2027-03-27T20:08Z", "would be 28 Mar 2027 03:00 CEST, since the"),
        ("tomorrow 2:00", "2027-03-27T20:08Z", "skip that time: write 2027-03-28 03:00 where"),
        ("2:59", "2027-03-27T20:08Z", "would be 28 Mar 2027 03:00 CEST"),
        ("2027-03-28T02:30", "2027-03-27T20:08Z", "would be 28 Mar 2027 03:00 CEST"),
        ("25 oct 2:30", "2026-10-24T20:08Z", "may be 25 Oct 2026 02:30 CEST or 25 Oct 2026 02:30"),
        ("2:30", "2026-10-24T20:08Z", "write 2026-10-25 02:30 CEST or 2026-10-25 02:30 CET"),
        ("2026-10-25 02:30", "2026-10-24T20:08Z", "may be 25 Oct 2026 02:30 CEST or"),
        ("2:50", "2026-10-25T00:40Z", "may be 25 Oct 2026 02:50 CEST or 25 Oct 2026 02:50 CET"),
    ],
)
def test_a_time_that_the_clocks_skip_or_show_twice_is_refused(
    text: str, now: str, told: str
) -> None:
    moment = times.seconds(now)
    assert moment is not None
    with pytest.raises(RejectedInput) as refused:
        read_future(text, now=moment, zone="Europe/Berlin")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("text", "now", "wanted"),
    [
        ("2:30 CET", "2026-10-24T20:08Z", "2026-10-25T01:30:00Z"),
        ("2:30 CEST", "2026-10-24T20:08Z", "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:30+02:00", "2026-10-24T20:08Z", "2026-10-25T02:30+02:00"),
        ("2:30", "2026-10-25T00:40Z", "2026-10-25T01:30:00Z"),
        ("today 2:30", "2026-10-25T00:40Z", "2026-10-25T01:30:00Z"),
        ("2:30", "2026-10-25T01:40Z", "2026-10-26T01:30:00Z"),
        ("3:00", "2026-10-24T20:08Z", "2026-10-25T02:00:00Z"),
        ("3:00", "2027-03-27T20:08Z", "2027-03-28T01:00:00Z"),
        ("28 march", "2027-03-27T20:08Z", "2027-03-27T23:00:00Z"),
        ("2:30 CET", "2027-03-27T20:08Z", "2027-03-28T01:30:00Z"),
        ("2:30 CEST", "2027-03-27T20:08Z", "2027-03-28T00:30:00Z"),
        ("2:30 NST America/St_Johns", "2027-03-27T20:08Z", None),
    ],
)
def test_what_says_which_of_both_is_read(text: str, now: str, wanted: Optional[str]) -> None:
    moment = times.seconds(now)
    assert moment is not None
    assert iso_time(text, now=moment, zone="Europe/Berlin") == wanted


def test_a_day_begins_when_its_clocks_begin() -> None:
    """In Santiago the clocks skip midnight."""
    now = times.seconds("2026-09-05T12:00Z")
    assert now is not None
    for text in ("6 september", "2026-09-06", "tomorrow"):
        assert iso_time(text, now=now, zone="America/Santiago") == "2026-09-06T04:00:00Z"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("from 9am to 5pm PST", "2026-11-21T17:00:00Z", "2026-11-22T01:00:00Z"),
        ("from 9am PST to 5pm", "2026-11-21T17:00:00Z", "2026-11-22T01:00:00Z"),
        ("from 9am to 5pm America/New_York", "2026-11-21T14:00:00Z", "2026-11-21T22:00:00Z"),
        ("from 13:00 UTC until 15:00", "2026-11-21T13:00:00Z", "2026-11-21T15:00:00Z"),
        ("from 13:00 until 15:00 +00:00", "2026-11-21T13:00:00Z", "2026-11-21T15:00:00Z"),
        ("from now until 15:00 UTC", "2026-11-21T11:03:00Z", "2026-11-21T15:00:00Z"),
        ("from 13:00 UTC for 2h", "2026-11-21T13:00:00Z", "2026-11-21T15:00:00Z"),
        ("from 9am UTC to 5pm PST", "2026-11-22T09:00:00Z", "2026-11-23T01:00:00Z"),
        ("from 13:00 CET until 15:00", "2026-11-21T12:00:00Z", "2026-11-21T14:00:00Z"),
        ("from 27 Mar 9:00 CET to 28 Mar 9:00", "2027-03-27T08:00:00Z", "2027-03-28T07:00:00Z"),
    ],
)
def test_a_zone_said_of_one_end_counts_for_both(text: str, start: str, end: str) -> None:
    """But for the own zone's name, whose clocks may change between both."""
    span = read_span(text, now=NOW, zone="Europe/Berlin")
    assert (times.iso(span.start), times.iso(span.end)) == (start, end)


def test_a_span_is_as_long_as_what_is_shown_of_it() -> None:
    """The question about eight days was once asked a second later, and said 7 d 23 h."""
    span = TypedSpan(NOW + 1, NOW + 8 * 86400)
    shown = "from 21 Nov 2026 12:03 CET until 29 Nov 2026 12:03 CET (8 d)"
    assert span_in_words(span, "Europe/Berlin") == shown


@pytest.mark.parametrize("text", ["banana", "yesterday 9:00", "400 days"])
def test_what_is_suggested_is_read_and_still_to_come(text: str) -> None:
    """Whatever day it is, in any zone."""
    for now in (NOW, NOW + 12345.0 * 86400, 1796130420.0):
        with pytest.raises(RejectedInput) as refused:
            read_future(text, now=now, zone="Pacific/Auckland")
        dated = str(refused.value).rpartition(" or ")[2]
        assert read_future(dated, now=now, zone="Pacific/Auckland") > now
