"""webhook.status: how the webhook's subscription stands, and whether its calls arrive."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class WebhookStatus(PackAction):
    def act(self) -> Dict[str, Any]:
        from pagerduty_mattermost.sensor.webhook_subscription import status

        return status(self.context.pagerduty, self.context.store, self.context.settings)
