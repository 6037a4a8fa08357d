"""webhook.teardown: the subscription and its secret are gone, and the incident sensor polls."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class WebhookTeardown(PackAction):
    def act(self) -> Dict[str, Any]:
        from pagerduty_mattermost.sensor.webhook_subscription import teardown

        return teardown(self.context.pagerduty, self.context.store, self.context.settings)
