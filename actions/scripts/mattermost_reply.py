"""mattermost.reply: reply in the thread of a post, or of an incident's cards."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput

_INCIDENT_ID = re.compile(r"[A-Z0-9]{6,40}\Z")


class Reply(PackAction):
    def act(
        self,
        post: str = "",
        message: Optional[str] = "",
        key: Optional[str] = "",
        channel: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.mattermost.post_once import link

        if not (message or "").strip():
            raise RejectedInput("Nothing to reply: give a message")
        replies: List[Dict[str, Any]] = []
        failed: List[Tuple[str, PackError]] = []
        for channel_id, root_id, label in self._threads(str(post or "").strip(), channel or ""):
            try:
                sent = self.context.post_once(
                    channel_id, message or "", key=key or "", root_id=root_id
                )
            except PackError as error:
                failed.append((label or channel_id, error))
                continue
            replies.append(
                {
                    "post_id": sent.post_id,
                    "root_id": root_id,
                    "channel_id": channel_id,
                    "already": sent.already,
                    "link": link(self.context.mattermost.settings, sent.post_id),
                }
            )
        told = f"Replied in {len(replies)} {'thread' if len(replies) == 1 else 'threads'}"
        if failed:
            first = failed[0][1]
            if replies or len(failed) > 1:
                first.args = (f"{told}, not in {', '.join(name for name, _ in failed)}: {first}",)
            raise first
        return {"replies": replies, "message": told + "."}

    def _threads(self, post: str, channel: str) -> List[Tuple[str, str, str]]:
        """Channel id, root post id and the channel's name (where it is known) of each thread to
        reply in."""
        from pagerduty_mattermost.gateways.mattermost.values import is_id

        if is_id(post):
            found = self.context.mattermost.get_post(post)
            return [(str(found.get("channel_id")), str(found.get("root_id") or found["id"]), "")]
        if not _INCIDENT_ID.match(post):
            raise RejectedInput(
                "Give a post's id (26 lower-case letters and digits) or an incident's id (PT4KHLK)"
            )
        wanted = self.context.channels.resolve(channel).id if channel else ""
        cards = self.context.store.read_prefix(f"incident.{post}.card.")
        threads = [
            (name.rsplit(".", 1)[-1], str(card["post_id"]), str(card.get("label") or ""))
            for name, card in sorted(cards.items())
            if isinstance(card, dict) and card.get("post_id") and not card.get("gone")
            if not wanted or name.endswith("." + wanted)
        ]
        if not threads:
            raise NotFound(
                f"The incident {post} has no card"
                + (" in that channel" if wanted else " in any channel")
            )
        return threads
