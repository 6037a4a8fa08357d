"""The gateway to one Mattermost server: mattermostdriver's endpoints on a pooled session, with the
pack's errors.

    mattermost = Mattermost(require_mattermost(config))
    post = mattermost.create_post(channel_id, "text", key=post_key(...))

Posts are Mattermost's own JSON objects; users and channels are `User` and `Channel`. Ids and names
are checked before they reach a path, because the driver escapes nothing; outside text is cleaned
once here (a NUL answers 500 for ever).

Raises `RejectedInput` (400, 413), `Unauthorized` (401, 403), `NotFound` (404), `PermanentError`
(other answers, redirects), `RetryLater` (429, 5xx, no or no readable answer; after the tries of
`gateways.http.client.retry`). A 4xx is no proof while Mattermost's own database is down: then its
health is asked for, and `RetryLater` raised.
"""

# flake8: noqa: E203,E501

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence

from pagerduty_mattermost.core.errors import (
    NotFound,
    PermanentError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.core.post_keys import pending_post_id, secret_key
from pagerduty_mattermost.core.text import clean
from pagerduty_mattermost.gateways.http.client import RetryPolicy, retry
from pagerduty_mattermost.gateways.mattermost.directory import MattermostDirectory
from pagerduty_mattermost.gateways.mattermost.values import (
    checked_id,
    checked_message,
    checked_name,
    cleaned,
    is_id,
    key_of,
    object_of,
    post_of,
    posts_of,
    with_key,
)

POSTS_PER_PAGE = 200
"""Mattermost's largest page of posts."""
MAX_LOOK_BACK_PAGES = 25
"""Pages `find_post` reads at most: 5,000 posts."""
CREATE_POLICY = RetryPolicy(attempts=7, budget=20.0, base=0.5, cap=4.0)
"""Mattermost remembers a `pending_post_id` for 30 s: a try begun within 20 s of the first makes no
second post."""
DELETED_CHANNEL = "api.post.create_post.can_not_post_to_deleted.error"
ARCHIVED_ERRORS = (
    DELETED_CHANNEL,
    "api.post.patch_post.can_not_update_post_in_deleted.error",
    "api.post.update_post.can_not_update_post_in_deleted.error",
)
"""What writing a post in an archived channel answers."""
UNKNOWN_PATH = "api.context.404.app_error"
"""What a path answers that the server's version does not know."""
LOST_DUPLICATE = "api.post.deduplicate_create_post.failed_to_get"
"""What is answered to a `pending_post_id` whose post can't be read any more."""


class PostDeleted(NotFound):
    """The post was made with this key within the last 30 s and is not to be had any more: somebody
    has deleted it since. While Mattermost's database is in trouble it may be there after all."""


_HOOK = re.compile(r"/hooks/commands/[a-z0-9]{1,64}")


class Mattermost(MattermostDirectory):
    """One server, one bot: its accounts and channels (`directory`), posts and answers."""

    # Posts

    def create_post(
        self,
        channel_id: str,
        message: str,
        *,
        key: str = "",
        root_id: str = "",
        props: Optional[Mapping[str, Any]] = None,
        file_ids: Sequence[str] = (),
        bot_id: str = "",
        seed: str = "",
        priority: str = "",
    ) -> Dict[str, Any]:
        """Create a post, or a reply in the thread of `root_id`; returns it.

        `key` (`post_keys.post_key`) stands in `props.pagerduty.key` and goes out, made secret with
        `seed` (what `post_seed` gave when the post was intended; empty: what it gives now), as
        `pending_post_id`: within about 20 s the same key and seed make no second post. Without a
        key a random one serves this call's own retries. `bot_id`: the bot's user id where it is
        known, else it is asked for once. `priority` (`important`, `urgent`): of a post that starts
        a thread; where the server refuses it the post comes without. `RetryLater.maybe_done`: the
        post may exist; look for the key (`find_post`, `find_reply`) before the next try. Raises
        PostDeleted as well.

        Who has learned an id that went out can send it too, and Mattermost answers with their
        post: then it is created once more, with the one other id that the key has.
        """
        key = key or os.urandom(16).hex()
        seed = seed or self.post_seed(key)
        bot = bot_id or self.me().id
        body: Dict[str, Any] = {
            "channel_id": checked_id(channel_id, "channel id"),
            "message": checked_message(message),
            "props": with_key(props or {}, key),
        }
        if root_id:
            body["root_id"] = checked_id(root_id, "post id")
        if file_ids:
            body["file_ids"] = [checked_id(file_id, "file id") for file_id in file_ids]
        if priority and not root_id:
            body["metadata"] = {"priority": {"priority": priority}}
        for text in (key, f"{key} again"):
            sent = {**body, "pending_post_id": pending_post_id(bot, secret_key(seed, text))}
            post = self._call(lambda: self._created_at_all(sent), CREATE_POLICY)  # noqa: B023
            if post.get("user_id") == bot or post.get("user_id") == self.me().id:
                return post
        raise RetryLater(
            f"Mattermost answers with another's post to what is posted in channel {channel_id}: "
            "somebody sends the ids of this bot's posts"
        )

    def post_seed(self, key: str) -> str:
        """What makes the key secret, by the token as it is now. Whoever may post it again, in
        another process and with a newer token, has to be handed it: so it is kept with what is
        remembered of the post."""
        return secret_key(self.settings.token.reveal(), key)

    def _created_at_all(self, body: Mapping[str, Any]) -> Dict[str, Any]:
        """Without the priority where the server refuses the post because of it: what needs a
        licence it answers with 501, and some version may find its form wrong."""
        try:
            return self._created(body)
        except (PermanentError, RejectedInput) as error:
            wrong = isinstance(error, RejectedInput) and "priority" not in error.error_id
            if "metadata" not in body or wrong:
                raise
        return self._created({name: body[name] for name in body if name != "metadata"})

    def _created(self, body: Mapping[str, Any]) -> Dict[str, Any]:
        try:
            return post_of(self._driver.posts.create_post(body))
        except RetryLater as error:
            if error.error_id != LOST_DUPLICATE:
                raise
            raise PostDeleted(str(error), status=error.status, error_id=error.error_id) from None

    def patch_post(
        self,
        post_id: str,
        *,
        message: Optional[str] = None,
        props: Optional[Mapping[str, Any]] = None,
    ) -> Dict[str, Any]:
        """Change the message, the props or both; what is None stays. Props are replaced as a
        whole, key and all."""
        checked_id(post_id, "post id")
        body: Dict[str, Any] = {}
        if message is not None:
            body["message"] = checked_message(message)
        if props is not None:
            body["props"] = cleaned(props)
        return self._call(lambda: post_of(self._driver.posts.patch_post(post_id, body)))

    def get_post(self, post_id: str) -> Dict[str, Any]:
        """404 when it does not exist or was deleted. Its props lack the buttons' `integration`:
        never patch those."""
        checked_id(post_id, "post id")
        return self._call(lambda: post_of(self._driver.posts.get_post(post_id)))

    def living(self, post_ids: Sequence[str]) -> List[str]:
        """Those of them that were not deleted; what the bot may not see counts as living. Asked
        for by 200, and one by one where that tells nothing of a post, as on servers that know no
        reading by ids."""
        lives: Dict[str, bool] = {}
        for begin in range(0, len(post_ids), POSTS_PER_PAGE):
            ids = [checked_id(one, "post id") for one in post_ids[begin : begin + POSTS_PER_PAGE]]
            try:
                answer = self.api("POST", "/posts/ids", ids)
            except NotFound as error:
                if error.error_id == UNKNOWN_PATH:
                    break
                continue
            if not isinstance(answer, list):
                raise RetryLater(
                    "Mattermost's answer is not what its API promises (no list of posts)"
                )
            rows = [one for one in answer if isinstance(one, dict)]
            lives.update((str(one.get("id")), not one.get("delete_at")) for one in rows)
        return [one for one in post_ids if (lives[one] if one in lives else self._may_live(one))]

    def _may_live(self, post_id: str) -> bool:
        try:
            self.get_post(post_id)
        except NotFound:
            return False
        except Unauthorized as error:
            if error.status != 403:
                raise
        return True

    def thread(self, root_id: str) -> List[Dict[str, Any]]:
        """The root and its replies, oldest first, without deleted ones."""
        path = f"/posts/{checked_id(root_id, 'post id')}/thread"
        found: Dict[str, Dict[str, Any]] = {}
        params: Optional[Dict[str, Any]] = None
        for _ in range(MAX_LOOK_BACK_PAGES):
            answer = object_of(self._call(lambda: self._driver.client.get(path, params=params)))  # noqa: B023
            known = len(found)
            found.update((post["id"], post) for post in posts_of(answer))
            posts = sorted(found.values(), key=lambda post: (post["create_at"], post["id"]))
            if not answer.get("has_next") or len(found) == known:
                return posts
            params = {
                "perPage": POSTS_PER_PAGE,
                "direction": "down",
                "fromPost": posts[-1]["id"],
                "fromCreateAt": posts[-1]["create_at"],
            }
        raise RetryLater(f"Mattermost GET {path}: the thread is too long to read")

    def channel_posts(
        self, channel_id: str, *, before: str = "", per_page: int = POSTS_PER_PAGE
    ) -> List[Dict[str, Any]]:
        """One page of posts (replies too), newest first, without deleted ones; `before`: older
        than this post's id."""
        checked_id(channel_id, "channel id")
        params: Dict[str, Any] = {"per_page": per_page}
        if before:
            params["before"] = checked_id(before, "post id")
        return posts_of(
            object_of(
                self._call(lambda: self._driver.posts.get_posts_for_channel(channel_id, params))
            )
        )

    def find_post(self, channel_id: str, key: str, since: float) -> Optional[Dict[str, Any]]:
        """The bot's post (or reply) that bears the key among those created since `since` (seconds
        since the epoch, by Mattermost's clock: allow for a difference), None when there is none.
        Raises RetryLater when it can't tell."""
        pages = self._back_to(channel_id, since)
        # Of two the older one stays (`settling`).
        return next(filter(None, (self._bearing(posts[::-1], key) for posts in pages)), None)

    def posts_since(self, channel_id: str, since: float) -> List[Dict[str, Any]]:
        """The channel's posts and replies since then, newest first; some older ones too. Raises
        RetryLater when there are too many."""
        return [post for posts in self._back_to(channel_id, since) for post in posts]

    def _back_to(self, channel_id: str, since: float) -> Iterator[List[Dict[str, Any]]]:
        """Pages of posts, newest first."""
        before = ""
        for _ in range(MAX_LOOK_BACK_PAGES):
            posts = self.channel_posts(channel_id, before=before)
            yield posts
            if not posts or posts[-1]["create_at"] < since * 1000:
                return
            before = posts[-1]["id"]
        raise RetryLater(
            f"Too many posts in channel {channel_id} to see whether the bot has posted already"
        )

    def find_reply(self, root_id: str, key: str) -> Optional[Dict[str, Any]]:
        """The bot's reply in the thread that bears the key, None when there is none."""
        return self._bearing(self.thread(root_id), key)

    def _bearing(self, posts: Iterable[Dict[str, Any]], key: str) -> Optional[Dict[str, Any]]:
        mine = self.me().id
        return next(
            (post for post in posts if post.get("user_id") == mine and key_of(post) == key), None
        )

    def add_reaction(self, post_id: str, emoji: str) -> None:
        """`emoji`: its name, with or without colons. Nothing happens when the bot has reacted so
        already."""
        options = {
            "user_id": self.me().id,
            "post_id": checked_id(post_id, "post id"),
            "emoji_name": checked_name(str(emoji).strip().strip(":"), "emoji"),
        }
        self._call(lambda: self._driver.reactions.create_reaction(options))

    # Answers to people

    def open_dialog(self, trigger_id: str, dialog: Mapping[str, Any]) -> None:
        """Within 3 s of the click (30 s on newer servers), or RejectedInput; so it is tried once.
        `dialog`: url and dialog, as `dialogs.dialog` makes them."""
        body = {"trigger_id": trigger_id, **dialog}
        retry(
            lambda: self._driver.client.post("/actions/dialogs/open", options=body),
            RetryPolicy(attempts=1),
            repeatable=False,
            sleep=self._sleep,
            monotonic=self._monotonic,
        )

    def answer_command(
        self,
        hook: str,
        text: str,
        attachments: Sequence[Mapping[str, Any]] = (),
        *,
        public: bool = False,
        props: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """A delayed answer to a slash command, seen by who typed it alone or by the channel: there
        it is a post of whoever typed it, with these props. `hook`: the path of its
        response_url."""
        if not _HOOK.fullmatch(hook):
            raise RejectedInput("no response_url of Mattermost's")
        body: Dict[str, Any] = {
            "response_type": "in_channel" if public else "ephemeral",
            "text": checked_message(text),
            # Else Mattermost reads Slack's markup in it, which mutilates Markdown.
            "skip_slack_parsing": True,
        }
        if attachments:
            body["attachments"] = [cleaned(one) for one in attachments]
        if props:
            body["props"] = cleaned(props)
        # What everybody sees is not said twice where an answer is lost.
        self._call(lambda: self._driver.client.respond(hook, body), repeatable=not public)

    def upload_file(self, channel_id: str, name: str, content: bytes) -> str:
        """The new file's id, to be given to `create_post` in the same channel. A repeated try may
        leave an orphan."""
        checked_id(channel_id, "channel id")
        file = {"files": (clean(name, 200), content)}
        infos = object_of(
            self._call(lambda: self._driver.files.upload_file(channel_id, file))
        ).get("file_infos")
        file_id = (
            str(infos[0].get("id"))
            if isinstance(infos, list) and infos and isinstance(infos[0], dict)
            else ""
        )
        if not is_id(file_id):
            raise RetryLater("Mattermost POST /files: the answer names no file", maybe_done=True)
        return file_id
