"""Where the datastore has no record of a card, the channel is looked through before one is made,
whatever the incident's age: the datastore may have been restored from before, or be a new one, or
belong to a second installation."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Iterator, List

import pytest
from chat_world import NOW, Chat
from posts_world import ACKED, TRIGGERED, Wall

from pagerduty_mattermost.cards.creation import OLD_NEWS_SECONDS
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.gateways.mattermost.post_once import post_once
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

AGES = [0, 5, 11, 31, 300, 599, 601, 86_400, 90 * 86_400]


@pytest.fixture
def wall() -> Iterator[Wall]:
    with Chat() as chat:
        chat.service.add_member("incidents", "pagerduty")
        yield Wall(chat)


def forget(wall: Wall, age: float) -> None:
    """A new datastore, when the incident is so old."""
    wall.datastore.items.clear()
    wall.chat.clock.set(NOW + age)


@pytest.mark.parametrize("age", AGES)
def test_the_card_that_is_there_is_found(wall: Wall, age: float) -> None:
    wall.show(TRIGGERED)
    forget(wall, age)
    if age > OLD_NEWS_SECONDS:
        wall.chat.service.forget_pending()
    wall.show(TRIGGERED)
    wall.show(ACKED)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2"])
    assert wall.shows(ACKED.incident)


@pytest.mark.parametrize("age", AGES[3:])
def test_also_under_hundreds_of_later_posts(wall: Wall, age: float) -> None:
    wall.show(TRIGGERED)
    forget(wall, age)
    for number in range(450):
        wall.chat.service.say("ada", "incidents", f"talk {number}")
    wall.chat.service.forget_pending()
    wall.show(ACKED)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2"])


@pytest.mark.parametrize("kind", ["drop", "status"])
@pytest.mark.parametrize("skip", [0, 1])
def test_the_second_try_looks_as_far_as_the_first(wall: Wall, kind: str, skip: int) -> None:
    """The first one failed while it looked, or did before it had looked at all of it."""
    wall.show(TRIGGERED)
    wall.chat.clock.advance(86_400)
    for number in range(250):
        wall.chat.service.say("ada", "incidents", f"talk {number}")
    forget(wall, 5 * 86_400)
    rule = wall.chat.server.faults.add(
        kind, status=503, method="GET", path="/channels/.*/posts", skip=skip
    )
    for _ in range(2):
        with pytest.raises(RetryLater):
            wall.show(ACKED)
        wall.long_after()
    wall.chat.server.faults.clear(rule)
    wall.show(ACKED)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2"])


def looks(wall: Wall) -> List[str]:
    return [
        entry.path
        for entry in wall.chat.journal.entries
        if entry.method == "GET" and entry.path.endswith("/posts")
    ]


def test_a_new_incident_costs_no_look(wall: Wall) -> None:
    wall.chat.clock.set(NOW + OLD_NEWS_SECONDS)
    wall.show(TRIGGERED)
    assert looks(wall) == []


def test_one_that_was_seen_later_costs_one(wall: Wall) -> None:
    wall.chat.clock.set(NOW + 25)
    wall.show(TRIGGERED)
    assert len(looks(wall)) == 1


def test_whoever_waited_for_whom_to_mention_looks_again(wall: Wall) -> None:
    class Slow:
        remembered_later = nullcontext

        def at_birth(self, *given: object) -> str:
            wall.chat.clock.advance(11)
            Wall.show(other, TRIGGERED)
            wall.chat.clock.advance(11)
            wall.chat.service.forget_pending()
            return ""

        def in_reply(self, *given: object) -> str:
            return ""

    other = Wall(wall.chat)
    wall.show(TRIGGERED, mentions=Slow())
    assert (wall.cards(), wall.replies()) == (1, ["R1"])


@pytest.mark.parametrize("apart", [0, 9, 20, 29, 31, 60, 599])
def test_two_installations_on_two_datastores_share_the_card(wall: Wall, apart: float) -> None:
    other = Wall(wall.chat)
    for change, began in ((TRIGGERED, 0.0), (ACKED, 30.0)):
        wall.chat.clock.set(max(wall.chat.clock(), NOW + began + 1))
        wall.show(change)
        wall.chat.clock.advance(apart)
        other.show(change._replace(cycle=change.cycle + 100))
        other.repaint(change._replace(cycle=change.cycle + 100))
        wall.repaint(change)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2"])


def test_a_message_is_looked_for_back_to_when_what_it_tells_of_began(wall: Wall) -> None:
    """As a storm's card is."""
    channel = wall.chat.service.channel("incidents").id
    store = Store(wall.datastore, sleep=lambda _: None)
    for age in AGES:
        forget(wall, age)
        if age > OLD_NEWS_SECONDS:
            wall.chat.service.forget_pending()
        post_once(
            wall.chat.gateway(),
            lambda: store,
            channel,
            "A storm",
            key="storm-1",
            not_before=NOW,
            clock=wall.chat.clock,
            monotonic=wall.chat.clock,
        )
    assert wall.chat.messages("incidents").count("A storm") == 1


def test_a_card_that_the_datastore_knows_nothing_of_is_told(wall: Wall) -> None:
    """Once a day, by whoever makes the publisher: two installations may share the bot."""
    found: List[str] = []
    wall.show(TRIGGERED, found_unrecorded=found.append)
    wall.show(ACKED, found_unrecorded=found.append)
    assert found == []
    forget(wall, 60)
    wall.show(ACKED, found_unrecorded=found.append)
    wall.repaint(ACKED, found_unrecorded=found.append)
    assert found == ["~incidents"]
