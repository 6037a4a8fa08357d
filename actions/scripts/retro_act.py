"""retrospective.draft, .publish, .cancel, .get, .list, follow_up.add, .edit, .done, .drop, .open,
.list: see `reviews.retro_by_hand`."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class RetroAct(PackAction):
    def act(self, what: str, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.reviews import retro_by_hand

        return retro_by_hand.act(self.context, what, {**params, "key": self.own_key(what)})
