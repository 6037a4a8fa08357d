"""Posts: create, edit, delete, read a channel or a thread, pin; and reactions."""

# flake8: noqa: E203

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Dict, Iterable, List, Union

from ..server import ConnectionBroken, HttpAnswer
from . import ephemeral, ids, post_rules, props
from .call import ROUTES, MattermostCall, ok, text_of
from .errors import ApiError, bad_body, bad_url, forbidden
from .model import Channel, Post
from .state import PENDING_SECONDS, MattermostState

MAX_POSTS_SINCE = 1000
"""Posts a `since` answers at most; it knows no pages."""


@ROUTES.add("POST", "/posts")
def create(call: MattermostCall) -> Union[HttpAnswer, Awaitable[HttpAnswer]]:
    state = call.server.state
    body = call.body("post")
    channel = state.channels.get(text_of(body, "channel_id"))
    if channel is None or not state.may_write(call.user, channel):
        raise forbidden()
    if text_of(body, "type").startswith("system_"):
        raise ApiError("api.context.invalid_param.app_error", "post.type")
    if channel.delete_at:
        raise ApiError("api.post.create_post.can_not_post_to_deleted.error")
    pending = text_of(body, "pending_post_id")
    earlier = _remembered(state, pending)
    if earlier is not None:
        return HttpAnswer(201, state.post_json(earlier), effect=earlier.id)
    if pending:
        state.pending[pending] = ("", state.clock() + PENDING_SECONDS)
    if call.server.save_seconds:
        return _save_slowly(call, body, channel, pending)
    return _save(call, body, channel, pending)


def _remembered(state: MattermostState, pending: str) -> Any:
    """The post an earlier request with this id made. Raises ApiError (500) while that one is being
    saved."""
    if not pending or pending not in state.pending:
        return None
    post_id, until = state.pending[pending]
    if state.clock() >= until:
        del state.pending[pending]
        return None
    if not post_id:
        raise ApiError("api.post.deduplicate_create_post.pending")
    post = state.live_post(post_id)
    if post is None:
        raise ApiError("api.post.deduplicate_create_post.failed_to_get")
    return post


async def _save_slowly(
    call: MattermostCall, body: Dict[str, Any], channel: Channel, pending: str
) -> HttpAnswer:
    await asyncio.sleep(call.server.save_seconds)
    with call.server.lock:
        return _save(call, body, channel, pending)


def _save(
    call: MattermostCall, body: Dict[str, Any], channel: Channel, pending: str
) -> HttpAnswer:
    state = call.server.state
    try:
        post = _new_post(call, body, channel, pending)
    except ApiError:
        state.pending.pop(pending, None)
        raise
    state.add_post(post)
    call.server.posted(post)
    if pending:
        state.pending[pending] = (post.id, state.clock() + PENDING_SECONDS)
    return HttpAnswer(201, dict(state.post_json(post), pending_post_id=pending), effect=post.id)


def _new_post(call: MattermostCall, body: Dict[str, Any], channel: Channel, pending: str) -> Post:
    sent = body.get("props")
    if sent is not None and not isinstance(sent, dict):
        raise bad_body("post")
    wanted = body.get("file_ids") or []
    if not isinstance(wanted, list):
        raise bad_body("post")
    at = body.get("create_at") if call.user.admin else 0
    return post_rules.new_post(
        call.server,
        call.user,
        channel,
        text_of(body, "message"),
        sent,
        root_id=text_of(body, "root_id"),
        wanted_files=wanted,
        type=text_of(body, "type"),
        pending_post_id=pending,
        create_at=at if isinstance(at, int) else 0,
        priority=_priority(call, body),
    )


def _priority(call: MattermostCall, body: Dict[str, Any]) -> Dict[str, Any]:
    """`metadata.priority` of a root post: any word is taken. What needs a licence refuses the
    whole post. Older servers know of none."""
    metadata = body.get("metadata")
    given = metadata.get("priority") if isinstance(metadata, dict) else None
    if not call.server.version.is_new or not isinstance(given, dict):
        return {}
    if body.get("root_id"):
        raise ApiError(
            "api.post.post_priority.priority_post_not_allowed_for_replies.request_error"
        )
    if not call.server.license and (
        given.get("requested_ack") or given.get("persistent_notifications")
    ):
        raise ApiError("license_error.feature_unavailable")
    return given


@ROUTES.add("POST", "/posts/ephemeral")
def create_ephemeral(call: MattermostCall) -> HttpAnswer:
    state = call.server.state
    body = call.body("body")
    user_id = text_of(body, "user_id")
    raw = body.get("post")
    if not user_id:
        raise bad_body("user_id")
    if not isinstance(raw, dict):
        raise bad_body("post")
    call.need_admin()
    channel = state.channels.get(text_of(raw, "channel_id"))
    if channel is None:
        raise bad_body("post.channel_id")
    kept = props.stored(raw.get("props"), state.new_id)
    post = state.make_post(
        call.user, channel, text_of(raw, "message"), root_id=text_of(raw, "root_id"), props=kept
    )
    ephemeral.send(state, user_id, post)
    return HttpAnswer(201, state.post_json(post), effect=post.id)


