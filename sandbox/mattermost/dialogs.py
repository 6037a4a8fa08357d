"""Dialogs: opened for whom a trigger is of, submitted, and, where the version knows it, asked for
choices as people type and answered with another dialog."""

# flake8: noqa: W503

from __future__ import annotations

import re
from typing import Any, Awaitable, Dict, List

from ..server import HttpAnswer
from . import triggers
from .actions import ask
from .call import ROUTES, MattermostCall, ok, text_of
from .errors import ApiError, bad_body, forbidden
from .integrations import Dialog
from .permissions import VIEW_TEAM
from .server import MattermostCore

TITLE = ELEMENT_NAME = 24
TYPES = ("text", "textarea", "select", "bool", "radio")
NEW_TYPES = ("date", "datetime")
REFRESH, FORM = "refresh", "form"
_WEB = re.compile(r"https?://[^/\s]+")


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
        wrong=wrong(dialog, is_new=call.server.version.is_new),
    )
    return ok()._replace(effect=client_id)


def wrong(dialog: Dict[str, Any], *, is_new: bool) -> str:
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
        found += _element_wrong(element, is_new)
    return "; ".join(found)


def _element_wrong(element: Dict[str, Any], is_new: bool) -> List[str]:
    label, kind = str(element.get("display_name") or ""), element.get("type")
    source, found = element.get("data_source"), []
    if not 1 <= len(label) <= ELEMENT_NAME:
        found.append(f"the label {label!r} has not 1 to 24 characters")
    if kind not in (*TYPES, *(NEW_TYPES if is_new else ())):
        found.append(f"there is no type {kind!r}")
    limit = {"text": 150, "textarea": 3000}.get(str(kind))
    if limit is not None and (element.get("max_length") or 0) > limit:
        found.append(f"max_length of a {kind} is {limit} at most")
    if len(str(element.get("help_text") or "")) > 150:
        found.append("a help_text has more than 150 characters")
    if kind in ("select", "radio") and not element.get("options") and not source:
        found.append(f"{label!r} offers nothing")
    if not is_new and (source == "dynamic" or element.get("multiselect")):
        found.append(f"{label!r} is of a kind that this version does not know")
    if source == "dynamic" and not _WEB.match(str(element.get("data_source_url") or "")):
        found.append(f"{label!r} has no address to ask")
    if source and element.get("options"):
        found.append(f"{label!r} has options and a data_source")
    if kind == "datetime" and 1440 % int(element.get("time_interval") or 1441):
        found.append(f"the time_interval of {label!r} divides no day")
    return found


@ROUTES.add("POST", "/actions/dialogs/submit")
def submit(call: MattermostCall) -> Awaitable[HttpAnswer]:
    """Everything is the client's word but `user_id`."""
    url, sent = _sent(call)
    is_refresh = call.server.version.is_new and call.body("dialog").get("type") == REFRESH
    kind = REFRESH if is_refresh else "dialog_submission"
    return _submitted(call.server, url, {"type": kind, **sent})


@ROUTES.add("POST", "/actions/dialogs/lookup")
def lookup(call: MattermostCall) -> Awaitable[HttpAnswer]:
    """What a list offers that is asked for as people type."""
    url, sent = _sent(call)
    if not _WEB.match(url):
        raise bad_body("url")
    return _looked_up(call.server, url, {"type": "dialog_lookup", **sent})


def _sent(call: MattermostCall) -> Any:
    """Where a dialog's call goes, and what."""
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
    return url, {
        "callback_id": text_of(body, "callback_id"),
        "state": text_of(body, "state"),
        "user_id": call.user.id,
        "channel_id": channel_id,
        "team_id": team_id,
        "submission": submission,
        "cancelled": bool(body.get("cancelled")),
    }


async def _submitted(server: MattermostCore, url: str, sent: Dict[str, Any]) -> HttpAnswer:
    """The errors it answers, or the dialog that follows; an answer that does not read has none."""
    answer = await ask(server, url, sent, sent["user_id"], "dialog")
    try:
        given = answer.first_json()
    except ValueError:
        given = None
    given = given if isinstance(given, dict) else {}
    error, errors = given.get("error"), given.get("errors")
    told: Dict[str, Any] = {"error": error} if isinstance(error, str) and error else {}
    if isinstance(errors, dict) and errors and all(isinstance(e, str) for e in errors.values()):
        told["errors"] = errors
    if server.version.is_new and not told and given.get("type"):
        form = given.get("form")
        if (given["type"] == FORM) is not isinstance(form, dict):
            raise ApiError("app.submit_interactive_dialog.invalid_response")
        told = {"type": given["type"], **({"form": form} if isinstance(form, dict) else {})}
    return HttpAnswer(200, told)


async def _looked_up(server: MattermostCore, url: str, sent: Dict[str, Any]) -> HttpAnswer:
    answer = await ask(server, url, sent, sent["user_id"], "lookup")
    try:
        given = answer.first_json() if answer.body.strip() else {}
        items = given.get("items") or []
        shown = [{"text": str(one["text"]), "value": str(one["value"])} for one in items]
    except (ValueError, AttributeError, KeyError, TypeError):
        raise ApiError("app.lookup_interactive_dialog.decode_json_error") from None
    return HttpAnswer(200, {"items": shown})
