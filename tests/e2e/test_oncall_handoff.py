"""The on-call watch in the embedded default: by its own rule, over both sandboxes, through a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import yaml

from sandbox import Sandbox
from sandbox.chat_room import until
from sandbox.demo import ROOT, write_config
from standalone.app import App


def test_a_hand_off_is_told_once_also_after_a_restart_in_the_middle(tmp_path: Path) -> None:
    rule: Dict[str, Any] = yaml.safe_load((ROOT / "rules" / "oncall_watch.yaml").read_text(encoding="utf-8"))
    rule["trigger"]["parameters"] = {"unit": "seconds", "delta": 1}
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "oncall_watch.yaml").write_text(yaml.safe_dump(rule), encoding="utf-8")
    with Sandbox() as sandbox:
        config: Dict[str, Any] = yaml.safe_load(write_config(sandbox, tmp_path).read_text(encoding="utf-8"))
        config["oncall"] = {"channels": {"Platform rotation": "shifts"}, "contact_check_before": 0, "remind_before": 0}
        chat, account = sandbox.mattermost.account, sandbox.pagerduty.account
        chat.add_channel("shifts", "Shifts")

        def told() -> List[str]:
            return [post.message for post in chat.posts("shifts")]

        def app() -> App:
            return App(ROOT, config, tmp_path / "data", rule_folders=[tmp_path / "rules"])

        first = app()
        first.start()
        try:
            until(lambda: first.store.list("pagerduty.oncall.watch"))
        finally:
            assert first.stop(10)
        account.cover("Platform rotation", "Grace Hopper", 3600)
        second = app()
        second.start()
        try:
            until(told)
            until(lambda: chat.direct_posts("grace", "pagerduty"))
            runs = len(second.journal.executions(limit=200))
            until(lambda: len(second.journal.executions(limit=200)) >= runs + 2)
            (text,) = told()
            assert "**Platform rotation**: on call since" in text
            assert "grace" in text
            assert "(override in place of" in text
            assert len(chat.direct_posts("grace", "pagerduty")) == 1
        finally:
            assert second.stop(10)
