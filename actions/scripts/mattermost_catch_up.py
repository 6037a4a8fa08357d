"""mattermost.catch_up: dead letters that can be posted again without a hand, now that the other
side is back."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class CatchUp(PackAction):
    def act(self) -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases.replay import catch_up
        from pagerduty_mattermost.operations.quarantine_notice import tell_of_unread_values

        result = catch_up(self)
        if not self.not_configured():
            tell_of_unread_values(self.context)
        return result
