"""What tests of pages stand on that PagerDuty does not take: a rota with a service, who is on call
remembered, and PagerDuty's two servers that go away and come back."""

from __future__ import annotations

import json
from typing import Any, Dict, List

from chat_run import ChatRun
from oncall_case import HOUR, OnCallCase, moment

from pagerduty_mattermost.chat import requests
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.chat.requests import CallSecrets, ChatCall
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.oncall import kept_pages
from pagerduty_mattermost.oncall.kept_pages import KeptPage

ZERO_WIDTH = "\u200b"
SIGNING_KEY = "k" * 32
EVENTS, REST = r"^/v2/enqueue|create_event", r"^/(?!v2/|generic)"
"""Paths of PagerDuty's two servers."""


class KeptPageCase(OnCallCase):
    """It is Monday 10:00 and Mei's turn, until Tuesday 9:00; Olu is next, Ada on the second
    level."""

    __test__ = False

    def setUp(self) -> None:
        super().setUp()
        self.rota = self.schedule(
            "Mornings", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9)
        )
        policy = self.policy(
            "Morning escalation",
            [("schedule", self.rota["id"])],
            [("user", self.user("Ada Lovelace"))],
        )
        self.account.find("services", "Database")["escalation_policy_id"] = policy["id"]
        self.settings["chat"] = {
            "public_url": "http://st2.example.com",
            "signing_keys": [SIGNING_KEY],
        }
        self.settings["oncall"] = {
            "channels": {"Morning escalation": "incidents"},
            "contact_check_before": 0,
        }
        self.settings["mattermost"]["operations_channel"] = "ops"
        self.done("kept_page.send")
        self.done("oncall.watch")

    # PagerDuty

    def away(self, *paths: str, **terms: Any) -> None:
        """Its servers take nothing more."""
        for path in paths or (EVENTS, REST):
            self.server.faults.add("status", **{"status": 503, "path": path, **terms})

    def back(self) -> None:
        self.server.faults.clear()

    def pages(self) -> List[str]:
        """Titles of the incidents that there are."""
        return [one.title for one in self.account.incidents.values()]

    def tried(self, path: str = "/v2/enqueue") -> List[Dict[str, Any]]:
        """Bodies of what was sent there."""
        return [json.loads(one.body) for one in self.server.journal.entries if one.path == path]

    # The pack

    def store(self) -> Store:
        return Store(self.get_action_instance(config=self.settings).action_service)

    def kept(self) -> List[KeptPage]:
        return kept_pages.waiting(self.store())

    def later(self, seconds: float) -> Any:
        """The run of the regular job then."""
        self.at(self.now + seconds)
        self.chat.service.forget_pending()
        return self.done("kept_page.send")

    def action_of(self, cls: Any) -> Any:
        """An action of that class, on our clock."""
        self.action_cls = cls
        action = self.get_action_instance(config=dict(self.settings))
        action.clock, action.sleep = lambda: self.now, lambda _: None
        return action

    def context(self) -> Any:
        return self.action_of(ChatRun).context

    def said(self, verb: str, user: str = "ada", **words: Any) -> CommandResult:
        return perform(self.context(), Command(verb, user=user, **words))

    # Mattermost

    def channel(self, name: str = "incidents") -> List[str]:
        return [text.replace(ZERO_WIDTH, "") for text in self.messages(name)]

    def direct(self, username: str) -> List[Any]:
        return list(self.chat.service.direct_posts(username, "pagerduty"))

    def texts(self, username: str) -> List[str]:
        return [post.message.replace(ZERO_WIDTH, "") for post in self.direct(username)]

    def pressed(self, post: Any) -> requests.ChatOrder:
        """What a click on the post's one button brings."""
        (action,) = post.attachments[0]["actions"]
        token = action["integration"]["context"]["token"]
        call = {"user_id": "u" * 26, "trigger_id": "t", "context": {"token": token}}
        secrets = CallSecrets((), (SIGNING_KEY,))
        order = requests.read(ChatCall("/click", {}, json.dumps(call).encode()), secrets, self.now)
        assert isinstance(order, requests.ChatOrder)
        return order

    def press(self, post: Any, user: str) -> CommandResult:
        order = self.pressed(post)
        return self.said(order.verb, user, text=order.text)


__all__ = ["EVENTS", "HOUR", "REST", "KeptPageCase", "moment"]
