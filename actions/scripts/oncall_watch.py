"""oncall.watch: hand-offs and coming shifts of what oncall.channels names, told once."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction


class OnCallWatch(PackAction):
    def act(self, source: Optional[str] = "") -> Dict[str, Any]:
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.noise import storm_gate
        from pagerduty_mattermost.oncall import watch

        context = self.context
        return watch.run(
            context,
            by_sensor=source == "sensor",
            groups=lambda: storm_gate.ongoing(context.store, context.clock()),
        )
