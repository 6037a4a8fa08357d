"""What came of a phrase, told in Mattermost: one post that acknowledges it and becomes its result,
in the thread it was asked in; or, where only its giver may see it, the command's own answer.

A post bears the phrase's key, so that it is found again by whoever goes on after a process was
killed, and is never made twice.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from pagerduty_mattermost.chat.answering import say
from pagerduty_mattermost.chat.order_replies import OrderReply
from pagerduty_mattermost.chatops import alias_posts
from pagerduty_mattermost.chatops.alias_posts import Buttons
from pagerduty_mattermost.chatops.rendering import ShownResult
from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.gateways.mattermost.channels import is_archived
from pagerduty_mattermost.gateways.mattermost.client import Mattermost, PostDeleted
from pagerduty_mattermost.gateways.mattermost.post_once import CLOCK_MARGIN_SECONDS
from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase

FILE_NAME = "result.txt"


class AliasTelling:
    """`mattermost`: gives a gateway for this thread."""

    def __init__(
        self,
        mattermost: Callable[[], Mattermost],
        buttons: Buttons,
        clock: Callable[[], float],
        log: Any,
    ) -> None:
        self._mattermost, self._buttons = mattermost, buttons
        self._clock, self._log = clock, log

    def acknowledge(self, kept: KeptPhrase, message: str, *, with_link: bool) -> KeptPhrase:
        """The phrase with its post, where it has one now. Raises a PackError."""
        text = alias_posts.acknowledged(
            kept, message, with_link=with_link, trigger=self._buttons.trigger
        )
        if kept.private:
            self.answer(kept, text)
            return kept
        actions = alias_posts.running_actions(kept, self._buttons, self._clock())
        try:
            post = self._posted(kept, text, alias_posts.props((), actions))
        except Unauthorized as error:
            if error.status != 403:
                raise
            # The bot is not in that channel, and may not come in: as in messages between people.
            self.answer(kept, text)
            return kept._replace(private=True)
        return kept._replace(post_id=str(post["id"]))

    def tell(self, kept: KeptPhrase, shown: ShownResult) -> None:
        """What came of it, in place of the acknowledgement; again changes nothing. Raises a
        PackError; what can't be told any more, since somebody deleted the post or the channel is
        gone, counts as told."""
        text = alias_posts.ended(kept, shown, self._buttons.trigger)
        if kept.private:
            self.answer(kept, text, shown.attachments)
            if shown.file:
                self._send_file(
                    kept, self._mattermost().direct_channel(kept.user_id).id, "", shown
                )
            return
        actions = alias_posts.ended_actions(kept, self._buttons, self._clock())
        props = alias_posts.props(shown.attachments, actions)
        try:
            post_id = self._finished(kept, text, props)
            if shown.file and post_id:
                root = kept.root_id or post_id
                self._send_file(kept, kept.channel_id, root, shown)
        except Unauthorized as error:
            if error.status != 403 or kept.post_id:
                raise
            self._tell_alone(kept, text, shown)
        except (NotFound, PostDeleted) as error:
            self._log.info("The result of %s has no place any more: %s", kept.execution, error)
        except PackError as error:
            if not is_archived(error):
                raise
            self._log.info("The result of %s has no place any more: %s", kept.execution, error)

    def _tell_alone(self, kept: KeptPhrase, text: str, shown: ShownResult) -> None:
        self.answer(kept, text, shown.attachments)
        if shown.file:
            channel = self._mattermost().direct_channel(kept.user_id).id
            self._send_file(kept, channel, "", shown)

    def answer(
        self, kept: KeptPhrase, text: str, attachments: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """To whoever gave it alone. Raises a PackError."""
        reply = OrderReply(text, tuple(attachments))
        say(self._mattermost(), kept.user_id, kept.hook, reply, self._log)

    def _finished(self, kept: KeptPhrase, text: str, props: Dict[str, Any]) -> str:
        """Id of the post that tells it; empty of one that was deleted."""
        post_id = kept.post_id
        if not post_id:
            found = self._found(kept, alias_posts.key_of(kept))
            if found is None:
                try:
                    return str(self._posted(kept, text, props)["id"])
                except PostDeleted:
                    return ""
            post_id = str(found["id"])
        own = {**props, "pagerduty": {"key": alias_posts.key_of(kept)}}
        self._mattermost().patch_post(post_id, message=text, props=own)
        return post_id

    def _posted(
        self,
        kept: KeptPhrase,
        text: str,
        props: Mapping[str, Any],
        part: str = "",
        *,
        join: bool = True,
        **more: Any,
    ) -> Dict[str, Any]:
        """Created once: where an answer was lost, the key is looked for."""
        key, given = alias_posts.key_of(kept, part), dict(more)
        root = more.pop("root_id", kept.root_id)
        mattermost = self._mattermost()
        try:
            return mattermost.create_post(
                more.pop("channel_id", kept.channel_id),
                text,
                key=key,
                root_id=root,
                props=props,
                seed=mattermost.post_seed(key) if part else kept.seed,
                **more,
            )
        except Unauthorized as error:
            if error.status != 403 or not join:
                raise
            mattermost.join(kept.channel_id)  # of a public channel
            return self._posted(kept, text, props, part, join=False, **given)
        except RejectedInput as error:
            if not root or "root_id" not in error.error_id:
                raise
            # Somebody has deleted the thread's first post meanwhile.
            return self._posted(kept, text, props, part, **{**given, "root_id": ""})
        except RetryLater as error:
            found = self._found(kept, key) if error.maybe_done else None
            if found is None:
                raise
            return found

    def _found(self, kept: KeptPhrase, key: str) -> Optional[Dict[str, Any]]:
        """None also in a channel that the bot is not in: what it may post there it joins for."""
        try:
            return self._looked_for(kept, key)
        except Unauthorized as error:
            if error.status != 403:
                raise
            return None

    def _looked_for(self, kept: KeptPhrase, key: str) -> Optional[Dict[str, Any]]:
        mattermost = self._mattermost()
        if kept.root_id:
            try:
                return mattermost.find_reply(kept.root_id, key)
            except NotFound:
                pass
        return mattermost.find_post(kept.channel_id, key, kept.at - CLOCK_MARGIN_SECONDS)

    def _send_file(self, kept: KeptPhrase, channel: str, root: str, shown: ShownResult) -> None:
        """Below the post; a second time where it is there already is none."""
        mattermost = self._mattermost()
        key = alias_posts.key_of(kept, "file")
        since = kept.at - CLOCK_MARGIN_SECONDS
        there = (
            mattermost.find_reply(root, key) if root else mattermost.find_post(channel, key, since)
        )
        if there is not None:
            return
        file_id = mattermost.upload_file(channel, FILE_NAME, shown.file.encode("utf-8", "replace"))
        files: List[str] = [file_id]
        self._posted(kept, "", {}, "file", channel_id=channel, root_id=root, file_ids=files)
