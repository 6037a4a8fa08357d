"""mattermost.post_digest: what quiet hours held back and is still open, in one post a channel when
they are over."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class PostDigest(PackAction):
    def act(self) -> Dict[str, Any]:
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.noise.quiet_digest import QuietDigest

        done = QuietDigest(self.context).post_due()
        return {
            "post_ids": done.post_ids,
            "incidents": done.incidents,
            "message": done.message,
        }
