"""health.check: how both sides and the pack's own parts stand."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class HealthCheck(PackAction):
    def act(self) -> Dict[str, Any]:
        from pagerduty_mattermost.operations import health_checks

        found = health_checks.checks(self.context)
        state = health_checks.worst(found)
        return {
            "state": state,
            "ok": state != health_checks.FAIL,
            "checks": [one._asdict() for one in found],
            "message": health_checks.table(found),
        }
