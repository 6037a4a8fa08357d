"""Posts that one user sees and no database holds."""

from __future__ import annotations

from .integrations import Cookie
from .model import Post
from .state import MattermostState

RETAINED = ("from_webhook", "override_username", "override_icon_url")
"""Props that stay as they were, whatever a button's answer says."""


def send(state: MattermostState, user_id: str, post: Post) -> None:
    """Show the post to the user alone. Its buttons get a cookie: the server will not find the post
    when one is clicked."""
    post.type = "system_ephemeral"
    retained = {name: post.props[name] for name in RETAINED if name in post.props}
    for attachment in post.attachments:
        for action in attachment.get("actions") or ():
            cookie = state.new_id() + state.new_id()
            kept = Cookie(
                post.id, post.root_id or post.id, post.channel_id, dict(action), retained
            )
            state.integrations.cookies[cookie] = kept
            action["cookie"] = cookie
    state.integrations.ephemerals.setdefault(user_id, []).append(post)
    state.fact(
        "ephemeral_sent",
        post.id,
        user_id=user_id,
        channel_id=post.channel_id,
        message=post.message,
    )
