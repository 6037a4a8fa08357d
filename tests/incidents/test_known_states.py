"""The sensor's state in the datastore: one write a cycle, shards, crashes in between, broken
values; and its clock."""

# flake8: noqa: E203

from __future__ import annotations

import json
from typing import Any, Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.known_states import (
    KEPT_CLOSED_SECONDS,
    KnownIncident,
    SensorState,
    StateStep,
    shard_of,
)
from pagerduty_mattermost.incidents.server_clock import ServerClock, moved
from pagerduty_mattermost.incidents.state_store import StateStore

NOW = 1_800_000_000


class Item:
    def __init__(self, name: str, value: str) -> None:
        self.name, self.value = name, value


class Datastore:
    """StackStorm's, in memory; dies at the nth write when told to."""

    def __init__(self) -> None:
        self.values: Dict[str, str] = {}
        self.writes: List[str] = []
        self.die_at = 10**9

    def list_values(self, local: bool, prefix: str, limit: int, offset: int) -> List[Item]:
        names = sorted(name for name in self.values if name.startswith(prefix))
        return [Item(name, self.values[name]) for name in names[offset : offset + limit]]

    def set_value(self, name: str, value: str, ttl: Any = None, local: bool = True) -> None:
        if len(self.writes) >= self.die_at:
            raise ConnectionError("killed")
        self.writes.append(name)
        self.values[name] = value


def known(status: str = "triggered", at: int = NOW, flags: int = 1) -> KnownIncident:
    return KnownIncident(
        status,
        at,
        "2027-01-15T08:00:00Z",
        "high",
        "P1",
        "0a0b0c0d",
        "PU1,PU2",
        "PP1",
        "1/1/0",
        flags,
        at,
        "",
    )


def store_of(datastore: Datastore, journal_bytes: int = 2000) -> StateStore:
    return StateStore(Store(datastore, sleep=lambda seconds: None), journal_bytes)


def fresh(datastore: Datastore) -> SensorState:
    state = SensorState(NOW, NOW)
    store_of(datastore).compact(state)
    return state


CHANGES = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(["triggered", "acknowledged", None])),
    max_size=60,
)


@settings(max_examples=40, deadline=None)
@given(CHANGES, st.integers(0, 80), st.integers(1, 9))
def test_after_a_crash_at_any_write_the_last_commit_is_there_whole(
    changes: Any, die_at: int, every: int
) -> None:
    datastore = Datastore()
    state = fresh(datastore)
    datastore.writes.clear()
    datastore.die_at = die_at
    store = store_of(datastore, 600)
    committed: Dict[str, KnownIncident] = {}
    attempted: Dict[str, KnownIncident] = {}
    for number, (which, status) in enumerate(changes):
        state.put(f"P{which}", known(status, NOW + number) if status else None)
        if number % every == 0:
            attempted = dict(state.known)
            try:
                store.commit(state)
            except StoreUnreachable:
                break
            committed = dict(state.known)
    loaded = store_of(datastore).load()
    assert loaded.state is not None
    assert loaded.broken == ()
    assert loaded.state.known in (committed, attempted)


def test_what_is_loaded_is_what_was_committed() -> None:
    datastore = Datastore()
    state = fresh(datastore)
    state.apply(StateStep("P1", known(), None, (("R1", NOW), ("R2", NOW + 1))))
    state.scope, state.summary_due, state.cycle = "abc", True, 7
    state.advance(NOW + 100)
    store_of(datastore).commit(state)
    found = store_of(datastore).load().state
    assert found is not None
    for name in ("cursor", "origin", "cycle", "scope", "summary_due", "seen", "known", "journal"):
        assert getattr(found, name) == getattr(state, name), name
    assert not found.is_fresh("R1")
    assert found.is_fresh("R3")


def test_one_commit_is_one_write_until_the_journal_is_long() -> None:
    datastore = Datastore()
    state = fresh(datastore)
    datastore.writes.clear()
    store = store_of(datastore, 3000)
    for number in range(10):
        state.put(f"P{number}", known())
        store.commit(state)
    assert datastore.writes == ["pagerduty.sensor.head"] * 10
    for number in range(60):
        state.put(f"Q{number}", known())
    datastore.writes.clear()
    store.commit(state)
    assert datastore.writes[0] == datastore.writes[-1] == "pagerduty.sensor.head"
    assert len(datastore.writes) > 3
    assert json.loads(datastore.values["pagerduty.sensor.head"])["data"]["journal"] == {}


