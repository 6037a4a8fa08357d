"""deadletter.replay: dead letters carried out again by hand."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class DeadletterReplay(PackAction):
    def act(self, ids: Optional[List[str]] = None, all: Optional[bool] = False) -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases.replay import replay_by_hand

        return replay_by_hand(self, listed(ids), bool(all))

    def run(self, **params: Any) -> Tuple[bool, Any]:
        """It failed where nothing of what was to be retried went through."""
        ok, result = super().run(**params)
        if ok and result["letters"] and not result["replayed"]:
            return False, result["message"]
        return ok, result
