"""A sandbox Mattermost for tests of the gateway and the actions, with a clock that moves only when
told."""

from __future__ import annotations

import threading
from typing import Any, Dict, List, Optional

from st2tests.base import BaseActionTestCase

from pagerduty_mattermost.core.config import settings as config
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.mattermost import MattermostService, World, seed
from sandbox.server import Server

NOW = 1_760_000_000.0


class Chat:
    """The server, its world, and time: `sleep` moves the sandbox's clock and ours together."""

    def __init__(self) -> None:
        self.clock = Clock(NOW)
        self.journal = SandboxJournal(self.clock)
        self.service = MattermostService(self.clock, self.journal)
        self.world: World = seed(self.service)
        self.server = Server(self.service, self.journal, self.clock)
        self.slept: List[float] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Chat:
        self.server.start()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.server.stop()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
        self.clock.advance(seconds)

    def raw(self, **mattermost: Any) -> Dict[str, Any]:
        """The pack's configuration as StackStorm hands it over."""
        return {
            "api_key": "pagerduty-secret-key",
            "timeouts": {"connect": 5, "read": 10},
            "mattermost": {
                "url": self.server.url,
                "token": self.world.bot_token,
                "team": "ops",
                "default_channel": "incidents",
                "operations_channel": "ops",
                **mattermost,
            },
        }

    def gateway(self, log: Any = None, raw: Optional[Dict[str, Any]] = None) -> Mattermost:
        settings = config.require_mattermost(config.load(raw or self.raw()))
        return Mattermost(settings, log=log, sleep=self.sleep, monotonic=self.clock)

    def created(self) -> int:
        """Posts that truly came to be, without those the server itself writes (somebody
        joined)."""
        return len(
            [
                fact
                for fact in self.journal.facts_of("mattermost", "post_created")
                if self.by_bot(fact.id)
            ]
        )

    def by_bot(self, post_id: str) -> bool:
        post = self.service.post(post_id)
        return post.user_id == self.world.bot.id and not post.type

    def messages(self, channel: str) -> List[str]:
        return [post.message for post in self.service.posts(channel)]


class ChatActionCase(BaseActionTestCase):
    """Tests of one Mattermost action against the sandbox."""

    __test__ = False

    def setUp(self) -> None:
        super().setUp()
        self.chat = Chat()
        self.chat.server.start()
        self.addCleanup(self.chat.server.stop)

    def act(self, config: Optional[Dict[str, Any]] = None, **params: Any) -> Any:
        """What a new run of the action returns; every run has an instance of its own, as every
        process has."""
        return self.action(config).run(**params)

    def action(self, config: Optional[Dict[str, Any]] = None) -> Any:
        action = self.get_action_instance(config or self.chat.raw())
        action.sleep = self.chat.sleep
        action.monotonic = action.clock = self.chat.clock
        return action

    def done(self, **params: Any) -> Dict[str, Any]:
        succeeded, result = self.act(**params)
        assert succeeded, result
        return result  # type: ignore[no-any-return]

    def left_for_later(self, **params: Any) -> str:
        """Of a run that could not do it, kept it, and did not fail."""
        succeeded, result = self.act(**params)
        assert (succeeded, result["done"]) == (True, "kept"), result
        assert "\n" not in result["message"]
        return result["message"]  # type: ignore[no-any-return]

    def refused(self, **params: Any) -> str:
        succeeded, line = self.act(**params)
        assert not succeeded, line
        assert "\n" not in line
        return line  # type: ignore[no-any-return]
