"""Users, their access tokens, and bots."""

# flake8: noqa: W503

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, List

from ..server import HttpAnswer
from .call import ROUTES, MattermostCall, ok, paged, text_of, unknown_user
from .errors import ApiError, bad_body, bad_url, forbidden
from .model import Token, User

_USERNAME = re.compile(r"[a-z0-9._-]{1,64}")


def profile(call: MattermostCall, user: User) -> Dict[str, Any]:
    own = call.user.admin or user.id == call.user.id
    return user.to_json(own=own, show_email=call.server.show_email)


def _profiles(call: MattermostCall, users: Iterable[User]) -> HttpAnswer:
    return HttpAnswer(200, [profile(call, u) for u in sorted(users, key=lambda u: u.username)])


@ROUTES.add("GET", "/users")
def listing(call: MattermostCall) -> HttpAnswer:
    state = call.server.state
    users: List[User] = list(state.users.values())
    team_id, channel_id = call.request.param("in_team"), call.request.param("in_channel")
    if channel_id:
        channel = state.channels.get(channel_id)
        if channel is None or not state.may_write(call.user, channel):
            raise forbidden()
        users = [u for u in users if u.id in channel.members]
    if team_id:
        if not state.in_team(call.user, team_id):
            raise forbidden()
        users = [
            u for u in users if team_id in state.teams and u.id in state.teams[team_id].members
        ]
    return _profiles(call, paged(sorted(users, key=lambda u: u.username), call.page()))


@ROUTES.add("POST", "/users")
def create(call: MattermostCall) -> HttpAnswer:
    call.need_admin()
    body = call.body("user")
    username, email = text_of(body, "username").lower(), text_of(body, "email").lower()
    if not _USERNAME.fullmatch(username):
        raise ApiError("model.user.is_valid.username.app_error")
    if call.server.state.user_with_email(email) is not None:
        raise ApiError("app.user.save.email_exists.app_error")
    if call.server.state.user_named(username) is not None:
        raise ApiError("app.user.save.username_exists.app_error")
    names = {name: text_of(body, name) for name in ("first_name", "last_name", "nickname")}
    user = call.server.make_user(username, email, **names)
    return HttpAnswer(201, profile(call, user), effect=user.id)


@ROUTES.add("GET", "/users/{user_id}")
def read(call: MattermostCall) -> HttpAnswer:
    user = call.server.state.users.get(call.user_id())
    if user is None:
        raise unknown_user()
    return HttpAnswer(200, profile(call, user))


@ROUTES.add("GET", "/users/username/{username}")
def by_username(call: MattermostCall) -> HttpAnswer:
    if not _USERNAME.fullmatch(call.names["username"]):
        raise bad_url("username")
    user = call.server.state.user_named(call.names["username"])
    if user is None:
        raise ApiError("app.user.get_by_username.app_error")
    return HttpAnswer(200, profile(call, user))


@ROUTES.add("GET", "/users/email/{email}")
def by_email(call: MattermostCall) -> HttpAnswer:
    if "@" not in call.names["email"]:
        raise bad_url("email")
    if not call.server.show_email and not call.user.admin:
        raise ApiError("api.user.get_user_by_email.permissions.app_error")
    user = call.server.state.user_with_email(call.names["email"])
    if user is None:
        raise unknown_user()
    return HttpAnswer(200, profile(call, user))


@ROUTES.add("POST", "/users/ids")
def by_ids(call: MattermostCall) -> HttpAnswer:
    wanted = set(call.texts("user_ids"))
    return _profiles(call, [u for u in call.server.state.users.values() if u.id in wanted])


@ROUTES.add("POST", "/users/usernames")
def by_usernames(call: MattermostCall) -> HttpAnswer:
    wanted = set(call.texts("usernames"))
    return _profiles(call, [u for u in call.server.state.users.values() if u.username in wanted])


@ROUTES.add("POST", "/users/search")
def search(call: MattermostCall) -> HttpAnswer:
    """By the start of user name, first, last or nick name; by e-mail only where e-mails are
    shown."""
    body = call.body("props")
    term = text_of(body, "term").lower()
    if not term:
        raise bad_body("term")
    state = call.server.state
    found = [
        u
        for u in state.users.values()
        if (body.get("allow_inactive") or not u.delete_at)
        and any(
            word.lower().startswith(term)
            for word in (
                u.username,
                u.first_name,
                u.last_name,
                u.nickname,
                u.email if call.server.show_email or call.user.admin else "",
            )
        )
    ]
    for name, places in (("team_id", state.teams), ("in_channel_id", state.channels)):
        place = places.get(text_of(body, name))
        if place is None and body.get(name):
            raise forbidden()
        found = [u for u in found if place is None or u.id in place.members]
    return _profiles(call, found)


