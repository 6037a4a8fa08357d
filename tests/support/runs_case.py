"""A run in an incident's room on both sandboxes, and people who work in it: each order is carried
out with a context of its own, as processes do."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from rooms_world import RoomsWorld
from runs_world import PLAYBOOK

from pagerduty_mattermost.chat import run_clicks
from pagerduty_mattermost.chat.handle import handle
from pagerduty_mattermost.chat.orders import VALID_SECONDS, as_text, made_at, read_typed
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.playbooks.playbook import Playbook
from pagerduty_mattermost.runs import people, starting, tending
from pagerduty_mattermost.runs.controls import shown_of
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.state import RunState

KEY = "signing-key-of-32-characters-long"
PUBLIC_URL = "https://st2.example.com/pagerduty"


class RunsWorld(RoomsWorld):
    """With one incident, its room, and a run in it."""

    def __init__(self, playbook: Playbook = PLAYBOOK, version: str = "5.37", **rooms: Any) -> None:
        super().__init__(version, **rooms)
        self.playbook = playbook
        self.chat_config: Dict[str, Any] = {"public_url": PUBLIC_URL, "signing_keys": [KEY]}
        self.orders = 0

    def raw(self, **rooms: Any) -> Dict[str, Any]:
        return {**super().raw(**rooms), "chat": self.chat_config, "time_zone": "UTC"}

    def begin(self, by: str = "ada", **terms: Any) -> Run:
        self.case = self.incident()
        self.the_room = self.open(self.case, by=self.user(by)).room
        for name in ("ada", "grace", "linus"):
            self.join(name)
        return self.start(by, **terms).run

    def start(self, by: str = "ada", order_id: str = "start", **terms: Any) -> starting.StartedRun:
        context = self.context()
        return starting.start(
            context,
            self.the_room,
            terms.pop("playbook", self.playbook),
            self.change(self.case, context),
            by=people.by_id(context, self.user(by)),
            order_id=order_id,
            **terms,
        )

    def join(self, name: str) -> None:
        self.context().mattermost.add_member(self.the_room.channel_id, self.user(name))

    # What people do

    def order(self, name: str, **more: Any) -> Dict[str, Any]:
        """As the chat sensor dispatches one."""
        self.orders += 1
        return {
            "id": f"{self.orders:032x}",
            "kind": "click",
            "verb": "",
            "incident": "",
            "text": "",
            "user_id": self.user(name),
            "user_name": name,
            "channel_id": self.the_room.channel_id,
            "root_id": "",
            "post_id": "",
            "values": "",
            "hook": "",
            "valid_until": self.clock() + VALID_SECONDS,
            **more,
        }

    def clicked(self, name: str, verb: str, text: str) -> Dict[str, Any]:
        """The order of a click on the playbook post; a tick stands in the datastore already."""
        order = self.order(name, verb=verb, incident=self.case.id, text=text)
        act = run_clicks.act_of(order, made_at(order), self.context().settings.chat)
        if act is None:
            return order
        run_clicks.write(Store(self.datastore), self.case.id, act)
        return {**order, "values": run_clicks.WRITTEN}

    def click(self, name: str, verb: str, text: str) -> Dict[str, Any]:
        return self.carry_out(self.clicked(name, verb, text))

    def typed(self, name: str, line: str, **more: Any) -> Dict[str, Any]:
        parsed = read_typed(line)
        assert not parsed.problem, parsed.problem
        return self.order(
            name,
            kind="command",
            text=line,
            command=as_text(parsed.command),
            dry_run=parsed.dry_run,
            **more,
        )

    def say(self, name: str, line: str, **more: Any) -> str:
        """The answer to a command, its first line."""
        return str(self.carry_out(self.typed(name, line, **more))["message"])

    def carry_out(self, order: Dict[str, Any]) -> Dict[str, Any]:
        return handle(self.context(), order)

    def react(self, post_id: str, name: str, emoji: str) -> None:
        """Somebody reacts to a post."""
        with self.chat.lock:
            self.chat.state.add_reaction(self.chat.post(post_id), self.chat.user(name), emoji)

    def tend(self) -> tending.RunsReport:
        return tending.tend(self.context())

    # What there is

    def run(self) -> Run:
        found = RunRecords(Store(self.datastore)).load(self.case.id)
        assert found is not None
        return found

    @property
    def state(self) -> RunState:
        return self.run().state

    @property
    def playbook_posts(self) -> List[Any]:
        return [
            post
            for post in self.posts(self.the_room.channel_id)
            if "run" in (post.props.get(PROPS_KEY) or {}) and not post.delete_at
        ]

    @property
    def post(self) -> Any:
        (found,) = self.playbook_posts
        return found

    @property
    def told(self) -> List[str]:
        """What the room was told of acts."""
        return [
            post.message
            for post in self.posts(self.the_room.channel_id)
            if "act" in (post.props.get(PROPS_KEY) or {})
        ]

    def reminders(self) -> List[str]:
        """What the room was reminded of."""
        return [one for one in self.texts(self.the_room.channel_id) if one.startswith("⏰")]

    def direct(self, name: str) -> str:
        """What the bot said to somebody last."""
        posts = self.chat.direct_posts(self.world.bot.id, self.user(name))
        return str(posts[-1].message) if posts else ""

    def is_shown(self) -> bool:
        """Whether the post shows all that was done."""
        run = self.run()
        return shown_of(self.post.props) == (run.state.acts, run.state.digest)

    def options(self, name: str) -> Dict[str, str]:
        """Of a menu of the post: value → text."""
        actions = self.post.props["attachments"][0]["actions"]
        menu: Optional[Dict[str, Any]] = next(
            (one for one in actions if one["name"] == name), None
        )
        return {one["value"]: one["text"] for one in (menu or {}).get("options", ())}

    @property
    def buttons(self) -> List[str]:
        actions = self.post.props["attachments"][0]["actions"]
        return [one["name"] for one in actions if one["type"] == "button"]
