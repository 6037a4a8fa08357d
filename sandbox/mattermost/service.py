"""The service behind the sandbox's Mattermost: who asks, may it be answered at all, and by which
handler."""

# flake8: noqa: E203

from __future__ import annotations

import inspect
from typing import Any, Awaitable, Dict, Optional, Union

from ..page import page
from ..server import HttpAnswer, HttpRequest
from . import (
    actions,
    channels,
    commands,
    control,
    dialogs,
    execute,
    files,
    groups,
    hook_calls,
    posts,
    reactions,
    roles,
    system,
    teams,
    users,
    webhooks,
)
from .call import ROUTES, MattermostCall
from .errors import MESSAGES, ApiError, error_answer, expired, forbidden
from .limiter import limit_headers
from .model import Post, Token, User
from .server import MattermostCore

API = "/api/v4"
PERMALINK = "/_redirect/pl/"
RESPONSE_URL = "/hooks/commands/"
RESOURCES = (
    *(
        actions,
        dialogs,
        channels,
        commands,
        execute,
        files,
        groups,
        posts,
        reactions,
        roles,
        system,
        teams,
        users,
    ),
    webhooks,
)
"""The modules whose handlers stand in `ROUTES`; a new resource is a new module here."""

NOT_ON_OLD = (
    *(posts.by_ids, groups.create, groups.add_members, groups.delete_members),
    dialogs.lookup,
)
"""Handlers of paths that 5.37 does not know."""

_NOBODY = User("", "", "", 0, 0)
_NO_TOKEN = Token("", "", "")


class MattermostService(MattermostCore):
    """A Mattermost server; its version and switches are `MattermostCore`'s."""

    def handle(self, request: HttpRequest) -> Union[HttpAnswer, Awaitable[HttpAnswer]]:
        if not request.path.startswith(API + "/"):
            return self._web(request)
        headers: Dict[str, str] = {}
        if self._limiter is not None:
            verdict = self._limiter.take(request.remote)
            headers = verdict.headers
            if not verdict.allowed:
                return _limited(headers)
        try:
            answer = self._api(request, request.path[len(API) :])
        except ApiError as error:
            answer = self._error(error)
        if inspect.isawaitable(answer):
            return self._later(answer, headers)
        assert isinstance(answer, HttpAnswer)
        return self._finished(answer, headers)

    def trouble(self, status: int, retry_after: Optional[float]) -> HttpAnswer:
        """429 is text; the rest stands in Mattermost's JSON, as when the server itself fails."""
        if status == 429:
            wait = 1 if retry_after is None else retry_after
            return _limited(dict(limit_headers(100, 0, wait), **{"Retry-After": f"{wait:g}"}))
        by_status = {
            401: "api.context.session_expired.app_error",
            403: "api.context.permissions.app_error",
        }
        error_id = by_status.get(
            status, "app.select_error" if status >= 500 else "api.context.404.app_error"
        )
        answer = error_answer(status, error_id, MESSAGES[error_id][1], self.state.new_id())
        if retry_after is None:
            return answer
        return answer._replace(headers={**answer.headers, "Retry-After": f"{retry_after:g}"})

    def posted(self, post: Post) -> None:
        hook_calls.fire(self, post)

    def control(self, word: str, body: Dict[str, Any]) -> Any:
        return control.run(self, word, body)

    def _web(self, request: HttpRequest) -> HttpAnswer:
        """What a browser asks for: the page, and posts by their permalinks, which lead to their
        channel on it."""
        if request.method == "GET":
            if request.path == "/":
                return page()
            post = (
                self.state.posts.get(request.path[len(PERMALINK) :])
                if request.path.startswith(PERMALINK)
                else None
            )
            if post is not None:
                return HttpAnswer(302, None, {"Location": f"/#{post.channel_id}"})
        id_ = request.path[len(RESPONSE_URL) :] if request.path.startswith(RESPONSE_URL) else ""
        if request.method == "POST" and id_.isalnum():
            return self._delayed(id_, request)
        return self._error(ApiError("api.context.404.app_error"))

    def _delayed(self, id_: str, request: HttpRequest) -> HttpAnswer:
        try:
            if self.database_down:
                raise ApiError("app.select_error")
            return execute.delayed(self, id_, request)
        except ApiError as error:
            return self._error(error)

    def _api(self, request: HttpRequest, path: str) -> Union[HttpAnswer, Awaitable[HttpAnswer]]:
        found = ROUTES.find(request.method, path)
        if found is None:
            return self._no_such_path()
        limit = self.version.body_limit
        if limit is not None and len(request.body) > limit:
            raise ApiError("api.context.request_body_too_large.app_error")
        handler, names = found
        if handler in NOT_ON_OLD and not self.version.is_new:
            return self._no_such_path()
        open_to_all = (request.method, path) in system.OPEN_TO_ALL
        token = self._token(request)
        if token is None and not open_to_all:
            raise expired()
        if self.database_down and not open_to_all:
            raise self._without_database(request.method, path)
        user = self.state.users[token.user_id] if token is not None else _NOBODY
        result: Union[HttpAnswer, Awaitable[HttpAnswer]] = handler(
            MattermostCall(self, request, names, user, token or _NO_TOKEN)
        )
        return result

    def _token(self, request: HttpRequest) -> Optional[Token]:
        """The valid token of the request; while the database is down only those the server still
        remembers."""
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        token = self.state.tokens.get(secret.strip()) if kind.lower() == "bearer" else None
        if token is None or not token.active or self.state.users[token.user_id].delete_at:
            return None
        if self.database_down and not token.used:
            return None
        token.used = True
        return token

    def _without_database(self, method: str, path: str) -> ApiError:
        """As measured: creating a post is 403 or 400 by turns, editing one 403, all else 500."""
        if method == "POST" and path == "/posts":
            self._refusals += 1
            if self._refusals % 2 == 0:
                return ApiError("api.context.invalid_param.app_error", "post.channel_id")
            return forbidden()
        if method == "PUT" and path.startswith("/posts/"):
            return forbidden()
        return ApiError("app.select_error")

    async def _later(self, answer: Awaitable[HttpAnswer], headers: Dict[str, str]) -> HttpAnswer:
        try:
            return self._finished(await answer, headers)
        except ApiError as error:
            return self._finished(self._error(error), headers)

    def _finished(self, answer: HttpAnswer, headers: Dict[str, str]) -> HttpAnswer:
        own = {"X-Version-Id": self.version.full, "X-Request-Id": self.state.new_id()}
        return answer._replace(headers={**own, **answer.headers, **headers})

    def _no_such_path(self) -> HttpAnswer:
        """Also where the path is known and the method is not; no `request_id` stands in it."""
        answer = self._error(ApiError("api.context.404.app_error"))
        return answer._replace(body={k: v for k, v in answer.body.items() if k != "request_id"})

    def _error(self, error: ApiError) -> HttpAnswer:
        known_as = self.version.error_ids.get(error.error_id, error.error_id)
        return error.answer(self.state.new_id(), known_as)


def _limited(headers: Dict[str, str]) -> HttpAnswer:
    return HttpAnswer(
        429, "limit exceeded\n", {"Content-Type": "text/plain; charset=utf-8", **headers}
    )
