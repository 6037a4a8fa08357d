"""state.import: what state.export gave, checked as a whole and then written."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import RejectedInput


class StateImport(PackAction):
    def act(
        self,
        file: Optional[str] = "",
        document: Optional[Dict[str, Any]] = None,
        dry_run: Optional[bool] = False,
        replace: Optional[bool] = False,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.operations import state_export as state_document
        from pagerduty_mattermost.operations import state_files

        if bool(file) == bool(document):
            raise RejectedInput("Give either file or document")
        given = state_files.read(file) if file else document
        plan = state_document.plan(
            given, self.context.store.rows(), self.context.clock(), replace=bool(replace)
        )
        for one in () if dry_run else plan.writes:
            self.context.store.write(one.name, one.data, one.ttl)
        done = "would be written" if dry_run else "written"
        told = f"{len(plan.writes)} keys {done}, {len(plan.same)} are there already"
        if plan.kept:
            told += (
                f", {len(plan.kept)} hold something else and are left alone "
                "(replace=true writes over them)"
            )
        if plan.expired:
            told += f", {len(plan.expired)} have expired"
        return {
            "written": [one.name for one in plan.writes],
            "same": len(plan.same),
            "kept": list(plan.kept),
            "expired": len(plan.expired),
            "dry_run": bool(dry_run),
            "message": f"{told}.",
        }
