"""The on-call watch in the embedded default: by its own rule, over both sandboxes, through a
restart; and what people see of it, on the sandbox's page in a browser
(`ONCALL_PICTURES=docs/pictures` writes handoffs.png).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Dict, List

import pytest
import yaml
from browser import NO_BROWSER, Browser
from oncall_case import HOUR, OnCallCase, moment

from sandbox import Sandbox
from sandbox.demo import ROOT, write_config
from sandbox.waiting import until
from standalone.app import App


def test_a_hand_off_is_told_once_also_after_a_restart_in_the_middle(tmp_path: Path) -> None:
    rule: Dict[str, Any] = yaml.safe_load(
        (ROOT / "rules" / "oncall_watch.yaml").read_text(encoding="utf-8")
    )
    rule["trigger"]["parameters"] = {"unit": "seconds", "delta": 1}
    rule["enabled"] = True
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "oncall_watch.yaml").write_text(yaml.safe_dump(rule), encoding="utf-8")
    with Sandbox() as sandbox:
        config: Dict[str, Any] = yaml.safe_load(
            write_config(sandbox, tmp_path).read_text(encoding="utf-8")
        )
        config["oncall"] = {
            "channels": {"Platform rotation": "shifts"},
            "contact_check_before": 0,
            "remind_before": 0,
        }
        config["upkeep"] = {"without": ["oncall_watch"]}
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


class SeenTestCase(OnCallCase):
    __test__ = True

    @pytest.mark.browser
    @pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER)
    def test_hand_offs_are_shown_as_people_read_them(self) -> None:
        rota = self.schedule(
            "Checkout rotation", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9)
        )
        self.policy("Checkout escalation", [("schedule", rota["id"])])
        terms = {
            "channels": {"Checkout rotation": "incidents"},
            "direct_messages": False,
            "contact_check_before": 0,
        }
        self.settings["oncall"] = terms
        self.done("oncall.watch")
        self.at(moment(2026, 11, 23, 12))
        self.account.cover("Checkout rotation", "Ada Lovelace", 2 * HOUR)
        for hour, minute in ((12, 1), (14, 1), (32, 35), (33, 1)):
            self.at(moment(2026, 11, 23, 0) + 3600 * hour + 60 * minute)
            self.chat.service.forget_pending()
            self.done("oncall.watch")
        with tempfile.TemporaryDirectory() as folder, Browser(Path(folder)) as browser:
            browser.open(self.chat.server.url + "/")
            browser.until("document.querySelectorAll('.post').length >= 4")
            shown = browser.js("document.body.innerText").replace("\u200b", "")
            for words in (
                "@ada until 23 Nov 2026 14:00 CET (override in place of Mei Tanaka). @mei is off.",
                (
                    "The override is over. On call since 14:00: @mei until 24 Nov 2026 09:00 "
                    "CET. @ada is off."
                ),
                "@olu's shift for Checkout rotation begins in 25 min",
                "on call since 09:00: @olu until 25 Nov 2026 09:00 CET. @mei is off.",
            ):
                assert words in shown, words
            if os.environ.get("ONCALL_PICTURES"):
                browser.picture(Path(os.environ["ONCALL_PICTURES"]) / "handoffs.png", 1180, 420)
            assert browser.complaints == []
