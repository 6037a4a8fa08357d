"""While PagerDuty's rate limit runs out, what only tells gives way, and acts of people do not."""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, List, Optional

import pytest
from datastore_double import Service
from hypothesis import given
from hypothesis import strategies as st
from sensor_world import SensorWorld

from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.gateways.pagerduty import rate_brake
from pagerduty_mattermost.gateways.pagerduty.connection import RateLimit
from pagerduty_mattermost.gateways.pagerduty.rate_brake import (
    LONGEST_SECONDS,
    RateBrake,
    RateNote,
    is_low,
    left_until_reset,
    note,
)
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


class Answers:
    """A client whose answers tell the limit."""

    def __init__(self, rate: Optional[RateLimit] = None) -> None:
        self.last_rate = rate


@given(st.integers(-5, 2000), st.integers(0, 2000))
def test_below_a_fifth_it_is_low(remaining: int, limit: int) -> None:
    assert is_low(RateLimit(limit, remaining, 30.0)) is (limit > 0 and remaining * 5 < limit)
    assert not is_low(None), "where nothing is told nobody gives way"


@given(st.floats(allow_nan=False), st.floats(-1000, 1000))
def test_it_gives_way_until_the_reset_and_never_for_more_than_a_minute(
    reset: float, later: float
) -> None:
    store = Store(Service())
    note(store, RateLimit(100, 1, reset), 1000.0)
    left = left_until_reset(store, 1000.0 + later)
    assert 0.0 <= left <= LONGEST_SECONDS
    if later >= 0 and (reset <= 0 or later >= LONGEST_SECONDS):
        assert left == 0.0


@pytest.mark.parametrize("raw", ["{", '{"v":1,"data":[]}', '{"v":1,"data":{"until":"soon"}}'])
def test_what_does_not_read_holds_nobody(raw: str) -> None:
    service = Service()
    service.items["pagerduty." + rate_brake.KEY] = raw
    assert left_until_reset(Store(service), 0.0) == 0.0


def test_a_read_that_may_wait_is_refused_with_the_time_that_is_left() -> None:
    now = [1000.0]
    store, client = Store(Service()), Answers()
    note(store, RateLimit(100, 1, 20), now[0])
    brake = RateBrake(client, store, lambda: now[0])
    with pytest.raises(RetryLater) as refused:
        brake()
    assert refused.value.retry_after == 20.0
    now[0] += 20
    brake()
    client.last_rate = RateLimit(100, 5, 30.0)
    with pytest.raises(RetryLater):
        brake()
    client.last_rate = RateLimit(100, 99, 60.0)
    now[0] += 30
    brake()


def test_the_datastore_is_asked_once_and_told_once_an_answer() -> None:
    service = Service()
    calls: List[str] = []
    for name in ("list_values", "set_value"):
        done = getattr(service, name)

        def counted(*args: Any, done: Any = done, name: str = name, **more: Any) -> Any:
            calls.append(name)
            return done(*args, **more)

        setattr(service, name, counted)
    client = Answers(RateLimit(960, 900, 30.0))
    brake, noted = (made(client, Store(service), lambda: 0.0) for made in (RateBrake, RateNote))
    for _ in range(3):
        brake()
        noted.write()
    assert calls == ["list_values"], "all is well: nothing is written"
    client.last_rate = RateLimit(960, 100, 30.0)
    for _ in range(3):
        noted.write()
    assert calls == ["list_values", "set_value"]


class SensorGivesWayTestCase(SensorWorld):
    """The sandbox's limit is a minute's; two looks a minute leave some of it."""

    def test_snapshots_and_bridges_wait_while_the_log_is_read(self) -> None:
        self.account.storm(3)
        self.clock.advance(600)
        self.poll(times=2)
        self.account.set_options(rate_limit=10)
        self.clock.advance(61)
        self.sensor._cycle._snapshots.wanted = True
        self.sensor._cycle._pagerduty.last_rate = None
        for _ in range(8):  # somebody else uses the key
            self.sensor._cycle._pagerduty.get("/priorities")
        before = len(self.journal.entries)
        self.account.trigger("Checkout API", "Disk full")
        self.poll(1)
        asked = [one.path for one in self.journal.entries[before:]]
        assert asked == ["/log_entries"], "no snapshot, no bridge"
        assert self.events()[-1] == "incident.triggered"
        assert self.stored("rate")["remaining"] < 2
        self.poll(301)
        asked = [one.path for one in self.journal.entries[before + 1 :]]
        assert len(asked) > 1, "the limit began anew: the snapshot follows"

    def test_while_all_is_well_nothing_is_written(self) -> None:
        self.poll(times=3)
        assert self.stored("rate") is None
