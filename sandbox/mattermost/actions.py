"""Clicks on buttons and choices from menus: who is called, and what is made of it."""

from __future__ import annotations

import json
import re
from typing import Any, Awaitable, Dict, NamedTuple, Optional

from ..server import HttpAnswer
from . import ephemeral, outgoing, post_rules, props, slack_text, triggers
from .call import ROUTES, MattermostCall
from .errors import ApiError, forbidden
from .integrations import Cookie
from .model import User
from .server import MattermostCore

FAILED = "api.post.do_action.action_integration.app_error"
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
_ACTION_ID = re.compile(r"[A-Za-z0-9]+")


class _Click(NamedTuple):
    user: User
    button: Cookie
    url: str
    request: Dict[str, Any]
    client_trigger_id: str


@ROUTES.add("POST", "/posts/{post_id}/actions/{action_id}")
def click(call: MattermostCall) -> Awaitable[HttpAnswer]:
    """By who may read the channel. An ephemeral post is known by the cookie that comes along
    alone."""
    if not _ACTION_ID.fullmatch(call.names["action_id"]):
        raise ApiError("api.context.404.app_error")
    post_id, state = call.id("post_id"), call.server.state
    sent = _sent(call)
    button = _stored(call, post_id, sent.get("cookie"))
    channel = state.channels[button.channel_id]
    if not call.server.may_read_posts(call.user, channel):
        raise forbidden()
    action = button.action
    integration = action.get("integration")
    if not integration:
        raise ApiError("api.post.do_action.action_id.app_error")
    client_id, trigger_id = triggers.new(call.server, call.user.id)
    context = dict(integration.get("context") or {})
    chosen = sent.get("selected_option")
    is_choice = action.get("type") == "select" and bool(chosen)
    if is_choice:
        context["selected_option"] = chosen
    request: Dict[str, Any] = {
        "user_id": call.user.id,
        "user_name": call.user.username,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "team_id": channel.team_id,
        "team_domain": state.teams[channel.team_id].name if channel.team_id else "",
        "post_id": post_id,
        "trigger_id": trigger_id,
        "type": action.get("type", ""),
        "data_source": action.get("data_source", "") if is_choice else "",
    }
    if context:
        request["context"] = context
    return _called(
        call.server,
        _Click(call.user, button, str(integration.get("url") or ""), request, client_id),
    )


def _sent(call: MattermostCall) -> Dict[str, Any]:
    """What was chosen, and the cookie; what does not read is nothing."""
    try:
        sent = json.loads(call.request.body.decode("utf-8", "replace") or "{}")
    except ValueError:
        return {}
    return {k: v for k, v in sent.items() if isinstance(v, str)} if isinstance(sent, dict) else {}


def _stored(call: MattermostCall, post_id: str, cookie: Optional[str]) -> Cookie:
    """The button as the server keeps it. Raises ApiError."""
    state = call.server.state
    post = state.live_post(post_id)
    if post is None:
        if not cookie:
            raise forbidden()
        known = state.integrations.cookies.get(cookie)
        if known is None or known.post_id != post_id:
            raise ApiError(FAILED)
        return known
    if not call.server.may_read_posts(call.user, state.channels[post.channel_id]):
        raise forbidden()
    wanted = call.names["action_id"]
    actions = (action for card in post.attachments for action in card.get("actions") or ())
    found = next((action for action in actions if action.get("id") == wanted), None)
    if found is None:
        raise ApiError("api.post.do_action.action_id.app_error")
    retained = {name: post.props[name] for name in ephemeral.RETAINED if name in post.props}
    return Cookie(post.id, post.root_id or post.id, post.channel_id, found, retained)


async def _called(server: MattermostCore, clicked: _Click) -> HttpAnswer:
    answer = await ask(server, clicked.url, clicked.request, clicked.button.post_id, "click")
    try:
        is_taken = server.version.is_new and not answer.body.strip()
        given = {} if is_taken else answer.first_json()
        given = {} if given is None else given
        update, told = given.get("update"), given.get("ephemeral_text") or ""
        if not isinstance(told, str) or not (update is None or isinstance(update, dict)):
            raise ValueError
        message, sent = (update or {}).get("message") or "", (update or {}).get("props")
        if not isinstance(message, str) or not (sent is None or isinstance(sent, dict)):
            raise ValueError
        skip = bool(given.get("skip_slack_parsing"))
    except (ValueError, AttributeError):
        raise ApiError(FAILED) from None
    with server.lock:
        if update is not None:
            _update(server, clicked.button, message, sent)
        if told:
            _tell(
                server,
                clicked,
                told if skip else slack_text.links(server.version.slack_link, told),
            )
    return HttpAnswer(
        200,
        {"status": "OK", "trigger_id": clicked.client_trigger_id},
        effect=clicked.button.post_id,
    )


def _update(server: MattermostCore, button: Cookie, message: str, sent: Any) -> None:
    """Without props the old ones stay, else all are replaced but those about the author; a message
    that is not said is blank. Raises ApiError."""
    state = server.state
    post = state.live_post(button.post_id)
    if post is None:
        raise ApiError("app.post.get.app_error")
    if state.channels[post.channel_id].delete_at:
        raise ApiError("api.post.update_post.can_not_update_post_in_deleted.error")
    if sent is None:
        kept = post.props
    else:
        given = {k: v for k, v in sent.items() if k not in ephemeral.RETAINED}
        kept = props.stored({**given, **button.retained}, state.new_id)
    post_rules.check_edit(server, message, sent, kept)
    state.edit_post(post, message, kept, post.is_pinned, [])


def _tell(server: MattermostCore, clicked: _Click, text: str) -> None:
    state, button = server.state, clicked.button
    channel = state.channels[button.channel_id]
    post = state.make_post(
        clicked.user, channel, text, root_id=button.root_id, props=dict(button.retained)
    )
    ephemeral.send(state, clicked.user.id, post)


async def ask(
    server: MattermostCore, url: str, body: Dict[str, Any], subject: str, kind: str
) -> outgoing.IntegrationReply:
    """Exactly 200 is an answer. Raises ApiError (400)."""
    sent = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    try:
        answer = await outgoing.call(server, "POST", url, dict(HEADERS), sent)
    except outgoing.CallFailed as error:
        server.state.fact("integration_failed", subject, reason=str(error))
        raise ApiError(FAILED) from None
    server.state.fact("integration_called", subject, what=kind, status=answer.status)
    if answer.status != 200:
        raise ApiError(FAILED)
    return answer
