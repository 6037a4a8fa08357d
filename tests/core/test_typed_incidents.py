"""Incidents as people type them in front of other words."""

from __future__ import annotations

from typing import List, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.typed_incidents import goes_on, perhaps_count, read, without_dash
from pagerduty_mattermost.gateways.pagerduty.find_incident import names

LINK = "https://acme.pagerduty.com/incidents/PT4KHLK"
Q = "Q0000001W9GC3H"


@pytest.mark.parametrize(
    ("text", "ids", "rest"),
    [
        ("1", ("1",), ""),
        ("1: fixed", ("1",), "fixed"),
        ("1, disk replaced", ("1",), "disk replaced"),
        ("1;3", ("1", "3"), ""),
        (Q.lower(), (Q,), ""),
        ("pt4khlk fixed", ("PT4KHLK",), "fixed"),
        ("Pt4Khlk.", ("PT4KHLK",), ""),
        ('"1"', ("1",), ""),
        ("“1”, „3“ done", ("1", "3"), "done"),
        ("«1, 3» done", ("1", "3"), "done"),
        ("1.", ("1",), ""),
        ("(1)", ("1",), ""),
        ("[1,2] both", ("1", "2"), "both"),
        ("**12** x", ("12",), "x"),
        ("`12`", ("12",), ""),
        ("#12 and #13 & 14: all slow", ("12", "13", "14"), "all slow"),
        ("1 and rebooted", ("1",), "and rebooted"),
        ("1, and 2", ("1", "2"), ""),
        ("1: 3 hosts", ("1",), "3 hosts"),
        ("1. 3 hosts", ("1",), "3 hosts"),
        ("1\n2", ("1", "2"), ""),
        ("007", ("7",), ""),
        ("\u200b12\u200b", ("12",), ""),
        ("１２ down", ("12",), "down"),
        (f"{LINK}?from=a,b#x {Q}", ("PT4KHLK", Q), ""),
        (f"{LINK},{LINK.replace('LK', 'LX')}", ("PT4KHLK", "PT4KHLX"), ""),
        (f"<{LINK}>: done", ("PT4KHLK",), "done"),
        ("incident 12", ("12",), ""),
        ("of incidents 1 and 2", ("1", "2"), ""),
        ("incident #12: a", ("12",), "a"),
        ("incident id PT4KHLK x", ("PT4KHLK",), "x"),
        ("the disk is full", (), "the disk is full"),
        ("POSTGRES is slow", (), "POSTGRES is slow"),
        ("postgres13 is slow", (), "postgres13 is slow"),
        ("REDIS, RABBITMQ and QUORUM", (), "REDIS, RABBITMQ and QUORUM"),
        ("problem solved", (), "problem solved"),
        ('"2 disks" replaced', (), '"2 disks" replaced'),
        ("on call was late", (), "on call was late"),
        ("https://grafana.example/d/1 shows it", (), "https://grafana.example/d/1 shows it"),
        ("12: 2nd disk", ("12",), "2nd disk"),
        ('12 "2nd"', ("12",), '"2nd"'),
        ('"12a"', (), '"12a"'),
        ("12 https://chat.example/ops/pl/abc", ("12",), "https://chat.example/ops/pl/abc"),
        (
            "12 https://wiki.example/incidents/review-1",
            ("12",),
            "https://wiki.example/incidents/review-1",
        ),
        ("№12, №13", ("12", "13"), ""),
        ("12 and incident 13", ("12", "13"), ""),
        ("incident 12, incident 13: x", ("12", "13"), "x"),
        ("+1 from me", (), "+1 from me"),
        (f"[#12 Disk [full]]({LINK}): done", ("PT4KHLK",), "done"),
        (f"[it]({LINK}) and [#13]({LINK.replace('LK', 'LX')})", ("PT4KHLK", "PT4KHLX"), ""),
        (
            f"[graph](https://grafana.example/d/1) of {Q}",
            (),
            f"[graph](https://grafana.example/d/1) of {Q}",
        ),
        ("acme.pagerduty.com/incidents/PT4KHLK: done", ("PT4KHLK",), "done"),
        ("POSTGRES14 is slow", (), "POSTGRES14 is slow"),
        ("QUEUE7 is full", (), "QUEUE7 is full"),
        ("on 12: fixed", ("12",), "fixed"),
        ("on #12 fixed", ("12",), "fixed"),
        ('" 12 "', ("12",), ""),
        ("“ 12 ”: fixed", ("12",), "fixed"),
        ('" fixed "', (), '" fixed "'),
        ("12 $5 lost", ("12",), "$5 lost"),
        ("alert 12", ("12",), ""),
        ("the alerts 12, 13", ("12", "13"), ""),
        ("alert #12 fixed", ("12",), "fixed"),
        ("alert 12: fixed", ("12",), "fixed"),
        ("INC 12 fixed", ("12",), "fixed"),
        ("inc. 12", ("12",), ""),
        ("12, alert 13", ("12", "13"), ""),
        ("alerts are quiet", (), "alerts are quiet"),
        ("alert fired 5 times", (), "alert fired 5 times"),
        ("on 12 and 13", ("12", "13"), ""),
        ("", (), ""),
    ],
)
def test_ids_are_read_with_what_stands_around_them(
    text: str, ids: Tuple[str, ...], rest: str
) -> None:
    assert read(text)[:3] == (ids, rest, "")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("12a is down", "12a"),
        ("1/3", "1/3"),
        ("1-3", "1-3"),
        ("1–3 done", "1–3"),
        ("0", "0"),
        ("#", "#"),
        ("# 1", "#"),
        ("#disk", "#disk"),
        ("2nd disk replaced", "2nd"),
        ("100% sure", "100%"),
        ("1, 2nd disk", "2nd"),
        ("1 and 2x", "2x"),
        ("INC-123 linked", "INC-123"),
        ("incident#12", "incident#12"),
        ("no.12", "no.12"),
        ("incident", "incident"),
        ("incident q12 fixed", "q12"),
        ("pt4khlk-x", "pt4khlk-x"),
        ("https://acme.pagerduty.com/alerts/PT4KHLK", "https://acme.pagerduty.com/alerts/PT4KHLK"),
        ("https://chat.example/ops/pl/abc", "https://chat.example/ops/pl/abc"),
        ("1234567890123", "1234567890123"),
        ("12 2nd disk", "2nd"),
        ("12 13a", "13a"),
        ("12, 13 14/15", "14/15"),
        ("12 #disk", "#disk"),
        ("12 INC-123 was it", "INC-123"),
        ("12 https://acme.pagerduty.com/alerts/1", "https://acme.pagerduty.com/alerts/1"),
        ("-1", "-1"),
        ("–12 done", "–12"),
        ("/12", "/12"),
        ("№x", "№x"),
        ("1² fixed", "1²"),
        ("① fixed", "①"),
        ("on 3 hosts it is down", "on 3"),
        ("the 3 hosts are down", "the 3"),
        ("no 5 in the rack", "no 5"),
        ("alert 5 fired twice", "alert 5"),
        ("alert", "alert"),
        ("§12", "§12"),
        ("£12: done", "£12:"),
        ("¿12?", "¿12?"),
        ("n°12", "n°12"),
        ("acme.pagerduty.com/alerts/PT4KHLK", "acme.pagerduty.com/alerts/PT4KHLK"),
    ],
)
def test_what_begins_like_an_incident_and_is_none_is_named(text: str, wrong: str) -> None:
    assert read(text).wrong == wrong
    assert read(text).ids == ()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("3 hosts are down", "3 hosts"),
        ("3 hosts: down", "3 hosts:"),
        ("5 of 7 pods", "5 of"),
        ("#3 hosts are down", ""),
        ("3: hosts are down", ""),
        ("incident 3 hosts are down", ""),
        ("3, 4 hosts are down", "4 hosts"),
        ("12 500 errors are gone", "500 errors"),
        ("12 and 2 of them are down", "2 of"),
        ("3, #4 hosts are down", ""),
        ("1234 disk replaced", ""),
        ("1234 works again", ""),
        ("1234 was the disk", ""),
        ("1234 Errors are down", ""),
        ("1234 process restarted", ""),
        ("1234", ""),
        ("the disk", ""),
    ],
)
def test_a_number_in_front_of_a_plural_may_be_a_count(text: str, count: str) -> None:
    assert perhaps_count(text, read(text)) == count


