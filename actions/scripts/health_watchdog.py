"""health.watchdog: tells in the operations channel when the incident sensor is silent, and when it
is back; and when a sensor's process died."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction


class HealthWatchdog(PackAction):
    def act(
        self, died: Optional[str] = "", exit_code: Optional[int] = None, at: Optional[int] = None
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.operations import watchdog

        idle = self.not_configured()
        if idle:
            return idle
        if died:
            notice = watchdog.report_death(self.context, died, exit_code, at)
        else:
            notice = watchdog.check(self.context)
        return {
            "done": "told" if notice else "quiet",
            "message": notice.text if notice else "Nothing to report.",
        }
