"""Of two posts that bear one key the older one stays.

Between a look whether the post is there and the moment at which Mattermost makes it, a process may
stand still, for longer than Mattermost itself remembers a key (30 s): its machine sleeps, or is
moved. Another run may have made the post meanwhile. So whoever took long looks once more
afterwards, and takes its own post away again where it was not the first.

    made = mattermost.create_post(...)
    made = settled(mattermost, made, lambda: mattermost.posts_since(channel, since), waited=12.0)
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.values import checked_id, key_of

LOOK_AGAIN_AFTER_SECONDS = 10.0
"""How old what was read may be when something is posted because of it: Mattermost remembers a key
for 30 s and the gateway tries for 20 s (`client.CREATE_POLICY`)."""


def settled(
    mattermost: Mattermost,
    made: Dict[str, Any],
    posts: Callable[[], Iterable[Dict[str, Any]]],
    *,
    waited: float,
) -> Dict[str, Any]:
    """The post that stays. `made`: what this run created; `posts`: reads the channel or thread;
    `waited`: seconds since it was seen last that there is none. Where Mattermost does not answer,
    `made` stays: it was created all the same."""
    if waited <= LOOK_AGAIN_AFTER_SECONDS:
        return made
    key = key_of(made)
    try:
        alike = [post for post in posts() if key and key_of(post) == key]
        mine = [post for post in alike if post.get("user_id") == made.get("user_id")]
        first = min([*mine, made], key=lambda post: (post["create_at"], post["id"]))
        if first["id"] != made["id"]:
            mattermost.api("DELETE", f"/posts/{checked_id(made['id'], 'post id')}")
    except PackError:
        return made
    return first
