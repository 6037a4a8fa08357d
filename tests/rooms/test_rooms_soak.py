"""Race and kill: workers open rooms of the same incidents at once, under titles that change, and
are killed at any of their requests; afterwards each incident has one room, and one round finishes
what was half-made."""

# flake8: noqa: E203

from __future__ import annotations

import random
import threading
from typing import Any, List

import pytest
from dying import Killed, dying_context
from rooms_world import RoomsWorld

from pagerduty_mattermost.incidents.incident import Change, Incident
from pagerduty_mattermost.rooms import furnishing, opening, tending
from pagerduty_mattermost.rooms.room import open_room

TITLES = ("Database timeout", "Database is slow", "Checkout does not answer")
WORKERS, KILLED = 8, 0.3


class DyingOnce:
    """Kills the run that asks at one of its next requests or writes, before or after it. Where the
    datastore's own thread was asked, the run goes on with a datastore that failed."""

    def __init__(self, chance: random.Random) -> None:
        dies = chance.random() < KILLED
        self._left = chance.randrange(1, 40) if dies else 10**6
        self._after = chance.random() < 0.5

    def step(self, call: Any) -> Any:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Killed
        answer = call()
        if self._left == 0:
            raise Killed
        return answer


def shown(world: RoomsWorld, incident: Any, chance: random.Random) -> Change:
    found = Incident(
        incident.id,
        incident.number,
        chance.choice(TITLES),
        created_at="2026-11-21T01:05:10Z",
        updated_at="2026-11-21T01:05:10Z",
        service="Checkout API",
    )
    return Change(found)


def work(world: RoomsWorld, incidents: List[Any], seed: int, failed: List[str]) -> None:
    chance = random.Random(seed)
    for incident in incidents:
        if chance.random() < 0.5:
            continue
        try:
            context = dying_context(world, DyingOnce(chance), note=False)
            open_room(context, shown(world, incident, chance))
        except Killed:
            pass
        except Exception as error:
            failed.append(f"{incident.id}: {type(error).__name__} {error}")


def soak(count: int, seed: int) -> None:
    with RoomsWorld("11.6") as world:
        world.chat.channel_seconds = 0.3
        world.rooms = {"invite": []}
        incidents = [world.incident(TITLES[0]) for _ in range(count)]
        failed: List[str] = []
        for part in range(0, count, 10):
            some = incidents[part : part + 10]
            workers = [
                threading.Thread(
                    target=work, args=(world, some, seed * 100 + part * 8 + n, failed)
                )
                for n in range(WORKERS)
            ]
            for one in workers:
                one.start()
            for one in workers:
                one.join()
            world.clock.advance(1)
        assert failed == []
        first = [len(world.rooms_of(one)) for one in incidents]
        world.clock.advance(200)
        world.chat.forget_pending()
        context = world.context(note=False)
        report = tending.tend(context)
        assert report.problems == []
        for one in incidents:
            rooms = world.rooms_of(one)
            known = world.records().of(one.id)
            assert len(rooms) == len(known) == min(1, len(rooms) + len(known)), one.id
            if not rooms:
                continue
            assert known[0].channel_id == rooms[0].id
            assert set(known[0].done) == set(furnishing.STEPS), known[0]
            (card,) = world.cards(rooms[0])
            assert card.is_pinned
            assert opening.made_for(context.mattermost.channel(rooms[0].id)) == one.id
        print(f"{count} incidents, {sum(n > 1 for n in first)} with two rooms before the round")


def test_each_incident_has_one_room_a_few() -> None:
    soak(10, 1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 4))
def test_each_incident_has_one_room(seed: int) -> None:
    soak(200, seed)
