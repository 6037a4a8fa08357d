"""incident.close: resolves an incident and notes why, in words of a fixed set."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.workflow_action import IdsAction, ensure_note

MARK = "Closed by StackStorm."
WHY = {
    "fixed": "The cause was fixed.",
    "recovered": "It recovered by itself.",
    "false_alarm": "It was a false alarm.",
    "duplicate": "Another incident is about the same.",
    "planned": "It was planned work.",
}


class Close(IdsAction):
    def act(self, schema: str = "incident.close", **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.pagerduty.client import fill

        ready = self.ready(schema, params)
        path = fill("/incidents/{id}", id=ready["entity_id"])
        incident = self.context.pagerduty.get(path).get("incident") or {}
        was = incident.get("status") == "resolved"
        if not was:
            body = {"incident": {"type": "incident", "status": "resolved"}}
            self.context.pagerduty.put(path, body, from_email=ready["from_email"])
        note, new = ensure_note(
            self.context.pagerduty,
            ready["entity_id"],
            MARK,
            WHY[ready.get("reason") or "fixed"],
            ready["from_email"],
        )
        return {
            "done": "was_resolved" if was else "resolved",
            "incident_id": ready["entity_id"],
            "note_id": note,
            "note": "written" if new else "stands",
        }
