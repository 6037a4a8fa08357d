"""Which rules `route.explain` judges by, and that one account is served once."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from sandbox import Sandbox
from standalone.data_folder import AccountLock, is_served, remember_rules, remembered_rules
from standalone.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


def test_commands_use_the_rules_that_are_served(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    assert remembered_rules(tmp_path) == []
    remember_rules(tmp_path, [mine, tmp_path / "gone"])
    assert remembered_rules(tmp_path) == [mine]
    assert not is_served(tmp_path / "nowhere")


def test_one_account_is_served_once_whatever_the_data_folder(tmp_path):
    config = {"api_key": f"k-{tmp_path}", "mattermost": {"url": "http://x", "token": "t"}}
    AccountLock(config, tmp_path / "one").take()
    with pytest.raises(UserError, match="two would post two cards of each incident; end one"):
        AccountLock(config, tmp_path / "two").take()
    AccountLock({**config, "api_key": f"other-{tmp_path}"}, tmp_path / "two").take()


def test_a_route_is_explained_by_the_rules_that_are_served(tmp_path, capsys):
    from sandbox.demo import write_config
    from standalone.cli import main

    logging.getLogger().handlers[:] = []
    mine = tmp_path / "mine"
    mine.mkdir()
    text = (ROOT / "rules" / "high_urgency.yaml").read_text()
    (mine / "mine.yaml").write_text(
        text.replace("name: high_urgency", "name: mine").replace("enabled: false", "enabled: true")
    )
    with Sandbox() as sandbox:
        incident = sandbox.pagerduty.account.trigger("Checkout API", "It burns")
        config = write_config(sandbox, tmp_path)
        data = tmp_path / ".pagerduty-data"
        data.mkdir()
        remember_rules(data, [mine])
        words = ["run", "route.explain", f"incident_id={incident.id}", "--config", str(config)]
        assert main(words) == 0
    out = capsys.readouterr().out
    assert "rule pagerduty.mine → :default: matches" in out
    assert f"judged by the pack's rules and those in {mine}" in out
