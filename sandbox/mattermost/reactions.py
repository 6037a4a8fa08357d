"""Reactions: the same one twice is one. Adding one is answered 200, whatever the documentation
says."""

from __future__ import annotations

import re

from ..server import HttpAnswer
from . import ids
from .call import ROUTES, MattermostCall, ok, text_of
from .errors import ApiError, forbidden
from .model import Post

_EMOJI = re.compile(r"[a-zA-Z0-9_+-]+")


def _post(call: MattermostCall, post_id: str) -> Post:
    state = call.server.state
    post = state.live_post(post_id)
    if post is None or not state.may_write(call.user, state.channels[post.channel_id]):
        raise forbidden()
    return post


@ROUTES.add("POST", "/reactions")
def add(call: MattermostCall) -> HttpAnswer:
    state = call.server.state
    body = call.body("reaction")
    user_id, post_id, emoji = (
        text_of(body, name) for name in ("user_id", "post_id", "emoji_name")
    )
    if not ids.is_id(user_id) or not ids.is_id(post_id) or not emoji or len(emoji) > 64:
        raise ApiError("api.reaction.save_reaction.invalid.app_error")
    if user_id != call.user.id:
        raise ApiError("api.reaction.save_reaction.user_id.app_error")
    post = _post(call, post_id)
    _check_emoji(call, emoji)
    if state.channels[post.channel_id].delete_at:
        raise ApiError("api.reaction.save.archived_channel.app_error")
    reaction = state.add_reaction(post, call.user, emoji)
    return HttpAnswer(200, reaction.to_json(post.id), effect=post.id)


def _check_emoji(call: MattermostCall, name: str) -> None:
    """New servers know the emojis there are; 5.37 looks at the name's form alone."""
    well_formed = _EMOJI.fullmatch(name) is not None
    if call.server.version.is_new and (name in call.server.unknown_emojis or not well_formed):
        raise ApiError("app.emoji.get_by_name.no_result")
    if not well_formed:
        raise ApiError("model.reaction.is_valid.emoji_name.app_error")


@ROUTES.add("GET", "/posts/{post_id}/reactions")
def of_post(call: MattermostCall) -> HttpAnswer:
    """A list; null where there is none on new servers."""
    post = call.post_of_channel()
    shown = [r.to_json(post.id) for r in post.reactions]
    return HttpAnswer(200, b"null" if not shown and call.server.version.is_new else shown)


@ROUTES.add("DELETE", "/users/{user_id}/posts/{post_id}/reactions/{emoji_name}")
def remove(call: MattermostCall) -> HttpAnswer:
    post = _post(call, call.id("post_id"))
    user_id = call.user_id()
    if user_id != call.user.id:
        call.need_admin()
    call.server.state.remove_reaction(post, user_id, call.names["emoji_name"])
    return ok()._replace(effect=post.id)
