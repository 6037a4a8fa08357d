"""incident.acknowledge_mine: acknowledges all triggered incidents assigned to one user."""

from __future__ import annotations

from typing import Any, Dict, List

from pagerduty_mattermost.action_bases.workflow_action import WorkflowAction


class AcknowledgeMine(WorkflowAction):
    def act(self, schema: str = "incident.acknowledge_mine", **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.pagerduty import incident_updates as acts
        from pagerduty_mattermost.gateways.pagerduty import references as lookup

        ready = self.ready(schema, params, sends=False)
        user = lookup.resolve(self.context.pagerduty, "user", ready["user"])
        mine = {"statuses": ["triggered"], "user_ids": [user.id], "date_range": "all"}
        ids: List[str] = [
            row["id"]
            for row in self.context.pagerduty.list_all("/incidents", "incidents", mine).items
        ]
        acts.manage(
            self.context.pagerduty, ids, {"status": "acknowledged"}, from_email=user.email
        ).whole()
        return {"user_id": user.id, "incident_ids": ids, "count": len(ids)}
