"""Which incidents are reported: the configured services, teams, urgencies and states, by ids.
Pure.
"""

# flake8: noqa: W503

from __future__ import annotations

import zlib
from typing import FrozenSet, Iterable, NamedTuple, Optional

from pagerduty_mattermost.incidents.incident import OPEN_STATUSES, Incident


class WatchFilter(NamedTuple):
    """What is reported, by id. None: all; an empty set: nothing (no configured name could be
    resolved)."""

    services: Optional[FrozenSet[str]] = None
    teams: Optional[FrozenSet[str]] = None
    urgencies: FrozenSet[str] = frozenset()
    start_states: FrozenSet[str] = frozenset(OPEN_STATUSES)

    def covers(self, incident: Incident) -> bool:
        """The incident is of a watched service and team."""
        return (self.services is None or incident.service_id in self.services) and (
            self.teams is None or any(team.id in self.teams for team in incident.teams)
        )

    def passes(self, incident: Incident, states: Iterable[str]) -> bool:
        """The incident, in one of these states, is one to report."""
        return (
            self.covers(incident)
            and (not self.urgencies or incident.urgency in self.urgencies)
            and any(state in self.start_states for state in states)
        )

    @property
    def fingerprint(self) -> str:
        """The same as long as the same services and teams are watched."""
        parts = (
            "*" if ids is None else ",".join(sorted(ids)) for ids in (self.services, self.teams)
        )
        return f"{zlib.crc32('/'.join(parts).encode('utf-8', 'replace')):08x}"
