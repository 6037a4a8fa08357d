"""health.canary: one step of the trial event that the whole way to Mattermost and back carries."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class HealthCanary(PackAction):
    def act(self) -> Dict[str, Any]:
        from pagerduty_mattermost.operations import canary_run

        return canary_run.run(self.context)
