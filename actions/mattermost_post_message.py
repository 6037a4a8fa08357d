"""mattermost.post_message: post a message in a channel or thread, once where it has a key."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_base import PackAction
from pagerduty_mattermost.errors import RejectedInput


class PostMessage(PackAction):
    def act(
        self,
        channel: str = "",
        message: Optional[str] = "",
        key: Optional[str] = "",
        root_id: Optional[str] = "",
        props: Optional[Dict[str, Any]] = None,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.messages import link

        if not (message or "").strip() and not props:
            raise RejectedInput("Nothing to post: give a message, or props with attachments")
        where, sent = self.channels.using(
            channel,
            lambda found: (
                found,
                self.post_once(found.id, message or "", key=key or "", root_id=root_id or "", props=props),
            ),
        )
        return {
            "post_id": sent.post_id,
            "channel_id": sent.channel_id,
            "already": sent.already,
            "link": link(self.mattermost.settings, sent.post_id),
            "message": f"{'Posted before' if sent.already else 'Posted'} in {where.label}.",
        }