def test_where_one_is_wanted_a_second_one_behind_a_comma_is_too_many() -> None:
    assert read("12 13 hosts", 1).wrong == "13"
    assert read("12 2h", 1).wrong == "2h"
    assert read("12 2h", 1, numbers_behind=True)[:3] == (("12",), "2h", "")
    assert read("12 2", 1, numbers_behind=True)[:3] == (("12",), "2", "")
    assert read("12: 13 hosts", 1)[:3] == (("12",), "13 hosts", "")
    assert read("12, 13 hosts", 1).wrong == "13"
    assert read("12 and 13", 1).wrong == "13"
    assert read('"12, 13"', 1).wrong == '"12, 13"'


@pytest.mark.parametrize(
    ("rest", "more"),
    [
        ("or 3", "or 3"),
        ("- 5 x", "- 5"),
        ("to be", ""),
        ("plus 3", "plus 3"),
        ("und #3", "und #3"),
        ("incident 3", "incident 3"),
        ("– fixed", ""),
    ],
)
def test_a_range_is_told_apart_from_text(rest: str, more: str) -> None:
    assert goes_on(rest) == more


def test_a_dash_in_front_of_a_text_is_none_of_it() -> None:
    for text in ("- fixed", "– fixed", "-> fixed", ": fixed", "fixed"):
        assert without_dash(text) == "fixed"
    assert without_dash("-") == ""
    assert without_dash("") == ""
    assert without_dash("-fixed - again") == "-fixed - again"


def test_a_list_of_names_holds_nothing_else() -> None:
    assert names("#12, pt4khlk") == ["12", "PT4KHLK"]
    for text in ("1: fixed", "all", "1 or 3", "12a", ""):
        with pytest.raises(RejectedInput):
            names(text)


@given(st.text(max_size=60), st.integers(0, 2))
def test_no_text_breaks_it_and_nothing_is_lost(text: str, most: int) -> None:
    found = read(text, most)
    assert all(id.isalnum() for id in found.ids)
    assert not most or len(found.ids) <= most or found.wrong
    assert found.ids or found.rest.strip() == text.strip()


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=5, unique=True),
    st.sampled_from((", ", ",", " ", "; ", " and ", ", and ", " & ")),
    st.sampled_from(("{}", '"{}"', "“{}”", "#{}", "({})", "`{}`", "„{}“", "»{}«")),
    st.sampled_from((": ", " – ", "! ", ". ")),
)
@settings(deadline=None)
def test_numbers_are_found_however_they_are_joined(
    numbers: List[int], joined: str, wrapped: str, end: str
) -> None:
    listed = joined.join(wrapped.format(number) for number in numbers)
    found = read(f"{listed}{end}the disk")
    assert found.ids == tuple(map(str, numbers))
    assert found.rest.endswith("the disk")
