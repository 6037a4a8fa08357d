"""Channels: make, find, change, archive; and who is in them."""

# flake8: noqa: W503

from __future__ import annotations

import hashlib
import re
from typing import Any, Dict, List, Pattern

from ..server import HttpAnswer
from . import ids
from .call import ROUTES, MattermostCall, ok, paged, text_of, unknown_user
from .errors import ApiError, bad_body, bad_url, forbidden
from .model import DIRECT, OPEN, PRIVATE, Channel, User
from .permissions import CONVERT, CREATE, DELETE, MANAGE_TEAM, MEMBERS, PROPERTIES
from .teams import visible_team

TOWN_SQUARE = "town-square"
DIRECT_NAME = re.compile("[a-z0-9]{26}__[a-z0-9]{26}")
_MAX_NAME_CHARACTERS = 64
"""Characters the database takes for a name; the server does not check it itself."""


def check_texts(
    rule: Pattern[str], name: str, display_name: str, header: str, purpose: str
) -> None:
    """The server's rules; `rule` for names is the version's. Raises ApiError; 500 for a name of 65
    characters, as the database complains."""
    if DIRECT_NAME.fullmatch(name):
        raise ApiError("model.channel.is_valid.name.app_error")
    if not rule.fullmatch(name):
        raise ApiError("model.channel.is_valid.2_or_more.app_error")
    if len(display_name) > 64:
        raise ApiError("model.channel.is_valid.display_name.app_error")
    if len(header) > 1024:
        raise ApiError("model.channel.is_valid.header.app_error")
    if len(purpose) > 250:
        raise ApiError("model.channel.is_valid.purpose.app_error")
    if len(name) > _MAX_NAME_CHARACTERS:
        raise ApiError("app.channel.create_channel.internal_error")


@ROUTES.add("POST", "/channels")
def create(call: MattermostCall) -> HttpAnswer:
    state, body = call.server.state, call.body("channel")
    team_id, kind = text_of(body, "team_id"), text_of(body, "type")
    if not team_id:
        raise ApiError("app.channel.create_channel.no_team_id.app_error")
    if not state.in_team(call.user, team_id):
        raise forbidden()
    if team_id not in state.teams:
        raise ApiError("app.channel.get_channels.not_found.app_error")
    if call.server.version.is_new and not text_of(body, "display_name"):
        raise bad_body("display_name")
    if kind not in (OPEN, PRIVATE):
        raise ApiError("model.channel.is_valid.type.app_error")
    permission = CREATE[kind]
    if not state.may(call.user, permission, team_id):
        raise forbidden()
    texts = {name: text_of(body, name) for name in ("name", "display_name", "header", "purpose")}
    if call.server.anonymous_urls:
        texts["name"] = state.new_id()
    check_texts(call.server.version.channel_name, **texts)
    if sum(c.team_id == team_id for c in state.channels.values()) >= (
        call.server.max_channels_per_team
    ):
        raise ApiError("api.channel.create_channel.max_channel_limit.app_error")
    if state.channel_named(team_id, texts["name"]) is not None:
        raise ApiError("store.sql_channel.save_channel.exists.app_error")
    channel = call.server.make_channel(team_id, kind, creator=call.user, **texts)
    return HttpAnswer(201, channel.to_json(), effect=channel.id)


@ROUTES.add("POST", "/channels/direct")
def create_direct(call: MattermostCall) -> HttpAnswer:
    """Idempotent: the channel of these two, 201 every time."""
    state = call.server.state
    wanted = list(call.texts("user_ids"))
    if wanted == [call.user.id] and call.server.version.is_new:
        wanted *= 2
    if len(wanted) != 2 or not all(ids.is_id(u) for u in wanted):
        raise bad_body("user_ids")
    if call.user.id not in wanted:
        call.need_admin()
    users = [state.users.get(u) for u in wanted]
    if users[0] is None or users[1] is None:
        raise ApiError("api.channel.create_direct_channel.invalid_user.app_error")
    channel = state.direct_channel(users[0], users[1])
    return HttpAnswer(201, channel.to_json(), effect=channel.id)


