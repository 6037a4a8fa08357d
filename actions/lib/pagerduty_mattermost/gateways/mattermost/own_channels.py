"""Channels that the bot makes and looks after itself: made, archived, restored, listed at little
cost; their posts since a moment, with what was edited and deleted.

    channel = create(mattermost, team_id, "inc-2026-01-28-disk-full", "#12 Disk full")
    archive(mattermost, channel.id); restore(mattermost, channel.id)
    listed = mine(mattermost, team_id, etag)       # None while nothing was said in any of them

All raise as the gateway. What is repeated is done once: a name is unique in its team, also that of
an archived channel; archiving an archived channel and pinning a pinned post change nothing.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional

from pagerduty_mattermost.core.errors import (
    NotFound,
    PermanentError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.gateways.mattermost.client import POSTS_PER_PAGE, Mattermost
from pagerduty_mattermost.gateways.mattermost.values import (
    Channel,
    channel_of,
    checked_id,
    checked_name,
    object_of,
    post_of,
)

NAME_TAKEN = "store.sql_channel.save_channel.exists.app_error"
TEAM_FULL = "api.channel.create_channel.max_channel_limit.app_error"
ARCHIVED_ALREADY = "api.channel.delete_channel.deleted.app_error"
NOT_ARCHIVED = "api.channel.restore_channel.restored.app_error"
MAX_NAME_CHARACTERS, MAX_TITLE_CHARACTERS = 64, 64
MAX_CHANGES = 1000
"""Changed posts that one read since a moment gives; of more it gives any thousand, in no order."""
MAX_PAGES = 50


class NameTaken(RejectedInput):
    """A channel of that name is there already: also an archived one, or one that the bot may not
    see."""


class TeamFull(PermanentError):
    """The team holds as many channels as it may, archived ones counted."""


class MayNot(Unauthorized):
    """The bot lacks a right that an administrator can give it."""


class MyChannels(NamedTuple):
    """The channels that the bot is in, without archived ones."""

    channels: List[Channel]
    etag: str


def team_id(mattermost: Mattermost, name: str) -> str:
    """The id of the team with that name. Raises NotFound."""
    path = f"/teams/name/{checked_name(name, 'team')}"
    return str(object_of(mattermost.api("GET", path)).get("id") or "")


def create(
    mattermost: Mattermost,
    team: str,
    name: str,
    title: str,
    *,
    purpose: str = "",
    header: str = "",
    private: bool = False,
) -> Channel:
    """A new channel, the bot in it. `team`: its id. The name may be another one in the answer:
    servers can be set to replace all names. Raises NameTaken, TeamFull, MayNot."""
    body = {
        "team_id": checked_id(team, "team id"),
        "name": name,
        "display_name": title,
        "purpose": purpose,
        "header": header,
        "type": "P" if private else "O",
    }
    try:
        return channel_of(mattermost.api("POST", "/channels", body))
    except RejectedInput as error:
        kinds: Dict[str, Any] = {NAME_TAKEN: NameTaken, TEAM_FULL: TeamFull}
        kind = kinds.get(error.error_id)
        if kind is None:
            raise
        raise kind(str(error), status=error.status, error_id=error.error_id) from None
    except Unauthorized as error:
        right = "create private channels" if private else "create public channels"
        raise _refused(error, right) from None


def archive(mattermost: Mattermost, channel_id: str) -> None:
    """Its posts stay, and can be read. Raises MayNot."""
    try:
        mattermost.api("DELETE", f"/channels/{checked_id(channel_id, 'channel id')}")
    except RejectedInput as error:
        if error.error_id != ARCHIVED_ALREADY:
            raise
    except Unauthorized as error:
        raise _refused(error, "archive channels") from None


def restore(mattermost: Mattermost, channel_id: str) -> None:
    """Raises MayNot: it needs an admin of the team, whoever made the channel."""
    try:
        mattermost.api("POST", f"/channels/{checked_id(channel_id, 'channel id')}/restore")
    except RejectedInput as error:
        if error.error_id != NOT_ARCHIVED:
            raise
    except Unauthorized as error:
        raise _refused(error, "restore channels (an admin of the team may)") from None


def make_private(mattermost: Mattermost, channel_id: str) -> None:
    """Raises MayNot: it needs an admin of the team."""
    path = f"/channels/{checked_id(channel_id, 'channel id')}/privacy"
    try:
        mattermost.api("PUT", path, {"privacy": "P"})
    except Unauthorized as error:
        raise _refused(error, "make channels private (an admin of the team may)") from None


def pin(mattermost: Mattermost, post_id: str) -> None:
    """Pins a post to its channel; nothing where it is pinned. Raises the gateway's errors."""
    mattermost.api("POST", f"/posts/{checked_id(post_id, 'post id')}/pin")


