"""incident.note_timeline: what happened to an incident, as one note."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.workflow_action import WorkflowAction

MARK = "Timeline, written by StackStorm:"


class NoteTimeline(WorkflowAction):
    def act(self, schema: str = "incident.note_timeline", **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.gateways.pagerduty.client import fill
        from pagerduty_mattermost.gateways.pagerduty.notes import ensure_note
        from pagerduty_mattermost.incidents.log_entries import event_from_entry
        from pagerduty_mattermost.incidents.timeline import timeline

        ready = self.ready(schema, params)
        path = fill("/incidents/{id}/log_entries", id=ready["entity_id"])
        entries = self.context.pagerduty.list_all(path, "log_entries").items
        events = filter(None, map(event_from_entry, entries))
        lines = timeline(events, times.zone(self.context.settings.time_zone))
        sender = ready["from_email"]
        note = ensure_note(
            self.context.pagerduty, ready["entity_id"], MARK, "\n".join(lines), from_email=sender
        )
        return {
            "done": "written" if note.is_new else "stands",
            "incident_id": ready["entity_id"],
            "note_id": note.id,
            "events": len(lines),
        }