@ROUTES.add("GET", "/channels/{channel_id}")
def read(call: MattermostCall) -> HttpAnswer:
    channel = call.channel()
    if not call.server.state.may_read(call.user, channel):
        raise forbidden()
    return HttpAnswer(200, channel.to_json())


@ROUTES.add("GET", "/teams/{team_id}/channels/name/{channel_name}")
def by_name(call: MattermostCall) -> HttpAnswer:
    team = call.server.state.teams.get(call.id("team_id"))
    return _named(call, team.id if team is not None else "-")


@ROUTES.add("GET", "/teams/name/{team_name}/channels/name/{channel_name}")
def by_names(call: MattermostCall) -> HttpAnswer:
    team = call.server.state.team_named(call.names["team_name"])
    return _named(call, team.id if team is not None else "-")


def _named(call: MattermostCall, team_id: str) -> HttpAnswer:
    """404 for what is unknown, archived (unless asked for), or private and not one's own: no
    telling which."""
    state = call.server.state
    channel = state.channel_named(team_id, call.names["channel_name"].lower())
    age = state.clock() - channel.create_at / 1000 if channel is not None else 0.0
    if 0 <= age < call.server.channel_seconds:
        raise ApiError("app.channel.get_by_name.missing.app_error")
    if channel is None or (channel.delete_at and not call.flag("include_deleted")):
        raise ApiError("app.channel.get_by_name.missing.app_error")
    if not state.may_read(call.user, channel):
        if channel.type == OPEN:
            raise forbidden()
        raise ApiError("app.channel.get_by_name.missing.app_error")
    return HttpAnswer(200, channel.to_json())


@ROUTES.add("GET", "/teams/{team_id}/channels")
def public_of_team(call: MattermostCall) -> HttpAnswer:
    team = visible_team(call)
    found = [
        c
        for c in call.server.state.channels.values()
        if (c.team_id, c.type, c.delete_at) == (team.id, OPEN, 0)
    ]
    return HttpAnswer(
        200, [c.to_json() for c in paged(sorted(found, key=lambda c: c.display_name), call.page())]
    )


@ROUTES.add("GET", "/teams/{team_id}/channels/deleted")
def archived_of_team(call: MattermostCall) -> HttpAnswer:
    """Public ones, and private ones of which one is a member."""
    team, state = visible_team(call), call.server.state
    found = [
        c
        for c in state.channels.values()
        if c.team_id == team.id and c.delete_at and state.may_read(call.user, c)
    ]
    ordered = sorted(found, key=lambda c: c.display_name)
    return HttpAnswer(200, [c.to_json() for c in paged(ordered, call.page())])


@ROUTES.add("GET", "/users/{user_id}/teams/{team_id}/channels")
def of_user(call: MattermostCall) -> HttpAnswer:
    user_id = call.user_id()
    if user_id != call.user.id:
        call.need_admin()
    channels = call.server.state.channels.values()
    found = [
        c
        for c in channels
        if user_id in c.members and c.team_id in ("", call.id("team_id")) and not c.delete_at
    ]
    etag = _etag(found)
    if call.request.headers.get("If-None-Match") == etag:
        return HttpAnswer(304, None, {"ETag": etag})
    return HttpAnswer(200, [c.to_json() for c in found], {"ETag": etag})


def _etag(channels: List[Channel]) -> str:
    """Of the newest time and the count alone, as the server makes it: reactions and deletions do
    not move it."""
    times = [channel.update_at for channel in channels]
    for channel in channels:
        times += [max(post.create_at, post.edit_at) for post in channel.posts]
    newest = f"{max(times, default=0)}.{len(channels)}"
    return '"' + hashlib.sha256(newest.encode()).hexdigest()[:16] + '"'


@ROUTES.add("GET", "/channels/{channel_id}/stats")
def stats(call: MattermostCall) -> HttpAnswer:
    channel = call.own_channel()
    pinned = sum(post.is_pinned and not post.delete_at for post in channel.posts)
    counts = {"member_count": len(channel.members), "pinnedpost_count": pinned}
    return HttpAnswer(200, {"channel_id": channel.id, "guest_count": 0, **counts})


