"""oncall.who and oncall.next: who is on call now, and who comes next."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class OnCallWho(PackAction):
    def act(
        self,
        escalation_policy: str = "",
        schedule: str = "",
        service: str = "",
        user: str = "",
        days: int = 0,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.oncall import now_and_next

        return now_and_next.read(
            self.context,
            escalation_policy=escalation_policy or "",
            schedule=schedule or "",
            service=service or "",
            user=user or "",
            days=days,
        )