@ROUTES.add("GET", "/posts/{post_id}")
def read(call: MattermostCall) -> HttpAnswer:
    state = call.server.state
    return HttpAnswer(200, state.post_json(state.readable_post(call.user, call.id("post_id"))))


def _editable(call: MattermostCall) -> Post:
    """The post to edit. Raises ApiError: 403 for another's or an unknown one, 400 in an archived
    channel."""
    state = call.server.state
    post = state.live_post(call.id("post_id"))
    if post is None or not state.may_write(call.user, state.channels[post.channel_id]):
        raise forbidden()
    if post.user_id != call.user.id and not call.user.admin:
        raise forbidden()
    if state.channels[post.channel_id].delete_at:
        raise ApiError("api.post.patch_post.can_not_update_post_in_deleted.error")
    return post


def _edited(
    call: MattermostCall, post: Post, body: Dict[str, Any], message: str, sent: Any, pinned: bool
) -> HttpAnswer:
    state = call.server.state
    kept = post.props if sent is post.props else props.stored(sent, state.new_id)
    post_rules.check_edit(call.server, message, None if sent is post.props else sent, kept)
    same_words = not call.server.version.is_new and message == post.message
    if same_words and props.breaks_comparing(post.props, kept):
        raise ConnectionBroken
    wanted = body.get("file_ids")
    files = [f for f in wanted if f in state.files] if isinstance(wanted, list) else post.file_ids
    state.edit_post(post, message, kept, pinned, files)
    return HttpAnswer(200, state.post_json(post), effect=post.id)


@ROUTES.add("PUT", "/posts/{post_id}/patch")
def patch(call: MattermostCall) -> HttpAnswer:
    """What is not sent stays; `props`, when sent, replace all of the old ones."""
    body = call.body("post")
    post = _editable(call)
    sent = body.get("props")
    if sent is not None and not isinstance(sent, dict):
        raise bad_body("post")
    pinned = bool(body["is_pinned"]) if body.get("is_pinned") is not None else post.is_pinned
    message = text_of(body, "message", post.message)
    return _edited(call, post, body, message, post.props if sent is None else sent, pinned)


@ROUTES.add("PUT", "/posts/{post_id}")
def update(call: MattermostCall) -> HttpAnswer:
    """The whole post is replaced: without `props` they are gone."""
    body = call.body("post")
    if body.get("id") != call.id("post_id"):
        raise bad_body("id")
    post = _editable(call)
    sent = body.get("props")
    if sent is not None and not isinstance(sent, dict):
        raise bad_body("post")
    return _edited(
        call, post, body, text_of(body, "message"), sent or {}, bool(body.get("is_pinned"))
    )


@ROUTES.add("DELETE", "/posts/{post_id}")
def delete(call: MattermostCall) -> HttpAnswer:
    state = call.server.state
    post = state.live_post(call.id("post_id"))
    if post is None and call.server.version.is_new:
        raise ApiError("app.post.get.app_error")
    if post is None or not state.may_write(call.user, state.channels[post.channel_id]):
        raise forbidden()
    if post.user_id != call.user.id and not call.user.admin:
        raise forbidden()
    if state.channels[post.channel_id].delete_at:
        raise ApiError("api.post.delete_post.can_not_delete_post_in_deleted.error")
    state.delete_post(post, call.user)
    return ok()._replace(effect=post.id)


def _list(
    state: MattermostState,
    order: Iterable[Post],
    others: Iterable[Post],
    following: str = "",
    before: str = "",
) -> HttpAnswer:
    ordered = list(order)
    posts = {p.id: state.post_json(p) for p in [*ordered, *others]}
    body = {
        "order": [p.id for p in ordered],
        "posts": posts,
        "next_post_id": following,
        "prev_post_id": before,
    }
    return HttpAnswer(200, body)


@ROUTES.add("GET", "/posts/{post_id}/thread")
def thread(call: MattermostCall) -> HttpAnswer:
    """The post asked for, then root and replies as they were written; all of them unless `perPage`
    asks for pages."""
    state = call.server.state
    post = state.readable_post(call.user, call.id("post_id"))
    root = state.posts[post.root_id] if post.root_id else post
    whole = [root, *sorted(root.live_replies, key=lambda p: p.key)]
    size = call.request.param("perPage")
    if not size.isdigit() or int(size) == 0:
        return _list(state, [post, *(p for p in whole if p is not post)], [])
    mark = state.posts.get(call.request.param("fromPost"))
    down = call.request.param("direction", "down") == "down"
    if mark is not None:
        whole = [p for p in whole if (p.key > mark.key if down else p.key < mark.key)]
    if not down:
        whole.reverse()
    answer = _list(state, whole[: int(size)], [] if mark is None and down else [root])
    return answer._replace(body=dict(answer.body, has_next=len(whole) > int(size)))


