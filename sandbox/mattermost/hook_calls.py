"""Outgoing webhooks fired: for posts in public channels that begin with a trigger word, replies
and bots' posts too."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Dict, List, NamedTuple
from urllib.parse import urlencode

from ..server import shared_loop
from . import outgoing, post_rules, slack_text
from .errors import ApiError
from .integrations import OutgoingHook
from .model import OPEN, Post
from .server import MattermostCore


class _Fired(NamedTuple):
    hook: OutgoingHook
    url: str
    content_type: str
    body: bytes


def fire(server: MattermostCore, post: Post) -> None:
    """Under the lock; the calls are made later, and nobody waits for them."""
    channel = server.state.channels[post.channel_id]
    if not server.enable_outgoing_webhooks or channel.type != OPEN:
        return
    words = post.message.split()
    calls: List[_Fired] = []
    for hook in server.state.integrations.hooks.values():
        if hook.team_id == channel.team_id and hook.channel_id in ("", channel.id):
            word = _word(hook, words[0] if words else "")
            if word is not None:
                calls += _calls(server, hook, post, word)
    if calls:
        asyncio.run_coroutine_threadsafe(_all(server, post, calls), shared_loop())


def _word(hook: OutgoingHook, first: str) -> Any:
    """The trigger word that fits; "" where a channel's hook has none; None: the hook is not
    meant."""
    if hook.channel_id and not hook.trigger_words:
        return ""
    exact = hook.trigger_when == 0
    fits = (
        w for w in hook.trigger_words if first and (w == first if exact else first.startswith(w))
    )
    return next(fits, None)


def _calls(server: MattermostCore, hook: OutgoingHook, post: Post, word: str) -> List[_Fired]:
    state = server.state
    payload: Dict[str, Any] = {
        "token": hook.token,
        "team_id": hook.team_id,
        "team_domain": state.teams[hook.team_id].name,
        "channel_id": post.channel_id,
        "channel_name": state.channels[post.channel_id].name,
        "timestamp": post.create_at,
        "user_id": post.user_id,
        "user_name": state.users[post.user_id].username,
        "post_id": post.id,
        "text": post.message,
        "trigger_word": word,
        "file_ids": ",".join(post.file_ids),
    }
    if hook.content_type == "application/json":
        kind, body = (
            "application/json",
            json.dumps(payload, ensure_ascii=False).encode("utf-8", "surrogatepass"),
        )
    else:
        kind = "application/x-www-form-urlencoded"
        body = urlencode(sorted({**payload, "timestamp": post.create_at // 1000}.items())).encode()
    return [_Fired(hook, url, kind, body) for url in hook.callback_urls]


async def _all(server: MattermostCore, post: Post, calls: List[_Fired]) -> None:
    await asyncio.gather(*(_call(server, post, one) for one in calls))


async def _call(server: MattermostCore, post: Post, fired: _Fired) -> None:
    """Whatever the status: the server looks at the answer's JSON alone."""
    state = server.state
    headers = {"Content-Type": fired.content_type, "Accept": "application/json"}
    try:
        reply = await outgoing.call(server, "POST", fired.url, headers, fired.body)
        state.fact(
            "integration_called", fired.hook.id, post.id, what="webhook", status=reply.status
        )
        given = reply.first_json() if reply.body.strip() else None
        if isinstance(given, dict):
            with server.lock:
                _answer(server, post, fired.hook, given)
    except (outgoing.CallFailed, ValueError) as error:
        state.fact("integration_failed", fired.hook.id, post.id, reason=str(error))
    except ApiError as error:
        state.fact("integration_failed", fired.hook.id, post.id, reason=error.error_id)


def _answer(server: MattermostCore, post: Post, hook: OutgoingHook, given: Dict[str, Any]) -> None:
    """A post in the name of who made the webhook; `comment`: below the post, which therefore must
    be no reply. It fires nothing."""
    text, cards = given.get("text"), given.get("attachments")
    if not isinstance(text, str) and not cards:
        return
    state = server.state
    sent = dict(given["props"]) if isinstance(given.get("props"), dict) else {}
    sent = {k: v for k, v in sent.items() if k not in ("override_username", "override_icon_url")}
    sent.update(from_webhook="true", webhook_display_name=hook.display_name)
    if server.enable_post_username_override:
        sent["override_username"] = str(given.get("username") or hook.username or "webhook")
    if isinstance(cards, list) and cards:
        sent["attachments"] = slack_text.attachments(state, server.version.slack_link, cards)
    message = slack_text.processed(
        state, server.version.slack_link, text if isinstance(text, str) else ""
    )
    root_id = post.id if given.get("response_type") == "comment" else ""
    user, channel = state.users[hook.creator_id], state.channels[post.channel_id]
    state.add_post(post_rules.new_post(server, user, channel, message, sent, root_id=root_id))
