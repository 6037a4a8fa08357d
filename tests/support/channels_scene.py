"""One datastore and one Mattermost for runs that each have channels of their own, as processes
do."""

from __future__ import annotations

from typing import Any, List, Tuple

from chat_world import Chat
from datastore_double import Service as Datastore

from pagerduty_mattermost.gateways.mattermost.channels import Channels, ChannelUnavailable
from pagerduty_mattermost.gateways.mattermost.operations_notices import (
    notify_operators,
)
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


class Log:
    def __init__(self) -> None:
        self.lines: List[str] = []

    def warning(self, form: str, *values: Any) -> None:
        self.lines.append(form % values)


class Scene:
    """One datastore, and for each run (`run()`) a gateway, store and channels of its own as each
    process has."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.datastore = Datastore()
        self.log = Log()

    def run(self, **settings: Any) -> Channels:
        self.mattermost = self.chat.gateway(raw=self.chat.raw(**settings))
        self.store = Store(self.datastore, sleep=lambda _: None)
        return Channels(self.mattermost, self.store, notify=self._complain)

    def _complain(self, error: ChannelUnavailable) -> None:
        self.complain(f"channel:{error.channel}", str(error))

    def complain(self, about: str, text: str) -> bool:
        return notify_operators(
            self.mattermost, self.store, about, text, log=self.log, clock=self.chat.clock
        )

    def post(self, channel: str, text: str = "hello", service: Tuple[str, str] = ("", "")) -> str:
        return self.run().using(
            channel, lambda found: self.mattermost.create_post(found.id, text)["id"], service
        )

    def asked(self, method: str = "", path: str = "") -> int:
        return self.chat.journal.count(method, path)
