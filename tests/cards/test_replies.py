"""Each change as one reply in people's words."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_text import without_code

from pagerduty_mattermost.cards.card import CardView
from pagerduty_mattermost.cards.replies import draw_reply, is_stale
from pagerduty_mattermost.cards.route import KNOWN_EVENTS
from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.incident import CHANGE_KEYS, Incident, IncidentEvent, Person

INCIDENT = Incident(id="PINC1", created_at="2026-11-21T11:00:00Z", merged_into="PINC2")
VIEW = CardView(zone=times.zone("Europe/Berlin"), now="2026-11-21T11:04:00Z")


def said(
    kind: str, /, agent: str = "Ann", at: str = "2026-11-21T11:03:00Z", **changes: str
) -> str:
    return draw_reply(
        INCIDENT, IncidentEvent("R1", kind, at, Person("P1", agent), tuple(changes.items())), VIEW
    )


WORDS = [
    ("incident.triggered", {"agent": "Datadog"}, "12:03 · Triggered by Datadog"),
    ("incident.triggered", {"agent": ""}, ""),
    ("incident.acknowledged", {}, "12:03 · Ann acknowledged"),
    ("incident.acknowledged", {"agent": ""}, "12:03 · Acknowledged"),
    (
        "incident.unacknowledged",
        {"channel": "timeout"},
        "12:03 · The acknowledgement timed out: triggered again",
    ),
    ("incident.escalated", {"to": "Bob"}, "12:03 · Ann escalated to Bob"),
    (
        "incident.escalated",
        {"to": "Bob", "channel": "timeout", "agent": "Checkout"},
        "12:03 · Escalated to Bob (nobody answered in time)",
    ),
    (
        "incident.escalated",
        {"to": "Bob", "channel": "timeout", "agent": "", "at": "2026-11-21T11:00:02Z"},
        "12:00 · Escalated to Bob · _posted 3 min later_",
    ),
    (
        "incident.escalated",
        {"to": "Bob", "channel": "auto", "agent": ""},
        "12:03 · Escalated to Bob",
    ),
    (
        "incident.reassigned",
        {"to": "Bob", "channel": "auto", "agent": "Checkout"},
        "12:03 · Assigned to Bob",
    ),
    (
        "incident.role.assigned",
        {"to": "Incident Commander: Ada (was Linus)"},
        "12:03 · Ann assigned Incident Commander: Ada (was Linus)",
    ),
    (
        "incident.role.assigned",
        {"agent": "", "to": "Scribe: Ada"},
        "12:03 · Assigned Scribe: Ada",
    ),
    ("incident.role.assigned", {}, "12:03 · Ann assigned a role"),
    ("incident.role.assigned", {"agent": ""}, "12:03 · A role assigned"),
    (
        "incident.task.created",
        {"task": "Restart *pods*", "to": "Ada", "message": "One by one"},
        "12:03 · Ann added the task Restart \\*pods\\*, for Ada\n> One by one",
    ),
    (
        "incident.task.updated",
        {"task": "Restart pods", "task_status": "in progress"},
        "12:03 · Ann changed the task Restart pods (in progress)",
    ),
    (
        "incident.task.completed",
        {"task": "Restart pods", "to": "Ada", "message": "Long"},
        "12:03 · Ann completed the task Restart pods",
    ),
    ("incident.task.completed", {"agent": ""}, "12:03 · A task completed"),
    ("incident.reopened", {"to": "Bob"}, "12:03 · Ann reopened, assigned to Bob"),
    (
        "incident.reopened",
        {"to": "Bob", "not_reopened_at": "2026-11-21T11:04:00Z"},
        "12:03 · Ann reopened, assigned to Bob (what was posted as reopened at 12:04 was a "
        "hand-over)",
    ),
    (
        "incident.resolved",
        {"reopened_at": "2026-11-21T11:04:00Z"},
        "12:03 · Ann resolved after 3 min (reopened at 12:04)",
    ),
    ("incident.reassigned", {"to": "Bob, Eve"}, "12:03 · Ann reassigned to Bob, Eve"),
    ("incident.reassigned", {"to": "Bob", "agent": ""}, "12:03 · Assigned to Bob"),
    ("incident.delegated", {"to": "Web"}, "12:03 · Ann delegated to Web"),
    (
        "incident.priority_updated",
        {"from": "P3", "to": "P1"},
        "12:03 · Ann changed the priority: P3 → P1",
    ),
    ("incident.priority_updated", {"to": "P1", "agent": ""}, "12:03 · Priority set to P1"),
    ("incident.priority_updated", {"from": "P3"}, "12:03 · Ann removed the priority P3"),
    (
        "incident.urgency_updated",
        {"from": "low", "to": "high"},
        "12:03 · Ann changed the urgency: low → high",
    ),
    (
        "incident.title_updated",
        {"from": "a", "to": "@here"},
        "12:03 · Ann changed the title: a → @\u200bhere",
    ),
    ("incident.reopened", {}, "12:03 · Ann reopened"),
    ("incident.resolved", {}, "12:03 · Ann resolved after 3 min"),
    (
        "incident.resolved",
        {"note": "fixed\nfor good"},
        "12:03 · Ann resolved after 3 min\n> fixed\n> for good",
    ),
    (
        "incident.resolved",
        {"channel": "timeout", "agent": "Storefront"},
        "12:03 · Closed by PagerDuty itself after 3 min: nobody resolved it",
    ),
    ("incident.merged", {}, "12:03 · Ann merged this incident: joined another incident"),
    (
        "incident.merged",
        {"to": "#2 Disk full"},
        "12:03 · Ann merged this incident: joined #2 Disk full",
    ),
    ("incident.merged", {"to": "#2 Disk", "agent": ""}, "12:03 · Merged: joined #2 Disk"),
    (
        "incident.conference_bridge.updated",
        {"to": "https://meet.example/2", "summary": "Updated conference_bridge"},
        "12:03 · Ann set the conference bridge: https://meet.example/2",
    ),
    (
        "incident.conference_bridge.updated",
        {"to": "none", "agent": ""},
        "12:03 · Conference bridge removed",
    ),
    (
        "incident.custom_field_values.updated",
        {"to": "impact: low → high"},
        "12:03 · Ann set impact: low → high",
    ),
    (
        "incident.incident_type.changed",
        {"from": "Base", "to": "Security"},
        "12:03 · Ann changed the incident type: Base → Security",
    ),
    ("incident.service_updated", {}, "12:03 · Ann moved this incident to another service"),
    ("incident.annotated", {"note": "@all *look*"}, "12:03 · Ann noted:\n> `@all` \\*look\\*"),
    ("incident.snoozed", {"until": "2026-11-21T13:00:00Z"}, "12:03 · Ann snoozed until 14:00"),
    (
        "incident.snoozed",
        {"until": "2026-11-22T13:00:00Z"},
        "12:03 · Ann snoozed until 22 Nov 14:00",
    ),
    (
        "incident.status_update_published",
        {"message": "ok"},
        "12:03 · Ann published a status update:\n> ok",
    ),
    (
        "incident.responder.added",
        {"to": "Eve", "message": "join"},
        "12:03 · Ann asked Eve to help\n> join",
    ),
    (
        "incident.responder.replied",
        {"log_entry_type": "responder_accept_log_entry"},
        "12:03 · Ann accepted the request for help",
    ),
    ("incident.updated", {"summary": "Linked by the API"}, "12:03 · Ann: Linked by the API"),
    ("incident.updated", {"summary": "Changed by Ann."}, "12:03 · Changed by Ann."),
    (
        "incident.flux_capacitor.charged",
        {},
        "12:03 · Ann changed the incident (flux capacitor charged)",
    ),
    ("incident.acknowledged", {"agent": "dbot"}, "12:03 · dbot acknowledged"),
]


@pytest.mark.parametrize(("kind", "terms", "expected"), WORDS)
def test_every_change_has_its_words(kind: str, terms: Any, expected: str) -> None:
    assert said(kind, **terms) == expected


def test_a_late_event_says_so() -> None:
    assert (
        said("incident.acknowledged", at="2026-11-21T10:00:00Z")
        == "11:00 · Ann acknowledged · _posted 1 h 4 min later_"
    )
    assert said("incident.acknowledged", at="2026-11-20T10:00:00Z").startswith(
        "20 Nov 11:00 · Ann acknowledged"
    )
    assert not is_stale(IncidentEvent("R", "x", "odd"), VIEW.now)


@pytest.mark.parametrize(
    "note",
    [
        "\n".join(f"step {n}: run check {n}" for n in range(20)),
        "x" * 1600,
        "\n".join(f"# line {n}" for n in range(100)),
    ],
)
def test_a_note_is_quoted_whole(note: str) -> None:
    head, *lines = said("incident.annotated", note=note).split("\n")
    assert head == "12:03 · Ann noted:"
    assert "\n".join(line[2:].replace("`", "") for line in lines) == note
    assert all(line.startswith("> ") for line in lines)


def test_what_no_post_can_hold_ends_with_a_link() -> None:
    event = IncidentEvent("R1", "incident.annotated", changes=(("note", "*" * 20_000),))
    text = draw_reply(
        INCIDENT._replace(url="https://acme.pagerduty.com/incidents/P1"), event, VIEW
    )
    assert len(text) < 16383
    assert text.endswith("> [the rest in PagerDuty](https://acme.pagerduty.com/incidents/P1)")


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (Person("PSVC", "Checkout API"), ""),
        (Person("", "Checkout API"), ""),
        (Person(), ""),
        (Person("PANN", "Ann"), "12:03 · Triggered by Ann"),
        (Person("PINT", "Datadog"), "12:03 · Triggered by Datadog"),
    ],
)
def test_a_trigger_is_told_where_the_card_does_not_say_it_all(agent: Person, told: str) -> None:
    """The card says when and of which service."""
    incident = INCIDENT._replace(service="Checkout API", service_id="PSVC")
    event = IncidentEvent("R1", "incident.triggered", "2026-11-21T11:03:00Z", agent)
    assert draw_reply(incident, event, VIEW) == told


@given(
    st.sampled_from([*KNOWN_EVENTS, "incident.new.thing", "odd", ""]),
    st.dictionaries(st.sampled_from(sorted(CHANGE_KEYS)), st.text(max_size=60)),
    st.text(max_size=30),
    st.sampled_from(["", "2026-11-21T11:03:00Z", "odd"]),
)
def test_any_event_makes_a_line_that_mentions_nobody(
    kind: str, changes: Any, agent: str, at: str
) -> None:
    text = said(kind, agent=agent.replace("\ud800", ""), at=at, **changes)
    assert text.strip() or kind == "incident.triggered"
    assert len(text) < 16383
    assert "@" not in without_code(text).replace("@\u200b", "")
    for line in text.split("\n")[1:]:
        assert line.startswith("> ")
