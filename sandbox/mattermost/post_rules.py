"""What a post must be like, whoever makes it: a client, a command's answer, a webhook's."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Sequence

from . import props
from .errors import ApiError
from .model import Channel, Post, User
from .server import MattermostCore


def new_post(
    server: MattermostCore,
    user: User,
    channel: Channel,
    message: str,
    sent: Any,
    *,
    root_id: str = "",
    wanted_files: Sequence[Any] = (),
    **fields: Any,
) -> Post:
    """A post that may be saved. `sent`: its props, or None. Raises ApiError."""
    state = server.state
    if root_id:
        root = state.live_post(root_id)
        if root is None:
            raise ApiError("api.post.create_post.root_id.app_error")
        if root.channel_id != channel.id:
            raise ApiError("api.post.create_post.channel_root_id.app_error")
        if root.root_id:
            raise ApiError("api.post.create_post.root_id.app_error")
    kept = props.stored(
        dict(sent or {}, **({"from_bot": "true"} if user.bot else {})), state.new_id
    )
    files = _files(server, user, wanted_files)
    check(server, message, sent, kept)
    post = state.make_post(
        user, channel, message, root_id=root_id, props=kept, file_ids=files, **fields
    )
    for file_id in files:
        state.files[file_id].post_id = post.id
    return post


def _files(server: MattermostCore, user: User, wanted: Sequence[Any]) -> List[str]:
    """The ids of uploads of this user that no post has yet; others are left out without a word."""
    if len(json.dumps(list(wanted), separators=(",", ":"))) > 300:
        raise ApiError("model.post.is_valid.file_ids.app_error")
    known = (server.state.files.get(f) for f in wanted if isinstance(f, str))
    return [f.id for f in known if f is not None and f.user_id == user.id and not f.post_id]


def check(server: MattermostCore, message: str, sent: Any, kept: Dict[str, Any]) -> None:
    """The server's limits. Raises ApiError; a NUL is the database's own 500, on every try; of
    props on new servers alone, where the database reads them."""
    if len(message) > server.message_limit:
        raise ApiError("model.post.is_valid.msg.app_error")
    if props.size(sent, kept) > server.props_limit:
        raise ApiError("model.post.is_valid.props.app_error")
    if _has_nul([message, kept if server.version.is_new else {}]):
        raise ApiError("app.post.save.app_error")


def check_edit(server: MattermostCore, message: str, sent: Any, kept: Dict[str, Any]) -> None:
    """The same for a post that is there already."""
    try:
        check(server, message, sent, kept)
    except ApiError as error:
        if error.error_id == "app.post.save.app_error":
            raise ApiError("app.post.update.app_error") from None
        raise


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(k) or _has_nul(v) for k, v in value.items())
    return isinstance(value, list) and any(_has_nul(v) for v in value)
