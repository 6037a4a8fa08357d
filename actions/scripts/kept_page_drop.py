"""kept_page.drop: pages that PagerDuty has not taken yet, withdrawn."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import listed


class KeptPageDrop(PackAction):
    def act(self, ids: Optional[List[str]] = None) -> Dict[str, Any]:
        from pagerduty_mattermost.oncall import page_notices

        wanted = list(dict.fromkeys(listed(ids)))
        if not wanted:
            raise RejectedInput("ids: is missing; kept_page.list shows them")
        found = {id: page_notices.withdraw(self.context, id, "an administrator") for id in wanted}
        dropped = [id for id, one in found.items() if one is not None]
        missing = [id for id, one in found.items() if one is None]
        absent = f" Not kept: {', '.join(missing)}." if missing else ""
        return {
            "dropped": dropped,
            "not_found": missing,
            "message": f"{len(dropped)} withdrawn.{absent}",
        }
