"""The card: one render function, every state, any text, within the limits of every server."""

# flake8: noqa: E203,W503

from __future__ import annotations

import json
import re
from typing import Any, Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_text import without_code

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
    zone=times.zone("Europe/Berlin"),
    key="k" * 32,
    version=Version("2026-11-21T12:00:00Z", "", 1),
    now="2026-11-21T14:00:00Z",
)


def attachments(incident: Incident, view: CardView = VIEW) -> List[Dict[str, Any]]:
    return list(draw_card(incident, view).props["attachments"])


def attachment(incident: Incident, view: CardView = VIEW) -> Dict[str, Any]:
    return attachments(incident, view)[0]


def alert(incident: Incident, view: CardView = VIEW) -> List[str]:
    """The lines below the buttons."""
    shown = attachments(incident, view)
    return str(shown[1]["text"]).split("\n") if len(shown) > 1 else []


def test_the_card_says_how_it_is_in_one_line_above_what_the_alert_said() -> None:
    first, second = attachments(INCIDENT)
    assert first["title"] == "#4711 Disk full on db-01"
    assert first["title_link"] == INCIDENT.url
    assert first["text"] == (
        "🚨 **Triggered** · High · **P1** · Checkout · assigned to Ann, Bob · since 13:00 · "
        "3 alerts"
    )
    assert second["color"] == first["color"]
    assert second["text"].split("\n") == [
        "📞 [Join the call](https://meet.example/inc) · +1 555 0100",
        "📝 looking at it",
        "second line — Ann, 13:05",
        "df says 100%",
        "**host**: db-01 · **free**: 0 B",
        "[Runbook](https://run.example/disk) · [Graph](https://g.example)",
    ]
    assert not {"fields", "fallback", "actions"} & {*first, *second}


def test_the_message_is_one_plain_line_for_push_and_search() -> None:
    expected = "🚨 Triggered P1 · #4711 Disk full on db-01 · Checkout"
    assert draw_card(INCIDENT, VIEW).message == expected
    assert plain_line(INCIDENT) == f"{expected} · https://acme.pagerduty.com/incidents/PINC1"


def test_acknowledged_names_who() -> None:
    acked = INCIDENT._replace(
        status="acknowledged",
        acknowledgers=(Person("PU1", "Ann", "2026-11-21T12:03:00Z"),),
        updated_at="2026-11-21T12:03:00Z",
    )
    assert attachment(acked)["text"].startswith("👀 **Acknowledged** by Ann · High")
    assert attachment(acked)["color"] != attachment(INCIDENT)["color"]
    mine = acked._replace(assignees=acked.acknowledgers)
    assert "assigned" not in attachment(mine)["text"]


def test_people_are_named_as_mattermost_knows_them() -> None:
    acked = INCIDENT._replace(status="acknowledged", acknowledgers=(Person("PU1", "Ann"),))
    known = VIEW._replace(names={"PU1": "ann.lee"})
    assert attachment(acked, known)["text"].startswith("👀 **Acknowledged** by @ann.lee · ")
    done = INCIDENT._replace(status="resolved", resolved_by="Ann", resolved_by_id="PU1")
    assert attachment(done, known)["text"].startswith("✅ **Resolved** by @ann.lee")


def test_a_resolved_card_is_one_line() -> None:
    done = INCIDENT._replace(
        status="resolved",
        resolved_by="Ann",
        resolved_at="2026-11-21T13:05:00Z",
        acknowledgers=(Person("PU1", "Ann", "2026-11-21T12:03:00Z"),),
    )
    assert attachments(done) == [
        {
            "color": "#2e7d32",
            "title": "#4711 Disk full on db-01",
            "title_link": INCIDENT.url,
            "text": "✅ **Resolved** by Ann, 14:05, after 1 h 5 min · **P1** · Checkout",
        }
    ]
    assert draw_card(done, VIEW).message.startswith("✅ Resolved after 1 h 5 min · #4711")


