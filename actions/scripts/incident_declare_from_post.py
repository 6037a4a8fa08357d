"""incident.declare_from_post: an incident whose title and details are a Mattermost post's text."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.workflow_action import WorkflowAction


class DeclareFromPost(WorkflowAction):
    def act(self, schema: str = "incident.declare_from_post", **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.chat.declared_post import declare

        return declare(self.context, self.ready(schema, params))
