"""mattermost.add_reaction: react to a post with an emoji."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class AddReaction(PackAction):
    def act(self, post_id: str = "", emoji: str = "") -> Dict[str, Any]:
        self.context.mattermost.add_reaction(post_id, emoji)
        return {"post_id": post_id, "message": "Reacted."}
