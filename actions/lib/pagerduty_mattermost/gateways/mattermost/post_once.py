"""Posting a message once: the intent before, the result after, in the datastore.

The key goes out with the post. A run that finds an intent without a result looks in the channel
(or thread) for the post that bears the key before it posts: after a crash, a timeout or an hour,
the same key makes no second post. Two runs at once are kept apart by Mattermost itself, which
remembers a key for 30 s; so whoever waited more than 10 s since it read the channel reads it again
(docs/architecture.md, Keys).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import tzinfo
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.connections import MattermostConfig
from pagerduty_mattermost.core.errors import PackError, RetryLater, StoreForbidden
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.mattermost.client import Mattermost, PostDeleted
from pagerduty_mattermost.gateways.mattermost.settling import LOOK_AGAIN_AFTER_SECONDS, settled
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

KEY_PREFIX = "message."
UNREADABLE = "unreadable"
"""Stands for a record that does not read, or may not be read."""
KEPT_SECONDS = 30 * 86400.0
"""How long a key is remembered in the datastore."""
FIRST_KEPT_SECONDS = 86400.0
"""How long it is remembered when a message was first tried."""
LATE_SECONDS = 30.0
"""A first run takes less, a repeated one comes later."""
CLOCK_MARGIN_SECONDS = 300.0
"""How much our clock and Mattermost's may differ."""


class SentPost(NamedTuple):
    """A message that stands there."""

    post_id: str
    """Empty of one that a person deleted before its id was remembered."""
    channel_id: str
    already: bool
    """True when an earlier run had posted it."""


def post_once(
    mattermost: Mattermost,
    store: Callable[[], Store],
    channel_id: str,
    message: str,
    *,
    key: str = "",
    root_id: str = "",
    props: Optional[Mapping[str, Any]] = None,
    file_ids: Sequence[str] = (),
    not_before: Optional[float] = None,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
) -> SentPost:
    """Create the post unless one with this key (any text) was created in the channel before.

    Without a key only this call's own retries are guarded, and the datastore (`store()`) is not
    used. `not_before`: when what the post tells of began, seconds since the epoch; with it the
    channel is looked through back to then also where the datastore knows nothing of the post.
    Raises StoreUnreachable before anything is posted when the intent can't be kept; where
    StackStorm keeps the datastore from the run's user, the key in the channel is all that tells.
    """
    post = _Post(mattermost, channel_id, message, root_id, props, file_ids)
    if not key:
        return post.create(os.urandom(16).hex(), "", clock())
    sent_key = post_key("message", channel_id, key)
    name = KEY_PREFIX + sent_key
    looked, now = monotonic(), clock()
    try:
        record = store().read(name)
    except (BrokenValue, StoreForbidden):
        record = UNREADABLE
    known_at, seed, sent_before = _remembered(record, channel_id, now)
    if sent_before is not None:
        return sent_before
    begun = now if known_at is None else known_at
    earliest = begun if not_before is None else min(begun, not_before)
    seed = seed or mattermost.post_seed(sent_key)
    intent = {"at": begun, "channel_id": channel_id, "seed": seed}
    if known_at is None:
        store().write(name, intent, KEPT_SECONDS)
    found = None
    is_old = now - earliest > LOOK_AGAIN_AFTER_SECONDS
    if known_at is not None or is_old or monotonic() - looked > LOOK_AGAIN_AFTER_SECONDS:
        looked = monotonic()
        found = post.find(sent_key, earliest)
    sent = found or post.create(sent_key, seed, earliest, waited=lambda: monotonic() - looked)
    done = {"post_id": sent.post_id} if sent.post_id else {"deleted": True}
    with suppress(PackError):  # the intent stands, and the post bears the key
        store().write(name, {**intent, **done}, KEPT_SECONDS)
    return sent


