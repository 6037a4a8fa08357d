"""identity.link: an admin says which PagerDuty user a Mattermost user is."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class IdentityLink(PackAction):
    def act(self, user: str, pagerduty_user: str) -> Dict[str, Any]:
        from pagerduty_mattermost.people import identity

        made = identity.link(
            self.context.mattermost,
            self.context.pagerduty,
            self.context.store,
            user,
            pagerduty_user,
            self.context.clock,
        )
        return {
            "mattermost_user_id": made.account.id,
            "pagerduty_user_id": made.person.id,
            "message": f"@{made.account.username} is {made.person.name} at PagerDuty now.",
        }
