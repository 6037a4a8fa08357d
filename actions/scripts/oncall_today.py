"""oncall.today: the day's primary, secondary and whom to escalate to, posted once a day."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class OnCallToday(PackAction):
    def act(
        self,
        channel: str = "",
        escalation_policies: Any = None,
        services: Any = None,
        schedules: Any = None,
        mention: bool = False,
        time_zone: Optional[str] = "",
    ) -> Dict[str, Any]:
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.oncall.today import TodayTargets, post

        asked = TodayTargets(listed(services), listed(escalation_policies), listed(schedules))
        zone = (time_zone or "").strip() or self.context.settings.time_zone
        return post(self.context, channel, asked, mention=bool(mention), zone=zone)
