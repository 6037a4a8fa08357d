"""What an act from chat costs: requests to PagerDuty and to Mattermost, calls of the datastore;
counted over the sandboxes' journal and the datastore double."""

from __future__ import annotations

import time
from typing import Any, Dict, List, NamedTuple

from chat_handle import ChatHandle
from datastore_double import Service as Datastore
from post_incident import PostIncident

from sandbox import Sandbox
from sandbox.connection import connection
from sandbox.mattermost.integrations import ResponseUrl, SlashCommand


def answer_hook(service: Any, world: Any, user_id: str) -> str:
    """Where the answer to a slash command goes that somebody types in the channel incidents."""
    state = service.state
    command = SlashCommand(state.new_id(), "t" * 26, user_id, world.team.id, 0, 0)
    channel = world.channels["incidents"].id
    url = ResponseUrl(state.new_id(), command.id, user_id, channel, "", state.now())
    state.integrations.commands[command.id] = command
    state.integrations.response_urls[url.id] = url
    return f"/hooks/commands/{url.id}"


class Trips(NamedTuple):
    """What one order cost, each request by method and path, each datastore call by what and
    key."""

    pagerduty: List[str]
    mattermost: List[str]
    datastore: List[str]


class CountedDatastore(Datastore):
    """The double, which also writes down each call with its key."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: List[str] = []

    def list_values(
        self, local: bool = True, prefix: str = "", limit: int = 100, offset: int = 0
    ) -> Any:
        self.seen.append(f"list {prefix}")
        return super().list_values(local, prefix, limit, offset)

    def set_value(self, name: str, *args: Any, **terms: Any) -> bool:
        self.seen.append(f"set {name}")
        return super().set_value(name, *args, **terms)

    def delete_value(self, name: str, local: bool = True) -> bool:
        self.seen.append(f"delete {name}")
        return super().delete_value(name, local)


class Office:
    """One pack's configuration on both sandboxes; every action has a process's own clients."""

    def __init__(self, sandbox: Sandbox) -> None:
        world = sandbox.mattermost.world
        self.sandbox, self.datastore = sandbox, CountedDatastore()
        self.account = sandbox.pagerduty.account
        self.ada = world.users["ada"].id
        self.config: Dict[str, Any] = {
            **connection(sandbox, default_channel="incidents"),
            "chat": {"port": 9999, "public_url": "https://a.example", "signing_keys": ["s" * 32]},
        }

    def run(self, action: Any, **params: Any) -> Any:
        done, result = action(config=self.config, action_service=self.datastore).run(**params)
        assert done is True, result
        return result

    def incident(self) -> Any:
        """A new one, with its card."""
        made = self.account.trigger("Checkout API", "Slow")
        self.run(PostIncident, incident_id=made.id, channel="incidents")
        self.sandbox.clock.advance(60)
        return made

    def hook(self) -> str:
        """Where the answer to a slash command goes."""
        world = self.sandbox.mattermost.world
        return answer_hook(self.sandbox.mattermost.service, world, self.ada)

    def order(self, kind: str, **words: str) -> Trips:
        """What carrying out the order of this kind cost."""
        who = {"user_id": self.ada, "user_name": "ada"}
        order = {"id": "o1", "kind": kind, **who, "valid_until": time.time() + 60, **words}
        before = len(self.sandbox.journal.entries)
        del self.datastore.seen[:]
        self.run(ChatHandle, order=order)
        sent: Dict[str, List[str]] = {"pagerduty": [], "mattermost": []}
        for one in self.sandbox.journal.entries[before:]:
            sent[one.server].append(f"{one.method} {one.path}")
        return Trips(sent["pagerduty"], sent["mattermost"], list(self.datastore.seen))
