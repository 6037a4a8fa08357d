"""state.show: what the pack remembers."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction


class StateShow(PackAction):
    def act(self, incident_id: Optional[str] = "") -> Dict[str, Any]:
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.operations import state_view

        rows, zone = self.context.store.rows(), times.zone(self.context.settings.time_zone)
        if (incident_id or "").strip():
            return state_view.of_incident(rows, incident_id or "", zone)
        return state_view.overview(rows, zone)
