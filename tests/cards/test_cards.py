"""The card: one render function, every state, any text, within the limits of every server."""

from __future__ import annotations

import json
import re
from typing import Any, Dict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.cards.card import (
    MAX_PROPS_CHARACTERS,
    CardView,
    draw_card,
    plain_line,
    props_size,
    state_of,
)
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.incidents.incident import Incident, Link, Person, Version

INCIDENT = Incident(
    id="PINC1",
    number=4711,
    title="Disk full on db-01",
    url="https://acme.pagerduty.com/incidents/PINC1",
    status="triggered",
    urgency="high",
    priority="P1",
    service="Checkout",
    service_id="PSVC1",
    teams=(Person("PT", "Payments"),),
    escalation_policy="Payments on call",
    assignees=(Person("PU1", "Ann", "2026-11-21T12:00:01Z"), Person("PU2", "Bob")),
    created_at="2026-11-21T12:00:00Z",
    updated_at="2026-11-21T12:00:00Z",
    alerts_total=3,
    alerts_triggered=2,
    alerts_resolved=1,
    conference_url="https://meet.example/inc",
    conference_number="+1 555 0100",
    note="looking at it\nsecond line",
    note_by="Ann",
    note_at="2026-11-21T12:05:00Z",
    summary="df says 100%",
    details=(("host", "db-01"), ("free", "0 B")),
    links=(
        Link("https://run.example/disk", "Runbook"),
        Link("https://g.example", "", "https://g.example/graph.png"),
    ),
)
VIEW = CardView(
    zone=times.zone("Europe/Berlin"), key="k" * 32, version=Version("2026-11-21T12:00:00Z", "", 1)
)


def attachment(incident: Incident, view: CardView = VIEW) -> Dict[str, Any]:
    return dict(draw_card(incident, view).props["attachments"][0])


def field(incident: Incident, title: str) -> str:
    return next((f["value"] for f in attachment(incident)["fields"] if f["title"] == title), "")


def test_the_card_says_what_people_need() -> None:
    shown = attachment(INCIDENT)
    assert shown["title"] == "#4711 Disk full on db-01"
    assert shown["title_link"] == INCIDENT.url
    assert shown["text"] == "🚨 **Triggered**\ndf says 100%"
    values = {f["title"]: f["value"] for f in shown["fields"]}
    assert values == {
        "Urgency": "High",
        "Priority": "P1",
        "Service": "Checkout",
        "Assigned to": "Ann, Bob",
        "Since": "21 Nov 2026 13:00 CET",
        "Team": "Payments",
        "Escalation policy": "Payments on call",
        "Alerts": "3 (2 triggered, 1 resolved)",
        "Conference bridge": "[Join the call](https://meet.example/inc) · +1 555 0100",
        "Latest note": "looking at it\nsecond line\n— Ann, 13:05",
        "Details": "**host**: db-01\n**free**: 0 B",
        "Links": "[Runbook](https://run.example/disk) · [Graph](https://g.example)",
    }
    assert "actions" not in shown


def test_message_and_fallback_are_one_plain_line() -> None:
    made = draw_card(INCIDENT, VIEW)
    expected = (
        "🚨 Triggered (P1) · #4711 Disk full on db-01 · Checkout · "
        "https://acme.pagerduty.com/incidents/PINC1"
    )
    assert made.message == expected
    assert made.props["attachments"][0]["fallback"] == expected
    assert plain_line(INCIDENT) == expected


def test_acknowledged_names_who_and_when() -> None:
    acked = INCIDENT._replace(
        status="acknowledged",
        acknowledgers=(Person("PU1", "Ann", "2026-11-21T12:03:00Z"),),
        updated_at="2026-11-21T12:03:00Z",
    )
    assert attachment(acked)["text"].startswith("👀 **Acknowledged** by Ann (13:03)")
    assert attachment(acked)["color"] != attachment(INCIDENT)["color"]


def test_resolved_names_who_when_and_how_long_it_took() -> None:
    done = INCIDENT._replace(
        status="resolved",
        resolved_by="Ann",
        resolved_at="2026-11-21T13:05:00Z",
        acknowledgers=(Person("PU1", "Ann", "2026-11-21T12:03:00Z"),),
    )
    assert attachment(done)["text"].startswith("✅ **Resolved** by Ann, 21 Nov 2026 14:05 CET")
    assert field(done, "Duration") == "1 h 5 min"
    assert field(done, "Acknowledged by") == "Ann (13:03)"
    assert draw_card(done, VIEW).message.startswith("✅ Resolved after 1 h 5 min · #4711")


@pytest.mark.parametrize(
    "status", ["triggered", "acknowledged", "resolved", "merged", "deleted", "suppressed", ""]
)
def test_every_state_has_its_word_and_emoji(status: str) -> None:
    made = draw_card(INCIDENT._replace(status=status, merged_into="PINC2"), VIEW)
    state = state_of(INCIDENT._replace(status=status))
    assert made.message.startswith(f"{state.emoji} {state.word}")
    assert f"{state.emoji} **{state.word}**" in made.props["attachments"][0]["text"]
    assert re.fullmatch("#[0-9a-f]{6}", made.props["attachments"][0]["color"])


