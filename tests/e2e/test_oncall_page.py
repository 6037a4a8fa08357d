"""On-Call Today, the week's table and the rotation's picture as people see them, on the sandbox's
page in a browser.

`ONCALL_PICTURES=docs/pictures` writes oncall-today.png (the page) and rotation.png (what the pack
draws).
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest
from browser import NO_BROWSER, Browser
from oncall_case import DAY, HOUR, OnCallCase, moment

PICTURES = os.environ.get("ONCALL_PICTURES", "")


class PageTestCase(OnCallCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        rota = self.schedule(
            "Checkout rotation",
            ["Mei Tanaka", "Olu Adeyemi", "Ada Lovelace"],
            start=self.begin(17),
        )
        second = self.schedule(
            "Checkout backup", ["Linus Example", "Grace Hopper"], start=self.begin(9), turn=2 * DAY
        )
        levels = (
            [("schedule", rota["id"])],
            [("schedule", second["id"])],
            [("user", self.user("Radia Perlman"))],
        )
        self.policy("Checkout escalation", *levels)
        self.account.cover("Checkout rotation", "Grace Hopper", 3 * HOUR)
        self.chat.service.say("ada", "incidents", "Good morning. Who has the pager today?")
        self.done(
            "oncall.today",
            channel="incidents",
            escalation_policies=["Checkout escalation", "Payments escalation"],
            schedules=["Platform rotation"],
        )
        self.done(
            "oncall.week", schedules=["Checkout rotation", "Checkout backup"], channel="incidents"
        )

    def begin(self, hour: int) -> float:
        return moment(2026, 11, 20, hour)

    @pytest.mark.browser
    @pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER)
    def test_the_tables_are_shown_as_tables(self) -> None:
        import tempfile

        with tempfile.TemporaryDirectory() as folder, Browser(Path(folder)) as browser:
            browser.open(self.chat.server.url + "/")
            browser.until("document.querySelectorAll('.post table').length === 2")
            shown = browser.js("document.body.innerText").replace("\u200b", "")
            for words in (
                "On-Call Today: Monday, 23 Nov 2026",
                "@grace (until 13:00",
                "escalate to",
                "Tue 24 Nov",
            ):
                assert words in shown, words
            assert browser.js("document.querySelectorAll('.post td').length") == 3 * 4 + 7 * 3
            if PICTURES:
                browser.picture(Path(PICTURES) / "oncall-today.png", 1180, 860)
            assert browser.complaints == []

    @pytest.mark.browser
    @pytest.mark.skipif(
        importlib.util.find_spec("matplotlib") is None,
        reason="matplotlib is not installed (requirements-pictures.txt)",
    )
    def test_the_picture_is_a_file_of_its_post(self) -> None:
        self.done("oncall.picture", schedule="Checkout rotation", channel="incidents")
        (file,) = self.chat.service.state.files.values()
        content: Any = file.content
        assert content[:4] == b"\x89PNG"
        if PICTURES:
            (Path(PICTURES) / "rotation.png").write_bytes(content)
