"""identity.who: which PagerDuty user a Mattermost user is."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_base import PackAction


class IdentityWho(PackAction):
    def act(self, user: str) -> Dict[str, Any]:
        from pagerduty_mattermost import identity

        found = identity.linked(self.mattermost, self.pagerduty, self.store, user)
        return {
            "mattermost_user_id": found.account.id,
            "pagerduty_user_id": found.person.id,
            "how": found.how,
            "message": f"@{found.account.username} is {found.person.name} at PagerDuty ({found.how}).",
        }
