"""mattermost.direct_message: tell users in private."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.message_action import MessageAction
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import listed


class DirectMessage(MessageAction):
    def act(
        self,
        users: Optional[List[str]] = None,
        message: Optional[str] = "",
        key: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.mattermost.users import chat_user

        names, text = listed(users), (message or "").strip()
        if not names:
            raise RejectedInput("Nobody to write to: give users, each as @name, e-mail or id")
        if not text:
            raise RejectedInput("Nothing to send: give a message")
        # All of them are found before anything is sent; each is told once.
        found = [chat_user(self.context.mattermost, name, or_id=True) for name in names]
        return self.direct({user.id: user for user in found}.values(), text, key or "", [])
