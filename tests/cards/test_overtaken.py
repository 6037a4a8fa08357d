"""StackStorm keeps no order: executions for one incident that overtake each other, or that run
once newer ones have shown all of it."""

# flake8: noqa: W503

from __future__ import annotations

import itertools
from typing import Any, Iterator, List, Tuple

import pytest
from mattermost_catch_up import CatchUp
from trips_world import Counted

from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


@pytest.fixture
def counted() -> Iterator[Counted]:
    one = Counted()
    yield one
    one.world.close()


def burst(counted: Counted, *, settled: bool = False) -> None:
    """A new incident, its acknowledgement and a note, dispatched one after the other before any of
    their executions begins; with `settled` its card is there before."""
    world = counted.world
    world.clock.advance(30)
    counted.incident = world.account.trigger("Checkout API", "Disk full", user="grace@example.com")
    world.poll()
    if settled:
        world.work(100, mixed=False)
    for act in (
        lambda: world.account.acknowledge(counted.incident, user="ada@example.com"),
        lambda: world.account.annotate(counted.incident, "Looking", user="ada@example.com"),
        lambda: world.account.resolve(counted.incident, user="ada@example.com"),
    ):
        world.clock.advance(2)
        act()
        world.poll()


def card(counted: Counted) -> Any:
    (found,) = [
        post
        for post in counted.world.chat.service.posts("incidents")
        if "attachments" in post.props
        and post.props["pagerduty"].get("incident") == counted.incident.id
    ]
    return found


def thread(counted: Counted) -> List[str]:
    return [
        next(w for w in ("riggered", "cknowledged", "Looking", "esolved") if w in post.message)
        for post in counted.world.chat.service.thread(card(counted))
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_replies_stand_in_order_whatever_execution_runs_first(
    counted: Counted, order: Tuple[int, ...]
) -> None:
    burst(counted, settled=True)
    queue = counted.world.service.queue
    assert len(queue) == 3
    queue[:] = [queue[place] for place in order]
    counted.world.work(100, mixed=False)
    assert thread(counted) == ["riggered", "cknowledged", "Looking", "esolved"]


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (0, 3, 2, 1), (3, 0, 1, 2)])
def test_with_the_card_itself_among_them(counted: Counted, order: Tuple[int, ...]) -> None:
    burst(counted)
    queue = counted.world.service.queue
    queue[:] = [queue[place] for place in order]
    counted.world.work(100, mixed=False)
    assert thread(counted) == ["riggered", "cknowledged", "Looking", "esolved"]


def test_what_is_overtaken_costs_one_read(counted: Counted) -> None:
    burst(counted, settled=True)
    world = counted.world
    del world.service.queue[2]  # an incident that is over still learns who worked on it
    world.service.queue.reverse()
    world.work(1, mixed=False)
    chatted = len(world.chat.journal.entries)
    counted.calls.clear()
    world.work(100, mixed=False)
    assert counted.calls == ["list_values pagerduty.incident.<id>."]
    assert len(world.chat.journal.entries) == chatted


def test_what_an_execution_knows_alone_is_told_by_it(counted: Counted) -> None:
    """A change that no later one brought along is not taken for overtaken."""
    burst(counted, settled=True)
    world = counted.world
    first, *_, last = world.service.queue
    world.service.queue[:] = [last._replace(given={**last.given, "change": without(last)}), first]
    world.work(100, mixed=False)
    assert sorted(thread(counted)) == ["cknowledged", "esolved", "riggered"]


def without(work: object) -> object:
    return {**work.given["change"], "earlier": []}  # type: ignore[attr-defined]


def test_a_run_that_was_killed_leaves_the_intent_that_stands_with_the_change(
    counted: Counted,
) -> None:
    world = counted.world
    world.clock.advance(30)
    counted.incident = world.account.trigger("Checkout API", "Disk full", user="grace@example.com")
    world.poll()
    world.kill_one("drop", "POST")
    records = IncidentRecords(Store(world.service), counted.incident.id)
    (record,) = records.load().cards.values()
    assert (record.post_id, record.at > 0) == ("", True)
    assert not [name for name in world.service.items if f"{counted.incident.id}.card." in name]
    world.clock.advance(300)
    world.account.acknowledge(counted.incident, user="ada@example.com")
    world.poll()
    world.work(100, mixed=False)
    assert thread(counted) == ["riggered", "cknowledged"]
    assert all(one.post_id for one in records.load().cards.values())


def test_what_failed_before_its_channel_was_known_stands_above_what_came_after(
    counted: Counted,
) -> None:
    """Mattermost answered when the channel was looked up for the first change no more, and the
    process died; then it was back, and what had failed was carried out again last of all."""
    world = counted.world
    world.clock.advance(4000)
    counted.incident = world.account.trigger("Checkout API", "Disk full", user="grace@example.com")
    world.poll()
    rule = world.chat.server.faults.add("drop", path="/channels")
    world.work(1, mixed=False)
    world.chat.server.faults.clear(rule)
    world.restart()
    world.clock.advance(5)
    world.account.acknowledge(counted.incident, user="ada@example.com")
    world.poll()
    (second,) = world.service.queue
    world.service.queue[:] = [second._replace(given={**second.given, "change": without(second)})]
    world.work(100, mixed=False)
    world.run(CatchUp, is_back=True)
    assert thread(counted) == ["riggered", "cknowledged"]


def test_a_new_process_of_the_sensor_knows_what_is_on_its_way(counted: Counted) -> None:
    burst(counted, settled=True)
    world = counted.world
    world.restart()
    world.clock.advance(2)
    world.account.annotate(counted.incident, "Looking again", user="ada@example.com")
    world.poll()
    world.service.queue.reverse()
    world.work(100, mixed=False)
    assert thread(counted) == ["riggered", "cknowledged", "Looking", "esolved", "Looking"]


def test_what_stands_below_something_newer_says_that_it_came_late(counted: Counted) -> None:
    burst(counted, settled=True)
    world = counted.world
    first, *_, last = world.service.queue
    world.service.queue[:] = [last._replace(given={**last.given, "change": without(last)}), first]
    world.work(100, mixed=False)
    *_, newer, late = world.chat.service.thread(card(counted))
    assert "resolved" in newer.message
    assert "later" not in newer.message
    assert late.message.endswith("acknowledged · _posted 4 s later_")
