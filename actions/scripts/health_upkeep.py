"""health.upkeep: those of the pack's regular jobs that are due, in one execution."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction


class HealthUpkeep(PackAction):
    def act(
        self,
        due: Optional[List[str]] = None,
        source: Optional[str] = "",
        is_back: Optional[bool] = False,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases import upkeep
        from pagerduty_mattermost.sensor.heartbeat import note_timer

        by_timer = source == "timer"
        if by_timer:
            note_timer(self.context.store, self.context.clock())
        idle = self.not_configured()
        if idle:
            return idle
        jobs = upkeep.jobs_now(self.context, due, by_timer=by_timer)
        return upkeep.result_of(upkeep.carry_out(self, jobs, is_back=is_back is True))
