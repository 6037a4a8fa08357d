"""mattermost.post_result: what came of an execution, in a channel."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction


class MattermostPostResult(PackAction):
    def act(
        self, execution_id: str = "", channel: str = "", words: Optional[str] = ""
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.chatops.results import post_result

        idle = self.not_configured()
        if idle:
            return idle
        return post_result(self.context, execution_id, channel, words or "")
