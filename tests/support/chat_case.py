"""What tests of commands from chat stand on: both sandboxes, one datastore, and ways to say
something as Ada."""

from __future__ import annotations

import importlib
from typing import Any, Dict, List

from chat_run import ChatRun
from st2tests.base import BaseActionTestCase

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.perform import perform
from sandbox import Sandbox
from sandbox.connection import connection


class ChatCase(BaseActionTestCase):
    __test__ = False
    action_cls = ChatRun

    def setUp(self) -> None:
        super().setUp()
        self.sandbox = Sandbox()
        self.sandbox.__enter__()
        self.addCleanup(self.sandbox.__exit__, None, None, None)
        self.account = self.sandbox.pagerduty.account
        self.service = self.get_action_instance(
            config={}
        ).action_service  # one datastore for all actions of a test
        self.settings: Dict[str, Any] = {
            **connection(self.sandbox),
            "from_email": "radia@example.com",
            "timeouts": {"connect": 5, "read": 10},
        }

    def run_class(self, module: str, name: str, **words: Any) -> Any:
        self.action_cls = getattr(importlib.import_module(module), name)
        action = self.get_action_instance(config=dict(self.settings))
        action.action_service = self.service
        action.sleep = lambda _: None
        done, result = action.run(**words)
        self.action_cls = ChatRun
        assert done is True, result
        return result

    def perform(self, said: Command, *, dry: bool = False) -> CommandResult:
        """As chat.handle does it: with options and the channel, which chat.run does not take."""
        action = self.get_action_instance(config=dict(self.settings))
        action.action_service = self.service
        action.sleep = lambda _: None
        return perform(action.context, said if said.user else said._replace(user="ada"), dry=dry)

    def say(self, verb: str, **words: Any) -> Any:
        action = self.get_action_instance(config=dict(self.settings))
        action.action_service = self.service
        action.sleep = lambda _: None
        unset: Dict[str, Any] = dict.fromkeys(
            ("incidents", "text", "service", "duration", "from_email", "user", "page")
        )
        return action.run(verb=verb, **{**unset, "user": "ada", **words})

    def told(self, verb: str, **words: Any) -> str:
        done, result = self.say(verb, **words)
        assert done is True, result
        return str(result["message"])

    def refused(self, verb: str, **words: Any) -> str:
        done, result = self.say(verb, **words)
        assert done is False, result
        assert "\n" not in result
        assert "Unexpected" not in result, result
        return str(result)

    def written(self) -> List[Any]:
        """(From, method, path) of each call that changes something."""
        return [
            (entry.headers.get("from"), entry.method, entry.path)
            for entry in self.sandbox.pagerduty.journal.entries
            if entry.method != "GET"
        ]
