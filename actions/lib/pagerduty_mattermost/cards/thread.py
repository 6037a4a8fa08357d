"""The thread of a card: what it holds, and what a run adds to it, each once."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Set

from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.gateways.mattermost.client import Mattermost, PostDeleted
from pagerduty_mattermost.gateways.mattermost.post_once import CLOCK_MARGIN_SECONDS
from pagerduty_mattermost.gateways.mattermost.settling import LOOK_AGAIN_AFTER_SECONDS, settled
from pagerduty_mattermost.gateways.mattermost.values import key_of


class CardThread:
    """A card's thread as read, and what this run adds. Whoever waited since it read reads again
    before it posts.

    `posts`: the thread; empty where it is known that it holds nothing of what is to be added.
    `read_at`: monotonic seconds of when that was so. `bot_id`: the bot's user id, where known.
    `seed`: the card's (`CardRecord.seed`).
    """

    def __init__(
        self,
        mattermost: Mattermost,
        monotonic: Callable[[], float],
        channel_id: str,
        root_id: str,
        posts: Sequence[Dict[str, Any]],
        read_at: float,
        *,
        bot_id: str = "",
        seed: str = "",
    ) -> None:
        self._mattermost = mattermost
        self._monotonic = monotonic
        self._channel_id = channel_id
        self._root_id = self._answers_to = root_id
        self._read_at = read_at
        self._bot_id = bot_id
        self._seed = seed
        self._keys = self._of(posts)

    def has(self, key: str) -> bool:
        return key in self._keys

    def _read(self) -> List[Dict[str, Any]]:
        return self._mattermost.thread(self._root_id)

    def _find(self, key: str) -> Optional[Dict[str, Any]]:
        return self._mattermost.find_reply(self._root_id, key)

    def add(self, key: str, message: str, about: Dict[str, str]) -> List[str]:
        """Post a reply unless it is there, or was a moment ago and a person has deleted it; the
        ids of what was posted. `about`: what the post's props say of it, beside its key."""
        if self._monotonic() - self._read_at > LOOK_AGAIN_AFTER_SECONDS:
            self._read_at = self._monotonic()
            self._keys |= self._of(self._read())
        if key in self._keys:
            return []
        try:
            post = self._mattermost.create_post(
                self._channel_id,
                message,
                key=key,
                root_id=self._answers_to,
                props={PROPS_KEY: {**about, "key": key}},
                bot_id=self._bot_id,
                seed=self._seed,
            )
        except PostDeleted:
            self._keys.add(key)
            return []
        except RetryLater as error:
            found = self._find(key) if error.maybe_done else None
            if found is None:
                raise
            self._keys.add(key)
            return [str(found["id"])]
        self._keys.add(key)
        waited = self._monotonic() - self._read_at
        stays = settled(self._mattermost, post, self._read, waited=waited)
        return [str(post["id"])] if stays["id"] == post["id"] else []

    def _of(self, posts: Sequence[Dict[str, Any]]) -> Set[str]:
        if not posts:
            return set()
        mine = self._mattermost.me().id
        return {key_of(post) for post in posts if post.get("user_id") == mine}


class ChannelThread(CardThread):
    """The same for a card below which the channel itself tells what happens. It is read back to
    the card when something is to be told of which nothing says that it was.

    `posts`: the card alone, or nothing where it is known that the channel tells nothing of it.
    """

    def __init__(
        self,
        mattermost: Mattermost,
        monotonic: Callable[[], float],
        channel_id: str,
        root_id: str,
        posts: Sequence[Dict[str, Any]],
        read_at: float,
        *,
        bot_id: str = "",
        seed: str = "",
    ) -> None:
        super().__init__(
            mattermost, monotonic, channel_id, root_id, (), read_at, bot_id=bot_id, seed=seed
        )
        self._answers_to = ""
        self._unread = bool(posts)
        self._since = min((post["create_at"] for post in posts), default=0) / 1000

    def has(self, key: str) -> bool:
        if self._unread:
            self._read_at, self._unread = self._monotonic(), False
            self._keys |= self._of(self._read())
        return key in self._keys

    def _read(self) -> List[Dict[str, Any]]:
        return self._mattermost.posts_since(self._channel_id, self._begin())

    def _find(self, key: str) -> Optional[Dict[str, Any]]:
        return self._mattermost.find_post(self._channel_id, key, self._begin())

    def _begin(self) -> float:
        if not self._since:
            self._since = self._mattermost.get_post(self._root_id)["create_at"] / 1000
        return self._since - CLOCK_MARGIN_SECONDS
