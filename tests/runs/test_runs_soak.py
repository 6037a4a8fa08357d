"""Random histories of a run: people tick, undo, assign, add, move and remove tasks, go on and
back, in two processes at once, which are killed at any of their requests and lose answers.
Afterwards, and one round later, the shown post is what the acts come to, and the room was told of
each act once."""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import Any, Dict, List

import pytest
from dying import Dying, Killed, dying_context
from runs_case import RunsWorld
from runs_world import PLAYBOOK, TASKS

from pagerduty_mattermost.chat import run_clicks
from pagerduty_mattermost.chat.handle import handle
from pagerduty_mattermost.chat.orders import made_at
from pagerduty_mattermost.core.config.rooms import FEED_ACTS
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.runs import painting
from pagerduty_mattermost.runs.told_acts import told

NAMES = ("ada", "grace", "linus")
KILLED, LOST = 0.25, 0.05


def something(chance: random.Random) -> Dict[str, str]:
    """A click or a line."""
    task, place = chance.choice(TASKS), f"{chance.randrange(1, 4)}.{chance.randrange(1, 4)}"
    if chance.random() < 0.55:
        state = chance.choice(("done", "done", "skipped", "open"))
        return {"verb": "check", "text": f"{task}:{state}"}
    return {
        "line": chance.choice(
            (
                f"check {place}",
                f"assign {place} @{chance.choice(NAMES)}",
                f"assign {place} commander",
                f'task add {chance.randrange(1, 4)} "Look at {chance.randrange(100)}"',
                f"task edit {place} Other words",
                f"task due {place} {chance.choice(('5m', '2h', 'off'))}",
                f"task move {place} {chance.randrange(1, 4)}",
                f"task remove {place}",
                f"stage {chance.randrange(1, 4)} --anyway",
            )
        )
    }


def work(world: RunsWorld, orders: List[Dict[str, Any]], seed: int, failed: List[str]) -> None:
    chance = random.Random(seed)
    for order in orders:
        try:
            if order["kind"] == "click":
                act = run_clicks.act_of(order, made_at(order), world.context().settings.chat)
                assert act is not None
                run_clicks.write(Store(world.datastore), world.case.id, act)
                order = {**order, "values": run_clicks.WRITTEN}
            for _ in range(2 if chance.random() < 0.1 else 1):
                handle(dying_context(world, Dying.by_chance(chance, KILLED, 9)), order)
        except (Killed, PackError):
            pass
        except Exception as error:
            failed.append(f"{type(error).__name__} {error}")


def history(world: RunsWorld, seed: int) -> None:
    chance = random.Random(seed)
    world.case = world.incident(f"Slow {seed}")
    world.the_room = world.open(world.case, by=world.user("ada")).room
    for name in NAMES:
        world.join(name)
    world.start(order_id=f"start{seed}")
    if chance.random() < 0.5:
        path = r"/posts(/[a-z0-9]+/patch)?$"
        world.sandbox.mattermost.faults.add("lost", path=path, probability=LOST, seed=seed)
    for _ in range(chance.randrange(1, 4)):
        batches: List[List[Dict[str, Any]]] = [[], []]
        for _ in range(chance.randrange(2, 7)):
            what = something(chance)
            name = chance.choice(NAMES)
            order = (
                world.typed(name, what["line"])
                if "line" in what
                else world.order(name, incident=world.case.id, **what)
            )
            batches[chance.randrange(2)].append(order)
            world.clock.advance(chance.choice((0.0, 0.3, 2.5)))
        failed: List[str] = []
        workers = [
            threading.Thread(target=work, args=(world, batch, seed * 10 + n, failed))
            for n, batch in enumerate(batches)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert failed == [], seed
        world.clock.advance(chance.choice((1, 20, 400)))
        if chance.random() < 0.3:
            world.chat.forget_pending()
    world.sandbox.mattermost.faults.clear()
    world.clock.advance(400)
    world.chat.forget_pending()
    for _ in range(2):
        assert world.tend().problems == [], seed
        world.clock.advance(400)
    run = world.run()
    message, _ = painting.drawn(world.context(), run, run.state)
    assert world.post.message == message, seed
    assert world.is_shown(), seed
    counts = Counter(
        own["act"]
        for post in world.posts(world.the_room.channel_id)
        for own in [post.props.get(PROPS_KEY) or {}]
        if "act" in own
    )
    assert [name for name, times in counts.items() if times > 1] == [], seed
    wanted = {one.act.id for one in told(run, FEED_ACTS)}
    assert wanted - set(counts) == set(), seed
    others = set(counts) - {one.id for one in run.acts}
    assert others == set(), seed


def soak(count: int, first: int) -> None:
    with RunsWorld(PLAYBOOK, feed_acts=list(FEED_ACTS), note=False, invite=[]) as world:
        for seed in range(first, first + count):
            history(world, seed)


def test_a_few_random_histories() -> None:
    soak(12, 1)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_a_thousand_random_histories(part: int) -> None:
    soak(100, 1000 + part * 100)
