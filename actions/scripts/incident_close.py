"""incident.close: resolves an incident and notes why, in words of a fixed set."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.workflow_action import WorkflowAction

MARK = "Closed by StackStorm."
WHY = {
    "fixed": "The cause was fixed.",
    "recovered": "It recovered by itself.",
    "false_alarm": "It was a false alarm.",
    "duplicate": "Another incident is about the same.",
    "planned": "It was planned work.",
}


class Close(WorkflowAction):
    def act(self, schema: str = "incident.close", **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident
        from pagerduty_mattermost.gateways.pagerduty.incident_updates import update
        from pagerduty_mattermost.gateways.pagerduty.notes import ensure_note

        ready = self.ready(schema, params)
        pagerduty, id, sender = self.context.pagerduty, ready["entity_id"], ready["from_email"]
        was = get_incident(pagerduty, id).get("status") == "resolved"
        if not was:
            update(pagerduty, id, {"status": "resolved"}, from_email=sender)
        why = WHY[ready.get("reason") or "fixed"]
        note = ensure_note(pagerduty, id, MARK, why, from_email=sender)
        return {
            "done": "was_resolved" if was else "resolved",
            "incident_id": id,
            "note_id": note.id,
            "note": "written" if note.is_new else "stands",
        }
