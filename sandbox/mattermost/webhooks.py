"""Outgoing webhooks: make, read, change, delete. Only who may `manage_outgoing_webhooks`; 501
where they are off."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from ..server import HttpAnswer
from .call import ROUTES, MattermostCall, ok, paged, text_of
from .commands import HTTP_URL
from .errors import ApiError, bad_body, forbidden
from .integrations import OutgoingHook
from .model import OPEN
from .permissions import MANAGE_OTHERS_HOOKS, manage_hooks

_TEXTS = ("channel_id", "display_name", "description", "content_type", "username", "icon_url")
_LISTS = ("trigger_words", "callback_urls")


def _sent(call: MattermostCall) -> Dict[str, Any]:
    """The fields of the webhook that was sent. Raises ApiError (400)."""
    body = call.body("outgoing_webhook")
    when = body.get("trigger_when") or 0
    lists = {name: body.get(name) or [] for name in _LISTS}
    for value in lists.values():
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise bad_body("outgoing_webhook")
    if not isinstance(when, int) or isinstance(when, bool):
        raise bad_body("outgoing_webhook")
    texts = {name: text_of(body, name) for name in (*_TEXTS, "id", "team_id")}
    return {**texts, **lists, "trigger_when": when}


def _check(fields: Dict[str, Any]) -> None:
    """As the server's model. Raises ApiError (400)."""
    words, urls = fields["trigger_words"], fields["callback_urls"]
    rules: Tuple[Tuple[str, bool], ...] = (
        ("is_valid.words", len(" ".join(words).encode()) + 2 > 1024),
        ("is_valid.trigger_words", "" in words),
        ("is_valid.callback", not urls or len(" ".join(urls).encode()) + 2 > 1024),
        ("is_valid.url", not all(HTTP_URL.fullmatch(url) for url in urls)),
        ("is_valid.display_name", len(fields["display_name"].encode()) > 64),
        ("is_valid.description", len(fields["description"].encode()) > 500),
        (
            "is_valid.content_type",
            len(fields["content_type"].encode()) > 128 or fields["trigger_when"] > 1,
        ),
        ("username", len(fields["username"].encode()) > 64),
        ("icon_url", len(fields["icon_url"].encode()) > 1024),
    )
    for name, wrong in rules:
        if wrong:
            raise ApiError(f"model.outgoing_hook.{name}.app_error")


def _manages(call: MattermostCall, team_id: str) -> bool:
    return call.server.state.may(call.user, manage_hooks(call.server.version.is_new), team_id)


def _need_switched_on(call: MattermostCall) -> None:
    if not call.server.enable_outgoing_webhooks:
        raise ApiError("api.outgoing_webhook.disabled.app_error")


def _check_place(
    call: MattermostCall,
    team_id: str,
    fields: Dict[str, Any],
    not_open: ApiError,
    itself: str,
    clash: str,
) -> None:
    """A public channel of the team or a trigger word, and no other webhook with the same ones.
    Raises ApiError."""
    state = call.server.state
    if fields["channel_id"]:
        channel = state.channels.get(fields["channel_id"])
        if channel is None:
            raise ApiError("app.channel.get.existing.app_error")
        if channel.type != OPEN:
            raise not_open
        if channel.team_id != team_id:
            raise ApiError("api.webhook.create_outgoing.permissions.app_error")
    elif not fields["trigger_words"]:
        raise ApiError("api.webhook.create_outgoing.triggers.app_error")
    for hook in state.integrations.hooks.values():
        same = (
            hook.team_id == team_id
            and hook.channel_id == fields["channel_id"]
            and hook.id != itself
        )
        if same and all(set(getattr(hook, name)) & set(fields[name]) for name in _LISTS):
            raise ApiError(clash)


def _stored(
    call: MattermostCall, hook: OutgoingHook, fields: Dict[str, Any], status: int = 200
) -> HttpAnswer:
    for name in (*_TEXTS, *_LISTS, "trigger_when"):
        setattr(hook, name, fields[name])
    state = call.server.state
    state.integrations.hooks[hook.id] = hook
    state.fact("webhook_saved", hook.id, urls=list(hook.callback_urls))
    return HttpAnswer(status, hook.to_json(), effect=hook.id)


