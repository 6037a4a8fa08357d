"""Upgraded from the Exchange's pack, Mattermost configured days later: nothing that is open is
lost, and nothing fails meanwhile; sensor, rules and actions in the embedded default."""

from __future__ import annotations

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

DAYS_SECONDS = 3 * 86400


def test_what_is_open_is_shown_once_mattermost_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox() as sandbox:
        whole: Dict[str, Any] = yaml.safe_load(
            write_config(sandbox, tmp_path).read_text(encoding="utf-8")
        )
        exchanges = {name: value for name, value in whole.items() if name != "mattermost"}
        monkeypatch.setattr(PackAction, "clock", staticmethod(sandbox.clock))
        account, posts = sandbox.pagerduty.account, sandbox.mattermost.account
        before = account.trigger("Checkout API", "Open before the upgrade")
        ended = account.trigger("Checkout API", "Resolved meanwhile")
        sandbox.clock.advance(60)

        app = App(ROOT, exchanges, tmp_path / "data")
        app.start()
        try:
            until(lambda: app.store.list("pagerduty.sensor.summary"))
            sandbox.clock.advance(3)
            since = account.trigger("Database", "Open since the upgrade")
            account.resolve(ended)
            app.poke()
            until(lambda: len(app.journal.executions(50)) >= 2)
            assert app.drain(10)
            assert {one.status for one in app.journal.executions(50)} == {"succeeded"}
        finally:
            app.stop()
        assert posts.posts(CHANNEL) == []
        sandbox.clock.advance(DAYS_SECONDS)

        app = App(ROOT, whole, tmp_path / "data")
        app.start()
        try:
            summary = until(lambda: posts.posts(CHANNEL))[0]
            assert "Open before the upgrade" in summary.message
            assert "~~" in summary.message, "what was resolved meanwhile is struck through"
            ran = app.run("pagerduty.posts.reconcile", {})
            assert ran.status == "succeeded", ran.result
            assert card_of(posts, CHANNEL, since.id), "its change found nobody to post it"
            assert card_of(posts, CHANNEL, before.id) is None, "the summary has it"
            assert card_of(posts, CHANNEL, ended.id) is None, "it was over by then"
            account.acknowledge(before)
            app.poke()
            until(lambda: card_of(posts, CHANNEL, before.id))
            count = len(posts.posts(CHANNEL))
            app.run("pagerduty.posts.reconcile", {"full": True})
            assert app.drain(10)
            assert len(posts.posts(CHANNEL)) == count, "once"
        finally:
            app.stop()
