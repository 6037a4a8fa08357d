"""health.upkeep: those of the pack's regular jobs that are due, in one execution."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction


class HealthUpkeep(PackAction):
    def act(self, due: Optional[List[str]] = None, source: Optional[str] = "") -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases import upkeep
        from pagerduty_mattermost.core.errors import RetryLater
        from pagerduty_mattermost.sensor.heartbeat import note_timer

        by_timer = source == "timer"
        if by_timer:
            note_timer(self.context.store, self.context.clock())
        idle = self.not_configured()
        if idle:
            return idle
        done = upkeep.carry_out(self, upkeep.jobs_now(self.context, due, by_timer=by_timer))
        failed = [f"{one.name}: {one.message}" for one in done if one.failed]
        if failed:
            raise RetryLater("; ".join(failed))
        jobs = {one.name: one.message for one in done}
        return {"jobs": jobs, "message": f"Done: {', '.join(jobs) or 'nothing was due'}."}