def _own_channel(call: MattermostCall) -> Channel:
    """`{channel_id}` of the path, that who asks may manage. Raises ApiError."""
    channel = call.channel()
    if not call.server.state.may_write(call.user, channel):
        raise forbidden()
    return channel


_TOLD = (
    ("display_name", "system_displayname_change"),
    ("header", "system_header_change"),
    ("purpose", "system_purpose_change"),
)
"""What the server tells in the channel when it was changed."""


@ROUTES.add("PUT", "/channels/{channel_id}/patch")
def patch(call: MattermostCall) -> HttpAnswer:
    """Name, display name, header, purpose; what is not sent stays."""
    state = call.server.state
    channel, body = _own_channel(call), call.body("channel")
    if channel.type in PROPERTIES and not state.may_in(
        call.user, channel, PROPERTIES[channel.type]
    ):
        raise forbidden()
    if channel.delete_at:
        raise ApiError("app.channel.update.bad_id")
    fields = ("name", "display_name", "header", "purpose")
    if call.server.version.is_new and not any(f in body for f in fields):
        raise ApiError("api.channel.patch_update_channel.no_changes.app_error")
    before: Dict[str, Any] = {f: getattr(channel, f) for f in fields}
    after = {f: text_of(body, f, before[f]) for f in fields}
    if channel.type != DIRECT:
        check_texts(call.server.version.channel_name, **after)
    other = state.channel_named(channel.team_id, after["name"])
    if other is not None and other is not channel:
        is_new = call.server.version.is_new
        taken = "store.sql_channel.save_channel.exists.app_error"
        raise ApiError(taken if is_new else "app.channel.update.bad_id")
    changed = {f: v for f, v in after.items() if v != before[f]}
    call.server.change_channel(channel, changed)
    for field, kind in _TOLD:
        if field in changed:
            was = f" from: {before[field]}" if before[field] else ""
            said = f"{call.user.username} updated the channel {field}{was} to: {changed[field]}"
            state.system_post(call.user, channel, kind, said)
    return HttpAnswer(200, channel.to_json(), effect=channel.id)


@ROUTES.add("PUT", "/channels/{channel_id}/privacy")
def privacy(call: MattermostCall) -> HttpAnswer:
    """Public to private or back. A plain member may not."""
    wanted = text_of(call.body("channel"), "privacy")
    channel = _own_channel(call)
    if wanted not in CONVERT:
        raise bad_body("privacy")
    if not call.server.state.may_in(call.user, channel, CONVERT[wanted]):
        raise forbidden()
    call.server.change_channel(channel, {"type": wanted})
    return HttpAnswer(200, channel.to_json(), effect=channel.id)


@ROUTES.add("DELETE", "/channels/{channel_id}")
def archive(call: MattermostCall) -> HttpAnswer:
    channel = _own_channel(call)
    if channel.type == DIRECT:
        raise ApiError("api.channel.delete_channel.type.invalid")
    if not call.server.state.may_in(call.user, channel, DELETE[channel.type]):
        raise forbidden()
    if channel.delete_at:
        raise ApiError("api.channel.delete_channel.deleted.app_error")
    if channel.name == TOWN_SQUARE:
        raise ApiError("api.channel.delete_channel.cannot.app_error")
    said = f"{call.user.username} archived the channel."
    call.server.state.system_post(call.user, channel, "system_channel_deleted", said)
    call.server.archive(channel)
    return ok()._replace(effect=channel.id)


@ROUTES.add("POST", "/channels/{channel_id}/restore")
def restore(call: MattermostCall) -> HttpAnswer:
    """Needs `manage_team`: the creator, a plain bot for one, is refused."""
    channel = _own_channel(call)
    if not call.server.state.may(call.user, MANAGE_TEAM, channel.team_id):
        raise forbidden()
    if not channel.delete_at:
        raise ApiError("api.channel.restore_channel.restored.app_error")
    call.server.restore(channel)
    return HttpAnswer(200, channel.to_json(), effect=channel.id)


