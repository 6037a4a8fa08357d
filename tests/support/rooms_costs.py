"""What open rooms cost while nothing happens: requests to Mattermost, datastore calls and time, of
a look of the room listener and of a round of reconcile."""

from __future__ import annotations

import time
from typing import Any, Callable, NamedTuple

from rooms_world import RoomsWorld

from pagerduty_mattermost.cards.records import load_all
from pagerduty_mattermost.chat.room_listener import RoomListener
from pagerduty_mattermost.rooms import tending
from pagerduty_mattermost.rooms.putting_away import put_away


class Cost(NamedTuple):
    requests: int
    """To Mattermost."""
    datastore: int
    milliseconds: float


class Quiet(NamedTuple):
    look: Cost
    round: Cost


class Nowhere:
    """In place of a dispatcher."""

    def dispatch(self, trigger: str, payload: Any, *, trace_tag: str) -> None:
        raise AssertionError(f"nothing happened, and yet this is dispatched: {payload}")


def open_up_to(world: RoomsWorld, count: int) -> None:
    """As many rooms as wanted in all."""
    for number in range(len(world.records().every()), count):
        world.open(world.incident(f"Slow {number}"))
    world.clock.advance(600)


def quiet_costs(world: RoomsWorld) -> Quiet:
    """Once all is heard and put right."""
    listener = RoomListener(world.context(), Nowhere(), world.log)  # type: ignore[arg-type]
    for _ in range(5):
        world.clock.advance(15)
        listener.look()
    tending.tend(world.context())
    world.clock.advance(15)
    look = _cost(world, listener.look)
    context = world.context()
    remembered = load_all(context.store)
    context.mattermost.me()
    return Quiet(look, _cost(world, lambda: tending.tend(context, remembered, full=False)))


def cost_of_closed(world: RoomsWorld) -> Cost:
    """Of a round once all rooms are put away."""
    records = world.records()
    for room in records.every():
        put_away(world.context(), records, room, "over")
    world.clock.advance(600)
    return _cost(world, lambda: tending.tend(world.context(), {}, full=False))


def _cost(world: RoomsWorld, work: Callable[[], Any]) -> Cost:
    before, calls = len(world.sandbox.journal.entries), len(world.datastore.calls)
    began = time.perf_counter()
    work()
    took = (time.perf_counter() - began) * 1000
    return Cost(len(world.requests(before)), len(world.datastore.calls) - calls, took)
