"""mattermost.catch_up: dead letters that can be posted again without a hand, now that the other
side is back."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import RetryLater


class CatchUp(PackAction):
    def act(self, is_back: Optional[bool] = False) -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases.replay import catch_up
        from pagerduty_mattermost.operations.quarantine_notice import tell_of_unread_values

        result = catch_up(self, is_back=is_back is True)
        if not self.not_configured():
            tell_of_unread_values(self.context)
        return result

    def gives_up(self, error: RetryLater, attempt: int) -> bool:
        """Without any answer Mattermost is away again: what is left waits for the next run."""
        return error.status is None
