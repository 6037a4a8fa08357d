"""mattermost.tell_incident: tell those whom an incident concerns in private, each once of each
event."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from pagerduty_mattermost.action_bases.message_action import MessageAction
from pagerduty_mattermost.incidents.trigger_payload import change_of


class TellIncident(MessageAction):
    kept_as = "tell_incident"

    def act(
        self,
        change: Optional[Mapping[str, Any]] = None,
        to: Optional[str] = "assignees",
        message: Optional[str] = "",
    ) -> Dict[str, Any]:
        found = change_of(change)
        idle = self.not_configured()
        if idle:
            return idle
        if self.context.settings.is_trial(found.incident.service_id, found.incident.service):
            return self.direct([], "", "", [])
        from pagerduty_mattermost.cards import private_messages

        told = private_messages.of_change(self.context, found, to or "assignees", message or "")
        return self.direct(told.users, told.text, told.key, told.missed)
