"""Whatever is remembered ends: all of an incident 30 days after it was resolved, every kind of key
as its kind says."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest
from chat_world import Chat
from posts_world import ACKED, INCIDENT, RESOLVED, STORY, TRIGGERED, Wall, at, event

from pagerduty_mattermost.cards import records
from pagerduty_mattermost.cards.incident_memory import MitigatedMark
from pagerduty_mattermost.cards.records import (
    CLOSED_SECONDS,
    OPEN_SECONDS,
    UNSEEN_SECONDS,
    IncidentRecords,
)
from pagerduty_mattermost.chat.audit import KEPT_SECONDS as AUDIT
from pagerduty_mattermost.gateways.mattermost.post_once import KEPT_SECONDS
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change
from pagerduty_mattermost.operations import dead_letters, state_kinds

DAY = 86400
REOPENED = Change(INCIDENT._replace(updated_at=at(90)), (event(4, "reopened", 90),), 4)


@pytest.fixture
def wall() -> Iterator[Wall]:
    with Chat() as chat:
        yield Wall(chat)


def ttls(wall: Wall, part: str = "") -> set[Any]:
    return {wall.datastore.ttls[key] for key in wall.keys(f"pagerduty.incident.PINC1.{part}")}


def test_all_of_an_incident_ends_thirty_days_after_it_was_resolved(wall: Wall) -> None:
    IncidentRecords(Store(wall.datastore), "PINC1").save_mark(MitigatedMark("Ann", at(20)))
    for change in (TRIGGERED, ACKED):
        wall.show(change)
    assert ttls(wall) == {OPEN_SECONDS}
    assert len(wall.keys(".state.")) == 2
    wall.repaint(RESOLVED)
    assert len(wall.keys(".state.")) == 3
    assert ttls(wall) == {30 * DAY}
    assert wall.keys(".mark") == (), "it counts no more"
    before = len(wall.datastore.calls)
    wall.repaint(RESOLVED)
    assert "set" not in wall.datastore.calls[before:], "what is right already is not written again"


def test_reopened_it_lives_on(wall: Wall) -> None:
    for change in (*STORY, REOPENED):
        wall.show(change)
    assert ttls(wall, "card.") == {OPEN_SECONDS}
    newest = max(
        wall.keys(".state."),
        key=lambda key: json.loads(wall.datastore.items[key])["data"]["version"],
    )
    assert wall.datastore.ttls[newest] == OPEN_SECONDS


def test_also_of_cards_that_can_not_be_painted_or_that_people_deleted(wall: Wall) -> None:
    wall.chat.service.add_channel("reliability")
    for channel in ("incidents", "ops", "reliability"):
        wall.show(TRIGGERED, channel)
    wall.chat.service.archive("ops")
    wall.chat.service.delete(wall.card("incidents").id)
    wall.repaint(ACKED)
    assert ttls(wall) == {OPEN_SECONDS}
    wall.repaint(RESOLVED)
    assert ttls(wall) == {CLOSED_SECONDS}
    assert len(wall.keys(".card.")) == 3


def test_a_card_that_is_being_posted_is_left_to_who_posts_it(wall: Wall) -> None:
    wall.show(TRIGGERED)
    books = IncidentRecords(Store(wall.datastore), "PINC1")
    intent = records.CardRecord("x" * 26, "k" * 32, wall.chat.clock())
    books.save_card(intent)
    wall.repaint(RESOLVED)
    assert not books.load().cards["x" * 26].closed
    assert books.load().cards[wall.card().channel_id].closed


def test_a_state_seen_before_there_was_a_card_lives_as_long_as_the_card(wall: Wall) -> None:
    wall.repaint(TRIGGERED)
    assert ttls(wall) == {UNSEEN_SECONDS}
    wall.show(TRIGGERED)
    assert ttls(wall) == {OPEN_SECONDS}
    wall.repaint(TRIGGERED)
    assert ttls(wall) == {OPEN_SECONDS}


@pytest.mark.parametrize(
    ("name", "ttl"),
    [
        ("incident.P1.card.c", OPEN_SECONDS),
        ("deadletter.x", dead_letters.KEPT_SECONDS),
        ("message.x", KEPT_SECONDS),
        ("audit.x", AUDIT),
        ("sensor.head", None),
        ("subscription.c.d", None),
    ],
)
def test_what_is_imported_lives_as_long_as_what_is_written(name: str, ttl: Any) -> None:
    assert state_kinds.kind_of(name).kept_seconds == ttl
