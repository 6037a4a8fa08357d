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
        from pagerduty_mattermost.gateways.mattermost.post_once import link
        from pagerduty_mattermost.oncall.rotation_posts import post_picture

        where, sent = post_picture(
            self.context, schedule, channel, days, key=(key or "").strip(), root_id=root_id or ""
        )
        return {
            "post_id": sent.post_id,
            "channel_id": sent.channel_id,
            "already": sent.already,
            "link": link(self.context.mattermost.settings, sent.post_id),
            "message": f"{'Posted before' if sent.already else 'Posted'} in {where.label}.",
        }
