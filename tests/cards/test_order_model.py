"""Random histories of executions that stand beside each other at any point, are killed there, run
again, come late or never: each change is told once, and in order. What could not but come below
something newer is late by minutes, and says so."""

from __future__ import annotations

import contextlib
import random
from typing import Any, List, Optional, Tuple

import pytest
from mattermost_catch_up import CatchUp
from model_world import PEOPLE, Work, World
from posts_reconcile import PostsReconcile
from stepped_runs import SteppedRun

from pagerduty_mattermost.cards.replies import LATE_SECONDS
from sandbox.pagerduty.model import RequestRefused
from sandbox.pagerduty.switches import Switches

ACTS = (
    ("acknowledge", PEOPLE[0]),
    ("annotate", "a note", PEOPLE[1]),
    ("annotate", "another note", PEOPLE[2]),
    ("set_priority", "P1", PEOPLE[1]),
    ("set_priority", "P3", PEOPLE[1]),
    ("set_urgency", "low", PEOPLE[1]),
    ("reassign", [PEOPLE[2]], PEOPLE[0]),
    ("resolve", PEOPLE[0]),
)
FAULTS = ("drop", "lost", "status", "truncate")
SERVICES = ("Checkout API", "Database")
MAX_RUNS = 5
STEPS = 60


class History:
    """`lanes`: as in the embedded default, where executions of one incident run one after the
    other, and all that were not done run again after a kill; else as on StackStorm, which keeps no
    order, and where an execution may be lost with its runner."""

    def __init__(self, seed: int, *, lanes: bool) -> None:
        self.dice = random.Random(seed)
        self.lanes = lanes
        self.world = World(0, switches=Switches())
        self.runs: List[Tuple[SteppedRun, Optional[Work]]] = []
        self.made: List[Any] = []

    # PagerDuty

    def trigger(self) -> None:
        if len(self.made) < 3:
            title = f"Trouble {len(self.made)}"
            self.made.append(self.world.account.trigger(self.dice.choice(SERVICES), title))

    def act(self) -> None:
        if self.made:
            what, *words = self.dice.choice(ACTS)
            with contextlib.suppress(RequestRefused, ValueError):
                getattr(self.world.account, what)(self.dice.choice(self.made), *words)
            self.world.clock.advance(self.dice.choice([0, 1, 1, 4]))

    def wait(self) -> None:
        """An hour as well, after which nothing is known of the channel."""
        self.world.clock.advance(self.dice.choice([1, 5, 12, 40, 200, 3700]))

    def poll(self) -> None:
        self.world.poll()

    # Executions

    def begin(self) -> None:
        queue = self.world.service.queue
        places = list(range(len(queue)))
        if self.lanes:
            busy = [incident_of(work) for _, work in self.runs if work is not None]
            lanes = [incident_of(work) for work in queue]
            places = [p for p in places if lanes.index(lanes[p]) == p and lanes[p] not in busy]
        if places and len(self.runs) < MAX_RUNS:
            work = queue.pop(self.dice.choice(places))
            self.runs.append((SteppedRun(self.world, work.cls, work.given), work))

    def go_on(self) -> None:
        if self.runs:
            self.dice.choice(self.runs)[0].go_on(self.dice.choice([1, 2, 3, 5, 9, 20, 60]))
            self.runs = [one for one in self.runs if not one[0].is_over]

    def catch_up(self) -> None:
        if len(self.runs) < MAX_RUNS:
            given = {"is_back": self.dice.random() < 0.5}
            self.runs.append((SteppedRun(self.world, CatchUp, given), None))

    def reconcile(self) -> None:
        if len(self.runs) < MAX_RUNS:
            given = {"source": "", "full": self.dice.random() < 0.2}
            self.runs.append((SteppedRun(self.world, PostsReconcile, given), None))

    # Trouble

    def trouble(self) -> None:
        chat, pager = self.world.chat.server, self.world.pager
        faults = self.dice.choice([chat, chat, pager]).faults
        faults.add(self.dice.choice(FAULTS), status=503, times=self.dice.randint(1, 4))

    def kill(self) -> None:
        """StackStorm's time for it is over, so that its policy has it run again later; or its
        runner died, and nobody runs it again."""
        if self.runs and not self.lanes:
            run, work = self.runs.pop(self.dice.randrange(len(self.runs)))
            run.kill()
            if work is not None and self.dice.random() < 0.7:
                self.world.service.queue.append(work)

    def restart(self) -> None:
        """The sensor's process; of the embedded default the one process there is."""
        if self.lanes:
            for run, _ in self.runs:
                run.kill()
            unfinished = [work for _, work in self.runs if work is not None]
            self.world.service.queue[:0] = unfinished
            self.runs.clear()
        self.world.restart()

    # The end

    def play(self) -> List[str]:
        often = [self.act] * 5 + [self.poll] * 6 + [self.begin] * 8 + [self.go_on] * 14
        seldom = [self.trigger] * 3 + [self.wait, self.catch_up, self.reconcile, self.trouble]
        chosen = often + seldom + [self.restart, self.kill, self.kill]
        try:
            for _ in range(STEPS):
                self.dice.choice(chosen)()
            self.world.chat.server.faults.clear()
            self.world.pager.faults.clear()
            while self.runs:
                self.runs.pop(0)[0].to_end()
            return self.world.settle(in_order=self.lanes) + self._below_newer()
        finally:
            for run, _ in self.runs:
                run.kill()
            self.world.close()

    def _below_newer(self) -> List[str]:
        """Replies that stand below newer ones without having been late by minutes; of the embedded
        default all that stand so. Also within one second: nothing comes into sight late here."""
        entries = {
            entry.id: (number, entry.created_at)
            for one in self.world.account.incidents.values()
            for number, entry in enumerate(one.entries)
        }
        found = []
        for post in self.world.chat.service.posts("incidents"):
            mark = post.props.get("pagerduty") or {}
            if not mark.get("incident") or mark.get("event"):
                continue
            highest, above = -1, ""
            for reply in self.world.chat.service.thread(post):
                event = str((reply.props.get("pagerduty") or {}).get("event") or "")
                number, at = entries.get(event, (highest, 0.0))
                late = reply.create_at / 1000 - at > LATE_SECONDS and "later_" in reply.message
                if number < highest and (self.lanes or not late):
                    found.append(f"{reply.message!r} stands below {above!r}")
                if number > highest:
                    highest, above = number, reply.message
        return found


def incident_of(work: Work) -> str:
    return str(work.given["change"]["incident"]["id"])


def differing(first: int, count: int, *, lanes: bool) -> str:
    histories = ((seed, History(seed, lanes=lanes)) for seed in range(first, first + count))
    lines = ((seed, history.play()) for seed, history in histories)
    return "\n".join(f"{seed}: {found}" for seed, found in lines if found)


@pytest.mark.parametrize("lanes", [True, False])
@pytest.mark.parametrize("first", [0, 6, 12])
def test_a_few_histories(lanes: bool, first: int) -> None:
    assert differing(first, 2, lanes=lanes) == ""


@pytest.mark.soak
@pytest.mark.parametrize("hundred", range(10))
@pytest.mark.parametrize("lanes", [True, False])
def test_a_thousand_of_each_kind(lanes: bool, hundred: int) -> None:
    assert differing(1000 + 100 * hundred, 100, lanes=lanes) == ""
