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
        from pagerduty_mattermost.operations import state_export

        if bool(file) == bool(document):
            raise RejectedInput("Give either file or document")
        files = self.context.settings.files
        given = state_export.read_file(files.checked(file)) if file else document
        store = self.context.store
        found = state_export.plan(given, store.rows(), self.context.clock(), replace=bool(replace))
        for one in () if dry_run else found.writes:
            store.write(one.name, one.data, one.ttl)
        return state_export.import_result(found, dry_run=bool(dry_run))
