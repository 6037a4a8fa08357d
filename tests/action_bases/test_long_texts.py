"""No page is refused for its length: what is too long is cut at a word, and the whole of it goes
into the details. Input: F12 of the cases."""

from __future__ import annotations

import json
from typing import Any, Dict

import pytest

from pagerduty_mattermost.action_bases.inputs import InputTerms, load, prepare
from pagerduty_mattermost.core.text import cut_at_word
from pagerduty_mattermost.gateways.pagerduty.events_api import MAX_BYTES, fitting

LONG = "the disk of db-1 is full " * 60
TERMS = InputTerms(now=1_795_000_000.0)


def made(schema: str, **params: Any) -> Dict[str, Any]:
    read = prepare(load(schema), params, TERMS)
    assert read.problems == ()
    return read.params


@pytest.mark.parametrize(
    ("schema", "name", "details"),
    [
        ("event.trigger", "summary", "custom_details"),
        ("event.trigger", "source", "custom_details"),
        ("event.trigger", "component", "custom_details"),
        ("event.trigger", "group", "custom_details"),
        ("event.trigger", "class", "custom_details"),
        ("event.trigger", "client", "custom_details"),
        ("event.change", "summary", "custom_details"),
        ("incident.create.events_v1", "description", "details"),
    ],
)
def test_the_whole_stands_in_the_details_of_an_event(schema: str, name: str, details: str) -> None:
    needed = {"routing_key": "k", "summary": "x", "source": "db-1", "severity": "critical"}
    known = load(schema)["properties"]
    given = {key: value for key, value in needed.items() if key in known}
    sent = made(schema, **{**given, name: LONG})
    assert len(sent[name]) <= 1024
    assert LONG.startswith(sent[name][:-1])
    assert sent[name][:-1].split(" ")[-1] in LONG.split(" "), "cut at a word"
    assert sent[details] == {name: LONG}
    both = made(schema, **{**given, name: LONG, details: {name: "of somebody", "disk": 1}})
    assert both[details] == {f"{name} (whole)": LONG, name: "of somebody", "disk": 1}


def test_the_whole_title_stands_in_an_incidents_body() -> None:
    simple = made("incident.create.rest_v2.simple", title=LONG, service_id="PSVC001", details="b")
    assert len(simple["title"]) <= 1024
    assert simple["details"] == f"{LONG}\n\nb"
    incident = {"title": LONG, "service": "PSVC001"}
    whole = made("incident.create.rest_v2", data=incident)["data"]
    assert len(whole["title"]) <= 1024
    assert whole["body"] == {"type": "incident_body", "details": LONG}


def test_a_long_key_is_the_same_shorter_one_each_time() -> None:
    key = "host/" + "a" * 300
    triggered = made("event.trigger", routing_key="k", summary="x", source="s", severity="info",
                     dedup_key=key)["dedup_key"]  # fmt: skip
    resolved = made("event.resolve", routing_key="k", dedup_key=key)["dedup_key"]
    other = made("event.resolve", routing_key="k", dedup_key=key + "b")["dedup_key"]
    assert triggered == resolved != other
    assert len(triggered) == 255


@pytest.mark.parametrize("holder", ["payload", ""])
def test_an_event_that_is_too_large_keeps_its_page_and_the_beginning_of_its_details(
    holder: str,
) -> None:
    details = {"log": 'a "quoted" line\n€ ' * 60_000}
    event: Dict[str, Any] = (
        {"payload": {"summary": "Disk full", "custom_details": details}, "images": [{"src": "x"}]}
        if holder
        else {"description": "Disk full", "details": details}
    )
    before = json.dumps(event)
    sent = fitting(event)
    assert json.dumps(event) == before
    assert MAX_BYTES // 4 < len(json.dumps(sent)) <= MAX_BYTES
    inside = sent["payload"]["custom_details"] if holder else sent["details"]
    assert inside["details"].startswith('{"log": "a ')
    assert "PagerDuty takes no more" in inside["cut"]


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("one two", 7, "one two"),
        ("one two three", 9, "one two…"),
        ("one two three", 8, "one two…"),
        ("one two three", 12, "one two…"),
        ("abcdefghij", 5, "abcd…"),
        ("a bcdefghijk", 8, "a bcdef…"),
    ],
)
def test_a_text_is_cut_between_two_words_where_that_loses_little(
    text: str, limit: int, cut: str
) -> None:
    assert cut_at_word(text, limit) == cut
