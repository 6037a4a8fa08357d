"""incident.note_timeline: what happened to an incident, as one note."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.ids_action import IdsAction, ensure_note

MARK = "Timeline, written by StackStorm:"


class NoteTimeline(IdsAction):
    def act(self, schema: str = "incident.note_timeline", **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost import times
        from pagerduty_mattermost.entries import event_from_entry
        from pagerduty_mattermost.pagerduty import fill
        from pagerduty_mattermost.text import one_line

        ready = self.ready(schema, params)
        path = fill("/incidents/{id}/log_entries", id=ready["entity_id"])
        entries = self.pagerduty.list_all(path, "log_entries").items
        where = times.zone(self.settings.time_zone)
        events = sorted(filter(None, map(event_from_entry, entries)), key=lambda event: event.occurred_at)
        lines = [
            one_line(
                f"{times.stamp(event.occurred_at, where)} {event.event_type.split('.')[-1].replace('_', ' ')}"
                + (f" by {event.agent.name}" if event.agent.name else ""),
                200,
            )
            for event in events
        ]
        note, new = ensure_note(self.pagerduty, ready["entity_id"], MARK, "\n".join(lines), ready["from_email"])
        return {
            "done": "written" if new else "stands",
            "incident_id": ready["entity_id"],
            "note_id": note,
            "events": len(lines),
        }
