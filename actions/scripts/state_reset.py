"""state.reset: forget what the pack remembers; asks first."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class StateReset(PackAction):
    def act(
        self, kinds: Optional[List[str]] = None, confirm: Optional[str] = ""
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.operations.state_reset import reset

        return reset(self.context.store, listed(kinds), (confirm or "").strip())
