"""What the people who run the pack must know and put right: posted once in the operations channel
(unset: the default channel).

    notify_operators(mattermost, store, "channel:~incidents", "The channel is archived", log=log)

The same matter (`about`) is posted again only after `ttl` seconds; the datastore key
`pagerduty.notice.<sha>` stands until then. Nothing here raises: a notice that can't be posted
is logged, and the work goes on.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, Callable

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.mattermost.channels import Channels
from pagerduty_mattermost.gateways.mattermost.client import Mattermost, PostDeleted
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

KEY_PREFIX = "notice."
OLD_KEY_PREFIX = "complaint."
"""As versions before wrote it."""
DAY_SECONDS = 86400.0


def was_told(store: Store, about: str) -> bool:
    """Whether the matter stands in the operations channel already. Raises StoreUnreachable."""
    return _stands(store, KEY_PREFIX + _key(about))


def _stands(store: Store, name: str) -> bool:
    try:
        return store.read(name) is not None
    except BrokenValue:
        return True


def notify_operators(
    mattermost: Mattermost,
    store: Store,
    about: str,
    text: str,
    *,
    log: Any,
    ttl: float = DAY_SECONDS,
    clock: Callable[[], float] = time.time,
) -> bool:
    """Post `text` (Markdown; outside text in it escaped) in the operations channel unless the
    matter was told already.

    True when it was posted now. Without such a channel, or without a datastore to remember it by
    (every failing run would post it again), it is only logged.
    """
    settings = mattermost.settings
    if not (settings.operations_channel or settings.default_channel):
        log.warning("%s (set mattermost.operations_channel to get it there)", text)
        return False
    key = _key(about)
    try:
        if was_told(store, about) or _stands(store, OLD_KEY_PREFIX + key):
            return False
        with suppress(PostDeleted):  # somebody has read it
            Channels(mattermost, store).using(
                ":operations",
                lambda channel: mattermost.create_post(channel.id, f":warning: {text}", key=key),
            )
        store.write(KEY_PREFIX + key, {"about": about, "at": int(clock())}, ttl)
    except PackError as error:
        log.warning("%s (not posted in the operations channel: %s)", text, error)
        return False
    return True


def _key(about: str) -> str:
    """Of the post, too: it begins with the word of versions before, so that none is posted
    twice."""
    return post_key("complaint", about)
