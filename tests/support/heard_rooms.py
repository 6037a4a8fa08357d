"""What is said in rooms, and what the sensor's room listener and the rule's action make of it."""

# flake8: noqa: E501

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from rooms_world import RoomsWorld

from pagerduty_mattermost.chat import handle
from pagerduty_mattermost.chat.room_listener import ROOM_TRIGGER, RoomListener
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.rooms import tending

NAME = "inc-2026-11-21-database-timeout"


class Sent:
    """In place of a dispatcher."""

    def __init__(self) -> None:
        self.sent: List[Tuple[str, Dict[str, Any]]] = []
        self.fails = False

    def dispatch(self, trigger: str, payload: Any, *, trace_tag: str) -> None:
        if self.fails:
            raise RetryLater("StackStorm is down")
        self.sent.append((trigger, dict(payload)))

    def taken(self) -> List[Tuple[str, Dict[str, Any]]]:
        found, self.sent = self.sent, []
        return found


class Heard:
    def __init__(self, world: RoomsWorld) -> None:
        self.world, self.sent = world, Sent()
        self.room_listener = self.anew()

    def anew(self) -> RoomListener:
        return RoomListener(self.world.context(), self.sent, self.world.log)  # type: ignore[arg-type]

    def look(self) -> List[str]:
        """What a look comes to, carried out."""
        self.world.clock.advance(15)
        self.room_listener.look()
        return self.done()

    def done(self) -> List[str]:
        kinds = []
        for trigger, payload in self.sent.taken():
            kinds.append(str(payload.get("verb") or payload["kind"]))
            if trigger == ROOM_TRIGGER:
                tending.tend_one(self.world.context(), payload["incident"])
                continue
            handle.handle(self.world.context(), payload)
        return kinds

    def say(self, text: str, who: str = "ada", channel: str = NAME, **more: Any) -> Any:
        self.world.clock.advance(1)
        return self.world.chat.say(who, channel, text, **more)

    def edit(self, post: Any, text: str) -> None:
        self.world.clock.advance(1)
        chat = self.world.chat
        chat.state.edit_post(post, text, post.props, False, [])


def contents(incident: Any) -> List[str]:
    return [note.content for note in incident.notes]
