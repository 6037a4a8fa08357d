"""audit.list: what was done from chat, by whom, and how it ended."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class AuditList(PackAction):
    def act(self, schema: str, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases.inputs import checked
        from pagerduty_mattermost.chat.audit_list import listed

        asked = checked(self.context, schema, params)
        return listed(self.context.store, self.context.log, asked)
