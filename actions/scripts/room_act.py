"""room.find, .list, .info, .invite, .adopt, .announce, .archive, .restore: see `rooms.by_hand`."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class RoomAct(PackAction):
    def act(self, what: str, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.rooms import by_hand

        return by_hand.act(self.context, what, params)
