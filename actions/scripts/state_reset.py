"""state.reset: forget what the pack remembers; asks first."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import listed


class StateReset(PackAction):
    def act(
        self, kinds: Optional[List[str]] = None, confirm: Optional[str] = ""
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.operations import state_export as state_document
        from pagerduty_mattermost.operations import state_kinds

        wanted = state_kinds.chosen(listed(kinds))
        names = sorted(
            row.name
            for row in self.context.store.rows()
            if state_kinds.kind_of(row.name).name in wanted
        )
        counts, token = state_kinds.counts(names), state_document.token(names)
        words = ", ".join(f"{number} {name}" for name, number in counts.items()) or "nothing"
        if not (confirm or "").strip():
            return {
                "deleted": 0,
                "would_delete": counts,
                "confirm": token,
                "message": (
                    f"Would delete {words}. Nothing is deleted yet: repeat it with "
                    f"confirm={token}."
                ),
            }
        if (confirm or "").strip() != token:
            raise RejectedInput(
                "confirm does not fit what would be deleted now (something came or went, or "
                "other kinds were given): "
                "run it "
                "without confirm and look again"
            )
        for name in names:
            self.context.store.delete(name)
        left = set(names) & {
            row.name for row in self.context.store.rows()
        }  # StackStorm does not tell what it did not delete
        told = f" {len(left)} are still there: run it again." if left else ""
        return {
            "deleted": len(names) - len(left),
            "would_delete": state_kinds.counts(left),
            "confirm": state_document.token(left) if left else "",
            "message": f"Deleted {words}.{told}",
        }
