"""Routes from chat: what a channel is subscribed to, beside the rules.

A subscription stands in the datastore as `pagerduty.subscription.<channel id>.<digest of what it
asks for>`, so that asking twice is one. `mattermost.repaint_incident`, which sees every change,
posts where one fits (`matching`).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.cards.route import Route, event_types
from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.stackstorm.broken_values import left_out
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Incident

KEY_PREFIX = "subscription."
ROUTE_NAME = "subscription"
MAX_IN_CHANNEL = 50
"""Of a channel."""


class Subscription(NamedTuple):
    """What a channel wants to see."""

    channel_id: str
    service_id: str = ""
    service: str = ""
    team_id: str = ""
    team: str = ""
    urgency: str = ""
    priority: str = ""
    events: Tuple[str, ...] = ()
    """Event types that start a card and are replied in its thread; empty: all."""
    by: str = ""
    """Mattermost id of who subscribed."""
    at: float = 0.0
    """Seconds since the epoch."""

    @property
    def key(self) -> str:
        asked = [
            self.service_id,
            self.team_id,
            self.urgency,
            self.priority.casefold(),
            sorted(self.events),
        ]
        digest = hashlib.sha256(json.dumps(asked).encode("ascii")).hexdigest()[:12]
        return f"{KEY_PREFIX}{self.channel_id}.{digest}"

    @property
    def route(self) -> Route:
        return Route(ROUTE_NAME, start_on=self.events, reply_on=self.events)

    def why_not(self, incident: Incident) -> str:
        """Why the incident does not fit; empty when it does."""
        if self.service_id and incident.service_id != self.service_id:
            return f"the service is {incident.service or 'unknown'}"
        if self.team_id and self.team_id not in [team.id for team in incident.teams]:
            return f"the teams are {', '.join(team.name for team in incident.teams) or 'none'}"
        if self.urgency and incident.urgency != self.urgency:
            return f"the urgency is {incident.urgency}"
        if self.priority and incident.priority.casefold() != self.priority.casefold():
            return f"the priority is {incident.priority or 'none'}"
        return ""

    def describe(self) -> str:
        """The subscription in words, as Markdown."""
        parts = [
            (f"of the service {_name(self.service)}" if self.service_id else ""),
            (f"of the team {_name(self.team)}" if self.team_id else ""),
            (f"of {self.urgency} urgency" if self.urgency else ""),
            (f"of priority {_name(self.priority)}" if self.priority else ""),
            (
                f"on {', '.join(one[len('incident.') :] for one in self.events)}"
                if self.events
                else ""
            ),
        ]
        return (
            " ".join(["incidents", *(part for part in parts if part)])
            if any(parts)
            else "all incidents"
        )


def _name(text: str) -> str:
    """The name in Markdown; what is kept may have come from a file (state.import)."""
    return escape(one_line(clean(text, 300)))


def of_channel(store: Store, channel_id: str, log: Any = None) -> List[Subscription]:
    """The channel's subscriptions, in the order in which they were made."""
    return sorted(
        _read(store, f"{KEY_PREFIX}{channel_id}.", log), key=lambda one: (one.at, one.key)
    )


def every(store: Store, log: Any = None) -> List[Subscription]:
    """Those of all channels, the oldest first. What does not read is left out. Raises
    StoreUnreachable."""
    return sorted(_read(store, KEY_PREFIX, log), key=lambda one: (one.at, one.key))


def matching(store: Store, incident: Incident, log: Any = None) -> Dict[str, List[Subscription]]:
    """The subscriptions that the incident fits, by channel. Raises StoreUnreachable."""
    return fitting(every(store, log), incident)


def fitting(
    subscriptions: Iterable[Subscription], incident: Incident
) -> Dict[str, List[Subscription]]:
    """The same of some that were read. Pure."""
    found: Dict[str, List[Subscription]] = {}
    for one in subscriptions:
        if not one.why_not(incident):
            found.setdefault(one.channel_id, []).append(one)
    return found


def joined(several: Iterable[Subscription]) -> Route:
    """One route of all that fit in a channel: an event that any of them asks for is posted."""
    every = list(several)
    if any(not one.events for one in every):
        return Route(ROUTE_NAME)
    events = tuple(dict.fromkeys(event for one in every for event in one.events))
    return Route(ROUTE_NAME, start_on=events, reply_on=events)


def save(store: Store, one: Subscription) -> None:
    """Kept without an end. Raises as `Store.write`."""
    store.write(one.key, to_json(one), None)


def events_of(text: str) -> Tuple[str, ...]:
    """Event types of `triggered,resolved`. Raises RejectedInput for a word that is none."""
    return event_types("--events", [word for word in text.replace(",", " ").split() if word])


def _read(store: Store, prefix: str, log: Any) -> List[Subscription]:
    found = (subscription_of(value) for value in store.read_prefix(prefix, left_out(log)).values())
    return [one for one in found if one]


def subscription_of(value: Any) -> Optional[Subscription]:
    """The subscription in a value; None where it holds none."""
    try:
        found = from_json(Subscription, value)
    except MisshapenValue:
        return None
    return found if found.channel_id else None
