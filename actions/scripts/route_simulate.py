"""route.simulate: what rules and settings would have made of PagerDuty's log."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class RouteSimulate(PackAction):
    def act(self, **given: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.stackstorm.rules_api import all_rules
        from pagerduty_mattermost.simulation.by_hand import simulate

        return simulate(self.context, all_rules(self.context.stackstorm), given)
