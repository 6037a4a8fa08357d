"""oncall.picture: a schedule's rotation as a picture, posted in a channel."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction


class OnCallPicture(PackAction):
    def act(
        self,
        schedule: str = "",
        channel: str = "",
        days: int = 14,
        key: Optional[str] = "",
        root_id: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.mattermost import post_once as messages
        from pagerduty_mattermost.oncall import rotation_posts

        where, sent = rotation_posts.picture(
            self.context, schedule, channel, days, key=(key or "").strip(), root_id=root_id or ""
        )
        return {
            "post_id": sent.post_id,
            "channel_id": sent.channel_id,
            "already": sent.already,
            "link": messages.link(self.context.mattermost.settings, sent.post_id),
            "message": f"{'Posted before' if sent.already else 'Posted'} in {where.label}.",
        }
