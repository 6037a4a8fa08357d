"""What a server keeps for integrations: slash commands, outgoing webhooks, and what hangs on a
click or a command."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple

from .model import Post

RESPONSE_URL_SECONDS = 30 * 60
RESPONSE_URL_USES = 5


@dataclass
class SlashCommand:
    """A slash command of a team."""

    id: str
    token: str
    creator_id: str
    team_id: str
    create_at: int
    update_at: int
    trigger: str = ""
    method: str = ""
    """P or G."""
    username: str = ""
    icon_url: str = ""
    auto_complete: bool = False
    auto_complete_desc: str = ""
    auto_complete_hint: str = ""
    display_name: str = ""
    description: str = ""
    url: str = ""
    delete_at: int = 0

    def to_json(self, *, sanitized: bool = False) -> Dict[str, Any]:
        """`sanitized`: as who may not manage commands reads it."""
        body = dict(vars(self), plugin_id="")
        if sanitized:
            body.update(
                dict.fromkeys(("token", "creator_id", "method", "url", "username", "icon_url"), "")
            )
        return body


@dataclass
class ResponseUrl:
    """Where a command's delayed answers go: `/hooks/commands/<id>`."""

    id: str
    command_id: str
    user_id: str
    channel_id: str
    root_id: str
    create_at: int
    uses: int = 0


@dataclass
class OutgoingHook:
    id: str
    token: str
    creator_id: str
    team_id: str
    create_at: int
    update_at: int
    channel_id: str = ""
    trigger_words: List[str] = field(default_factory=list)
    trigger_when: int = 0
    """0: the first word is a trigger word; 1: it begins with one."""
    callback_urls: List[str] = field(default_factory=list)
    display_name: str = ""
    description: str = ""
    content_type: str = ""
    username: str = ""
    icon_url: str = ""
    delete_at: int = 0

    def to_json(self) -> Dict[str, Any]:
        return dict(vars(self))


class Cookie(NamedTuple):
    """What the server needs to know of a button whose post is in no database: an ephemeral one.
    Clients hold it."""

    post_id: str
    root_id: str
    channel_id: str
    action: Dict[str, Any]
    retained: Dict[str, Any]


class Dialog(NamedTuple):
    """A dialog as a client was told to show it."""

    id: str
    user_id: str
    url: str
    dialog: Dict[str, Any]
    opened_at: int


@dataclass
class Integrations:
    commands: Dict[str, SlashCommand] = field(default_factory=dict)
    response_urls: Dict[str, ResponseUrl] = field(default_factory=dict)
    hooks: Dict[str, OutgoingHook] = field(default_factory=dict)
    ephemerals: Dict[str, List[Post]] = field(default_factory=dict)
    """By user, oldest first: what only they see."""
    dialogs: Dict[str, Dialog] = field(default_factory=dict)
    """By id: what is open in somebody's client."""
    cookies: Dict[str, Cookie] = field(default_factory=dict)
    """By the text that clients hold, which tells them nothing."""

    def commands_of(self, team_id: str) -> List[SlashCommand]:
        return [c for c in self.commands.values() if c.team_id == team_id]
