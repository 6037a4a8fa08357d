"""mattermost.post_once: post a message that has a key, so that StackStorm may try it again after any failure."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.errors import RejectedInput
from pagerduty_mattermost.message_action import MessageAction


class PostOnce(MessageAction):
    def act(
        self,
        channel: str = "",
        message: Optional[str] = "",
        key: str = "",
        root_id: Optional[str] = "",
        props: Optional[Dict[str, Any]] = None,
    ) -> Dict[str, Any]:
        if not str(key or "").strip():
            raise RejectedInput("Give a key: by it a repeated run knows that the message is there already")
        return self.not_configured() or self.post(channel, message, key, root_id, props)
