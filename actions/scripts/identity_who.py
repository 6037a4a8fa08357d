"""identity.who: which PagerDuty user a Mattermost user is."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class IdentityWho(PackAction):
    def act(self, user: str) -> Dict[str, Any]:
        from pagerduty_mattermost.people import identity

        by_email = self.context.settings.chat.link_by_email
        found = identity.linked(
            self.context.mattermost,
            self.context.pagerduty,
            self.context.store,
            user,
            by_email=by_email,
            now=self.context.clock(),
        )
        return {
            "mattermost_user_id": found.account.id,
            "pagerduty_user_id": found.person.id,
            "how": found.how,
            "message": (
                f"@{found.account.username} is {found.person.name} at PagerDuty ({found.how})."
            ),
        }
