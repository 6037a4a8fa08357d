"""incident.declare_from_post: an incident whose title and details are a Mattermost post's text."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.workflow_action import IdsAction


class DeclareFromPost(IdsAction):
    def act(self, schema: str = "incident.declare_from_post", **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.core.errors import RejectedInput
        from pagerduty_mattermost.core.text import clean, cut, one_line

        ready = self.ready(schema, params)
        post = self.context.mattermost.get_post(ready["post_id"])
        text = clean(post.get("message") or "").strip()
        if post.get("type") or not text:
            raise RejectedInput(
                "post_id: is a post without text; expected one whose first line is the title"
            )
        key = f"mattermost-post-{ready['post_id']}"
        before = {"incident_key": key, "date_range": "all", "service_ids": [ready["service_id"]]}
        stands = self.context.pagerduty.list_all("/incidents", "incidents", before, 1).items
        if stands:
            return _ids(stands[0], "exists")
        title, _, details = text.partition("\n")
        incident: Dict[str, Any] = {
            "type": "incident",
            "title": one_line(title, 1024),
            "service": {"id": ready["service_id"], "type": "service_reference"},
            "incident_key": key,
        }
        if ready.get("urgency"):
            incident["urgency"] = ready["urgency"]
        if ready.get("priority_id"):
            incident["priority"] = {"id": ready["priority_id"], "type": "priority_reference"}
        if details.strip():
            incident["body"] = {"type": "incident_body", "details": cut(details.strip(), 20_000)}
        return _ids(
            self.context.pagerduty.create_incident(incident, from_email=ready["from_email"]),
            "created",
        )


def _ids(incident: Dict[str, Any], done: str) -> Dict[str, Any]:
    return {"done": done, "incident_id": incident["id"], "number": incident.get("incident_number")}
