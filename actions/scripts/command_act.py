"""exercise.create, .create_many, .end, .start_drill, .end_drill, incident.mitigate: see
`chat.by_hand`."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class CommandAct(PackAction):
    def act(self, what: str, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.chat import by_hand

        key = self.own_key("command", what)
        return by_hand.act(self.context, what, params, key)