@ROUTES.add("GET", "/channels/{channel_id}/posts")
def channel_posts(call: MattermostCall) -> HttpAnswer:
    """Newest first. `posts` holds the threads of what is listed too; `since` goes by `update_at`,
    with deleted ones."""
    state = call.server.state
    for name in ("after", "before"):
        if call.request.param(name) and not ids.is_id(call.request.param(name)):
            raise bad_url(name)
    since = call.request.param("since")
    if since and not since.lstrip("-").isdigit():
        raise bad_url("since")
    if call.flag("include_deleted"):
        call.need_admin()
    channel = call.channel_with_posts()
    if since and int(since) > 0:
        changed = [p for p in reversed(channel.posts) if p.update_at > int(since)][
            :MAX_POSTS_SINCE
        ]
        answer = _list(state, changed, _threads(state, changed))
        answer.body["posts"].update(_former(state, changed))
        return answer
    return _page(call, channel)


def _former(state: MattermostState, posts: List[Post]) -> Dict[str, Dict[str, Any]]:
    """What an edit leaves behind: the post as it was, deleted and without its text, under another
    id. A read since a moment brings it too."""
    found: Dict[str, Dict[str, Any]] = {}
    for post in posts:
        if not post.edit_at or post.delete_at:
            continue
        id_ = state.new_id()
        row = {**state.post_json(post), "id": id_, "original_id": post.id, "message": ""}
        found[id_] = {**row, "delete_at": post.edit_at, "update_at": post.edit_at}
    return found


def _page(call: MattermostCall, channel: Channel) -> HttpAnswer:
    state = call.server.state
    number, size = call.page()
    newest_first = [
        p for p in reversed(channel.posts) if not p.delete_at or call.flag("include_deleted")
    ]
    after, before = call.request.param("after"), call.request.param("before")
    start = number * size
    if after:
        mark = state.posts.get(after)
        later = [p for p in newest_first if mark is not None and p.key > mark.key]
        end = len(later) - start
        chosen = later[max(0, end - size) : max(0, end)]
    elif before:
        mark = state.posts.get(before)
        older = [p for p in newest_first if mark is not None and p.key < mark.key]
        chosen = older[start : start + size]
    else:
        chosen = newest_first[start : start + size]
    following = previous = ""
    if chosen:
        first, last = newest_first.index(chosen[0]), newest_first.index(chosen[-1])
        following = newest_first[first - 1].id if first > 0 else ""
        previous = newest_first[last + 1].id if last + 1 < len(newest_first) else ""
    return _list(state, chosen, _threads(state, chosen), following, previous)


def _threads(state: MattermostState, posts: List[Post]) -> List[Post]:
    roots = {p.root_id or p.id: state.posts[p.root_id or p.id] for p in posts}
    listed = {p.id for p in posts}
    whole = [p for root in roots.values() for p in [root, *root.live_replies]]
    return [p for p in whole if p.id not in listed]


@ROUTES.add("POST", "/posts/ids")
def by_ids(call: MattermostCall) -> HttpAnswer:
    """Those there are, deleted ones with their `delete_at`; 404 where there is none."""
    state = call.server.state
    found = [state.posts.get(i) for i in call.texts("post_ids")]
    if not any(found):
        raise ApiError("app.post.get.app_error")
    readable = [
        p
        for p in found
        if p is not None and call.server.may_read_posts(call.user, state.channels[p.channel_id])
    ]
    return HttpAnswer(200, [state.post_json(p) for p in readable])


def _pin(call: MattermostCall, pinned: bool) -> HttpAnswer:
    state = call.server.state
    post = call.post_of_channel()
    if state.channels[post.channel_id].delete_at:
        raise ApiError("api.post.patch_post.can_not_update_post_in_deleted.error")
    state.edit_post(post, post.message, post.props, pinned, post.file_ids)
    return ok()._replace(effect=post.id)


@ROUTES.add("POST", "/posts/{post_id}/pin")
def pin(call: MattermostCall) -> HttpAnswer:
    return _pin(call, True)


@ROUTES.add("POST", "/posts/{post_id}/unpin")
def unpin(call: MattermostCall) -> HttpAnswer:
    return _pin(call, False)


@ROUTES.add("GET", "/channels/{channel_id}/pinned")
def pinned_posts(call: MattermostCall) -> HttpAnswer:
    state = call.server.state
    posts = call.channel_with_posts().posts
    return _list(state, [p for p in reversed(posts) if p.is_pinned and not p.delete_at], [])
