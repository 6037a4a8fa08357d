"""What calls of PagerDuty's webhook tell of incidents, and whether the log has it yet: an entry
may come into sight some seconds after its call. Pure.

    delivery = parsed(body, now)                     # None: nothing that the log could have
    deliveries = Deliveries().came(delivery)
    deliveries = deliveries.read(entries)            # after each read of the log
    deliveries.next_look(began)                      # when to read for the sake of what is missing
    deliveries, lost = deliveries.without_old(began) # the log will not have these any more

Each is remembered until the log has it, as long as a late entry may come; then the incident itself
is to be looked at. A call only decides when the log is read. `now`, `came` and `began` are
monotonic seconds.
"""

# flake8: noqa: W503

from __future__ import annotations

import json
from typing import FrozenSet, Iterable, NamedTuple, Optional, Tuple

from pagerduty_mattermost.incidents.event_types import EVENT_TYPES, FIELD_EVENT_TYPES, REOPENED
from pagerduty_mattermost.incidents.known_states import DIFFERENCE_AGE_SECONDS
from pagerduty_mattermost.incidents.log_entries import LogEntry, epoch

LOOK_AFTER_SECONDS = (3.0, 6.0, 12.0, 24.0)
"""After a call, when the log is read again while it lacks what the call told. What is still
missing then, the ordinary reads may find."""
REMEMBERED_SECONDS = float(DIFFERENCE_AGE_SECONDS)
"""After a call, how long its entry is waited for."""
APART_SECONDS = 2.0
"""That the times of a call and of its log entry may differ."""
MAX_AWAITED, MAX_SIGHTED = 500, 500
OPENING_KINDS = ("trigger", "assign")
"""Entries by which the log may tell of a reopening."""


class Delivery(NamedTuple):
    """One event of the webhook."""

    event_id: str
    incident_id: str
    event_type: str
    happened: float
    """By PagerDuty's clock, seconds since the epoch."""
    came: float


class Sighting(NamedTuple):
    """A log entry that was read."""

    incident_id: str
    event_type: str
    kind: str
    at: float


class Deliveries(NamedTuple):
    """Calls that the log has not confirmed yet, and entries seen without a call."""

    awaited: Tuple[Delivery, ...] = ()
    """What the log does not have yet."""
    sighted: Tuple[Sighting, ...] = ()
    """What it had lately: the log can be faster than the call."""

    def came(self, delivery: Delivery) -> Deliveries:
        """A call came; one that comes twice is awaited once."""
        known = any(one.event_id == delivery.event_id for one in self.awaited)
        if known or self.has(delivery):
            return self
        return self._replace(awaited=(*self.awaited, delivery)[-MAX_AWAITED:])

    def has(self, delivery: Delivery) -> bool:
        """Whether the log had what the call tells when it was last read."""
        return any(_is_of(delivery, one) for one in self.sighted)

    def read(self, entries: Iterable[LogEntry]) -> Deliveries:
        """The log was read, and these entries of it are new."""
        found = tuple(
            Sighting(entry.incident.id, entry.event.event_type, entry.kind, entry.at)
            for entry in entries
            if entry.event is not None
        )
        if not found:
            return self
        awaited = tuple(
            one for one in self.awaited if not any(_is_of(one, sighting) for sighting in found)
        )
        return Deliveries(awaited, (*self.sighted, *found)[-MAX_SIGHTED:])

    def next_look(self, began: float) -> Optional[float]:
        """When the log is to be read for the sake of what it lacks; `began`: the newest read's
        beginning. None when that was looked for often enough."""
        looks = [
            one.came + after
            for one in self.awaited
            for after in LOOK_AFTER_SECONDS
            if one.came + after > began
        ]
        return min(looks, default=None)

    def without_old(self, began: float) -> Tuple[Deliveries, FrozenSet[str]]:
        """Without those whose entry will not come any more, and the incidents these are of."""
        last = began - REMEMBERED_SECONDS
        lost = frozenset(one.incident_id for one in self.awaited if one.came <= last)
        return self._replace(awaited=tuple(one for one in self.awaited if one.came > last)), lost


def parsed(body: bytes, now: float) -> Optional[Delivery]:
    """What a verified call tells of an incident; None when that is nothing the log has."""
    try:
        event = json.loads(body.decode("utf-8"))["event"]
        ids = str(event["id"]), str(event["data"]["id"])
        kind, happened = event["event_type"], epoch(event["occurred_at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if happened is None or kind not in _IN_LOG or event.get("resource_type") != "incident":
        return None
    return Delivery(ids[0], ids[1], kind, happened, now)


def _is_of(delivery: Delivery, sighting: Sighting) -> bool:
    same = sighting.event_type == delivery.event_type
    reopened = delivery.event_type == REOPENED and (
        sighting.kind in OPENING_KINDS or sighting.kind not in EVENT_TYPES
    )
    return (
        sighting.incident_id == delivery.incident_id
        and abs(sighting.at - delivery.happened) <= APART_SECONDS
        and (same or reopened)
    )


_IN_LOG = frozenset((*EVENT_TYPES.values(), *FIELD_EVENT_TYPES.values()))
