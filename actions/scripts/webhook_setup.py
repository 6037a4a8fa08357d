"""webhook.setup: PagerDuty calls the incident sensor when something happens, from now on."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class WebhookSetup(PackAction):
    def act(self, renew: bool = False) -> Dict[str, Any]:
        from pagerduty_mattermost.sensor.webhook_subscription import setup

        return setup(
            self.context.pagerduty, self.context.store, self.context.settings, renew is True
        )
