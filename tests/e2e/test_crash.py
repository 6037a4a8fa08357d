"""kill -9 of the running embedded default at random moments: nothing lost, nothing twice, by the
sandbox's truth."""

# flake8: noqa: E501

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, List, Optional

import openapi
import pytest

from sandbox import Sandbox
from sandbox.demo import CHANNEL, write_config
from sandbox.pagerduty.model import RequestRefused
from sandbox.verify import verify

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = ("ada", "grace", "linus", "mei", "olu")
LONGEST_LIFE_SECONDS = 8.0
SERVICES = ("Checkout API", "Billing Jobs", "Database", "Kubernetes", "Storefront")


class Victim:
    """The pack's process; each life writes to the same log and the same data."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.folder = folder
        self.config = write_config(sandbox, folder)
        self.log = folder / "pack.log"
        self.offset = 0.0
        self.lives = 0
        self._process: Optional[subprocess.Popen[bytes]] = None

    def start(self) -> None:
        command = [
            sys.executable,
            str(ROOT / "tests" / "support" / "crash_runner.py"),
            str(self.config),
        ]
        command += [str(self.folder / "data"), str(self.offset)]
        with self.log.open("ab") as sink:
            self._process = subprocess.Popen(
                command, stdout=sink, stderr=sink, env={**os.environ, "PYTHONWARNINGS": "ignore"}
            )
        self.lives += 1

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def tail(self) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-60:])


class Story(threading.Thread):
    """Random changes of a few incidents, up to `wanted` of them by now."""

    PAUSE_SECONDS = 0.8

    def __init__(self, account: Any, seed: int, changes: int) -> None:
        super().__init__(daemon=True)
        self.account = account
        self.random = random.Random(seed)
        self.changes = changes
        self.wanted = 0.0
        self.done = 0
        self.open: List[Any] = []

    def run(self) -> None:
        while self.done < self.changes:
            if self.done < self.wanted:
                self._change()
                self.done += 1
            time.sleep(self.random.uniform(0, 2 * self.PAUSE_SECONDS))

    def _change(self) -> None:
        draw, account = self.random, self.account
        user = draw.choice(PEOPLE) + "@example.com"
        if len(self.open) < 3 or draw.random() < 0.1:
            name = f"Trouble {self.done} " + draw.choice(
                ("", "@here", "{{ braces }}", "🔥 | a | b |")
            )
            self.open.append(
                account.trigger(draw.choice(SERVICES), name, priority=draw.choice(("P1", "P3")))
            )
            return
        incident = draw.choice(self.open)
        act = draw.choice(
            (
                "acknowledge",
                "annotate",
                "annotate",
                "reassign",
                "set_priority",
                "set_urgency",
                "resolve",
            )
        )
        if act == "acknowledge":
            with contextlib.suppress(RequestRefused):  # of whoever has acknowledged it before
                account.acknowledge(incident, user)
        elif act == "annotate":
            account.annotate(incident, f"note {self.done}", user)
        elif act == "reassign":
            account.reassign(incident, [user], "ada@example.com")
        elif act == "set_priority":
            account.set_priority(incident, draw.choice(("P1", "P2", "P3")), user)
        elif act == "set_urgency":
            account.set_urgency(incident, draw.choice(("high", "low")), user)
        else:
            account.resolve(incident, user)
            self.open.remove(incident)


def trouble(sandbox: Sandbox, draw: int) -> None:
    """Both sides fail at times, in every way that may leave something half done."""
    for number, kind in enumerate(("status", "drop", "lost", "truncate")):
        for side in (sandbox.pagerduty, sandbox.mattermost):
            side.faults.add(kind, status=503, probability=0.03, seed=draw + number)


def play(
    folder: Path, *, draw: int, kills: int, changes: int, long_after: float, troubled: bool = False
) -> None:
    """Kill `kills` times during a story of `changes`, each time after some requests of the pack's
    or some seconds, so that a busy machine kills it in the midst of its work as well; with the
    chance `long_after` an hour passes before a restart."""
    chance = random.Random(draw)
    with Sandbox() as sandbox:
        sandbox.pagerduty.account.set_options(rate_limit=None)
        sandbox.pagerduty.account.trigger("Database", "Open before the pack ran")
        victim = Victim(sandbox, folder)
        victim.start()
        try:
            assert until(lambda: bool(sandbox.mattermost.account.posts(CHANNEL)), 40), victim.tail
            time.sleep(1.1)
            began = sandbox.clock()
            story = Story(sandbox.pagerduty.account, draw, changes)
            story.start()
            if troubled:
                trouble(sandbox, draw)
            for life in range(1, kills + 1):
                story.wanted = changes * life / kills
                enough = len(sandbox.journal.entries) + chance.randint(0, 25)
                until(lambda: len(sandbox.journal.entries) >= enough, LONGEST_LIFE_SECONDS)  # noqa: B023
                time.sleep(chance.uniform(0.0, 0.3))
                victim.kill()
                if chance.random() < long_after:
                    sandbox.clock.advance(3700)
                    victim.offset += 3700
                    sandbox.mattermost.account.forget_pending()
                victim.start()
            story.join(60 + kills)
            for side in (sandbox.pagerduty, sandbox.mattermost):
                side.faults.clear()
            assert story.done == changes

            def differences() -> List[str]:
                return verify(
                    sandbox.pagerduty.account.truth(),
                    sandbox.mattermost.account,
                    CHANNEL,
                    since=began,
                )

            until(lambda: not differences(), 240 if troubled else 90)
            time.sleep(2.0)
            wrong = differences()
            assert not wrong, "\n".join(wrong) + "\n\n" + victim.tail
            assert victim.lives == kills + 1
            assert not openapi.available() or openapi.check_journal(sandbox.journal) == []
        finally:
            victim.kill()


def until(done: Any, timeout: float) -> bool:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(0.2)
    return False


def test_a_few_kills_lose_nothing_and_post_nothing_twice(tmp_path: Path) -> None:
    play(tmp_path, draw=1, kills=3, changes=15, long_after=0.4)


@pytest.mark.soak
def test_fifty_kills_in_a_story_of_two_hundred_changes(tmp_path: Path) -> None:
    play(tmp_path, draw=2, kills=50, changes=200, long_after=0.3)


@pytest.mark.soak
def test_five_hundred_kills_while_both_sides_fail_at_times(tmp_path: Path) -> None:
    play(tmp_path, draw=3, kills=500, changes=1000, long_after=0.02, troubled=True)
