"""The chat sensor on three sandboxes, for StackStorm's own aliases and inquiries."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any, Callable, Dict, List, Mapping

import requests
from chat_sensor_case import TOKEN, ChatSensorCase

from sandbox.mattermost import BOT_TOKEN
from sandbox.stackstorm import StackStormServer

WAITED_SECONDS = 60.0


class ChatopsCase(ChatSensorCase):
    """`self.stackstorm` is StackStorm; `say` types `/st2 …` as Ada in Town Square."""

    __test__ = False
    chatops: Mapping[str, Any] = {"allow": {"*": ["*"]}}

    def start(self) -> None:
        if not hasattr(self, "stackstorm"):
            self.stackstorm = StackStormServer(self.sandbox.journal, self.sandbox.clock)
            self.stackstorm.start()
            self.addCleanup(self.stackstorm.stop)
            self._triggers = itertools.count()
            self.furnish()
        self.config["chatops"] = {**self.own_settings(), **self.chatops}
        service = self.sensor_service.datastore_service
        service.get_api_client = self.api_client
        super().start()

    def api_client(self) -> Any:
        """StackStorm's client, of which the sensor's own account is known: with a token where
        there are any."""
        tokens = [
            token
            for token, user in self.stackstorm.account.tokens.items()
            if user == "sensor_service"
        ]
        client = {"endpoints": {"api": self.stackstorm.api_url}, "token": (tokens or [""])[0]}
        return type("Client", (), client)

    def own_settings(self) -> Dict[str, Any]:
        return {"api_url": self.stackstorm.api_url, "auth_url": self.stackstorm.auth_url}

    def furnish(self) -> None:
        """What StackStorm has when a test begins."""
        account = self.stackstorm.account
        account.add_alias("packs.pack_get", ["pack get {{pack}}"], "packs.get", result={})
        account.acts["packs.get"] = lambda given: (
            "succeeded",
            {"result": f"the pack {given['pack']}"},
        )
        account.add_alias(
            "ops.wait",
            [{"display": "wait <for>", "representation": ["wait {{what}}"]}],
            "ops.wait",
            ack={"format": "Waiting for {{ execution.parameters.what }}"},
            result={"format": "It came: {{ execution.result.result }} ({{ execution.status }})"},
        )

    @property
    def bridge(self) -> Any:
        return self.sensor.endpoint._passed_on

    @property
    def channel(self) -> Any:
        return self.channel_named("town-square")

    def channel_named(self, name: str) -> Any:
        channels = self.sandbox.mattermost.account.state.channels.values()
        return next(one for one in channels if one.name == name)

    def say(self, text: str, **more: Any) -> requests.Response:
        words = {
            "token": TOKEN,
            "command": "/st2",
            "text": text,
            "user_id": self.user_id(),
            "user_name": "ada",
            "channel_id": self.channel.id,
            "trigger_id": f"trigger{next(self._triggers)}",
            **more,
        }
        headers = {"Authorization": f"Token {words['token']}"}
        return self.post("/command", data=words, headers=headers)

    def posts(self, channel_id: str = "") -> List[Dict[str, Any]]:
        """The bot's posts of the channel, oldest first."""
        url = (
            f"{self.sandbox.mattermost.url}/api/v4/channels/{channel_id or self.channel.id}/posts"
        )
        headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
        answer = requests.get(url, headers=headers, timeout=60).json()
        found = [answer["posts"][id] for id in reversed(answer.get("order") or [])]
        return [one for one in found if (one.get("props") or {}).get("pagerduty")]

    def waited(self, what: Callable[[], Any]) -> Any:
        """What it gives, once that is something; bounded, and asked for every so often."""
        until = time.monotonic() + WAITED_SECONDS
        while True:
            found = what()
            if found or time.monotonic() > until:
                assert found, "it did not come"
                return found
            time.sleep(0.03)

    def told(self, words: str) -> Dict[str, Any]:
        """The bot's post in which the words stand, waited for."""
        found: Dict[str, Any] = self.waited(
            lambda: next((one for one in self.posts() if words in one["message"]), None)
        )
        return found

    def told_alone(self, words: str) -> str:
        """What Ada was told in a direct message."""
        found: str = self.waited(
            lambda: next((text for text in self.direct_messages() if words in text), "")
        )
        return found

    def executions(self) -> List[Dict[str, Any]]:
        return list(self.stackstorm.account.executions.values())

    def asked_to_run(self) -> int:
        """How often StackStorm was asked to run an alias."""
        return len(self.sandbox.journal.find(path=r"^/v1/aliasexecution", method="POST"))

    def shown_actions(self, post: Mapping[str, Any]) -> List[str]:
        rows = (post.get("props") or {}).get("attachments") or []
        return [one["name"] for row in rows for one in row.get("actions") or []]

    def press(
        self, post: Mapping[str, Any], name: str, user: str = "ada", trigger_id: str = ""
    ) -> requests.Response:
        """A click as Mattermost passes it on: with what stands in the button."""
        stored = self.sandbox.mattermost.account.state.posts[post["id"]]
        rows = stored.props["attachments"]
        action = next(
            one for row in rows for one in row.get("actions") or [] if one["name"] == name
        )
        body = {
            "user_id": self.user_id(user),
            "user_name": user,
            "channel_id": post["channel_id"],
            "post_id": post["id"],
            "trigger_id": trigger_id or f"trigger{next(self._triggers)}",
            "context": action["integration"]["context"],
        }
        return self.post("/click", json=body)

    def records(self) -> Dict[str, Any]:
        """What is remembered of phrases."""
        found = {}
        for item in self.sensor_service.list_values(local=False, prefix="pagerduty.alias."):
            found[str(item.name)] = json.loads(item.value)
        return found

    def nothing_left(self) -> None:
        """Nothing is remembered of any phrase any more."""
        self.waited(lambda: not self.records())
