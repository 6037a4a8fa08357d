"""One Mattermost server as its bot sees it: the connection, accounts, teams and channels.

mattermostdriver's endpoints on a pooled session; whatever is asked may be repeated.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Callable, List, Optional, Tuple, TypeVar
from urllib.parse import quote, urlsplit

import requests
from mattermostdriver import Driver

from pagerduty_mattermost.core.config.connections import MattermostConfig
from pagerduty_mattermost.core.errors import NotFound, RejectedInput, RetryLater
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.http.client import GivesUp, RetryPolicy, prepare, retry
from pagerduty_mattermost.gateways.mattermost.driver import PooledClient
from pagerduty_mattermost.gateways.mattermost.values import (
    Channel,
    User,
    channel_of,
    checked_id,
    checked_name,
    user_of,
)

_EMAIL = re.compile(r"[^@\s/?#\\%]{1,128}@[A-Za-z0-9.-]{1,128}\Z")

Answer = TypeVar("Answer")


class MattermostDirectory:
    """`log` gets one line a request; give it only when `debug` is on."""

    def __init__(
        self,
        settings: MattermostConfig,
        *,
        log: Any = None,
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - immutable
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        gives_up: Optional[GivesUp] = None,
    ) -> None:
        """`gives_up`: asked after each failed try whether it is to be the last."""
        self.settings = settings
        self._gives_up = gives_up
        self._policy = policy
        self._sleep = sleep
        self._monotonic = monotonic
        self._me: Optional[User] = None
        parts = urlsplit(settings.url)
        session = requests.Session()
        prepare(
            session, settings.http, settings.url, side="Mattermost", log=log, monotonic=monotonic
        )
        session.headers["Authorization"] = "Bearer " + settings.token.reveal()
        session.headers["User-Agent"] = "stackstorm-pagerduty"
        host = parts.hostname or ""
        options = {
            "scheme": parts.scheme,
            "url": f"[{host}]" if ":" in host else host,
            "port": parts.port or (443 if parts.scheme == "https" else 80),
            "basepath": parts.path.rstrip("/") + "/api/v4",
            "verify": settings.http.verify,
        }
        self._driver = Driver(options, client_cls=lambda merged: PooledClient(merged, session))

    def refuse_writes(self, before_write: Callable[[str, str, Any, str], None]) -> None:
        """From now on `before_write` is called with method, path, body and "" before anything that
        changes something is sent, and may raise instead."""
        self._driver.client.before_write = before_write

    def answered_by(self, instead: Callable[[str, str, Any, Any], Any]) -> None:
        """From now on `instead` is called with method, path, body and query, and what it gives is
        the answer, unless it is `driver.ASK_THE_SERVER`."""
        self._driver.client.instead = instead

    def api(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Optional[Mapping[str, Any]] = None,
        policy: Optional[RetryPolicy] = None,
    ) -> Any:
        """Any call of API v4, for what is needed in one place only. The path's parts are checked
        by then."""
        return self._call(
            lambda: self._driver.client.make_request(method, path, options=body, params=params),
            policy,
        )

    def read_if_changed(self, path: str, etag: str) -> Tuple[Any, str]:
        """A read whose answer bears an ETag: None while it is as it was with that one, and the
        ETag of now. The path's parts are checked by then."""
        return self._call(lambda: self._driver.client.get_if_changed(path, etag))

    def read_bytes(self, path: str) -> bytes:
        """A file. The path's parts are checked by then."""
        return self._call(lambda: self._driver.client.read_bytes(path))

    def ping(self) -> None:
        """Return when the server and its database say that they are well, without a token of
        theirs being asked for; raise the error else."""
        self.api("GET", "/system/ping", params={"get_server_status": "true"})

    # Accounts

    def me(self) -> User:
        """The bot itself; asked once."""
        if self._me is None:
            self._me = user_of(self._call(lambda: self._driver.users.get_user("me")))
        return self._me

    def user(self, user_id: str) -> User:
        checked_id(user_id, "user id")
        return user_of(self._call(lambda: self._driver.users.get_user(user_id)))

    def user_by_username(self, username: str) -> User:
        """`username` with or without the leading @."""
        name = checked_name(str(username).strip().lstrip("@"), "user")
        return user_of(self._call(lambda: self._driver.users.get_user_by_username(name)))

    def user_by_email(self, email: str) -> User:
        address = str(email).strip().lower()  # as Mattermost keeps it
        if not _EMAIL.match(address):
            raise RejectedInput(f"'{one_line(clean(address, 80))}' is no e-mail address")
        return user_of(
            self._call(lambda: self._driver.users.get_user_by_email(quote(address, safe="@")))
        )

    def teams(self) -> List[str]:
        """Names of the teams the bot is in."""
        answer = self._call(lambda: self._driver.client.get("/users/me/teams"))
        if not isinstance(answer, list):
            raise RetryLater("Mattermost's answer is not what its API promises (no list of teams)")
        return sorted(
            str(team["name"]) for team in answer if isinstance(team, dict) and team.get("name")
        )

    # Channels

    def channel(self, channel_id: str) -> Channel:
        """By id; 403 when it does not exist or the bot is not a member of a private one."""
        checked_id(channel_id, "channel id")
        return channel_of(self._call(lambda: self._driver.channels.get_channel(channel_id)))

    def channel_by_name(self, team: str, name: str, *, include_archived: bool = False) -> Channel:
        """By the names of team and channel; 404 also for a private one the bot is not in."""
        team, name = checked_name(team, "team"), checked_name(name, "channel")
        path = f"/teams/name/{team}/channels/name/{name}"
        params = {"include_deleted": "true"} if include_archived else None
        return channel_of(self._call(lambda: self._driver.client.get(path, params=params)))

    def join(self, channel_id: str) -> None:
        """Make the bot a member of a public channel; nothing happens when it is one."""
        checked_id(channel_id, "channel id")
        options = {"user_id": self.me().id}
        self._call(lambda: self._driver.channels.add_user(channel_id, options))

    def is_member(self, channel_id: str, user_id: str) -> bool:
        """Whether the user is a member of the channel."""
        channel_id, user_id = checked_id(channel_id, "channel id"), checked_id(user_id, "user id")
        path = f"/channels/{channel_id}/members/{user_id}"
        try:
            self._call(lambda: self._driver.client.get(path))
        except NotFound:
            return False
        return True

    def is_in_team(self, team_id: str, user_id: str) -> bool:
        """Whether the user is a member of the team; 403 for a team that the bot is not in."""
        team_id, user_id = checked_id(team_id, "team id"), checked_id(user_id, "user id")
        try:
            self._call(lambda: self._driver.client.get(f"/teams/{team_id}/members/{user_id}"))
        except NotFound:
            return False
        return True

    def add_member(self, channel_id: str, user_id: str) -> None:
        """Nothing happens when the user is one; 404 for who is not in the channel's team."""
        checked_id(channel_id, "channel id")
        options = {"user_id": checked_id(user_id, "user id")}
        self._call(lambda: self._driver.channels.add_user(channel_id, options))

    def remove_member(self, channel_id: str, user_id: str) -> None:
        """Take a user out of a channel; nothing happens where they are no member."""
        channel_id, user_id = checked_id(channel_id, "channel id"), checked_id(user_id, "user id")
        path = f"/channels/{channel_id}/members/{user_id}"
        with suppress(NotFound):
            self._call(lambda: self._driver.client.delete(path))

    def patch_channel(self, channel_id: str, **fields: str) -> Channel:
        """Change `header` or `purpose`; the server tells it in the channel, unless it stays the
        same. Sent as it is: most of it is what people wrote, and that must come back as they wrote
        it."""
        checked_id(channel_id, "channel id")
        return channel_of(
            self._call(lambda: self._driver.channels.patch_channel(channel_id, fields))
        )

    def direct_channel(self, user_id: str) -> Channel:
        """The channel of the bot and one user; created when missing."""
        pair = [self.me().id, checked_id(user_id, "user id")]
        return channel_of(
            self._call(lambda: self._driver.channels.create_direct_message_channel(pair))
        )

    def _call(
        self,
        call: Callable[[], Answer],
        policy: Optional[RetryPolicy] = None,
        *,
        repeatable: bool = True,
    ) -> Answer:
        # Creating a post may be repeated by its key, nearly all else by its nature.
        return retry(
            call,
            policy or self._policy,
            repeatable=repeatable,
            sleep=self._sleep,
            monotonic=self._monotonic,
            gives_up=self._gives_up,
        )
