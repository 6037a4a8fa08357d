"""Roles and tasks, of which calls of the webhook alone tell, and which wait where the sensor does
not look: reconcile posts them in their place among what the log tells."""

from __future__ import annotations

from typing import Iterator, List

import pytest
from model_world import PEOPLE, World

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations.reconcile_plan import IN_FLIGHT_SECONDS
from pagerduty_mattermost.sensor import body_events
from sandbox.pagerduty.switches import Switches


class Told:
    """An incident with a card, and a task of it of which a call told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.incident = world.account.trigger("Checkout API", "Disk full")
        self.look()
        world.work(10, mixed=False)
        data = {"name": "Restart the pods", "status": "in_progress", "assignees": []}
        world.tell_by_webhook(self.incident, "task.created", data, 1)

    def look(self) -> None:
        self.world.clock.advance(5)
        self.world.poll()

    def acknowledged(self) -> None:
        self.world.account.acknowledge(self.incident, PEOPLE[0])

    def later(self, seconds: float = IN_FLIGHT_SECONDS + 20) -> None:
        self.world.clock.advance(seconds)
        self.world.reconcile()

    @property
    def kept(self) -> int:
        return len(body_events.kept(Store(self.world.service)))

    def thread(self) -> List[str]:
        (card,) = [
            post
            for post in self.world.chat.service.posts("incidents")
            if (post.props.get("pagerduty") or {}).get("incident") == self.incident.id
        ]
        words = ("riggered", "pods", "cknowledged")
        replies = [post.message for post in self.world.chat.service.thread(card)]
        return [next(word for word in words if word in text) for text in replies]


@pytest.fixture
def told() -> Iterator[Told]:
    world = World(0, switches=Switches())
    yield Told(world)
    world.close()


def test_one_that_the_sensor_has_not_dispatched_stands_before_what_came_after(told: Told) -> None:
    told.acknowledged()
    told.later()
    assert told.thread() == ["pods", "cknowledged"]
    told.look()
    told.world.work(10, mixed=False)
    assert told.thread() == ["pods", "cknowledged"]
    assert told.kept == 1
    told.later()
    assert told.kept == 0


def test_one_that_waits_for_long_is_posted_by_itself(told: Told) -> None:
    told.later(60)
    assert told.thread() == []
    told.later()
    assert told.thread() == ["pods"]
