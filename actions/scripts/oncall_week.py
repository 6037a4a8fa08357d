"""oncall.week: the days ahead as a table."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class OnCallWeek(PackAction):
    def act(
        self,
        schedules: Any = None,
        days: int = 7,
        channel: Optional[str] = "",
        key: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.mattermost.post_once import link
        from pagerduty_mattermost.oncall.rotation_posts import as_result, read_week

        week = read_week(self.context, listed(schedules), days)
        result = as_result(week)
        if (channel or "").strip():
            sent = self.context.channels.using(
                channel or "",
                lambda one: self.context.post_once(one.id, week.text, key=key or ""),
            )
            result["post_id"] = sent.post_id
            result["link"] = link(self.context.mattermost.settings, sent.post_id)
        return result
