"""room.open: an incident's own channel, opened once, furnished, its people invited."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from pagerduty_mattermost.action_bases.card_action import CardAction
from pagerduty_mattermost.cards import posting


class RoomOpen(CardAction):
    kept_as = "room_open"

    def act(
        self,
        change: Optional[Mapping[str, Any]] = None,
        incident_id: Optional[str] = "",
        private: Optional[bool] = None,
        playbook: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.runs import opening

        idle = self.idle(change)
        if idle:
            return idle
        shown = posting.change_of(self.context, change, incident_id)
        if change:
            return opening.open_by_rule(self.context, shown, playbook or "", private=private)
        opened = opening.open_by_hand(self.context, shown, playbook or "", private=private)
        return opening.result_of(opened)
