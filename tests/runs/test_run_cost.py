"""What a tick costs, also in a long run, and a run in which nothing is done: counted."""

from __future__ import annotations

from typing import List

from runs_case import RunsWorld
from runs_world import SIXTY

from pagerduty_mattermost.runs import tending


def cost(world: RunsWorld, task: str) -> List[int]:
    """Datastore calls, the sensor's among them, and requests to Mattermost of one click."""
    world.datastore.calls.clear()
    begun = len(world.sandbox.journal.entries)
    world.click("grace", "check", task)
    return [len(world.datastore.calls), len(world.requests(begun))]


def test_a_tick_of_sixty_tasks_costs_four_and_two() -> None:
    with RunsWorld(SIXTY, note=False, invite=[]) as world:
        world.begin()
        counted = [cost(world, f"{task.id}:done") for task in SIXTY.tasks]
        assert counted == [[4, 2]] * 60
        assert world.is_shown()
        assert "60 of 60 done" in world.post.message


def test_a_run_of_hundreds_of_acts_costs_no_more() -> None:
    with RunsWorld(SIXTY, note=False, invite=[]) as world:
        world.begin()
        for state in ("done", "open", "done", "open"):
            for task in SIXTY.tasks:
                world.clicked("grace", "check", f"{task.id}:{state}")
            world.clock.advance(1)
        world.clock.advance(600)
        world.tend()
        world.clock.advance(600)
        world.tend()
        assert cost(world, "t1-1:done") == [4, 2]


def test_a_round_over_quiet_runs_is_one_list_of_them() -> None:
    with RunsWorld(note=False, invite=[]) as world:
        for _ in range(5):
            world.begin()
            world.click("grace", "check", "bridge:done")
        for _ in range(4):
            world.clock.advance(600)
            world.tend()
        world.datastore.calls.clear()
        begun = len(world.sandbox.journal.entries)
        tending.tend(world.context())
        assert world.datastore.calls == ["list", "list"], "rooms and runs"
        assert world.requests(begun) == []
