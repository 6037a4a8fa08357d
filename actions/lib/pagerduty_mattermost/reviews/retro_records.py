"""What is remembered of retrospectives, in the datastore: `retro.<incident>.e.<act>`, one act
each, never written over by another (`retro.fold` says what they come to). Raises the store's
errors."""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from pagerduty_mattermost.gateways.stackstorm.broken_values import left_out
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.reviews.retro import RetroState, fold
from pagerduty_mattermost.runs.acts import Act, act_of, to_value

KEY_PREFIX = "retro."
ACT = "e."
KEPT_SECONDS = 400 * 86400.0


class RetroRecords:
    """What does not read is left out, and logged."""

    def __init__(self, store: Store, log: Any = None) -> None:
        self._store = store
        self._broken = left_out(log)

    def load(self, incident: str) -> RetroState:
        return fold(incident, self.acts(incident))

    def acts(self, incident: str) -> Tuple[Act, ...]:
        values = self._store.read_prefix(f"{KEY_PREFIX}{incident}.", self._broken)
        return tuple(act for act in map(act_of, values.values()) if act is not None)

    def every(self) -> List[RetroState]:
        """All retrospectives, by one list. Raises StoreUnreachable."""
        acts: Dict[str, List[Act]] = {}
        for name, value in self._store.read_prefix(KEY_PREFIX, self._broken).items():
            act = act_of(value)
            if act is not None:
                acts.setdefault(incident_of(name), []).append(act)
        return [fold(incident, some) for incident, some in acts.items()]

    def act(self, incident: str, act: Act) -> None:
        self._store.write(f"{KEY_PREFIX}{incident}.{ACT}{act.id}", to_value(act), KEPT_SECONDS)


def incident_of(name: str) -> str:
    """The incident in a relative key."""
    return name[len(KEY_PREFIX) :].partition(".")[0]


def fits(name: str, data: Any) -> bool:
    """Whether the data is what a key of that name holds."""
    return act_of(data) is not None
