"""mattermost.tell_incident: tell those whom an incident concerns in private, each once of each
event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from pagerduty_mattermost.action_bases.message_action import MessageAction
from pagerduty_mattermost.core.errors import PackError, RejectedInput

if TYPE_CHECKING:
    from pagerduty_mattermost.incidents.incident import Incident

HOUR = 3600.0
"""Seconds after which the same trouble is told again."""


class TellIncident(MessageAction):
    kept_as = "tell_incident"

    def act(
        self,
        change: Optional[Mapping[str, Any]] = None,
        to: Optional[str] = "assignees",
        message: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.cards import card as cards
        from pagerduty_mattermost.core.text import escape
        from pagerduty_mattermost.incidents.incident import from_payload

        try:
            found = from_payload(change or {})
        except (KeyError, TypeError, ValueError, AttributeError):
            raise RejectedInput(
                'change must be the payload of the trigger pagerduty.incident: "{{ trigger }}"'
            ) from None
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.people.accounts import Accounts
        from pagerduty_mattermost.people.recipients import concerned, recipients, unknown

        group = to or "assignees"
        try:
            people = concerned(self.context.pagerduty, self.context.store, found.incident, group)
        except RejectedInput:
            raise
        except PackError as error:
            self._not_known(found.incident, error)
            raise  # tried again, and told when PagerDuty can tell
        if not people and group == "oncall":
            self._nobody(found.incident)
        agents = {event.agent.id for event in found.events}
        alone = agents if len(agents) == 1 else set()  # whoever did it all knows
        told = recipients(
            people,
            Accounts(self.context.mattermost, self.context.store, log=self.context.log),
            alone,
        )
        for person in told.missed:
            self.context.notify_operators(
                f"user:{person.id}", unknown(person, escape(person.name), "an incident")
            )
        event = found.events[-1].event_id if found.events else ":".join(map(str, found.version))
        text = "\n".join(
            part for part in ((message or "").strip(), cards.plain_line(found.incident)) if part
        )
        key = f"incident:{found.incident.id}:{event}"
        return self.direct(told.users, text, key, [person.name for person in told.missed])

    def _not_known(self, incident: Incident, error: PackError) -> None:
        """Say so where people look, rather than nothing: the one who should know was not told
        yet."""
        from pagerduty_mattermost.cards import card as cards
        from pagerduty_mattermost.core.text import escape

        self.context.notify_operators(
            f"concerned:{incident.escalation_policy_id}",
            f"Whom this incident concerns is not known, so nobody was told of it in private: "
            f"{escape(self.context.line_of(error))}\n{cards.plain_line(incident)}",
            ttl=HOUR,
        )

    def _nobody(self, incident: Incident) -> None:
        from pagerduty_mattermost.cards import card as cards
        from pagerduty_mattermost.core.text import escape

        policy = escape(incident.escalation_policy or incident.escalation_policy_id or "none")
        self.context.notify_operators(
            f"nobody:{incident.escalation_policy_id}",
            f"Nobody is on call by the escalation policy of this incident ({policy}), so "
            "nobody was told of it in "
            f"private.\n{cards.plain_line(incident)}",
            ttl=HOUR,
        )
