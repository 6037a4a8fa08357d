"""override.bulk_create: all shifts of a person in a span of time go to somebody else."""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost.action_bases.inputs import checked
from pagerduty_mattermost.action_bases.pack_action import PackAction


class OverrideBulkCreate(PackAction):
    def act(self, schema: str, **params: Any) -> Any:
        from pagerduty_mattermost.oncall import bulk_overrides

        given = checked(self.context, schema, params)
        return bulk_overrides.bulk_create(
            self.context,
            given["user"],
            given["taker"],
            given["start"],
            given["end"],
            preview=given.get("preview", False),
        )
