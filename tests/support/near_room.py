"""The embedded default on a sandbox with chat, in the test's own process, for what is shown on the
sandbox's page: it looks at PagerDuty far more often than a configuration may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable
from unittest import mock

from sandbox import Sandbox
from sandbox.chat_room import Room
from sandbox.demo import ROOT
from standalone.app import App

LOOK_SECONDS = 0.3


class NearRoom(Room):
    def __init__(self, sandbox: Sandbox, folder: Path, **options: Any) -> None:
        sandbox.pagerduty.account.set_options(rate_limit=None)
        super().__init__(sandbox, folder, **options)

    def _start(self, config: Path, folder: Path) -> Callable[[], object]:
        app = App(ROOT, config, folder / "data", poll_interval=LOOK_SECONDS)
        # Nobody's hand is as quick as the tests that follow each other here.
        quick = mock.patch("pagerduty_mattermost.chat.endpoint.ORDERS_AT_ONCE", 1000)
        quick.start()
        app.start()

        def end() -> None:
            app.stop(grace=20)
            quick.stop()

        return end
