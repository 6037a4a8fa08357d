"""The server's memory and who may do what in it. No HTTP here; every method is called under the
service's lock."""

# flake8: noqa: W503

from __future__ import annotations

import os
import random
from typing import Any, Dict, List, Optional, Tuple

from ..clock import Clock
from ..journal import SandboxJournal
from . import ids, props
from .errors import ApiError, forbidden
from .integrations import Integrations
from .model import (
    DIRECT,
    OPEN,
    Channel,
    FileInfo,
    Group,
    Post,
    PostVersion,
    Reaction,
    Team,
    Token,
    User,
)
from .permissions import defaults

PENDING_SECONDS = 30.0
"""How long a `pending_post_id` is remembered."""


class MattermostState:
    """Users, tokens, teams, channels, posts and files by id, with the journal of what changed."""

    def __init__(
        self,
        clock: Clock,
        journal: SandboxJournal,
        seed: Optional[int] = None,
        *,
        is_new: bool = False,
    ) -> None:
        self.clock = clock
        self.journal = journal
        self._random = random.Random(seed)
        self.users: Dict[str, User] = {}
        self.tokens: Dict[str, Token] = {}
        """By secret."""
        self.teams: Dict[str, Team] = {}
        self.channels: Dict[str, Channel] = {}
        self.posts: Dict[str, Post] = {}
        self.files: Dict[str, FileInfo] = {}
        self.groups: Dict[str, Group] = {}
        self.pending: Dict[str, Tuple[str, float]] = {}
        """`pending_post_id` to (post id, "" while it is being saved; sandbox time at which it is
        forgotten)."""
        self.integrations = Integrations()
        self.roles = defaults(is_new)
        """Permissions by role's name."""
        self.began = self.now()
        self.secret = os.urandom(32)
        """Signs trigger ids."""
        self._sequence = 0

    def new_id(self) -> str:
        return ids.new_id(self._random)

    def now(self) -> int:
        """Milliseconds since the epoch, of the sandbox's clock."""
        return int(self.clock() * 1000)

    def fact(self, kind: str, subject: str, id: str = "", **data: Any) -> None:
        self.journal.fact("mattermost", kind, subject, id or subject, **data)

    # -- finding

    def user_named(self, username: str) -> Optional[User]:
        wanted = username.lower()
        return next((u for u in self.users.values() if u.username == wanted), None)

    def user_with_email(self, email: str) -> Optional[User]:
        wanted = email.lower()
        return next((u for u in self.users.values() if u.email == wanted), None)

    def team_named(self, name: str) -> Optional[Team]:
        return next((t for t in self.teams.values() if t.name == name), None)

    def channel_named(self, team_id: str, name: str) -> Optional[Channel]:
        return next(
            (c for c in self.channels.values() if c.name == name and c.team_id == team_id), None
        )

    def live_post(self, post_id: str) -> Optional[Post]:
        post = self.posts.get(post_id)
        return post if post is not None and not post.delete_at else None

    # -- who may

    def in_team(self, user: User, team_id: str) -> bool:
        team = self.teams.get(team_id)
        return user.admin or (team is not None and user.id in team.members)

    def may(self, user: User, permission: str, team_id: str = "") -> bool:
        """By the roles of the system, and of the team when it is about one."""
        roles = ["system_user", *(["system_admin"] if user.admin else [])]
        team = self.teams.get(team_id)
        if team is not None and user.id in team.members:
            roles += ["team_user", *(["team_admin"] if team.members[user.id] else [])]
        return any(permission in self.roles[role] for role in roles)

    def may_in(self, user: User, channel: Channel, permission: str) -> bool:
        """By the roles in a channel (of which one is a member), its team and the system."""
        if user.id not in channel.members and not user.admin:
            return False
        roles = ["channel_user", *(["channel_admin"] if channel.creator_id == user.id else [])]
        return any(permission in self.roles[role] for role in roles) or self.may(
            user, permission, channel.team_id
        )

    def may_write(self, user: User, channel: Channel) -> bool:
        return user.admin or user.id in channel.members

    def may_read(self, user: User, channel: Channel) -> bool:
        """Members read; everybody of the team reads a public channel."""
        return self.may_write(user, channel) or (
            channel.type == OPEN and self.in_team(user, channel.team_id)
        )

    def readable_post(self, user: User, post_id: str) -> Post:
        """Raises ApiError: 404 for an unknown or deleted post, 403 where the user may not read."""
        post = self.live_post(post_id)
        if post is None:
            raise ApiError("app.post.get.app_error")
        if not self.may_read(user, self.channels[post.channel_id]):
            raise forbidden()
        return post

    # -- changing

    def add_post(self, post: Post) -> Post:
        """Save a new post; its root's `update_at` moves with it."""
        channel = self.channels[post.channel_id]
        self.posts[post.id] = post
        channel.posts.append(post)
        if len(channel.posts) > 1 and channel.posts[-2].key > post.key:
            channel.posts.sort(key=lambda p: p.key)
        if post.root_id:
            root = self.posts[post.root_id]
            root.replies.append(post)
            root.update_at = post.create_at
        channel.last_post_at = max(channel.last_post_at, post.create_at)
        if not post.type:
            channel.message_count += 1
        post.history.append(PostVersion(post.create_at, post.message, post.props))
        self.fact(
            "post_created",
            post.id,
            channel_id=post.channel_id,
            user_id=post.user_id,
            root_id=post.root_id,
            type=post.type,
            message=post.message,
            props=post.props,
            pending_post_id=post.pending_post_id,
        )
        return post

    def make_post(self, user: User, channel: Channel, message: str, **fields: Any) -> Post:
        at = fields.pop("create_at", 0) or self.now()
        self._sequence += 1
        return Post(self.new_id(), self._sequence, user.id, channel.id, at, at, message, **fields)

    def system_post(
        self, user: User, channel: Channel, kind: str, message: str, **props: str
    ) -> None:
        """What the server itself says in a channel about joining, renaming, archiving. `props`: in
        place of the user's name."""
        told: Dict[str, Any] = dict(props) or {"username": user.username}
        self.add_post(self.make_post(user, channel, message, type=kind, props=told))

    def edit_post(
        self, post: Post, message: str, new_props: Dict[str, Any], pinned: bool, files: List[str]
    ) -> None:
        now = self.now()
        cards = post.props.get("attachments")
        if (
            message != post.message
            or new_props.get("attachments") != cards
            or files != post.file_ids
        ):
            post.edit_at = now
        post.message, post.props, post.is_pinned, post.file_ids = message, new_props, pinned, files
        post.update_at = now
        if post.edit_at == now:
            channel = self.channels[post.channel_id]
            channel.last_post_at = max(channel.last_post_at, now)
        if post.root_id:
            self.posts[post.root_id].update_at = now
        post.history.append(PostVersion(now, message, new_props))
        self.fact(
            "post_edited", post.id, message=message, props=new_props, version=len(post.history)
        )

    def delete_post(self, post: Post, by: User) -> None:
        now = self.now()
        for each in [post] + post.live_replies:
            each.delete_at = each.update_at = now
            self.fact("post_deleted", each.id, channel_id=each.channel_id, by=by.id)
        if post.root_id:
            self.posts[post.root_id].update_at = now

    def add_reaction(self, post: Post, user: User, emoji: str) -> Reaction:
        """Idempotent: the second time answers with the first."""
        found = next(
            (r for r in post.reactions if (r.user_id, r.emoji_name) == (user.id, emoji)), None
        )
        if found is not None:
            return found
        reaction = Reaction(user.id, emoji, self.now())
        post.reactions.append(reaction)
        post.update_at = reaction.create_at
        self.fact("reaction_added", post.id, emoji, user_id=user.id, emoji_name=emoji)
        return reaction

    def remove_reaction(self, post: Post, user_id: str, emoji: str) -> None:
        kept = [r for r in post.reactions if (r.user_id, r.emoji_name) != (user_id, emoji)]
        if len(kept) != len(post.reactions):
            post.reactions = kept
            post.update_at = self.now()
            self.fact("reaction_removed", post.id, emoji, user_id=user_id, emoji_name=emoji)

    def join(self, channel: Channel, user: User) -> bool:
        """Whether the user was not a member yet."""
        if user.id in channel.members:
            return False
        channel.members[user.id] = self.now()
        self.fact("member_added", channel.id, user.id)
        return True

    def leave(self, channel: Channel, user: User) -> bool:
        if channel.members.pop(user.id, None) is None:
            return False
        self.fact("member_removed", channel.id, user.id)
        return True

    def direct_channel(self, one: User, other: User) -> Channel:
        """The channel of two people (or of one with oneself), made when there is none yet."""
        name = "__".join(sorted((one.id, other.id)))
        channel = self.channel_named("", name)
        if channel is None:
            now = self.now()
            channel = Channel(self.new_id(), "", DIRECT, name, "", one.id, now, now)
            channel.members = {one.id: now, other.id: now}
            self.channels[channel.id] = channel
            self.fact("channel_created", channel.id, name=name, type=DIRECT)
        return channel

    # -- showing

    def post_json(self, post: Post) -> Dict[str, Any]:
        """The post as clients read it."""
        root = self.posts.get(post.root_id, post)
        replies = root.live_replies
        metadata: Dict[str, Any] = {}
        if post.attachments:
            metadata["embeds"] = [{"type": "message_attachment"}]
        if post.priority:
            metadata["priority"] = post.priority
        if post.file_ids:
            metadata["files"] = [self.files[f].to_json() for f in post.file_ids]
        if post.reactions:
            metadata["reactions"] = [r.to_json(post.id) for r in post.reactions]
        body = {
            "id": post.id,
            "create_at": post.create_at,
            "update_at": post.update_at,
            "edit_at": post.edit_at,
            "delete_at": post.delete_at,
            "is_pinned": post.is_pinned,
            "user_id": post.user_id,
            "channel_id": post.channel_id,
            "root_id": post.root_id,
            "original_id": "",
            "message": post.message,
            "type": post.type,
            "props": props.shown(post.props),
            "hashtags": "",
            "pending_post_id": "",
            "reply_count": len(replies),
            "last_reply_at": replies[-1].create_at if replies and not post.root_id else 0,
            "participants": None,
            "metadata": metadata,
        }
        if post.file_ids:
            body["file_ids"] = list(post.file_ids)
        if post.reactions:
            body["has_reactions"] = True
        if post.delete_at:
            body.update(message="", metadata={})
        return body
