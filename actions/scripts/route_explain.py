"""route.explain: which filter or rule posted an incident, or kept it back."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class RouteExplain(PackAction):
    def act(self, incident_id: str = "") -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.stackstorm.rules_api import all_rules, rules_source
        from pagerduty_mattermost.operations.route_explanation import explanation

        return explanation(
            self.context,
            lambda: all_rules(self.context.stackstorm),
            incident_id or "",
            source=rules_source(self.context.stackstorm),
        )
