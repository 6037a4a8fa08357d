"""state.export: all that the pack remembers as one JSON document."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class StateExport(PackAction):
    def act(self, file: Optional[str] = "", kinds: Optional[List[str]] = None) -> Dict[str, Any]:
        from pagerduty_mattermost.operations import state_export, state_kinds

        where = self.context.settings.files.checked(file) if file else ""
        wanted = state_kinds.chosen(listed(kinds)) if listed(kinds) else ()
        rows = self.context.store.rows()
        made = state_export.document(
            rows, self.context.clock(), wanted, hidden=self.context.store.hidden()
        )
        result = {
            "count": len(made["keys"]),
            "left_out": made["left_out"],
            "incomplete": made["incomplete"],
            "message": state_export.export_message(made),
        }
        if not where:
            return {**result, "document": made}
        state_export.write_file(where, made)
        return {**result, "file": file}
