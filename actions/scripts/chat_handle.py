"""chat.handle: what came through the chat sensor, carried out and answered."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from pagerduty_mattermost.action_bases.card_action import CardAction
from pagerduty_mattermost.core.errors import PackError, RetryLater


class ChatHandle(CardAction):
    kept_as = "chat_handle"

    def act(self, order: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        from pagerduty_mattermost.chat.handle import handle

        return handle(self.context, order)

    def to_keep(
        self, params: Dict[str, Any], error: Optional[PackError]
    ) -> Optional[Dict[str, Any]]:
        from pagerduty_mattermost.chat import failed_commands

        if failed_commands.is_mistake(error):
            return None
        return failed_commands.params_of_order(params.get("order"))

    def unfinished(self, result: Any) -> Optional[PackError]:
        from pagerduty_mattermost.chat.handle import TOO_LATE

        if result["done"] != TOO_LATE:
            return None
        return RetryLater("It waited for more than a minute, so it was void")
