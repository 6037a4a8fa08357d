"""The account's Python side for another process: `POST /_sandbox/<word>` with a JSON object of the
method's arguments.

    add_channel  {"name": "incidents-p1", "private": true}   answers the channel
    posts        {"channel": "incidents"}                    answers posts with their history
    database     {"down": true}
    rate_limit   {"per_second": 5, "burst": 10}
    settings     {"props_limit": 800000}                     answers all settings
    view         {"channel": "incidents", "user": "ada"}     what the web page draws
    picture      {"file": id}                                a PNG of a post, in base64
    click        {"user": "ada", "post": id, "action": "acknowledge"}
    command      {"user": "ada", "channel": "incidents", "text": "/pd list"}
    submit       {"user": "ada", "dialog": id, "values": {"text": "x"}}   (ids: word dialogs)
    lookup       {"user": "ada", "dialog": id, "field": "service", "query": "chec"}

All words are in `WORDS`. Faults, outages, clock and journal are the server's own words
(`sandbox/server.py`).
"""

from __future__ import annotations

import base64
from typing import Any, Callable, Dict, List

from . import clients
from .model import DIRECT, Channel, Post, Team, User
from .server import MattermostCore

SETTINGS = {
    "props_limit": int,
    "message_limit": int,
    "file_limit": int,
    "show_email": bool,
    "save_seconds": float,
    "database_down": bool,
    "enable_commands": bool,
    "enable_outgoing_webhooks": bool,
    "enable_post_username_override": bool,
    "allowed_untrusted_internal_connections": str,
    "trigger_seconds": float,
    "integration_seconds": float,
    "enable_open_server": bool,
    "enable_user_creation": bool,
    "require_email_verification": bool,
    "enable_gitlab": bool,
    "enable_saml": bool,
    "enable_ldap": bool,
    "max_channels_per_team": int,
    "channel_seconds": float,
    "anonymous_urls": bool,
}
_ACCOUNT = (
    "add_user",
    "add_bot",
    "add_token",
    "revoke",
    "activate",
    "add_team",
    "add_channel",
    "archive",
    "restore",
    "rename",
    "add_member",
    "remove_member",
    "posts",
    "thread",
    "direct_posts",
    "say",
    "delete",
    "forget_pending",
    "ephemerals",
    "close_dialog",
    "make_team_admin",
    "session",
)


def run(server: MattermostCore, word: str, body: Dict[str, Any]) -> Any:
    """Do what the word says. Raises KeyError for an unknown word or name, TypeError or ValueError
    for wrong input."""
    if word in _ACCOUNT:
        return _shown(server, getattr(server, word)(**body))
    return WORDS[word](server, **body)


def _shown(server: MattermostCore, value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(server, v) for v in value]
    if isinstance(value, Post):
        return dict(server.state.post_json(value), history=[v._asdict() for v in value.history])
    if isinstance(value, User):
        return value.to_json(own=True, show_email=True)
    if isinstance(value, (Team, Channel)):
        return value.to_json()
    return value


def settings(server: MattermostCore, **changes: Any) -> Dict[str, Any]:
    """Change some of the switches; answers all. Raises ValueError for an unknown one."""
    unknown = set(changes) - set(SETTINGS)
    if unknown:
        raise ValueError("unknown settings: {}".format(", ".join(sorted(unknown))))
    for name, value in changes.items():
        setattr(server, name, SETTINGS[name](value))
    return {name: getattr(server, name) for name in SETTINGS}


def database(server: MattermostCore, down: bool) -> Dict[str, Any]:
    return settings(server, database_down=down)


def rate_limit(server: MattermostCore, per_second: Any, burst: int = 100) -> None:
    server.rate_limit(None if per_second is None else float(per_second), int(burst))


def channels(server: MattermostCore) -> List[Dict[str, Any]]:
    return [c.to_json() for c in server.state.channels.values()]


def grant(server: MattermostCore, role: str, permissions: List[str]) -> None:
    server.grant(role, *permissions)


def view(server: MattermostCore, channel: str = "", user: str = "") -> Dict[str, Any]:
    """Everything the web page shows: the list of channels, one channel's newest threads, oldest
    first, with what the user alone sees there, and the user's dialogs."""
    state = server.state
    names = {u.id: u.username for u in state.users.values()}
    shown = [c for c in state.channels.values() if c.type != DIRECT or c.posts]
    default = next((c for c in shown if c.name == "incidents"), shown[0] if shown else None)
    chosen = state.channels.get(channel, default)
    if chosen is None:
        return {
            "channels": [],
            "channel": "",
            "posts": [],
            "people": [],
            "accounts": [],
            "dialogs": [],
            "now": state.now(),
        }
    roots = [p for p in chosen.posts if not p.root_id and not p.delete_at][-100:]
    known = state.user_named(user) is not None
    mine = server.ephemerals(user) if known else []
    roots = sorted([*roots, *(p for p in mine if p.channel_id == chosen.id)], key=lambda p: p.key)
    return {
        "channels": [
            {
                "id": c.id,
                "title": _title(c, names),
                "type": c.type,
                "archived": bool(c.delete_at),
                "count": c.message_count,
            }
            for c in shown
        ],
        "channel": chosen.id,
        "header": chosen.header,
        "posts": [_viewed(server, p, names) for p in roots],
        "people": clients.people(state),
        "accounts": clients.accounts(state),
        "dialogs": clients.dialogs(server, user) if known else [],
        "now": state.now(),
    }


def picture(server: MattermostCore, file: str) -> str:
    """What a PNG contains, in base64."""
    return base64.b64encode(server.state.files[file].content).decode()


def _title(channel: Channel, names: Dict[str, str]) -> str:
    if channel.type != DIRECT:
        return channel.display_name or channel.name
    return ", ".join("@" + names.get(u, u) for u in sorted(channel.members))


def _viewed(server: MattermostCore, post: Post, names: Dict[str, str]) -> Dict[str, Any]:
    body = server.state.post_json(post)
    return {
        "id": post.id,
        "user": "System" if post.type == "system_ephemeral" else names.get(post.user_id, ""),
        "bot": server.state.users[post.user_id].bot,
        "create_at": post.create_at,
        "edit_at": post.edit_at,
        "pinned": post.is_pinned,
        "type": post.type,
        "ephemeral": post.type == "system_ephemeral",
        "reply": bool(post.root_id),
        "message": post.message,
        "attachments": body["props"].get("attachments") or [],
        "files": [_file(f) for f in body["metadata"].get("files", [])],
        "reactions": _counted(post),
        "replies": [
            _viewed(server, r, names) for r in sorted(post.live_replies, key=lambda p: p.key)
        ],
    }


def _file(file: Dict[str, Any]) -> Dict[str, str]:
    """Its name, and its id where it is shown as a picture."""
    name = str(file["name"])
    return {"name": name, "picture": str(file["id"]) if name.endswith(".png") else ""}


def _counted(post: Post) -> Dict[str, int]:
    counts: Dict[str, int] = {}
    for reaction in post.reactions:
        counts[reaction.emoji_name] = counts.get(reaction.emoji_name, 0) + 1
    return counts


WORDS: Dict[str, Callable[..., Any]] = {
    "settings": settings,
    "database": database,
    "rate_limit": rate_limit,
    "channels": channels,
    "view": view,
    "picture": picture,
    "grant": grant,
    "click": clients.click,
    "command": clients.command,
    "write": clients.write,
    "submit": clients.submit,
    "lookup": clients.lookup,
    "dialogs": clients.dialogs,
}
"""Besides the account's own methods (`account.py`)."""
