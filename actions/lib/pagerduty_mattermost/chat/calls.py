"""What a call of Mattermost's is: as it arrived, and what it means once it is verified
(`chat.requests` reads it). Pure values.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, NamedTuple, Tuple, Union

from pagerduty_mattermost.cards.buttons import NOTHING_SAID, About
from pagerduty_mattermost.chat.passed_on import PassedOn
from pagerduty_mattermost.chat.replay_guard import CallMark


class CallRefused(Exception):
    """A call that is not taken. `status`: the HTTP status to answer; the text holds no secret."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class ConfirmationExpired(Exception):
    """A click on a confirmation or a playbook post, too late. `user_id`: who clicked; `hook`:
    `Origin.hook` of the confirmation."""

    def __init__(self, user_id: str, hook: str) -> None:
        super().__init__("too late")
        self.user_id, self.hook = user_id, hook


class ChatCall(NamedTuple):
    """One HTTP request, as it arrived."""

    path: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes


class CallSecrets(NamedTuple):
    """What a genuine call can know: one of them stands in it, or signed what stands in it."""

    command_tokens: Tuple[str, ...]
    signing_keys: Tuple[str, ...]
    webhook_tokens: Tuple[str, ...] = ()


class ChatOrder(NamedTuple):
    """What somebody wants done: the payload of `pagerduty.chat_command`."""

    id: str
    kind: str
    """command, click (on a card), row (a button of a list), dialog or note (a reply in a card's
    thread)."""
    verb: str
    """Of a click or dialog."""
    incident: str
    text: str
    user_id: str
    user_name: str
    channel_id: str
    root_id: str
    post_id: str
    values: str
    """Further fields of a dialog, as JSON."""
    hook: str
    """Path of the response_url: `/hooks/commands/…`; of a click on what answered a command, that
    command's."""
    valid_until: float
    """Seconds since the epoch."""
    trigger: str = ""
    """Of a command or a click: by which a dialog can be opened for its giver, for some seconds."""
    origin: str = ""
    """Of a click in what answered a command: what makes that answer anew (`Origin.command`)."""
    command: str = ""
    """What was typed, read: as `orders.as_text` writes a command. Nobody reads it again."""
    dry_run: bool = False
    awaited_until: float = 0.0
    """Of a dialog that stays open until it is known what came of it: until when, in seconds since
    the epoch; else 0."""
    steps: bool = False
    """Of a dialog: whether another one may be the answer to it."""
    once: CallMark = CallMark()
    """What the same call would bear again."""

    def payload(self) -> Dict[str, Any]:
        """Of `once` a digest where it is good for one order: a sensor that was started anew does
        not know of the first one, the action does."""
        once = self.once.digest if self.once.single else ""
        return {**self._asdict(), "once": once}


class DialogWanted(NamedTuple):
    """A dialog to be opened, within 3 s."""

    kind: str
    incident: str
    trigger_id: str
    user_id: str
    channel_id: str = ""
    text: str = ""
    hook: str = ""
    """`Origin.hook` of the command that it was opened by."""
    origin: str = ""
    """`Origin.command` of the same."""
    about: About = NOTHING_SAID
    """How the incident is."""
    clicked: str = ""
    """The playbook post in whose menu it was chosen."""
    opens_room: bool = False
    """Whether a declaration's tick for a room is set in any case."""
    typed: Mapping[str, str] = {}
    """What was typed of a declaration, by the names of its fields."""


class LookupWanted(NamedTuple):
    """What a list in somebody's dialog offers for what they have typed."""

    kind: str
    """One of `dialog_search`'s words."""
    query: str
    incident: str
    user_id: str


class UnreadCommand(NamedTuple):
    """A command that can't be read: its giver is told at once, and nothing is dispatched."""

    problem: str


class Ping(NamedTuple):
    """`/pd ping`: whether Mattermost reaches the chat sensor, which answers it itself."""


class FieldErrors(NamedTuple):
    """What is wrong with a submitted dialog, by field; empty where it was cancelled."""

    errors: Mapping[str, str]


Call = Union[ChatOrder, DialogWanted, FieldErrors, LookupWanted, PassedOn, Ping, UnreadCommand]
"""What a genuine call is."""
