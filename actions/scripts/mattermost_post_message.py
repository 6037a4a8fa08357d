"""mattermost.post_message: post a message in a channel or thread, once where it has a key."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.message_action import MessageAction


class PostMessage(MessageAction):
    def act(
        self,
        channel: str = "",
        message: Optional[str] = "",
        key: Optional[str] = "",
        root_id: Optional[str] = "",
        props: Optional[Dict[str, Any]] = None,
    ) -> Dict[str, Any]:
        return self.post(channel, message, key, root_id, props)
