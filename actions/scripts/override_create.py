"""override.create: somebody takes a part of a schedule."""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost.action_bases.inputs import checked
from pagerduty_mattermost.action_bases.pack_action import PackAction


class OverrideCreate(PackAction):
    def act(self, schema: str, **params: Any) -> Any:
        from pagerduty_mattermost.gateways.pagerduty import overrides

        given = checked(self.context, schema, params)
        return overrides.create(
            self.context.pagerduty,
            given["entity_id"],
            given["start"],
            given["end"],
            given["user"],
            instead_of=given.get("instead_of", ""),
            add=bool(given.get("add")),
        )
