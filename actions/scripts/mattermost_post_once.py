"""mattermost.post_once: post a message that has a key, so that StackStorm may try it again after
any failure."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.message_action import MessageAction
from pagerduty_mattermost.cards.post_rules import check_channel
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import WrongParameter


class PostOnce(MessageAction):
    kept_as = "post_once"

    def act(
        self,
        channel: str = "",
        message: Optional[str] = "",
        key: str = "",
        root_id: Optional[str] = "",
        props: Optional[Dict[str, Any]] = None,
        revision: Optional[int] = None,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.mattermost.post_once import dated

        check_channel(channel)
        if not str(key or "").strip():
            raise WrongParameter(
                "key", "give one: by it a repeated run knows that the message is there already"
            )
        idle = self.not_configured()
        if idle:
            return idle
        zone, text = times.zone(self.context.settings.time_zone), message or ""
        if revision is None:
            text = dated(self.context.store, channel, key, text, self.context.clock(), zone)
        return self.post(channel, text, key, root_id, props, revision)
