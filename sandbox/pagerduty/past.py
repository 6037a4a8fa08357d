"""Incidents as they were a while ago: what a list of incidents shows that lags behind."""

from __future__ import annotations

import copy
from typing import Dict, List, Tuple

from .model import Incident

_LISTS = ("assignees", "acknowledgers", "alerts", "notes", "responders", "entries")


class PastIncidents:
    def __init__(self) -> None:
        self._states: Dict[str, List[Tuple[float, Incident]]] = {}
        self._touched: Dict[str, Incident] = {}

    def touch(self, incident: Incident) -> None:
        """It is being changed: `keep` copies it once that is done."""
        self._touched[incident.id] = incident

    def keep(self) -> None:
        """Copy what was changed since the last call, under the time of the change."""
        for incident in self._touched.values():
            own = copy.copy(incident)
            for name in _LISTS:
                setattr(own, name, list(getattr(own, name)))
            own.pending = dict(own.pending)
            self._states.setdefault(own.id, []).append((own.updated_at, own))
        self._touched.clear()

    def as_of(self, at: float) -> List[Incident]:
        """Each incident as it was at that time, those of later left out; what is older is
        forgotten."""
        shown = []
        for states in self._states.values():
            known = [number for number, (since, _) in enumerate(states) if since <= at]
            if known:
                del states[: known[-1]]
                shown.append(states[0][1])
        return sorted(shown, key=lambda one: one.number)
