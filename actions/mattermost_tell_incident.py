"""mattermost.tell_incident: tell those whom an incident concerns in private, each once of each event."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from pagerduty_mattermost.errors import RejectedInput
from pagerduty_mattermost.message_action import MessageAction


class TellIncident(MessageAction):
    kept_as = "tell_incident"

    def act(
        self,
        change: Optional[Mapping[str, Any]] = None,
        to: Optional[str] = "assignees",
        message: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost import cards
        from pagerduty_mattermost.incident import from_payload
        from pagerduty_mattermost.text import escape

        try:
            found = from_payload(change or {})
        except (KeyError, TypeError, ValueError, AttributeError):
            raise RejectedInput(
                'change must be the payload of the trigger pagerduty.incident: "{{ trigger }}"'
            ) from None
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.people import recipients

        agents = {event.agent.id for event in found.events}
        alone = agents if len(agents) == 1 else set()  # whoever did it all knows
        told = recipients(self.pagerduty, self.mattermost, found.incident, to or "assignees", alone)
        for person in told.missed:
            self.complain(
                f"user:{person.id}",
                f"{escape(person.name)} could not be told of an incident: no active Mattermost user has the e-mail "
                f"address of this PagerDuty user ({escape(person.email) or 'none'}).",
            )
        event = found.events[-1].event_id if found.events else ":".join(map(str, found.version))
        text = "\n".join(part for part in ((message or "").strip(), cards.plain_line(found.incident)) if part)
        key = f"incident:{found.incident.id}:{event}"
        return self.direct(told.users, text, key, [person.name for person in told.missed])
