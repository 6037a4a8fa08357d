"""Both sandboxes and one datastore for what one action after another does there."""

# flake8: noqa: E203

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, List

from actions_world import ActionsTestCase
from chat_world import Chat
from pack_files import files, load


class ExampleCase(ActionsTestCase):
    """Both sandboxes, and one datastore for all actions of an example."""

    def setUp(self) -> None:
        super().setUp()
        self.chat = Chat()
        self.chat.__enter__()
        self.addCleanup(self.chat.__exit__, None, None, None)
        keys = {row["name"]: row["key"] for row in self.account.catalog["integrations"].values()}
        self.settings.update(
            mattermost=self.chat.raw()["mattermost"],
            service_key=keys["Database Events API v1"],
            events={"routing_key": keys["Database Events API v2"]},
            timeouts={"connect": 2, "read": 10},
            webhook={
                "port": 8091,
                "public_url": "https://stackstorm.example.com/pagerduty-webhook",
            },
        )
        self.service: Any = None

    def slept(self, seconds: float) -> None:
        """Time passes: an action that waits for people comes to its end."""
        self.now += seconds

    def get_action_instance(self, config: Any = None) -> Any:
        action = super().get_action_instance(config=config)
        if self.service is None:
            self.service = action.action_service
            client = SimpleNamespace(rules=SimpleNamespace(get_all=_shipped_rules))
            self.service.datastore_service.get_api_client = lambda: client
        action.action_service = self.service
        return action


def _shipped_rules(limit: int, offset: int) -> List[Any]:
    rules = [
        SimpleNamespace(**{**rule, "ref": f"pagerduty.{rule['name']}"})
        for rule in map(load, files("rules"))
    ]
    return rules[offset : offset + limit]
