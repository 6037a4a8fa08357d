"""mattermost.reply: reply in the thread of a post, or of an incident's cards."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import RejectedInput


class Reply(PackAction):
    def act(
        self,
        post_id: Optional[str] = "",
        message: Optional[str] = "",
        key: Optional[str] = "",
        channel: Optional[str] = "",
        incident_id: Optional[str] = "",
        post: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.cards.thread_reply import reply

        text = message or ""
        if not text.strip():
            raise RejectedInput("Nothing to reply: give a message")
        where = str(post_id or incident_id or post or "").strip()
        return reply(self.context, where, text, key=key or "", channel=channel or "")
