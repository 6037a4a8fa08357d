"""One API request on its way through the handlers, and the table they register in."""

# flake8: noqa: E203

from __future__ import annotations

import json
from typing import Any, Dict, NamedTuple, Tuple

from ..server import HttpAnswer, HttpRequest, Routes
from . import ids
from .errors import ApiError, bad_body, bad_url, forbidden
from .model import Channel, Post, Token, User
from .server import MattermostCore

ROUTES = Routes()
"""Paths below /api/v4. A handler takes a `MattermostCall` and returns an `HttpAnswer` or an
awaitable of one."""

DEFAULT_PER_PAGE, MAX_PER_PAGE = 60, 200


class MattermostCall(NamedTuple):
    server: MattermostCore
    request: HttpRequest
    names: Dict[str, str]
    """What stood in the path."""
    user: User
    """Who asks; nobody's empty account where no token is needed."""
    token: Token

    def body(self, name: str) -> Dict[str, Any]:
        """The JSON object that was sent. Raises ApiError (400) naming it."""
        value = self.json(name)
        if not isinstance(value, dict):
            raise bad_body(name)
        return value

    def json(self, name: str) -> Any:
        try:
            value = json.loads(self.request.body.decode("utf-8", "replace"))
        except ValueError:
            raise bad_body(name) from None
        return _whole(value)

    def texts(self, name: str) -> Tuple[str, ...]:
        """The JSON list of strings that was sent; an empty one is refused, as the server does."""
        value = self.json(name)
        if not isinstance(value, list) and self.server.version.is_new:
            raise ApiError("api.payload.parse.error")
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            raise bad_body(name)
        return tuple(value)

    def page(self) -> Tuple[int, int]:
        """`page` and `per_page` as the server bounds them: 60 by default, 200 at most."""
        page = max(0, _number(self.request.param("page"), 0))
        per_page = _number(self.request.param("per_page"), DEFAULT_PER_PAGE)
        return page, min(MAX_PER_PAGE, per_page) if per_page > 0 else DEFAULT_PER_PAGE

    def old_format(self, missing: str) -> None:
        """Only `format=old` is served; `missing`: id of the error without any. Raises ApiError."""
        wanted = self.request.param("format")
        if not wanted:
            raise ApiError(missing)
        if wanted != "old":
            raise bad_url("format")

    def flag(self, name: str) -> bool:
        return self.request.param(name).lower() in ("1", "t", "true")

    def id(self, name: str) -> str:
        """An id of the path. Raises ApiError (400) for a malformed one."""
        value = self.names[name]
        if not ids.is_id(value):
            raise bad_url(name)
        return value

    def user_id(self) -> str:
        """`{user_id}` of the path, with `me` for who asks."""
        return self.user.id if self.names["user_id"] == "me" else self.id("user_id")

    def channel(self) -> Channel:
        """`{channel_id}` of the path. Raises ApiError: 400 for a malformed one, 404."""
        found = self.server.state.channels.get(self.id("channel_id"))
        if found is None:
            raise ApiError("app.channel.get.existing.app_error")
        return found

    def own_channel(self) -> Channel:
        """`{channel_id}` of the path, whose members alone are answered. Raises ApiError: 403 for
        an unknown one too."""
        found = self.server.state.channels.get(self.id("channel_id"))
        if found is None or not self.server.state.may_write(self.user, found):
            raise forbidden()
        return found

    def channel_with_posts(self) -> Channel:
        """`{channel_id}` of the path, whose posts who asks may read. Raises ApiError."""
        if not self.server.version.is_new:
            return self.own_channel()
        found = self.channel()
        if not self.server.may_read_posts(self.user, found):
            raise forbidden()
        return found

    def post_of_channel(self) -> Post:
        """`{post_id}` of the path, where who asks may read what stands in its channel. Raises
        ApiError: 403 for an unknown one too."""
        state = self.server.state
        post = state.live_post(self.id("post_id"))
        if post is None or not self.server.may_read_posts(
            self.user, state.channels[post.channel_id]
        ):
            raise forbidden()
        return post

    def need_admin(self) -> None:
        if not self.user.admin:
            raise forbidden()


def ok() -> HttpAnswer:
    return HttpAnswer(200, {"status": "OK"})


def text_of(body: Dict[str, Any], name: str, default: str = "") -> str:
    """A text of a JSON object; null and absent are the default. Raises ApiError (400) for another
    type."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise bad_body(name)
    return value


def paged(items: Any, page: Tuple[int, int]) -> Any:
    number, size = page
    return items[number * size : (number + 1) * size]


def unknown_user() -> ApiError:
    return ApiError("app.user.missing_account.const")


def _number(text: str, default: int) -> int:
    try:
        return int(text)
    except ValueError:
        return default


def _whole(value: Any) -> Any:
    """Lone surrogates become U+FFFD, as Go's decoder reads them."""
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return value
    if isinstance(value, list):
        return [_whole(v) for v in value]
    if isinstance(value, dict):
        return {_whole(k): _whole(v) for k, v in value.items()}
    return value
