"""Quiet hours, run by run: what the rules make of each change, and the digest in the morning."""

from __future__ import annotations

from typing import Any, Dict, List

from incident_world import IncidentActionCase, happened
from mattermost_post_digest import PostDigest
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.cards import held_cards
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, IncidentEvent, Person, to_payload

MINUTES, HOURS = 60.0, 3600.0
QUIET = "08:00-10:00"
"""The sandbox's clock begins at 08:53 UTC."""


class DigestCase(IncidentActionCase):
    """A channel in its quiet hours; changes of incidents come through the rules one by one."""

    action_cls = PostDigest

    def setUp(self) -> None:
        super().setUp()
        self.number = 0
        self.hours: Dict[str, Any] = {"hours": QUIET}

    def settings(self, **changes: Any) -> Dict[str, Any]:
        return super().settings(**{"quiet_hours": self.hours, **changes})

    def trigger(self, title: str = "Disk full", urgency: str = "low", **terms: Any) -> Any:
        truth = self.account.trigger("Checkout API", title, urgency=urgency)
        self.changed(truth, "triggered", **terms)
        return truth

    def changed(self, truth: Any, kind: str, **terms: Any) -> str:
        """What the rules make of a change: `done` of the route's card."""
        self.number += 1
        now = self.incident(truth)
        event = happened(self.number, kind, now.updated_at, Person("PS", "Datadog"))
        return self.told(truth, event, **terms)

    def told(self, truth: Any, event: IncidentEvent, **terms: Any) -> str:
        change = to_payload(Change(self.incident(truth), (event,), self.number))
        done = self.run_as_a_rule(
            PostIncident, **{"change": change, "channel": "incidents", **terms}
        )["done"]
        self.run_as_a_rule(RepaintIncident, change=change, incident_id=None)
        return str(done)

    def tick(self) -> Dict[str, Any]:
        return self.done()

    def morning(self) -> None:
        self.chat.clock.advance(2 * HOURS)

    def cards(self, channel: str = "incidents") -> List[Any]:
        return [post for post in self.chat.service.posts(channel) if "attachments" in post.props]

    def digests(self, channel: str = "incidents") -> List[str]:
        return [
            one
            for one in self.chat.messages(channel)
            if one.startswith("**Quiet hours are over**")
        ]

    def held(self) -> Dict[str, str]:
        return held_cards.held_incidents(Store(self.action_service))

    def requests(self) -> int:
        return len(self.calls.entries)

    def channel(self) -> str:
        return str(self.chat.gateway().channel_by_name("ops", "incidents").id)
