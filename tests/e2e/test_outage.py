"""Mattermost away for an hour while PagerDuty goes on, in the embedded default: all is there
afterwards, in order, and within Mattermost's rate limit."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any, List

import pytest

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.cards.post_rules import INCIDENT_TRIGGER
from sandbox import Sandbox
from sandbox.demo import CHANNEL, ROOT, write_config
from sandbox.pagerduty.model import RequestRefused
from sandbox.verify import verify
from sandbox.waiting import until
from standalone.app import App

PEOPLE = ("ada@example.com", "grace@example.com", "linus@example.com")
SERVICES = ("Checkout API", "Billing Jobs", "Database", "Kubernetes", "Storefront")
HOUR_SECONDS = 3600


def live_through(folder: Path, monkeypatch: pytest.MonkeyPatch, changes: int, looks: int) -> None:
    """An hour by the sandbox's clock with so many looks of the sensor, in which the pack's waits
    pass at once."""
    with Sandbox() as sandbox:
        account, clock = sandbox.pagerduty.account, sandbox.clock
        account.set_options(rate_limit=None)
        monkeypatch.setattr(PackAction, "clock", staticmethod(clock))
        monkeypatch.setattr(
            PackAction, "sleep", staticmethod(lambda seconds: time.sleep(min(seconds, 0.02)))
        )
        triggers: List[str] = []
        app = App(
            ROOT,
            write_config(sandbox, folder),
            folder / "data",
            clock=clock,
            poll_interval=3600,
            on_trigger=triggers.append,
        )
        app.start()
        try:
            until(lambda: sandbox.mattermost.account.posts(CHANNEL))
            clock.advance(2)
            began = clock()
            sandbox.mattermost.faults.add("drop")
            draw = random.Random(7)
            made: List[Any] = []
            for _look in range(looks):
                for _ in range(changes // looks):
                    change(account, draw, made)
                clock.advance(HOUR_SECONDS // looks)
                seen = triggers.count(INCIDENT_TRIGGER)
                app.poke()
                until(lambda seen=seen: triggers.count(INCIDENT_TRIGGER) > seen)
                until(lambda: app.drain(5, delayed=False), 120)
            sandbox.mattermost.faults.clear()
            sandbox.mattermost.account.rate_limit(50, burst=100)

            def differences() -> List[str]:
                return verify(account.truth(), sandbox.mattermost.account, CHANNEL, since=began)

            for _ in range(60):
                clock.advance(700)
                app.poke()
                app.run("pagerduty.mattermost.catch_up", {})
                app.run("pagerduty.posts.reconcile", {})
                app.drain(60)
                if not differences():
                    break
            assert differences() == []
            refused = [
                e for e in sandbox.journal.entries if e.server == "mattermost" and e.status == 429
            ]
            asked = [e for e in sandbox.journal.entries if e.server == "mattermost"]
            assert len(refused) < len(asked) / 2
        finally:
            app.stop()


def change(account: Any, draw: random.Random, made: List[Any]) -> None:
    who = draw.choice(PEOPLE)
    if len(made) < 5 or draw.random() < 0.15:
        made.append(account.trigger(draw.choice(SERVICES), f"Trouble {len(made)}"))
        return
    one = draw.choice(made[-30:])
    try:
        what = draw.choice(
            ("acknowledge", "annotate", "annotate", "escalate", "set_priority", "resolve")
        )
        words = {
            "annotate": (f"note {draw.random()}", who),
            "set_priority": (draw.choice(("P1", "P3")), who),
        }
        getattr(account, what)(one, *words.get(what, (who,)))
    except (RequestRefused, ValueError):
        account.annotate(one, f"note {draw.random()}", who)


def test_an_hour_without_mattermost_and_sixty_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_through(tmp_path, monkeypatch, changes=60, looks=15)


@pytest.mark.soak
def test_an_hour_without_mattermost_and_two_thousand_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_through(tmp_path, monkeypatch, changes=2040, looks=60)
