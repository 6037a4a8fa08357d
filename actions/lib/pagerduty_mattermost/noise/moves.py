"""Pure: what somebody does to an incident that is theirs now, not what comes about by itself."""

from __future__ import annotations

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.event_types import TRIGGERED
from pagerduty_mattermost.incidents.incident import Change, IncidentEvent

MOVES = frozenset(
    (
        "incident.acknowledged",
        "incident.annotated",
        "incident.snoozed",
        "incident.escalated",
        "incident.reassigned",
        "incident.delegated",
        "incident.responder.added",
        "incident.responder.replied",
        "incident.status_update_published",
        "incident.priority_updated",
    )
)
"""A resolve is none: it ends by itself in the count."""
BY_ITSELF = ("timeout", "auto")
"""Channels of log entries that nobody is behind, as of an escalation nobody answered."""


def has_moved(change: Change) -> bool:
    """Whether somebody did something to the incident."""
    return any(_is_move(event) for event in change.events)


def _is_move(event: IncidentEvent) -> bool:
    return event.event_type in MOVES and event.change("channel") not in BY_ITSELF


def triggered_at(change: Change) -> float:
    """When it was triggered, in seconds since the epoch; 0 where that is not known."""
    moments = (event.occurred_at for event in change.events if event.event_type == TRIGGERED)
    found = next(
        (
            at
            for at in map(times.seconds, (*moments, change.incident.created_at))
            if at is not None
        ),
        None,
    )
    return found or 0.0
