"""The embedded default in the test's own process on a sandbox with chat set up, and people in
Mattermost there.

Nothing is polled but when told (`look`), so what changes sooner was changed by chat itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import yaml

from pagerduty_mattermost.cards.buttons import MENU
from sandbox import Sandbox
from sandbox.cards import card_of
from sandbox.chat_setup import set_up_chat
from sandbox.demo import CHANNEL, ROOT, write_config
from sandbox.mattermost import ChatPerson
from sandbox.waiting import until
from standalone.app import App

NEVER = 3600.0


class EmbeddedRoom:
    def __init__(self, sandbox: Sandbox, folder: Path, **chat: Any) -> None:
        self.sandbox = sandbox
        self.pagerduty, self.mattermost = sandbox.pagerduty.account, sandbox.mattermost.account
        self.pagerduty.set_options(rate_limit=None)
        settings = {**set_up_chat(sandbox), **chat}
        self.url = str(settings["public_url"])
        path = write_config(sandbox, folder, settings)
        config: Dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        config.setdefault("rooms", {})["test_service"] = "Drills"
        config["chat"].setdefault("allowed", {}).update(test=["@ada"], simulate=["@ada"])
        self.app = App(ROOT, config, folder / "data", poll_interval=NEVER)
        self.app.start()
        until(
            lambda: self.mattermost.posts(CHANNEL), 30
        )  # the summary of what was open: it has read the log once
        self._people: Dict[str, ChatPerson] = {}

    def stop(self) -> None:
        self.app.stop(grace=20)

    def person(self, name: str) -> ChatPerson:
        if name not in self._people:
            self._people[name] = ChatPerson(self.sandbox.mattermost, name)
        return self._people[name]

    def look(self) -> None:
        """The sensors look at PagerDuty now."""
        self.app.poke()

    def incident(
        self, service: str = "Checkout API", title: str = "Slow", status: str = "triggered"
    ) -> Any:
        """A new one in that state, with its card."""
        made = self.pagerduty.trigger(service, title)
        if status != "triggered":
            self.pagerduty.acknowledge(made, "olu@example.com")
        if status == "resolved":
            self.pagerduty.resolve(made, "olu@example.com")
        self.look()
        until(lambda: self.card(made))
        # PagerDuty's times have a resolution of one second: what people do next is of a later one.
        self.sandbox.clock.advance(1)
        return made

    def card(self, incident: Any, channel: str = CHANNEL) -> Any:
        return card_of(self.mattermost, channel, incident.id)

    def shown(self, incident: Any) -> str:
        """All that the card says."""
        card = self.card(incident)
        return card.message + json.dumps(card.attachments, ensure_ascii=False) if card else ""

    def action_id(self, incident: Any, button: str) -> str:
        """The id by which it is clicked; a menu's is another one in each state."""
        return next(id for id in self._actions(incident) if word_of(id) == button)

    def buttons(self, incident: Any) -> Dict[str, List[str]]:
        """Of the card: words, each with the choices of a menu."""
        return {word_of(id): options for id, options in self._actions(incident).items()}

    def _actions(self, incident: Any) -> Dict[str, List[str]]:
        card = self.card(incident)
        actions = [
            action
            for shown in (card.attachments if card else ())
            for action in shown.get("actions") or ()
        ]
        return {
            one["id"]: [option["value"] for option in one.get("options") or ()] for one in actions
        }

    def direct(self, name: str) -> List[Any]:
        """What the bot told the person in private, oldest first."""
        world = self.sandbox.mattermost.world
        assert world is not None
        return self.mattermost.direct_posts(name, world.bot.username)

    def told(self, name: str, word: str, since: int = 0) -> Any:
        """The newest thing that the person alone sees, since they had seen so many, and that says
        so; as an answer to a command or to a click, else in a direct message of the bot."""

        def found() -> Any:
            seen = [
                *self.direct(name),
                *self.person(name).seen()[since:],
            ]
            return next((post for post in reversed(seen) if word in text_of(post)), None)

        return until(found)


def word_of(id: str) -> str:
    """What an action is called whatever the state: the menu's id changes with it."""
    return MENU if id.startswith(MENU) else id


def text_of(post: Any) -> str:
    """What a person reads: without what makes outside text inert."""
    text = str(post.message) + "".join(str(shown.get("text") or "") for shown in post.attachments)
    return text.replace("\u200b", "").replace("\\", "")
