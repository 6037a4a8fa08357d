"""What the sensor dispatched of each incident in the last minutes. It is sent along with the
incident's next changes: StackStorm keeps no order, so their executions may come before those for
it. Kept with the sensor's state, since a new process of the sensor's has to know it as well.

    sent = SentEvents()
    sent.of(incident_id, now, but_for={"R1"})    # the newest, oldest first
    sent.add(incident_id, events, now)
    SentEvents.from_json(sent.to_json())
"""

# flake8: noqa: E203

from __future__ import annotations

import json
from typing import AbstractSet, Any, Dict, Iterable, List, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.incident import (
    IncidentEvent,
    events_from_json,
    events_to_json,
)

EARLIER_SECONDS = 300.0
"""How long an event is sent along: the execution for it may be overtaken for that long. What comes
later says so (`cards.replies.LATE_SECONDS`)."""
MAX_EARLIER = 20
"""Of one incident."""
MAX_BYTES = 48 * 1024
"""Of what is kept, the newest of it: the key that holds it is written after each cycle."""


class SentEvents:
    """What was dispatched in the last minutes."""

    def __init__(self) -> None:
        self._sent: Dict[str, List[Tuple[float, IncidentEvent]]] = {}
        """By incident: when, and what; oldest first."""

    def of(
        self, incident_id: str, now: float, *, but_for: AbstractSet[str]
    ) -> Tuple[IncidentEvent, ...]:
        """The incident's newest, oldest first, without those of the ids."""
        found = [
            event
            for at, event in self._sent.get(incident_id, ())
            if now - at < EARLIER_SECONDS and event.event_id not in but_for
        ]
        return tuple(found[-MAX_EARLIER:])

    def add(self, incident_id: str, events: Iterable[IncidentEvent], now: float) -> None:
        """They were dispatched. `now`: the server's time as it is believed, seconds since the
        epoch; after a pause that is long past, and when they happened tells more."""
        sent = self._sent.get(incident_id, [])
        known = {event.event_id for _, event in sent}
        young = [
            *sent,
            *(
                (max(now, times.seconds(event.occurred_at) or now), event)
                for event in events
                if event.event_id not in known
            ),
        ]
        if young:
            self._sent[incident_id] = young[-MAX_EARLIER:]

    def forget_old(self, now: float) -> None:
        """Nothing that is too old to be sent along is kept."""
        for incident_id, sent in list(self._sent.items()):
            young = [one for one in sent if now - one[0] < EARLIER_SECONDS]
            if young:
                self._sent[incident_id] = young
            else:
                del self._sent[incident_id]

    def to_json(self) -> List[List[Any]]:
        """Rows of incident, time and event, oldest first; the oldest are left out where it would
        be too much."""
        rows: List[List[Any]] = [
            [incident_id, at, *events_to_json([event])]
            for incident_id, sent in self._sent.items()
            for at, event in sent
        ]
        rows.sort(key=lambda row: row[1])
        size, first = 0, len(rows)
        while first and size <= MAX_BYTES:
            first -= 1
            size += len(json.dumps(rows[first]))
        return rows[first + (size > MAX_BYTES) :]

    @classmethod
    def from_json(cls, rows: Sequence[Any]) -> SentEvents:
        """Inverse of `to_json`. Raises KeyError, ValueError, TypeError or AttributeError."""
        made = cls()
        for incident_id, at, event in rows:
            made.add(str(incident_id), events_from_json([event]), float(at))
        return made
