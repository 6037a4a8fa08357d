"""incident.create.events_v1: a trigger event through the Events API v1."""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost.action_bases.inputs import checked
from pagerduty_mattermost.action_bases.pack_action import PackAction

_NO_KEY = (
    "service_key: is missing; expected the integration key of a service, here or in "
    "the configuration"
)


class IncidentCreateEventsV1(PackAction):
    def act(self, schema: str, **params: Any) -> Any:
        config = self.context.settings.pagerduty
        own = str(params.get("service_key") or "").strip()
        key = own if own not in ("", "None") else config.service_key.reveal()
        event = checked(
            self.context, schema, {**params, "service_key": key}, () if key else [_NO_KEY]
        )
        return self.context.events.send_v1({**event, "event_type": "trigger"})
