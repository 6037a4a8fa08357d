"""posts.reconcile: what PagerDuty says now against what is posted; what is missing or outdated is
put right."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction


class PostsReconcile(PackAction):
    def act(self, source: Optional[str] = "", full: Optional[bool] = None) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.stackstorm.rules_api import all_rules
        from pagerduty_mattermost.operations import reconcile_run
        from pagerduty_mattermost.sensor.heartbeat import note_timer

        if source == "timer":
            note_timer(self.context.store, self.context.clock())
        idle = self.not_configured() if source else None
        return idle or reconcile_run.run(
            self.context,
            lambda: all_rules(self.context.stackstorm),
            by_hand=not source,
            full=full is True,
        )
