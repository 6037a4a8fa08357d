"""What 200 rooms cost: a look of the ear, a round of reconcile; and that rooms which were put away
cost nothing."""

from __future__ import annotations

import time
from typing import Any, Dict, List

import pytest
from rooms_world import RoomsWorld

from pagerduty_mattermost.cards.records import load_all
from pagerduty_mattermost.chat.room_ear import RoomEar
from pagerduty_mattermost.rooms import tending
from pagerduty_mattermost.rooms.putting_away import put_away

COUNTS = (10, 50, 200)


class Nowhere:
    def dispatch(self, trigger: str, payload: Any, *, trace_tag: str) -> None:
        """Nothing is dispatched in vain."""
        raise AssertionError(payload)


def costs(world: RoomsWorld) -> Dict[str, List[float]]:
    """[requests to Mattermost, datastore calls, milliseconds] of a quiet look and of a round."""
    ear = RoomEar(world.context(), Nowhere(), world.log)  # type: ignore[arg-type]
    for _ in range(5):
        world.clock.advance(15)
        ear.look()
    tending.tend(world.context())
    found = {}

    def measured(name: str, work: Any) -> None:
        before, calls = len(world.sandbox.journal.entries), len(world.datastore.calls)
        began = time.perf_counter()
        work()
        took = (time.perf_counter() - began) * 1000
        asked = len(world.requests(before))
        found[name] = [asked, len(world.datastore.calls) - calls, took]

    world.clock.advance(15)
    measured("look", ear.look)
    context = world.context()
    remembered = load_all(context.store)
    context.mattermost.me()
    measured("round", lambda: tending.tend(context, remembered, full=False))
    return found


@pytest.mark.soak
def test_200_rooms() -> None:
    with RoomsWorld("11.6", note=False, invite=[]) as world:
        count, shown = 0, []
        for wanted in COUNTS:
            while count < wanted:
                world.open(world.incident(f"Slow {count}"))
                count += 1
            world.clock.advance(600)
            found = costs(world)
            shown.append((wanted, found))
            assert found["look"][:2] == [1, 0]
            assert found["round"][0] == 2, "which team it is, and one list"
            assert found["round"][1] <= 1 + wanted // 99
        records = world.records()
        for room in records.every():
            put_away(world.context(), records, room, "over")
        world.clock.advance(600)
        before, calls = len(world.sandbox.journal.entries), len(world.datastore.calls)
        tending.tend(world.context(), {}, full=False)
        assert len(world.requests(before)) == 0
        assert len(world.datastore.calls) - calls == 1
        for wanted, found in shown:
            print(wanted, found)