def mine(mattermost: Mattermost, team: str, etag: str = "") -> Optional[MyChannels]:
    """The channels of the team that the bot is in; None while they are as they were with that
    `etag`: no post, edit, header or member is new in any of them. Reactions and deletions do not
    count, and a post whose time is no newer than another's may not."""
    path = f"/users/me/teams/{checked_id(team, 'team id')}/channels"
    rows, tag = mattermost.read_if_changed(path, etag)
    if rows is None:
        return None
    if not isinstance(rows, list):
        raise RetryLater("Mattermost's answer is not what its API promises (no list of channels)")
    return MyChannels([channel_of(row) for row in rows if isinstance(row, dict)], tag)


def changed_posts(mattermost: Mattermost, channel_id: str, since: int) -> List[Dict[str, Any]]:
    """Posts that were made, edited, reacted to or deleted after `since` (milliseconds since the
    epoch), deleted ones with their `delete_at`; in the order in which they were made."""
    path = f"/channels/{checked_id(channel_id, 'channel id')}/posts"
    rows = _posts(mattermost.api("GET", path, params={"since": max(1, since)}))
    changed = [row for row in rows if int(row.get("update_at") or 0) > since]
    if len(changed) >= MAX_CHANGES:
        changed = _paged(mattermost, path, since, changed)
    return sorted(changed, key=lambda row: (row["create_at"], row["id"]))


def _paged(
    mattermost: Mattermost, path: str, since: int, some: List[Dict[str, Any]]
) -> List[Dict[str, Any]]:
    """More than one read gives: the channel page by page, newest first, until what was made before
    `since`; what else changed is as far as that read told."""
    found = {row["id"]: row for row in some}
    before = ""
    for _ in range(MAX_PAGES):
        params: Dict[str, Any] = {"per_page": POSTS_PER_PAGE}
        if before:
            params["before"] = before
        answer = object_of(mattermost.api("GET", path, params=params))
        rows = [row for row in _posts(answer) if row["id"] in (answer.get("order") or ())]
        found.update((row["id"], row) for row in rows if int(row.get("update_at") or 0) > since)
        if not rows or min(row["create_at"] for row in rows) <= since:
            return list(found.values())
        before = min(rows, key=lambda row: (row["create_at"], row["id"]))["id"]
    return list(found.values())


def _posts(answer: Any) -> List[Dict[str, Any]]:
    posts = object_of(answer).get("posts") or {}
    if not isinstance(posts, dict):
        raise RetryLater("Mattermost's answer is not what its API promises (no list of posts)")
    rows = [post_of(row) for row in posts.values()]
    # An edit leaves the post as it was behind, deleted and under another id.
    return [row for row in rows if not row.get("original_id")]


def members(mattermost: Mattermost, channel_id: str) -> List[str]:
    """Ids of the channel's members."""
    path = f"/channels/{checked_id(channel_id, 'channel id')}/members"
    found: List[str] = []
    for page in range(MAX_PAGES):
        params = {"page": page, "per_page": POSTS_PER_PAGE}
        rows = mattermost.api("GET", path, params=params)
        if not isinstance(rows, list):
            raise RetryLater("Mattermost's answer is not what its API promises (no list)")
        found += [str(row.get("user_id")) for row in rows if isinstance(row, dict)]
        if len(rows) < POSTS_PER_PAGE:
            break
    return found


def count(mattermost: Mattermost, team: str, most: int) -> int:
    """How many channels of the team the bot sees, archived ones counted, up to `most`: at least so
    many there are. Private ones of others are not among them."""
    base = f"/teams/{checked_id(team, 'team id')}/channels"
    seen = {one.id for one in (mine(mattermost, team) or MyChannels([], "")).channels}
    for path in (base, f"{base}/deleted"):
        page = 0
        while len(seen) < most:
            params = {"page": page, "per_page": POSTS_PER_PAGE}
            try:
                rows = mattermost.api("GET", path, params=params)
            except (NotFound, Unauthorized):
                break  # which of them a bot may list differs between versions
            rows = rows if isinstance(rows, list) else []
            seen |= {str(row.get("id")) for row in rows if isinstance(row, dict)}
            page += 1
            if len(rows) < POSTS_PER_PAGE:
                break
    return len(seen)


def _refused(error: Unauthorized, right: str) -> Unauthorized:
    """`error` with the right that is missing; a token that is worth nothing stays what it is."""
    if error.status != 403:
        return error
    line = f"The bot may not {right}: an administrator can allow it ({error})"
    return MayNot(line, status=error.status, error_id=error.error_id)
