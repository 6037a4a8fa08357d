"""override.create: somebody takes a part of a schedule."""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost.action_bases import inputs
from pagerduty_mattermost.action_bases.pack_action import PackAction


class OverrideCreate(PackAction):
    def act(self, schema: str, **params: Any) -> Any:
        from pagerduty_mattermost.gateways.pagerduty import overrides

        given = inputs.require(
            inputs.load(schema),
            params,
            inputs.Terms(self.context.clock(), self.context.settings.time_zone),
            self.context.log.warning,
        )
        return overrides.create(
            self.context.pagerduty, given["entity_id"], given["start"], given["end"], given["user"]
        )
