"""incident.open_ids: which incidents are open, as ids and numbers alone."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.workflow_action import WorkflowAction


class OpenIds(WorkflowAction):
    def act(self, schema: str = "incident.open_ids", **params: Any) -> Dict[str, Any]:
        ready = self.ready(schema, params, sends=False)
        wanted: Dict[str, Any] = {"statuses": ["triggered", "acknowledged"], "date_range": "all"}
        if ready.get("service_id"):
            wanted["service_ids"] = [ready["service_id"]]
        found = self.context.pagerduty.list_all("/incidents", "incidents", wanted)
        without = ready.get("without_user_id")
        rows = [
            row
            for row in found.items
            if not without
            or without
            not in [(one.get("assignee") or {}).get("id") for one in row.get("assignments") or []]
        ]
        return {
            "incident_ids": [row["id"] for row in rows],
            "count": len(rows),
            "triggered": len([row for row in rows if row.get("status") == "triggered"]),
            "more": found.truncated,
        }