def test_seen_entries_are_kept_for_the_overlap_only() -> None:
    state = SensorState(NOW, NOW)
    state.apply(StateStep("P1", known(), None, (("old", NOW), ("new", NOW + 200))))
    state.apply(StateStep("PX", None, None, (("ignored", NOW),)))
    state.advance(NOW + 230)
    assert not state.is_fresh("old")
    assert not state.is_fresh("ignored")
    state.advance(NOW + 300)
    assert state.is_fresh("old")
    assert state.is_fresh("ignored")
    assert not state.is_fresh("new")


def test_closed_incidents_are_forgotten_after_a_while() -> None:
    datastore = Datastore()
    state = fresh(datastore)
    state.put("P1", known("resolved"))
    state.put("P2", known("triggered"))
    state.advance(NOW + KEPT_CLOSED_SECONDS + 1)
    store_of(datastore).commit(state)
    found = store_of(datastore).load().state
    assert found is not None
    assert set(found.known) == {"P2"}


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "no json",
        '{"v":1,"data":[]}',
        '{"v":1,"data":{"P1":["x"]}}',
        '{"v":5,"data":{}}',
        '{"v":1}',
    ],
)
def test_a_broken_value_is_kept_aside_and_doubted(garbage: str) -> None:
    datastore = Datastore()
    state = fresh(datastore)
    state.put("P1", known())
    state.put("P2", known())
    store_of(datastore).compact(state)
    number = shard_of("P1")
    datastore.values[f"pagerduty.sensor.shard.{number:02d}"] = garbage
    loaded = store_of(datastore).load()
    assert loaded.state is not None
    assert "P2" in loaded.state.known
    assert loaded.broken == (f"sensor.shard.{number:02d}",)
    assert loaded.state.doubtful == {number}
    (kept,) = [
        name
        for name in datastore.values
        if name.startswith(f"pagerduty.quarantine.sensor.shard.{number:02d}.")
    ]
    whole = json.loads(datastore.values[kept])["data"]["raw"]
    assert whole == garbage or json.loads(whole) == json.loads(garbage)["data"]


def test_an_empty_datastore_is_a_first_start_and_one_that_is_down_is_not() -> None:
    assert store_of(Datastore()).load().state is None

    class Down(Datastore):
        def list_values(self, *args: Any, **more: Any) -> Any:
            raise ConnectionError

    with pytest.raises(StoreUnreachable):
        store_of(Down()).load()


def test_a_lost_head_starts_from_the_heartbeat() -> None:
    datastore = Datastore()
    state = fresh(datastore)
    state.put("P1", known())
    store_of(datastore).compact(state)
    store_of(datastore).heartbeat({"cursor": NOW + 50, "origin": NOW, "cycle": 9})
    datastore.values["pagerduty.sensor.head"] = "{"
    loaded = store_of(datastore).load()
    assert loaded.rebuild
    assert loaded.state is not None
    assert (loaded.state.cursor, loaded.state.origin, loaded.state.cycle) == (NOW + 50, NOW, 9)
    assert loaded.state.doubtful == set(range(32))


def test_ten_thousand_incidents_fit_into_small_values() -> None:
    datastore = Datastore()
    state = fresh(datastore)
    for number in range(10000):
        state.put(f"Q{number:013d}", known())
    store_of(datastore).compact(state)
    assert max(map(len, datastore.values.values())) < 64 * 1024


def test_the_servers_time_is_believed_when_two_answers_agree() -> None:
    clock = ServerClock()
    assert clock.confirmed(NOW, 0) is None
    assert clock.confirmed(NOW + 30, 30) == NOW
    assert clock.confirmed(NOW + 10**8, 60) is None
    assert clock.confirmed(NOW + 90, 90) is None
    assert clock.confirmed(NOW + 120, 120) == NOW + 90
    assert clock.confirmed(None, 150) is None


@pytest.mark.parametrize(
    ("upto", "confirmed", "newest", "expected"),
    [
        (None, None, 50, 100),
        (None, 130, 50, 130),
        (None, 80, 50, 100),
        (None, 39, 5, 39),
        (50, None, 1000, 170),
        (50, None, 160, 160),
        (50, 150, 1000, 150),
        (50, 20, 1000, 100),
    ],
)
def test_the_cursor_follows_the_server(
    upto: Any, confirmed: Any, newest: Any, expected: float
) -> None:
    assert moved(100, upto, confirmed, newest) == expected
