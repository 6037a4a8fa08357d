"""oncall.week: the days ahead as a table."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.text import listed


class OnCallWeek(PackAction):
    def act(
        self,
        schedules: Any = None,
        days: int = 7,
        channel: Optional[str] = "",
        key: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.gateways.mattermost import post_once as messages
        from pagerduty_mattermost.oncall import rotation_posts

        ahead = rotation_posts.week(self.context, listed(schedules), days)
        result: Dict[str, Any] = {
            "schedules": [
                {
                    "id": one.id,
                    "name": one.name,
                    "oncalls": [
                        {
                            "user": {
                                "id": piece.user.id,
                                "name": piece.user.name if piece.user.id else "",
                            },
                            "start": times.iso(piece.start),
                            "end": times.iso(piece.end),
                        }
                        for piece in pieces
                    ],
                }
                for one, pieces in ahead.schedules
            ],
            "message": ahead.text,
        }
        if (channel or "").strip():
            sent = self.context.channels.using(
                channel or "",
                lambda one: self.context.post_once(one.id, ahead.text, key=key or ""),
            )
            result["post_id"] = sent.post_id
            result["link"] = messages.link(self.context.mattermost.settings, sent.post_id)
        return result