def _remembered(
    record: Any, channel_id: str, now: float
) -> Tuple[Optional[float], str, Optional[SentPost]]:
    """When the post was intended (None: it was not), with which seed, and the post itself where it
    was sent. What does not read is an intent of unknown time."""
    if record is None:
        return None, "", None
    if not isinstance(record, Mapping):
        return now - KEPT_SECONDS, "", None
    if record.get("post_id") or record.get("deleted"):
        return None, "", SentPost(str(record.get("post_id") or ""), channel_id, True)
    at = record.get("at")
    known_at = float(at) if isinstance(at, (int, float)) else now - KEPT_SECONDS
    return known_at, str(record.get("seed") or ""), None


def known(store: Store, channel_id: str, key: str) -> Optional[SentPost]:
    """The post with this key if an earlier run remembers it, before anything is read or made for
    it."""
    try:
        record = store.read(KEY_PREFIX + post_key("message", channel_id, key))
    except (BrokenValue, StoreForbidden):
        return None
    post_id = str(record.get("post_id") or "") if isinstance(record, dict) else ""
    return SentPost(post_id, channel_id, True) if post_id else None


def is_intended(store: Store, channel_id: str, key: str) -> bool:
    """Whether somebody began to post it, so that it may be there."""
    return store.has_any(KEY_PREFIX + post_key("message", channel_id, key))


def dated(store: Store, channel: str, key: str, message: str, now: float, zone: tzinfo) -> str:
    """The message as a run at `now` posts it, with the time of the first run with that key where
    that is long ago: after an outage "it is failing" may come after "it works again"."""
    name = f"message.{post_key('first', channel, key)}"
    try:
        first = store.read(name)
        if not isinstance(first, (int, float)):
            store.write(name, now, FIRST_KEPT_SECONDS)
            return message
    except StoreForbidden:
        return message
    return with_delay(message, first, now, zone)


def with_delay(message: str, first: float, now: float, zone: tzinfo) -> str:
    """The message with a line that tells when it was meant to be read; as it is where that was
    just now. Pure; seconds since the epoch."""
    if now - first < LATE_SECONDS or not message:
        return message
    return (
        f"{message}\n_Of {times.stamp_at(first, zone)}, posted "
        f"{times.duration(now - first)} later._"
    )


class _Post(NamedTuple):
    mattermost: Mattermost
    channel_id: str
    message: str
    root_id: str
    props: Optional[Mapping[str, Any]]
    file_ids: Sequence[str]

    def find(self, key: str, since: float) -> Optional[SentPost]:
        if self.root_id:
            post = self.mattermost.find_reply(self.root_id, key)
        else:
            post = self.mattermost.find_post(self.channel_id, key, since - CLOCK_MARGIN_SECONDS)
        return SentPost(str(post["id"]), self.channel_id, True) if post else None

    def create(
        self, key: str, seed: str, since: float, *, waited: Callable[[], float] = lambda: 0.0
    ) -> SentPost:
        """`waited`: how many seconds ago it was seen last that there is none."""
        try:
            post = self.mattermost.create_post(
                self.channel_id,
                self.message,
                key=key,
                root_id=self.root_id,
                props=self.props,
                file_ids=self.file_ids,
                seed=seed,
            )
        except PostDeleted:
            return self.find(key, since) or SentPost("", self.channel_id, True)
        except RetryLater as error:
            found = None
            if error.maybe_done:
                with suppress(PackError):
                    found = self.find(key, since)
            if found is None:
                raise
            return found._replace(already=False)
        stays = settled(self.mattermost, post, lambda: self.posts(since), waited=waited())
        return SentPost(str(stays["id"]), self.channel_id, stays["id"] != post["id"])

    def posts(self, since: float) -> List[Dict[str, Any]]:
        if self.root_id:
            return self.mattermost.thread(self.root_id)
        return self.mattermost.posts_since(self.channel_id, since - CLOCK_MARGIN_SECONDS)


def link(settings: MattermostConfig, post_id: str) -> str:
    """An address that leads people to the post, whatever its team; empty where there is none."""
    return "" if not post_id else f"{settings.url}/_redirect/pl/{post_id}"
