"""A process that is killed at one of its requests or datastore calls."""

from __future__ import annotations

import random
from typing import Any

from kills import Killed
from rooms_world import RoomsWorld

from pagerduty_mattermost.gateways.context import Context

__all__ = ["Dying", "DyingService", "Killed", "dying_context"]


class Dying:
    """Kills who asks at one of its next requests, before it or after it; then nothing of it
    lives."""

    def __init__(self, left: int, *, after: bool) -> None:
        """At which request, counted from 1."""
        self._left, self._after = left, after

    @classmethod
    def by_chance(cls, chance: random.Random, killed: float, within: int) -> Dying:
        """`killed`: how likely it dies at all; `within`: before so many requests."""
        left = chance.randrange(1, within) if chance.random() < killed else 10**6
        return cls(left, after=chance.random() < 0.5)

    def step(self, call: Any) -> Any:
        self._left -= 1
        if self._left < 0 or (self._left == 0 and not self._after):
            raise Killed
        answer = call()
        if self._left == 0:
            raise Killed
        return answer


class DyingService:
    """The datastore of a process that may be killed. `dying`: has `step`, as `Dying`."""

    def __init__(self, service: Any, dying: Any) -> None:
        self._service, self._dying = service, dying

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._service, name)
        return lambda *given, **named: self._dying.step(lambda: call(*given, **named))


def dying_context(world: RoomsWorld, dying: Any, **rooms: Any) -> Context:
    """`rooms`: settings of the section."""
    context = Context(
        world.raw(**rooms),
        DyingService(world.datastore, dying),
        world.log,
        sleep=world.sleep,
        clock=world.clock,
        monotonic=world.clock,
    )
    client = context.mattermost._driver.client
    send = client.make_request
    client.make_request = lambda *given, **named: dying.step(lambda: send(*given, **named))
    return context
