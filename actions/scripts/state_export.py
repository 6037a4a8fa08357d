"""state.export: all that the pack remembers as one JSON document."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class StateExport(PackAction):
    def act(self, file: Optional[str] = "", kinds: Optional[List[str]] = None) -> Dict[str, Any]:
        from pagerduty_mattermost.operations import state_export as state_document
        from pagerduty_mattermost.operations import state_files, state_kinds

        wanted = state_kinds.chosen(listed(kinds)) if listed(kinds) else ()
        made = state_document.document(self.context.store.rows(), self.context.clock(), wanted)
        left_out = made["left_out"]
        secrets = [name for name, why in left_out.items() if why == "a secret"]
        parts = [f"{len(made['keys'])} keys exported"]
        parts += [f"left out as secrets: {', '.join(secrets)}"] if secrets else []
        unread = len(left_out) - len(secrets)
        parts += [f"left out because they do not read: {unread}"] if unread else []
        result = {
            "count": len(made["keys"]),
            "left_out": left_out,
            "message": f"{'; '.join(parts)}.",
        }
        if not file:
            return {**result, "document": made}
        state_files.write(file, made)
        return {**result, "file": file}
