"""room.tend: a round over all rooms, or those of one incident; what differs is put right."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction


class RoomTend(PackAction):
    def act(self, incident_id: Optional[str] = "") -> Dict[str, Any]:
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.operations.rooms_round import tended_by_hand

        context = self.context
        report = tended_by_hand(context, incident_id or "")
        for problem in report.problems:
            context.log.warning("Not put right: %s", problem)
        said = "; ".join(report.done) or "All rooms are as they should be"
        return {
            "rooms": report.rooms,
            "changed": report.done,
            "problems": report.problems,
            "message": f"{said}.",
        }