@ROUTES.add("POST", "/hooks/outgoing")
def create(call: MattermostCall) -> HttpAnswer:
    state, fields = call.server.state, _sent(call)
    if not _manages(call, fields["team_id"]):
        raise forbidden()
    _need_switched_on(call)
    closed = ApiError("api.outgoing_webhook.disabled.app_error", status=403)
    _check_place(
        call,
        fields["team_id"],
        fields,
        closed,
        "",
        "api.webhook.create_outgoing.intersect.app_error",
    )
    _check(fields)
    now = state.now()
    made = OutgoingHook(state.new_id(), state.new_id(), call.user.id, fields["team_id"], now, now)
    return _stored(call, made, fields, 201)


@ROUTES.add("GET", "/hooks/outgoing")
def listing(call: MattermostCall) -> HttpAnswer:
    """Of a channel, a team or the system; of others only for who may manage those."""
    state = call.server.state
    channel_id, team_id = call.request.param("channel_id"), call.request.param("team_id")
    channel = state.channels.get(channel_id)
    if channel is not None:
        team_id = channel.team_id
    if (channel_id and channel is None) or not _manages(call, team_id):
        raise forbidden()
    _need_switched_on(call)
    every = state.may(call.user, MANAGE_OTHERS_HOOKS, team_id)
    found: List[OutgoingHook] = [
        hook
        for hook in state.integrations.hooks.values()
        if team_id in ("", hook.team_id)
        and channel_id in ("", hook.channel_id)
        and (every or hook.creator_id == call.user.id)
    ]
    return HttpAnswer(200, [hook.to_json() for hook in paged(found, call.page())])


def _own(call: MattermostCall) -> OutgoingHook:
    """`{hook_id}` of the path, that who asks may manage. Raises ApiError."""
    _need_switched_on(call)
    state = call.server.state
    hook = state.integrations.hooks.get(call.id("hook_id"))
    if hook is None:
        raise ApiError("app.webhooks.get_outgoing.app_error")
    own = hook.creator_id == call.user.id or state.may(
        call.user, MANAGE_OTHERS_HOOKS, hook.team_id
    )
    if not own or not _manages(call, hook.team_id):
        raise forbidden()
    return hook


@ROUTES.add("GET", "/hooks/outgoing/{hook_id}")
def read(call: MattermostCall) -> HttpAnswer:
    return HttpAnswer(200, _own(call).to_json())


@ROUTES.add("PUT", "/hooks/outgoing/{hook_id}")
def update(call: MattermostCall) -> HttpAnswer:
    """The whole webhook is replaced, but what the server gave it."""
    fields = _sent(call)
    if fields["id"] != call.id("hook_id"):
        raise bad_body("hook_id")
    hook = _own(call)
    if fields["team_id"] not in ("", hook.team_id):
        raise ApiError("api.webhook.team_mismatch.app_error")
    closed = ApiError("api.webhook.create_outgoing.not_open.app_error")
    _check_place(
        call,
        hook.team_id,
        fields,
        closed,
        hook.id,
        "api.webhook.update_outgoing.intersect.app_error",
    )
    _check(fields)
    hook.update_at = call.server.state.now()
    return _stored(call, hook, fields)


@ROUTES.add("POST", "/hooks/outgoing/{hook_id}/regen_token")
def new_token(call: MattermostCall) -> HttpAnswer:
    hook = _own(call)
    hook.token = call.server.state.new_id()
    return HttpAnswer(200, hook.to_json(), effect=hook.id)


@ROUTES.add("DELETE", "/hooks/outgoing/{hook_id}")
def delete(call: MattermostCall) -> HttpAnswer:
    state, hook = call.server.state, _own(call)
    del state.integrations.hooks[hook.id]
    state.fact("webhook_deleted", hook.id)
    return ok()._replace(effect=hook.id)
