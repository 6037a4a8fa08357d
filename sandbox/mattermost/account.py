"""What an administrator and the people of a team do behind the API's back: the Python side of the
sandbox's Mattermost.

Every method takes the service's lock, so tests may call it from any thread. A channel, user or
team is given as the object, its id or its name.
"""

# flake8: noqa: W503

from __future__ import annotations

import threading
from typing import Any, Dict, Iterable, List, Optional, Union

from .integrations import Dialog
from .model import OPEN, PRIVATE, Channel, Group, Post, PostVersion, Team, Token, User
from .state import MattermostState

SESSION = "the user's own client"

UserRef = Union[User, str]
TeamRef = Union[Team, str]
ChannelRef = Union[Channel, str]
PostRef = Union[Post, str]


class MattermostAccount:
    state: MattermostState
    lock: threading.RLock

    # -- people

    def add_user(
        self, username: str, email: str = "", *, team: Optional[TeamRef] = None, **fields: Any
    ) -> User:
        """A person; with `team` a member of it. Fields: first_name, last_name, nickname, admin."""
        with self.lock:
            user = self.make_user(username, email or username + "@example.com", **fields)
            if team is not None:
                self.add_to_team(self.team(team), user)
            return user

    def add_bot(
        self,
        username: str,
        display_name: str = "",
        *,
        team: Optional[TeamRef] = None,
        token: str = "",
        team_admin: bool = False,
        admin: bool = False,
    ) -> str:
        """A bot; returns its token, a new one unless given. It is in no channel until it was added
        or added itself. A plain one may make no slash commands and webhooks: for that it must be
        an admin of the team or the system, or the role of everybody be given the permission
        (`grant`)."""
        with self.lock:
            user = self.make_user(
                username, username + "@localhost", bot=True, first_name=display_name, admin=admin
            )
            if team is not None:
                self.add_to_team(self.team(team), user, admin=team_admin)
            return self.make_token(user, "sandbox", token).secret

    def make_team_admin(self, team: TeamRef, user: UserRef, admin: bool = True) -> None:
        """A member of the team becomes its administrator, or a plain member again."""
        with self.lock:
            self.team(team).members[self.user(user).id] = admin

    def grant(self, role: str, *permissions: str) -> None:
        """The system console's permissions: `grant("team_user", "manage_slash_commands")`. Raises
        KeyError."""
        with self.lock:
            held = self.state.roles[role]
            held += [permission for permission in permissions if permission not in held]

    def deny(self, role: str, *permissions: str) -> None:
        """The reverse. Raises KeyError."""
        with self.lock:
            self.state.roles[role][:] = [
                held for held in self.state.roles[role] if held not in permissions
            ]

    def add_group(self, name: str, members: Iterable[UserRef] = ()) -> Group:
        """A custom user group."""
        with self.lock:
            return self.make_group(name, name, [self.user(member).id for member in members])

    def session(self, user: UserRef) -> str:
        """The token of the user's own client, the same every time."""
        with self.lock:
            found = self.user(user)
            mine = (
                t
                for t in self.state.tokens.values()
                if t.user_id == found.id and t.description == SESSION
            )
            token = next((t for t in mine if t.active), None)
            return (token or self.make_token(found, SESSION)).secret

    def add_token(self, user: UserRef, secret: str = "") -> str:
        """One more token of a user or a bot; returns it, a new one unless given."""
        with self.lock:
            return self.make_token(self.user(user), "sandbox", secret).secret

    def revoke(self, secret: str) -> None:
        """The token is worth nothing from now on. Raises KeyError for an unknown one."""
        with self.lock:
            token = self.state.tokens[secret]
            token.active = False
            self.state.fact("token_revoked", token.user_id, token.id)

    def activate(self, user: UserRef, active: bool) -> None:
        """Disable a user or a bot (its tokens stop working), or enable it again."""
        with self.lock:
            found = self.user(user)
            found.delete_at = 0 if active else self.state.now()
            found.update_at = self.state.now()
            self.state.fact("user_enabled" if active else "user_disabled", found.id)

    # -- places

    def add_team(self, name: str, display_name: str = "", *, is_open: bool = False) -> Team:
        """A team with its town-square."""
        with self.lock:
            return self.make_team(name, display_name or name.title(), is_open=is_open)

    def add_channel(
        self,
        name: str,
        display_name: str = "",
        *,
        private: bool = False,
        team: Optional[TeamRef] = None,
        members: Iterable[UserRef] = (),
    ) -> Channel:
        """A channel of `team` (the first one by default)."""
        with self.lock:
            home = self.team(team) if team is not None else next(iter(self.state.teams.values()))
            channel = self.make_channel(
                home.id, PRIVATE if private else OPEN, name, display_name or name
            )
            for member in members:
                self.state.join(channel, self.user(member))
            return channel

    def archive(self, channel: ChannelRef) -> None:
        with self.lock:
            found = self.channel(channel)
            found.delete_at = found.update_at = self.state.now()
            self.state.fact("channel_archived", found.id)

    def restore(self, channel: ChannelRef) -> None:
        with self.lock:
            found = self.channel(channel)
            found.delete_at, found.update_at = 0, self.state.now()
            self.state.fact("channel_restored", found.id)

    def rename(self, channel: ChannelRef, name: str, display_name: str = "") -> None:
        with self.lock:
            self.change_channel(
                self.channel(channel), {"name": name, "display_name": display_name or name}
            )

    def add_member(self, channel: ChannelRef, user: UserRef) -> None:
        """Without the server's own post about it."""
        with self.lock:
            self.state.join(self.channel(channel), self.user(user))

    def remove_member(self, channel: ChannelRef, user: UserRef) -> None:
        with self.lock:
            self.state.leave(self.channel(channel), self.user(user))

    # -- what people see

    def posts(self, channel: ChannelRef, *, system: bool = False) -> List[Post]:
        """Posts that start a thread, oldest first, without deleted ones; `system`: also what the
        server says."""
        with self.lock:
            return [
                p
                for p in self.channel(channel).posts
                if not p.root_id
                and not p.delete_at
                and (system or not p.type.startswith("system_"))
            ]

    def thread(self, post: PostRef) -> List[Post]:
        """The replies, oldest first."""
        with self.lock:
            return sorted(self.post(post).live_replies, key=lambda p: p.key)

    def history(self, post: PostRef) -> List[PostVersion]:
        """How the post stood over time: its creation and each edit, oldest first."""
        with self.lock:
            return list(self.post(post).history)

    def direct_posts(self, one: UserRef, other: UserRef) -> List[Post]:
        """What stands in the direct messages of two people; empty when they have no channel."""
        with self.lock:
            name = "__".join(sorted((self.user(one).id, self.user(other).id)))
            channel = self.state.channel_named("", name)
            return self.posts(channel) if channel is not None else []

    def say(
        self, user: UserRef, channel: ChannelRef, message: str, *, thread: Optional[PostRef] = None
    ) -> Post:
        """A person writes in a channel, or a reply in a thread."""
        with self.lock:
            root_id = self.post(thread).id if thread is not None else ""
            made = self.state.make_post(
                self.user(user), self.channel(channel), message, root_id=root_id
            )
            post = self.state.add_post(made)
            self.posted(post)
            return post

    def ephemerals(self, user: UserRef) -> List[Post]:
        """What the user alone sees, oldest first."""
        with self.lock:
            return list(self.state.integrations.ephemerals.get(self.user(user).id, ()))

    def dialogs(self, user: UserRef) -> List[Dialog]:
        """What the user's client shows until it is closed, oldest first."""
        with self.lock:
            found = self.user(user).id
            return [d for d in self.state.integrations.dialogs.values() if d.user_id == found]

    def next_dialog(self, dialog: str, form: Dict[str, Any]) -> None:
        """The dialog of that id becomes another one, as its integration answered."""
        with self.lock:
            found = self.state.integrations.dialogs
            found[dialog] = found[dialog]._replace(dialog=form)

    def close_dialog(self, dialog: str) -> None:
        """By its id; nothing happens when it is closed already."""
        with self.lock:
            self.state.integrations.dialogs.pop(dialog, None)

    def delete(self, post: PostRef) -> None:
        """Somebody deletes a post, with its thread."""
        with self.lock:
            found = self.post(post)
            self.state.delete_post(found, self.state.users[found.user_id])

    def forget_pending(self) -> None:
        """Empty the server's memory of `pending_post_id`s, as time does after 30 seconds and a
        restart at once."""
        with self.lock:
            self.state.pending.clear()

    def posted(self, post: Post) -> None:
        """What the server does once a new post stands."""
        raise NotImplementedError

    # -- finding

    def user(self, ref: UserRef) -> User:
        """Raises KeyError."""
        found = (
            ref
            if isinstance(ref, User)
            else self.state.users.get(ref) or self.state.user_named(ref)
        )
        return _known(found, "user", ref)

    def team(self, ref: TeamRef) -> Team:
        """Raises KeyError."""
        found = (
            ref
            if isinstance(ref, Team)
            else self.state.teams.get(ref) or self.state.team_named(ref)
        )
        return _known(found, "team", ref)

    def channel(self, ref: ChannelRef) -> Channel:
        """By object, id, `name` (the first team's that has it) or `team/name`. Raises KeyError."""
        if isinstance(ref, Channel):
            return ref
        team, _, name = ref.rpartition("/")
        found = self.state.channels.get(ref)
        for home in [self.team(team)] if team else list(self.state.teams.values()):
            found = found or self.state.channel_named(home.id, name)
        return _known(found, "channel", ref)

    def post(self, ref: PostRef) -> Post:
        """Raises KeyError."""
        return _known(ref if isinstance(ref, Post) else self.state.posts.get(ref), "post", ref)

    # -- making (under the lock)

    def make_group(self, name: str, display_name: str, user_ids: Iterable[str]) -> Group:
        now = self.state.now()
        group = Group(
            self.state.new_id(), name, display_name, now, members=dict.fromkeys(user_ids, now)
        )
        self.state.groups[group.id] = group
        return group

    def make_user(self, username: str, email: str, **fields: Any) -> User:
        now = self.state.now()
        user = User(self.state.new_id(), username.lower(), email.lower(), now, now, **fields)
        self.state.users[user.id] = user
        return user

    def make_token(self, user: User, description: str, secret: str = "") -> Token:
        token = Token(self.state.new_id(), secret or self.state.new_id(), user.id, description)
        self.state.tokens[token.secret] = token
        return token

    def make_team(self, name: str, display_name: str, *, is_open: bool) -> Team:
        now = self.state.now()
        team = Team(self.state.new_id(), name, display_name, now, now, is_open)
        self.state.teams[team.id] = team
        self.make_channel(team.id, OPEN, "town-square", "Town Square")
        return team

    def add_to_team(self, team: Team, user: User, *, admin: bool = False) -> None:
        """Whoever joins a team stands in its town-square."""
        if user.id not in team.members:
            team.members[user.id] = admin
            square = self.state.channel_named(team.id, "town-square")
            if square is not None:
                self.state.join(square, user)

    def make_channel(
        self,
        team_id: str,
        type: str,
        name: str,
        display_name: str,
        header: str = "",
        purpose: str = "",
        creator: Optional[User] = None,
    ) -> Channel:
        now = self.state.now()
        by = creator.id if creator is not None else ""
        channel = Channel(
            self.state.new_id(), team_id, type, name, display_name or name, by, now, now
        )
        channel.header, channel.purpose = header, purpose
        self.state.channels[channel.id] = channel
        self.state.fact("channel_created", channel.id, name=name, type=type)
        if creator is not None:
            self.state.join(channel, creator)
        return channel

    def change_channel(self, channel: Channel, changes: Dict[str, Any]) -> None:
        for field, value in changes.items():
            setattr(channel, field, value)
        channel.update_at = self.state.now()
        self.state.fact("channel_changed", channel.id, **changes)


def _known(found: Any, kind: str, ref: Any) -> Any:
    if found is None:
        raise KeyError(f"no {kind} {ref!r} in the sandbox")
    return found
