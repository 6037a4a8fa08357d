"""Pure: storms and flapping alerts that are over, for some hours: which incidents they counted,
what becomes of these, and their payloads, which are dispatched again when that has changed, and a
few times more.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set

from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.noise.storm_group import StormGroup

REPEATED_AFTER_SECONDS = (60.0, 600.0, 1800.0)
"""After the newest payload of a group it is dispatched again: a trigger can be lost on its way,
and nothing follows it that would put the card right."""
KEPT_SECONDS = 6 * 3600.0
"""After the end of a group its incidents are known to have been counted: reconcile may come
late."""


class EndedGroup(NamedTuple):
    """A storm or a flapping alert that is over."""

    group: Optional[StormGroup]
    """None of one that an earlier version of the pack kept: its card stays as it is."""
    at: float
    """When its end was dispatched, seconds since the epoch."""
    again: int
    """How often its newest payload was dispatched again."""
    ids: Set[str]
    """Incidents that it counted and that have no cards."""


class EndedGroups:
    """Those of the last hours."""

    def __init__(self, data: Any = ()) -> None:
        """`data`: as `to_data` gave it. Raises KeyError, TypeError or ValueError for others."""
        self._groups = [
            EndedGroup(
                StormGroup.from_data(one["group"]) if one.get("group") else None,
                float(one["at"]),
                int(one["again"]),
                set(str(one["ids"]).split()),
            )
            for one in data
        ]

    def to_data(self) -> List[Dict[str, Any]]:
        """As JSON; ids as one text, since there may be a thousand."""
        return [
            {
                **one._asdict(),
                "group": one.group.to_data() if one.group is not None else None,
                "ids": " ".join(sorted(one.ids)),
            }
            for one in self._groups
        ]

    def __len__(self) -> int:
        return len(self._groups)

    def __contains__(self, incident_id: str) -> bool:
        """Whether one of them counted the incident, and it has no card."""
        return any(incident_id in one.ids for one in self._groups)

    def ids(self) -> Iterator[str]:
        """The ids of all incidents that they counted and that have no cards."""
        return (id for one in self._groups for id in one.ids)

    def add(self, group: StormGroup, now: float, ids: Set[str]) -> None:
        """One that is over, whose end was dispatched now."""
        self._groups.append(EndedGroup(group, now, 0, ids))

    def take(self, incident: Incident) -> bool:
        """Take the state over of what one of them counted; False where nothing has changed."""
        changed = False
        for one in self._groups:
            if one.group is not None and incident.id in one.group.statuses:
                changed |= one.group.take(incident)
        return changed

    def discard(self, incident_id: str) -> None:
        """Leave out an incident that gets a card of its own after all."""
        for one in self._groups:
            one.ids.discard(incident_id)

    def repeated(self, now: float) -> List[Dict[str, Any]]:
        """Payloads that are to be dispatched again; they count as dispatched once this is kept."""
        found, waits = [], REPEATED_AFTER_SECONDS
        for number, one in enumerate(self._groups):
            group = one.group
            if group is None:
                continue
            if group.is_due(now):
                group.told_sequence, group.told_at = group.sequence, now
                again = 0
            elif one.again < len(waits) and now - group.told_at >= waits[one.again]:
                again = one.again + 1
            else:
                continue
            self._groups[number] = one._replace(again=again)
            found.append(group.payload(one.at))
        return found

    def forget(self, now: float) -> bool:
        """Drop what is too old; True when something was."""
        before = len(self._groups)
        self._groups = [one for one in self._groups if now - one.at < KEPT_SECONDS]
        return len(self._groups) < before
