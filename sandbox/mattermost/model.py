"""What a Mattermost server keeps: users, teams, channels, posts, files; and how each looks in an
answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple, Optional

OPEN, PRIVATE, DIRECT = "O", "P", "D"


@dataclass
class User:
    id: str
    username: str
    email: str
    create_at: int
    update_at: int
    first_name: str = ""
    last_name: str = ""
    nickname: str = ""
    admin: bool = False
    bot: bool = False
    owner_id: str = ""
    description: str = ""
    delete_at: int = 0

    def to_json(self, *, own: bool, show_email: bool) -> Dict[str, Any]:
        """The profile; `own`: as the user or an admin reads it. Others never learn
        `email_verified`."""
        body: Dict[str, Any] = {
            "id": self.id,
            "create_at": self.create_at,
            "update_at": self.update_at,
            "delete_at": self.delete_at,
            "username": self.username,
            "auth_data": "",
            "auth_service": "",
            "email": self.email if own or show_email else "",
            "nickname": self.nickname,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "position": "",
            "roles": "system_admin system_user" if self.admin else "system_user",
            "locale": "en",
            "timezone": {
                "automaticTimezone": "",
                "manualTimezone": "",
                "useAutomaticTimezone": "true",
            },
            "disable_welcome_email": False,
        }
        if own:
            body["email_verified"] = True
            body["notify_props"] = {
                "email": "true",
                "push": "mention",
                "desktop": "mention",
                "channel": "true",
            }
        if self.bot:
            body["is_bot"] = True
            body["bot_description"] = self.description
        return body

    def bot_json(self) -> Dict[str, Any]:
        return {
            "user_id": self.id,
            "username": self.username,
            "display_name": self.first_name,
            "description": self.description,
            "owner_id": self.owner_id,
            "create_at": self.create_at,
            "update_at": self.update_at,
            "delete_at": self.delete_at,
        }


@dataclass
class Token:
    id: str
    secret: str
    user_id: str
    description: str = ""
    active: bool = True
    used: bool = False
    """Whether the server has its session in the cache: what works while the database is down."""


@dataclass
class Team:
    id: str
    name: str
    display_name: str
    create_at: int
    update_at: int
    open: bool = False
    members: Dict[str, bool] = field(default_factory=dict)
    """User id to "is team admin"."""

    def to_json(self) -> Dict[str, Any]:
        return {
            "id": self.id,
            "create_at": self.create_at,
            "update_at": self.update_at,
            "delete_at": 0,
            "display_name": self.display_name,
            "name": self.name,
            "description": "",
            "email": "",
            "type": "O" if self.open else "I",
            "company_name": "",
            "allowed_domains": "",
            "invite_id": "",
            "allow_open_invite": self.open,
        }

    def member_json(self, user_id: str) -> Dict[str, Any]:
        admin = self.members[user_id]
        return {
            "team_id": self.id,
            "user_id": user_id,
            "roles": "team_user team_admin" if admin else "team_user",
            "delete_at": 0,
            "scheme_user": True,
            "scheme_admin": admin,
            "explicit_roles": "",
        }


@dataclass
class Channel:
    id: str
    team_id: str
    type: str
    name: str
    display_name: str
    creator_id: str
    create_at: int
    update_at: int
    delete_at: int = 0
    header: str = ""
    purpose: str = ""
    last_post_at: int = 0
    message_count: int = 0
    members: Dict[str, int] = field(default_factory=dict)
    """User id to when it joined."""
    posts: List[Post] = field(default_factory=list)
    """In order of (create_at, sequence), deleted ones too."""

    def to_json(self) -> Dict[str, Any]:
        return {
            "id": self.id,
            "create_at": self.create_at,
            "update_at": self.update_at,
            "delete_at": self.delete_at,
            "team_id": self.team_id,
            "type": self.type,
            "display_name": self.display_name,
            "name": self.name,
            "header": self.header,
            "purpose": self.purpose,
            "last_post_at": self.last_post_at,
            "total_msg_count": self.message_count,
            "extra_update_at": 0,
            "creator_id": self.creator_id,
            "scheme_id": None,
            "props": None,
            "group_constrained": None,
            "shared": None,
        }

    def member_json(self, user_id: str) -> Dict[str, Any]:
        return {
            "channel_id": self.id,
            "user_id": user_id,
            "roles": "channel_user",
            "last_viewed_at": 0,
            "msg_count": 0,
            "mention_count": 0,
            "notify_props": {
                "desktop": "default",
                "email": "default",
                "mark_unread": "all",
                "push": "default",
            },
            "last_update_at": self.members[user_id],
            "scheme_user": True,
            "scheme_admin": user_id == self.creator_id,
            "explicit_roles": "",
        }


@dataclass
class Group:
    """A user group that may be mentioned."""

    id: str
    name: str
    display_name: str
    create_at: int
    source: str = "custom"
    delete_at: int = 0
    members: Dict[str, int] = field(default_factory=dict)
    """User id to when it was added."""

    def to_json(self) -> Dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "display_name": self.display_name,
            "description": "",
            "source": self.source,
            "remote_id": None,
            "create_at": self.create_at,
            "update_at": self.create_at,
            "delete_at": self.delete_at,
            "has_syncables": False,
            "allow_reference": True,
        }


class PostVersion(NamedTuple):
    """A post as it stood for a while; a post's history begins with its creation."""

    at: int
    """Milliseconds since the epoch."""
    message: str
    props: Dict[str, Any]


class Reaction(NamedTuple):
    user_id: str
    emoji_name: str
    create_at: int

    def to_json(self, post_id: str) -> Dict[str, Any]:
        at = self.create_at
        return dict(self._asdict(), post_id=post_id, update_at=at, delete_at=0, remote_id="")


@dataclass
class Post:
    id: str
    sequence: int
    user_id: str
    channel_id: str
    create_at: int
    update_at: int
    message: str = ""
    root_id: str = ""
    type: str = ""
    props: Dict[str, Any] = field(default_factory=dict)
    """As stored, `integration` of the buttons included."""
    file_ids: List[str] = field(default_factory=list)
    pending_post_id: str = ""
    priority: Dict[str, Any] = field(default_factory=dict)
    """`metadata.priority`, as it was sent; no edit changes it."""
    edit_at: int = 0
    delete_at: int = 0
    is_pinned: bool = False
    replies: List[Post] = field(default_factory=list)
    """Of a root: in order of creation, deleted ones too."""
    reactions: List[Reaction] = field(default_factory=list)
    history: List[PostVersion] = field(default_factory=list)

    @property
    def key(self) -> Any:
        return self.create_at, self.sequence

    @property
    def live_replies(self) -> List[Post]:
        return [reply for reply in self.replies if not reply.delete_at]

    @property
    def attachments(self) -> List[Dict[str, Any]]:
        """The cards, as stored."""
        found = self.props.get("attachments")
        return [a for a in found if isinstance(a, dict)] if isinstance(found, list) else []


@dataclass
class FileInfo:
    id: str
    user_id: str
    channel_id: str
    name: str
    mime_type: str
    content: bytes
    create_at: int
    post_id: str = ""
    client_id: Optional[str] = None

    def to_json(self) -> Dict[str, Any]:
        return {
            "id": self.id,
            "user_id": self.user_id,
            "post_id": self.post_id,
            "channel_id": self.channel_id,
            "create_at": self.create_at,
            "update_at": self.create_at,
            "delete_at": 0,
            "name": self.name,
            "extension": self.name.rpartition(".")[2] if "." in self.name else "",
            "size": len(self.content),
            "mime_type": self.mime_type,
            "has_preview_image": False,
        }
