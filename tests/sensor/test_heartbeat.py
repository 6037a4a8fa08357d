"""The sensor's heartbeat trigger, and whether StackStorm's timers are seen to fire."""

from __future__ import annotations

import logging
from typing import Any, Dict, List

from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.sensor.health import SensorHealth
from pagerduty_mattermost.sensor.heartbeat import (
    EVERY_SECONDS,
    TIMERS_CHECKED_SECONDS,
    TIMERS_DEAD_SECONDS,
    Heartbeat,
)

LOG = logging.getLogger("pulse")


class World:
    def __init__(self) -> None:
        self.now = 1000.0
        self.sent: List[Any] = []
        self.values: Dict[str, Any] = {}
        self.broken = False
        self.health = SensorHealth()
        self.due: List[str] = []
        self.begun_jobs: List[str] = []
        self.pulse = Heartbeat(
            self,  # type: ignore[arg-type]
            self,  # type: ignore[arg-type]
            self.health,
            LOG,
            self,  # type: ignore[arg-type]
            clock=lambda: self.now,
            monotonic=lambda: self.now,
        )

    def jobs(self, known: Any, now: float, wall: float) -> List[str]:
        return list(self.due)

    def begun(self, jobs: List[str], now: float) -> None:
        self.begun_jobs += jobs

    def dispatch(self, trigger: str, payload: Any, **more: Any) -> None:
        if self.broken:
            raise StoreUnreachable("no queue")
        self.sent.append((trigger, payload))

    def read(self, name: str) -> Any:
        if self.broken:
            raise StoreUnreachable("no datastore")
        return self.values.get(name)


def test_it_beats_every_half_hour_with_a_key_of_its_own() -> None:
    world = World()
    for _ in range(121):
        world.pulse.beat(3, "2026-01-01T00:00:00Z", {})
        world.now += 30
    assert [trigger for trigger, _ in world.sent] == ["pagerduty.heartbeat"] * 3
    assert len({payload["key"] for _, payload in world.sent}) == 3
    assert world.sent[0][1]["state"] == "ok"


def test_it_beats_each_minute_while_something_is_due() -> None:
    world = World()
    world.due = ["reminders"]
    for _ in range(30):
        world.pulse.beat(3, "", {})
        world.now += 10
    assert [payload["due"] for _, payload in world.sent] == [["reminders"]] * 5
    assert world.begun_jobs == ["reminders"] * 5


def test_what_is_not_taken_is_sent_with_the_next_cycle() -> None:
    world = World()
    world.broken = True
    world.due = ["reconcile"]
    world.pulse.beat(1, "", {})
    assert world.begun_jobs == []
    world.broken = False
    world.now += 30
    world.pulse.beat(2, "", {})
    assert len(world.sent) == 1


def test_timers_that_stopped_are_a_trouble_and_ones_never_seen_are_none() -> None:
    world = World()
    world.pulse.beat(1, "", {})
    assert world.health.due(world.now, 0.0) == []
    world.values["reconcile.timer"] = {"at": world.now}
    world.now += TIMERS_DEAD_SECONDS + EVERY_SECONDS
    world.pulse.beat(2, "", {})
    (notice,) = world.health.due(world.now, 0.0)
    assert "restart st2timersengine" in notice.text
    world.health.mark_reported(notice, 0.0)
    world.values["reconcile.timer"] = {"at": world.now}
    world.now += TIMERS_CHECKED_SECONDS
    world.pulse.beat(3, "", {})
    (back,) = world.health.due(world.now, 0.0)
    assert back.state == "recovered"
