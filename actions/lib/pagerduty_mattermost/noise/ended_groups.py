"""Pure: storms and flapping alerts that are over, for some hours: which incidents they counted,
and their last payloads, which are dispatched again a few times.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Set

REPEATED_AFTER_SECONDS = (60.0, 600.0, 1800.0)
"""After the end of a group its last payload is dispatched again: a trigger can be lost on its way,
and nothing follows it that would put the card right."""
KEPT_SECONDS = 6 * 3600.0
"""After the end of a group its incidents are known to have been counted: reconcile may come
late."""


class EndedGroup(NamedTuple):
    payload: Dict[str, Any]
    """The last one of the trigger `pagerduty.storm`."""
    at: float
    """When that was dispatched first, seconds since the epoch."""
    again: int
    """How often since."""
    ids: Set[str]
    """Incidents that it counted and that have no cards."""


class EndedGroups:
    def __init__(self, data: Any = ()) -> None:
        """`data`: as `to_data` gave it. Raises KeyError, TypeError or ValueError for others."""
        self._groups = [
            EndedGroup(
                dict(one["payload"]),
                float(one["at"]),
                int(one["again"]),
                set(str(one["ids"]).split()),
            )
            for one in data
        ]

    def to_data(self) -> List[Dict[str, Any]]:
        """As JSON; ids as one text, since there may be a thousand."""
        return [{**one._asdict(), "ids": " ".join(sorted(one.ids))} for one in self._groups]

    def __len__(self) -> int:
        return len(self._groups)

    def __contains__(self, incident_id: str) -> bool:
        """Whether one of them counted the incident, and it has no card."""
        return any(incident_id in one.ids for one in self._groups)

    def ids(self) -> Iterator[str]:
        """Of all incidents that they counted and that have no cards."""
        return (id for one in self._groups for id in one.ids)

    def add(self, payload: Dict[str, Any], now: float, ids: Set[str]) -> None:
        self._groups.append(EndedGroup(payload, now, 0, ids))

    def discard(self, incident_id: str) -> None:
        """It gets a card after all."""
        for one in self._groups:
            one.ids.discard(incident_id)

    def repeated(self, now: float) -> List[Dict[str, Any]]:
        """Payloads that are to be dispatched again; they count as dispatched once this is kept."""
        found = []
        for number, one in enumerate(self._groups):
            waits = REPEATED_AFTER_SECONDS
            if one.again < len(waits) and now - one.at >= waits[one.again]:
                self._groups[number] = one._replace(again=one.again + 1)
                found.append(one.payload)
        return found

    def forget(self, now: float) -> bool:
        """Drop what is too old; True when something was."""
        before = len(self._groups)
        self._groups = [one for one in self._groups if now - one.at < KEPT_SECONDS]
        return len(self._groups) < before
