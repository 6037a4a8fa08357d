"""What people do at their clients, for another process and the web page: through the API, in their
name.

Each answers `{"status": …, "body": …}` as the API did. `{"user": "ada", "post": id, "action":
"acknowledge"}` to `/_sandbox/click`; a choice from a menu has an `option`.
"""

from __future__ import annotations

import inspect
import json
from typing import Any, Awaitable, Dict, List, Mapping, Tuple
from urllib.parse import urlsplit

from ..server import HttpAnswer, HttpRequest
from .account import ChannelRef, MattermostAccount
from .integrations import Dialog
from .model import Channel
from .server import MattermostCore
from .state import MattermostState

ClientAnswer = Awaitable[Dict[str, Any]]


def pressed(
    server: MattermostAccount, user: str, post: str, action: str, option: str = ""
) -> Tuple[str, Dict[str, str]]:
    """Path and body of a click; an ephemeral post's button bears a cookie."""
    mine = next((p for p in server.ephemerals(user) if p.id == post), None)
    buttons = [b for card in (mine.attachments if mine else ()) for b in card.get("actions") or ()]
    cookie = next((b["cookie"] for b in buttons if b.get("id") == action), "")
    body = {"selected_option": option, "cookie": cookie}
    return f"/posts/{post}/actions/{action}", {
        name: value for name, value in body.items() if value
    }


def typed(
    server: MattermostAccount, user: str, channel: ChannelRef, text: str, root_id: str = ""
) -> Dict[str, Any]:
    """What a client sends of a slash command. `root_id`: of the thread in which it is typed."""
    place = server.channel(channel)
    return {
        "channel_id": place.id,
        "team_id": _team(server, user, place),
        "command": text,
        **({"root_id": root_id} if root_id else {}),
    }


def submission(
    server: MattermostAccount,
    dialog: Dialog,
    values: Mapping[str, Any],
    channel: ChannelRef,
    *,
    cancelled: bool = False,
) -> Dict[str, Any]:
    """What a client sends of a dialog."""
    place = server.channel(channel)
    return {
        "url": dialog.url,
        "callback_id": str(dialog.dialog.get("callback_id") or ""),
        "state": str(dialog.dialog.get("state") or ""),
        "channel_id": place.id,
        "team_id": _team(server, dialog.user_id, place),
        "submission": dict(values),
        "cancelled": cancelled,
    }


def looked_up(
    server: MattermostAccount, dialog: Dialog, field: str, query: str, channel: ChannelRef
) -> Dict[str, Any]:
    """What a client sends for what a list offers. Raises KeyError where the dialog has no such
    list, and ValueError where the client would ask nobody."""
    elements = dialog.dialog.get("elements") or ()
    url = next(str(e["data_source_url"]) for e in elements if e["name"] == field)
    if not may_be_asked(url):
        raise ValueError(f"Invalid lookup URL: must be HTTPS URL or /plugins/ path: {url}")
    values = {"selected_field": field, **({"query": query} if query else {})}
    return {**submission(server, dialog, values, channel), "url": url}


def may_be_asked(url: str) -> bool:
    """Whether the web app of 11.6 asks there for choices: by https, or this machine itself."""
    parts = urlsplit(url)
    here = parts.hostname in ("localhost", "127.0.0.1")
    return parts.scheme == "https" or (parts.scheme == "http" and here)


def settle(server: MattermostAccount, dialog: str, told: Dict[str, Any]) -> None:
    """What a client makes of the answer to a submission."""
    if told.get("type") == "form":
        server.next_dialog(dialog, told["form"])
    elif not (told.get("error") or told.get("errors")):
        server.close_dialog(dialog)


def _team(server: MattermostAccount, user: str, place: Channel) -> str:
    """The channel's, or the one whose channels the client shows: direct messages are of none."""
    id_ = server.user(user).id
    return place.team_id or next(
        (team.id for team in server.state.teams.values() if id_ in team.members), ""
    )


def click(
    server: MattermostCore, user: str, post: str, action: str, option: str = ""
) -> ClientAnswer:
    return _send(server, user, *pressed(server, user, post, action, option))


def command(
    server: MattermostCore, user: str, channel: str, text: str, root_id: str = ""
) -> ClientAnswer:
    return _send(server, user, "/commands/execute", typed(server, user, channel, text, root_id))


def write(
    server: MattermostCore, user: str, channel: str, message: str, root_id: str = ""
) -> ClientAnswer:
    body = {"channel_id": server.channel(channel).id, "message": message, "root_id": root_id}
    return _send(server, user, "/posts", body)


def submit(
    server: MattermostCore,
    user: str,
    dialog: str,
    values: Any = None,
    cancelled: bool = False,
    channel: str = "incidents",
) -> ClientAnswer:
    """A dialog is closed by a submission without errors, and by cancelling, of which the
    integration hears where it wants to."""
    found = next((d for d in server.dialogs(user) if d.id == dialog), None)
    if found is None:
        raise KeyError(dialog)
    return _submit(server, user, found, values or {}, cancelled, channel)


async def _submit(
    server: MattermostCore, user: str, dialog: Dialog, values: Any, cancelled: bool, channel: str
) -> Dict[str, Any]:
    told: Dict[str, Any] = {"status": 200, "body": {}}
    if not cancelled or dialog.dialog.get("notify_on_cancel"):
        body = submission(server, dialog, values, channel, cancelled=cancelled)
        told = await _send(server, user, "/actions/dialogs/submit", body)
    if cancelled:
        server.close_dialog(dialog.id)
    elif told["status"] == 200:
        settle(server, dialog.id, told["body"])
    return told


def lookup(
    server: MattermostCore,
    user: str,
    dialog: str,
    field: str,
    query: str = "",
    channel: str = "incidents",
) -> ClientAnswer:
    """What a list of the user's dialog offers while that is typed into it."""
    found = next((d for d in server.dialogs(user) if d.id == dialog), None)
    if found is None:
        raise KeyError(dialog)
    body = looked_up(server, found, field, query, channel)
    return _send(server, user, "/actions/dialogs/lookup", body)


def dialogs(server: MattermostCore, user: str) -> List[Dict[str, Any]]:
    """What is open in the user's client."""
    return [{"id": d.id, "dialog": d.dialog} for d in server.dialogs(user)]


def people(state: MattermostState) -> List[Dict[str, str]]:
    """Who can sit at the page: everybody but bots."""
    return [
        {"id": u.id, "name": u.username}
        for u in state.users.values()
        if not u.bot and not u.delete_at
    ]


def accounts(state: MattermostState) -> List[Dict[str, str]]:
    """Whom a list of users offers, as Mattermost's app fills it: bots and people of other teams
    as well."""
    return [{"id": u.id, "name": u.username} for u in state.users.values() if not u.delete_at]


async def _send(
    server: MattermostCore, user: str, path: str, body: Dict[str, Any]
) -> Dict[str, Any]:
    sent = json.dumps(body).encode()
    headers = {"Authorization": "Bearer " + server.session(user), "Host": server.authority}
    with server.lock:
        result = server.handle(HttpRequest("POST", "/api/v4" + path, (), headers, sent, {}))
    answer = await result if inspect.isawaitable(result) else result
    assert isinstance(answer, HttpAnswer)
    return {"status": answer.status, "body": answer.body}
