"""identity.unlink: an admin takes a link away."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class IdentityUnlink(PackAction):
    def act(self, user: str) -> Dict[str, Any]:
        from pagerduty_mattermost.people import identity

        account = identity.unlink(self.context.mattermost, self.context.store, user)
        return {
            "mattermost_user_id": account.id,
            "message": (
                f"@{account.username} is whoever has the same e-mail address at PagerDuty again."
            ),
        }
