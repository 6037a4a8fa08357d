"""mattermost.get_channel: which channel a text stands for."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class GetChannel(PackAction):
    def act(self, channel: str = "") -> Dict[str, Any]:
        found = self.context.channels.look_up(channel)
        kinds = {"O": "public", "P": "private", "D": "direct", "G": "group"}
        return {
            "channel_id": found.id,
            "name": found.name,
            "display_name": found.display_name,
            "team": found.team,
            "type": kinds.get(found.type, found.type),
            "message": f"{found.label} is the channel {found.id}.",
        }
