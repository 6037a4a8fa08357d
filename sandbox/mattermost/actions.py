"""Clicks on buttons and choices from menus, and the dialogs that may follow: who is called, and
what is made of it."""

from __future__ import annotations

import json
import re
from typing import Any, Awaitable, Dict, NamedTuple, Optional

from ..server import HttpAnswer
from . import ephemeral, outgoing, post_rules, props, slack_text, triggers
from .call import ROUTES, MattermostCall, ok, text_of
from .errors import ApiError, bad_body, forbidden
from .integrations import Cookie, Dialog
from .model import User
from .permissions import VIEW_TEAM
from .server import MattermostCore

FAILED = "api.post.do_action.action_integration.app_error"
TITLE = ELEMENT_NAME = 24
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
    answer = await _ask(server, clicked.url, clicked.request, clicked.button.post_id, "click")
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


async def _ask(
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


@ROUTES.add("POST", "/actions/dialogs/open")
def open_dialog(call: MattermostCall) -> HttpAnswer:
    """No session is asked for: the trigger tells for whom. What clients are known to show badly is
    no error here either, but stands in the fact."""
    body = call.body("dialog")
    url, dialog = text_of(body, "url"), body.get("dialog") or {}
    if not isinstance(dialog, dict):
        raise bad_body("dialog")
    if not url:
        raise bad_body("url")
    client_id, user_id = triggers.user_of(call.server, text_of(body, "trigger_id"))
    state = call.server.state
    opened = Dialog(client_id, user_id, url, dialog, state.now())
    state.integrations.dialogs[client_id] = opened
    state.fact(
        "dialog_opened",
        user_id,
        client_id,
        title=str(dialog.get("title") or ""),
        wrong=_wrong(dialog),
    )
    return ok()._replace(effect=client_id)


def _wrong(dialog: Dict[str, Any]) -> str:
    """What the documentation forbids and newer servers warn of in their log."""
    title = str(dialog.get("title") or "")
    elements = [e for e in dialog.get("elements") or () if isinstance(e, dict)]
    names = [str(e.get("name") or "") for e in elements]
    found = []
    if not 1 <= len(title) <= TITLE:
        found.append("the title has not 1 to 24 characters")
    if len(set(names)) != len(names) or "" in names:
        found.append("an element has no name of its own")
    for element in elements:
        label, kind = str(element.get("display_name") or ""), element.get("type")
        if not 1 <= len(label) <= ELEMENT_NAME:
            found.append(f"the label {label!r} has not 1 to 24 characters")
        if kind not in ("text", "textarea", "select", "bool", "radio"):
            found.append(f"there is no type {kind!r}")
        limit = {"text": 150, "textarea": 3000}.get(str(kind))
        if limit is not None and (element.get("max_length") or 0) > limit:
            found.append(f"max_length of a {kind} is {limit} at most")
        if (
            kind in ("select", "radio")
            and not element.get("options")
            and not element.get("data_source")
        ):
            found.append(f"{label!r} offers nothing")
    return "; ".join(found)


@ROUTES.add("POST", "/actions/dialogs/submit")
def submit(call: MattermostCall) -> Awaitable[HttpAnswer]:
    """Everything is the client's word but `user_id`."""
    body = call.body("dialog")
    url, channel_id, team_id = (text_of(body, name) for name in ("url", "channel_id", "team_id"))
    submission = body.get("submission")
    if submission is not None and not isinstance(submission, dict):
        raise bad_body("dialog")
    if not url:
        raise bad_body("url")
    state = call.server.state
    channel = state.channels.get(channel_id)
    if channel is None and call.server.version.is_new:
        raise ApiError("app.channel.get.existing.app_error")
    if (
        channel is None
        or not call.server.may_read_posts(call.user, channel)
        or not state.may(call.user, VIEW_TEAM, team_id)
    ):
        raise forbidden()
    sent = {
        "type": "dialog_submission",
        "callback_id": text_of(body, "callback_id"),
        "state": text_of(body, "state"),
        "user_id": call.user.id,
        "channel_id": channel_id,
        "team_id": team_id,
        "submission": submission,
        "cancelled": bool(body.get("cancelled")),
    }
    return _submitted(call.server, url, sent)


async def _submitted(server: MattermostCore, url: str, sent: Dict[str, Any]) -> HttpAnswer:
    """The errors it answers; an answer that does not read has none."""
    answer = await _ask(server, url, sent, sent["user_id"], "dialog")
    try:
        given = answer.first_json()
    except ValueError:
        given = None
    given = given if isinstance(given, dict) else {}
    error, errors = given.get("error"), given.get("errors")
    told: Dict[str, Any] = {"error": error} if isinstance(error, str) and error else {}
    if isinstance(errors, dict) and errors and all(isinstance(e, str) for e in errors.values()):
        told["errors"] = errors
    return HttpAnswer(200, told)
