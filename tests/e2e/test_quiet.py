"""Quiet hours and reminders from PagerDuty's log to the channel, in the embedded default: sensor,
rules, actions."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict

import pytest
import yaml

from pagerduty_mattermost.action_bases.pack_action import PackAction
from sandbox import Sandbox
from sandbox.cards import card_of
from sandbox.demo import CHANNEL, ROOT, write_config
from sandbox.waiting import until
from standalone.app import App


def around(now: float) -> str:
    """Quiet hours that began an hour ago and end in one."""
    middle = datetime.fromtimestamp(now, timezone.utc)
    return (
        "-".join((middle + timedelta(hours=hours)).strftime("%H:%M") for hours in (-1, 1)) + " UTC"
    )


def test_low_urgency_waits_for_the_digest_and_high_is_raised_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox() as sandbox:
        config: Dict[str, Any] = yaml.safe_load(
            write_config(sandbox, tmp_path).read_text(encoding="utf-8")
        )
        app = App(
            ROOT, {**config, "quiet_hours": {"hours": around(sandbox.clock())}}, tmp_path / "data"
        )
        monkeypatch.setattr(PackAction, "clock", staticmethod(sandbox.clock))
        app.start()
        try:
            account, posts = sandbox.pagerduty.account, sandbox.mattermost.account
            until(
                lambda: posts.posts(CHANNEL)
            )  # the summary of the first start: from now on everything is news
            sandbox.clock.advance(3)
            low = account.trigger("Database", "Slow", urgency="low")
            high = account.trigger("Checkout API", "Down")
            app.poke()
            card = until(lambda: card_of(posts, CHANNEL, high.id))
            until(lambda: app.store.list("pagerduty.held."))
            assert app.drain(10)
            assert card_of(posts, CHANNEL, low.id) is None
            sandbox.clock.advance(2 * 3600)
            for _ in range(2):
                for action in ("mattermost.post_digest", "incident.remind"):
                    ran = app.run(f"pagerduty.{action}", {})
                    assert ran.status == "succeeded", ran.result
            (digest,) = [
                post.message
                for post in posts.posts(CHANNEL)
                if "Quiet hours are over" in post.message
            ]
            assert ("Slow" in digest, "Down" in digest) == (True, False)
            told = [
                post.message
                for post in posts.thread(card)
                if "Still unacknowledged after 2 h" in post.message
            ]
            assert len(told) == 1
            account.acknowledge(low)
            app.poke()
            until(lambda: card_of(posts, CHANNEL, low.id))
        finally:
            assert app.stop(10)