@ROUTES.add("PUT", "/users/{user_id}/active")
def set_active(call: MattermostCall) -> HttpAnswer:
    call.need_admin()
    user = call.server.state.users.get(call.user_id())
    if user is None:
        raise unknown_user()
    call.server.activate(user, bool(call.body("active").get("active")))
    return ok()._replace(effect=user.id)


@ROUTES.add("POST", "/users/{user_id}/tokens")
def create_token(call: MattermostCall) -> HttpAnswer:
    """Admins make tokens for bots and users; the secret is shown this once."""
    user = call.server.state.users.get(call.user_id())
    description = text_of(call.body("description"), "description")
    if not description:
        raise bad_body("description")
    if user is None and call.server.version.is_new:
        raise unknown_user()
    if not call.user.admin:
        raise forbidden()
    if user is None:
        raise unknown_user()
    token = call.server.make_token(user, description)
    return HttpAnswer(200, dict(_token(token), token=token.secret), effect=token.id)


def _token(token: Token) -> Dict[str, Any]:
    return {
        "id": token.id,
        "user_id": token.user_id,
        "description": token.description,
        "is_active": token.active,
    }


@ROUTES.add("POST", "/users/tokens/revoke")
def revoke_token(call: MattermostCall) -> HttpAnswer:
    token_id = text_of(call.body("token_id"), "token_id")
    state = call.server.state
    token = next((t for t in state.tokens.values() if t.id == token_id), None)
    if token is None:
        call.need_admin()
        raise ApiError("app.user_access_token.get_by_user.app_error")
    if not call.user.admin and token.user_id != call.user.id:
        raise forbidden()
    call.server.revoke(token.secret)
    return ok()._replace(effect=token.id)


@ROUTES.add("GET", "/bots")
def bots(call: MattermostCall) -> HttpAnswer:
    call.need_admin()
    hidden = not call.flag("include_deleted")
    found = [u for u in call.server.state.users.values() if u.bot and not (hidden and u.delete_at)]
    return HttpAnswer(200, [u.bot_json() for u in paged(found, call.page())])


@ROUTES.add("POST", "/bots")
def create_bot(call: MattermostCall) -> HttpAnswer:
    call.need_admin()
    body = call.body("bot")
    username = text_of(body, "username").lower()
    if not _USERNAME.fullmatch(username):
        raise ApiError("model.bot.is_valid.username.app_error")
    if call.server.state.user_named(username) is not None:
        raise ApiError("app.user.save.username_exists.app_error")
    user = call.server.make_user(
        username,
        username + "@localhost",
        bot=True,
        first_name=text_of(body, "display_name"),
        description=text_of(body, "description"),
        owner_id=call.user.id,
    )
    return HttpAnswer(201, user.bot_json(), effect=user.id)


def _bot(call: MattermostCall) -> User:
    user = call.server.state.users.get(call.id("bot_user_id"))
    if user is None or not user.bot or not call.user.admin:
        raise ApiError("store.sql_bot.get.missing.app_error")
    return user


@ROUTES.add("GET", "/bots/{bot_user_id}")
def read_bot(call: MattermostCall) -> HttpAnswer:
    user = _bot(call)
    if user.delete_at and not call.flag("include_deleted"):
        raise ApiError("store.sql_bot.get.missing.app_error")
    return HttpAnswer(200, user.bot_json())


@ROUTES.add("PUT", "/bots/{bot_user_id}")
def patch_bot(call: MattermostCall) -> HttpAnswer:
    user, body = _bot(call), call.body("bot")
    user.username = text_of(body, "username", user.username)
    user.first_name = text_of(body, "display_name", user.first_name)
    user.description = text_of(body, "description", user.description)
    user.update_at = call.server.state.now()
    return HttpAnswer(200, user.bot_json(), effect=user.id)


@ROUTES.add("POST", "/bots/{bot_user_id}/disable")
def disable_bot(call: MattermostCall) -> HttpAnswer:
    user = _bot(call)
    call.server.activate(user, False)
    return HttpAnswer(200, user.bot_json(), effect=user.id)


@ROUTES.add("POST", "/bots/{bot_user_id}/enable")
def enable_bot(call: MattermostCall) -> HttpAnswer:
    user = _bot(call)
    call.server.activate(user, True)
    return HttpAnswer(200, user.bot_json(), effect=user.id)