def test_low_urgency_looks_less_alarming() -> None:
    assert attachment(INCIDENT._replace(urgency="low"))["color"] != attachment(INCIDENT)["color"]


def test_an_empty_incident_makes_a_card() -> None:
    made = draw_card(Incident(id="P1"), CardView())
    assert made.message == "🚨 Triggered · Incident without a title"
    assert made.props["attachments"][0]["fields"] == []
    assert "title_link" not in made.props["attachments"][0]


def test_the_post_can_be_found_by_its_key_and_compared() -> None:
    made = draw_card(INCIDENT, VIEW)
    assert made.props[PROPS_KEY] == {
        "key": VIEW.key,
        "incident": "PINC1",
        "version": ["2026-11-21T12:00:00Z", "", 1],
        "print": made.fingerprint,
    }
    assert (
        draw_card(INCIDENT, VIEW._replace(version=Version("x", "", 2))).fingerprint
        == made.fingerprint
    )
    assert draw_card(INCIDENT._replace(title="other"), VIEW).fingerprint != made.fingerprint


def test_buttons_have_their_place() -> None:
    button = {
        "id": "ack",
        "name": "Acknowledge",
        "type": "button",
        "integration": {"url": "https://x", "context": {}},
    }
    assert attachment(INCIDENT, VIEW._replace(actions=(button,)))["actions"] == [button]


def test_outside_text_does_nothing_on_the_card() -> None:
    evil = INCIDENT._replace(
        title="@here [Ack](http://bad.example) {{ st2kv.system.x }}",
        service="@channel | x |",
        note="@all\n# big\n| a | b |\n|---|---|",
        note_by="@bob",
        details=(("@here", "~town-square\n@all"),),
        assignees=(Person("PU1", "@ann"),),
        links=(
            Link("javascript:alert(1)", "Runbook"),
            Link("https://bad.example/x", "https://good.example"),
        ),
    )
    made = draw_card(evil, VIEW)
    everything = made.message + json.dumps(made.props, ensure_ascii=False)
    assert not re.search(r"@(?!\u200b)", everything)
    assert "javascript" not in everything
    assert "](http://bad" not in everything
    assert "{{ st2kv.system.x }}" in made.message
    assert field(evil, "Links") == "[bad.example](https://bad.example/x)"
    assert "\n" not in made.message
    assert field(evil, "Details") == "**@\u200bhere**: ~\u200btown-square @\u200ball"


NASTY = st.sampled_from(
    [
        "@",
        "<",
        "&amp;",
        "日本",
        "😀",
        "\u202e",
        "שלום",
        "*",
        "[x](y)",
        "\n",
        '"',
        "\\",
        "https://x.io/<>&",
    ]
)
TEXT = st.one_of(
    st.builds(lambda piece, n: piece * n, NASTY, st.integers(0, 10_000)), st.text(max_size=50)
)
PERSONS = st.lists(
    st.builds(Person, st.text(max_size=10), TEXT, st.just("2026-11-21T12:00:00Z")), max_size=20
).map(tuple)
URLS = st.builds(
    lambda n, piece: "https://x.io/" + piece * n,
    st.integers(0, 800),
    st.sampled_from(["a", "&", "é"]),
)
INCIDENTS = st.builds(
    Incident,
    id=st.just("P1"),
    number=st.integers(0, 10**9),
    title=TEXT,
    url=URLS,
    status=st.sampled_from(["triggered", "acknowledged", "resolved", "merged", "odd"]),
    urgency=TEXT,
    priority=TEXT,
    service=TEXT,
    teams=PERSONS,
    assignees=PERSONS,
    acknowledgers=PERSONS,
    resolved_by=TEXT,
    created_at=st.sampled_from(["", "2026-11-21T12:00:00Z", "odd"]),
    conference_url=URLS,
    conference_number=TEXT,
    note=TEXT,
    note_by=TEXT,
    summary=TEXT,
    details=st.lists(st.tuples(TEXT, TEXT), max_size=20).map(tuple),
    links=st.lists(st.builds(Link, URLS, TEXT, URLS), max_size=8).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(INCIDENTS)
def test_every_card_fits_the_limits_of_old_servers(incident: Incident) -> None:
    made = draw_card(incident, VIEW)
    as_go_writes = json.dumps(made.props, ensure_ascii=False, separators=(",", ":"))
    for char, length in (("<", 6), (">", 6), ("&", 6)):
        as_go_writes = as_go_writes.replace(char, "u" * length)
    assert len(as_go_writes) + 290 <= 8000
    assert len(made.message) <= 16383
    assert len(made.message.splitlines()) == 1


def test_what_matters_least_is_cut_first() -> None:
    long = INCIDENT._replace(
        summary="s" * 500,
        note="n" * 500,
        details=tuple((f"key {i}", "<" * 200) for i in range(12)),
    )
    assert props_size(draw_card(long, VIEW).props) <= MAX_PROPS_CHARACTERS
    assert field(long, "Assigned to")
    assert field(long, "Latest note")
    assert "more in PagerDuty" in field(long, "Details")


def test_a_ten_thousand_character_title_is_cut_everywhere() -> None:
    made = draw_card(INCIDENT._replace(title="x" * 10_000), VIEW)
    assert len(made.message) < 500
    assert made.props["attachments"][0]["title"].endswith("x…")
