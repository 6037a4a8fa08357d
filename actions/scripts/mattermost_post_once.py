"""mattermost.post_once: post a message that has a key, so that StackStorm may try it again after
any failure."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.message_action import MessageAction
from pagerduty_mattermost.core.errors import RejectedInput

LATE = 30.0
"""Seconds; a first run takes less, a repeated one comes later."""
KEEP = 86400.0


class PostOnce(MessageAction):
    kept_as = "post_once"

    def act(
        self,
        channel: str = "",
        message: Optional[str] = "",
        key: str = "",
        root_id: Optional[str] = "",
        props: Optional[Dict[str, Any]] = None,
    ) -> Dict[str, Any]:
        if not str(key or "").strip():
            raise RejectedInput(
                "Give a key: by it a repeated run knows that the message is there already"
            )
        return self.not_configured() or self.post(
            channel, self._dated(channel, message or "", key), key, root_id, props
        )

    def _dated(self, channel: str, message: str, key: str) -> str:
        """The message, with the time when it was meant to be read if that is long ago: after an
        outage "it is failing" may come after "it works again"."""
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.core.post_keys import post_key

        name = "message." + post_key("first", channel, key)
        now = self.context.clock()
        first = self.context.store.read(name)
        if not isinstance(first, (int, float)):
            self.context.store.write(name, now, KEEP)
            return message
        if now - first < LATE or not message:
            return message
        zone = times.zone(self.context.settings.time_zone)
        return (
            f"{message}\n_Of {times.stamp(times.iso(first), zone)}, told "
            f"{times.duration(now - first)} later._"
        )
