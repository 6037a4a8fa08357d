"""incident.timeline, timeline.seal, timeline.verify, incident.catch_up, report.incidents,
room.export: see `reviews.by_hand`."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class ReviewAct(PackAction):
    def act(self, what: str, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.reviews import by_hand

        return by_hand.act(self.context, what, {**params, "key": self.own_key(what)})