def test_the_day_stands_beside_a_time_of_another_day_only() -> None:
    later = VIEW._replace(now="2026-11-23T08:00:00Z")
    assert "since 21 Nov 13:00" in attachment(INCIDENT, later)["text"]
    in_another_year = VIEW._replace(now="2027-01-01T08:00:00Z")
    assert "since 21 Nov 2026 13:00" in attachment(INCIDENT, in_another_year)["text"]
    assert draw_card(INCIDENT, later).fingerprint == draw_card(INCIDENT, VIEW).fingerprint


def test_what_is_special_stands_in_the_line() -> None:
    snoozed = INCIDENT._replace(
        status="acknowledged", snoozed_until="2026-11-22T08:00:00Z", help_asked="Grace Hopper"
    )
    assert attachment(snoozed)["text"].endswith(
        "snoozed until 22 Nov 09:00 · help asked of Grace Hopper"
    )
    assert "snoozed" not in attachment(snoozed._replace(status="triggered"))["text"]
    merged = INCIDENT._replace(status="merged", merged_into="Q9", merged_title="#12 Parent")
    assert attachment(merged)["text"].startswith(
        "🔀 **Merged** into [#12 Parent](https://acme.pagerduty.com/incidents/Q9)"
    )
    mitigated = attachment(INCIDENT, VIEW._replace(mitigated="by @ann, 13:09"))
    assert mitigated["text"].startswith("🩹 **Mitigated** by @ann, 13:09 · 🚨 **Triggered**")


def test_values_can_be_copied_as_they_are_shown() -> None:
    """No invisible character: what would act otherwise is code."""
    arn = "arn:aws:sns:eu-west-1:123456789012:pd"
    texts = (arn, "root@db-1", "~/bin/x", "/var/lib/@data", "a`b@all", "\u202e@here")
    details = tuple((f"k{n}", text) for n, text in enumerate(texts))
    shown = "\n".join(alert(INCIDENT._replace(details=details)))
    for text in texts:
        assert text.replace("\u202e", "") in shown
    assert "\u200b" not in shown
    assert f"`{arn}`" in shown
    assert "``a`b@all``" in shown
    assert attachment(INCIDENT._replace(title=arn))["title"] == f"#4711 {arn}"


def test_several_lines_are_a_block_of_code() -> None:
    trace = 'Traceback:\n  File "a.py"\n```\nKeyError'
    shown = alert(INCIDENT._replace(summary="", note="", details=(("error", trace),)))
    block = ["````", "Traceback:", '  File "a.py"', "```", "KeyError", "````"]
    at = shown.index("**error**:")
    assert shown[at + 1 : at + 7] == block


def test_what_does_not_fit_is_counted() -> None:
    many = INCIDENT._replace(
        details=tuple((f"key {n}", "v" * 59) for n in range(40)), details_left=7
    )
    shown = alert(many)
    (more,) = [line for line in shown if line.startswith("… and ")]
    named = sum(line.count("**key ") for line in shown)
    assert more == f"… and {47 - named} more in PagerDuty"


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
    assert len(made.props["attachments"]) == 1
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
    shown = "\n".join(one["text"] for one in made.props["attachments"])
    everything = made.message + without_code(shown)
    assert not re.search(r"@(?!\u200b)", everything)
    assert "javascript" not in everything
    assert "](http://bad" not in everything
    assert "{{ st2kv.system.x }}" in made.message
    assert "[bad.example](https://bad.example/x)" in alert(evil)
    assert "\n" not in made.message
    assert "**@\u200bhere**:" in alert(evil)


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
    assert "assigned to Ann" in attachment(long)["text"]
    shown = "\n".join(alert(long))
    assert "📝 n" in shown
    assert "more in PagerDuty" in shown


def test_a_ten_thousand_character_title_is_cut_everywhere() -> None:
    made = draw_card(INCIDENT._replace(title="x" * 10_000), VIEW)
    assert len(made.message) < 500
    assert made.props["attachments"][0]["title"].endswith("x…")