@ROUTES.add("GET", "/channels/{channel_id}/members")
def members(call: MattermostCall) -> HttpAnswer:
    channel = call.own_channel()
    return HttpAnswer(
        200, [channel.member_json(u) for u in paged(sorted(channel.members), call.page())]
    )


@ROUTES.add("GET", "/channels/{channel_id}/members/{user_id}")
def member(call: MattermostCall) -> HttpAnswer:
    channel = call.own_channel()
    if call.user_id() not in channel.members:
        raise ApiError("app.channel.get_member.missing.app_error")
    return HttpAnswer(200, channel.member_json(call.user_id()))


@ROUTES.add("POST", "/channels/{channel_id}/members")
def add_member(call: MattermostCall) -> HttpAnswer:
    """Idempotent. Anybody of the team adds oneself to a public channel; else a member has to. New
    servers take several, `user_ids`, and answer a list."""
    body = call.body("channel_member")
    several = body.get("user_ids")
    if isinstance(several, list) and call.server.version.is_new:
        rows = [_add(call, id) for id in several]
        return HttpAnswer(201, rows, effect=call.names["channel_id"])
    row = _add(call, text_of(body, "user_id"))
    return HttpAnswer(201, row, effect=call.names["channel_id"])


def _add(call: MattermostCall, user_id: Any) -> Dict[str, Any]:
    state = call.server.state
    if not ids.is_id(user_id):
        raise bad_body("user_id")
    channel = call.channel()
    if channel.type == DIRECT:
        raise ApiError("api.channel.add_user_to_channel.type.app_error")
    joins = user_id == call.user.id and channel.type == OPEN
    if not (joins and state.in_team(call.user, channel.team_id)) and not (
        state.may_write(call.user, channel)
        and state.may_in(call.user, channel, MEMBERS[channel.type])
    ):
        raise forbidden()
    user = state.users.get(user_id)
    if user is None:
        raise unknown_user()
    if user.id not in channel.members:
        _let_in(call, channel, user)
    return channel.member_json(user.id)


def _let_in(call: MattermostCall, channel: Channel, user: User) -> None:
    state = call.server.state
    if user.delete_at and call.server.version.is_new:
        raise ApiError("app.channel.add_member.deleted_user.app_error")
    if user.id not in state.teams[channel.team_id].members:
        raise ApiError("app.team.get_member.missing.app_error")
    state.join(channel, user)
    if user is call.user:
        state.system_post(
            user, channel, "system_join_channel", f"{user.username} joined the channel."
        )
    else:
        said = f"{user.username} added to the channel by {call.user.username}."
        state.system_post(
            call.user,
            channel,
            "system_add_to_channel",
            said,
            userId=call.user.id,
            username=call.user.username,
            addedUserId=user.id,
            addedUsername=user.username,
        )


@ROUTES.add("DELETE", "/channels/{channel_id}/members/{user_id}")
def remove_member(call: MattermostCall) -> HttpAnswer:
    state = call.server.state
    call.channel()
    user = state.users.get(call.user_id())
    if user is None:
        raise unknown_user()
    channel = _own_channel(call)
    if channel.type == DIRECT:
        raise bad_url("channel_id")
    if channel.name == TOWN_SQUARE:
        raise ApiError("api.channel.remove.default.app_error")
    if user is not call.user and not state.may_in(call.user, channel, MEMBERS[channel.type]):
        raise forbidden()
    if user.id not in channel.members:
        raise ApiError("app.channel.get_member.missing.app_error")
    if state.leave(channel, user):
        if user is call.user:
            said = f"{user.username} left the channel."
            state.system_post(user, channel, "system_leave_channel", said)
        else:
            state.system_post(
                call.user,
                channel,
                "system_remove_from_channel",
                f"@{user.username} removed from the channel.",
                removedUserId=user.id,
                removedUsername=user.username,
            )
    return ok()._replace(effect=channel.id)
