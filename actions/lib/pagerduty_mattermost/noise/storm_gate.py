"""What the incident sensor holds back: `storm_detection` with its memory in the datastore and its
trigger `pagerduty.storm`.

    gate = StormGate(config.noise, store, dispatcher, pagerduty, log)
    steps = gate.sort(steps, now, patient=True)   # while something is held: urgent ones first
    change = gate.passed(change, origin, now)     # None: held back; else as it is dispatched
    gate.show(now, origin, send, open_ids)        # at the end: cards of storms, then the memory

What it decides is kept before anything is dispatched: a cycle that is repeated after a crash
decides the same, and knows what has a card.
"""

# flake8: noqa: W503

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.noise import NoiseConfig
from pagerduty_mattermost.core.errors import PackError, StoreUnreachable
from pagerduty_mattermost.core.set_aside import apart
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher, UnfitPayload
from pagerduty_mattermost.incidents.history import missing_events
from pagerduty_mattermost.incidents.incident import Change
from pagerduty_mattermost.incidents.known_states import StateStep
from pagerduty_mattermost.incidents.reader import read_incident, read_incident_log
from pagerduty_mattermost.noise.storm_detection import HOLD, RELEASE, WAIT, StormDetector
from pagerduty_mattermost.noise.storm_group import StormGroup

KEY = "noise"
STORM_TRIGGER = "pagerduty.storm"


def remembered(store: Store) -> StormDetector:
    """What the sensor has kept, for whoever only reads it. Raises StoreUnreachable."""
    return StormDetector(NoiseConfig(), _read(store))


def ongoing(store: Store, now: float) -> List[Dict[str, Any]]:
    """The storms that go on and the alerts that flap, as the trigger's payloads. Raises
    StoreUnreachable."""
    groups = remembered(store).groups.values()
    return [group.payload(now) for group in groups if not group.ended]


class StormGate:
    """Lets changes through, or keeps them for one card with others."""

    def __init__(
        self,
        config: NoiseConfig,
        store: Store,
        dispatcher: Dispatcher,
        pagerduty: PagerDuty,
        log: Any,
        is_trial: Callable[[str, str], bool] = lambda service_id, service: False,
    ) -> None:
        """`is_trial`: whether a service, by id and name, is the canary's or one for tests: its
        incidents always pass and are never counted."""
        self._settings, self._store, self._log = config, store, log
        self._is_trial = is_trial
        self._dispatcher, self._pagerduty = dispatcher, pagerduty
        self._detector: Optional[StormDetector] = None
        self._verdicts: Dict[str, str] = {}
        self.waiting: FrozenSet[str] = frozenset()
        """Incidents that the newest read of the log left to be decided by the next one, soon."""

    def sort(
        self, steps: Sequence[StateStep], now: float, *, patient: bool = False
    ) -> List[StateStep]:
        """What is to be taken over now; `patient`: what waits is in the next read again. Raises
        StoreUnreachable in the first cycle only: what is held must be known."""
        if self._detector is None:
            self._detector = StormDetector(self._settings, _read(self._store))
        changes = [
            step.change
            for step in steps
            if step.change is not None
            and not self._is_trial(step.change.incident.service_id, step.change.incident.service)
        ]
        judge = partial(self._detector.judge, changes, now, patient=patient)
        # Rather each by itself than nothing.
        self._verdicts = apart("what storms count", judge) or {}
        if self._detector.changed:
            try:
                self._keep(self._detector)
            except StoreUnreachable as error:  # incidents go on being dispatched
                self._log.warning("What the storm holds back is not kept yet: %s", error)
        waiting = frozenset(id for id, verdict in self._verdicts.items() if verdict == WAIT)
        if patient:
            self.waiting = waiting
        ready = [step for step in steps if step.incident_id not in waiting]
        if not self._detector.groups:
            return ready
        return sorted(ready, key=_rank, reverse=True)

    def holds(self, incident_id: str) -> bool:
        """Whether the newest changes of the incident are counted on a card with others: nothing
        need be read for them."""
        return self._verdicts.get(incident_id) == HOLD

    def passed(self, change: Change, origin: float, now: float) -> Optional[Change]:
        """None for what is held back. Raises the gateway's errors for what is released: its log is
        read."""
        if self.holds(change.incident.id):
            return None
        released = self._verdicts.get(change.incident.id) == RELEASE
        return self._whole(change, origin, now) if released else change

    def _whole(self, change: Change, origin: float, now: float) -> Change:
        """The change with all events that were held before, so that its card shows them."""
        entries = read_incident_log(self._pagerduty, change.incident.id)
        whole = missing_events(entries, change.incident, {}, origin, now)
        known = {event.event_id for event in whole.events}
        events = (
            *whole.events,
            *(event for event in change.events if event.event_id not in known),
        )
        return whole._replace(events=events, cycle=change.cycle, read_at="")

    def show(
        self, now: float, origin: float, send: Callable[[Change], None], open_ids: Any
    ) -> None:
        """Cards of storms, the last cards of those that are over, and what is to be remembered.
        Raises DispatchFailed and StoreUnreachable: then the next cycle does it."""
        detector = self._detector
        if detector is None:
            return
        detector.settle()
        for group in detector.due(now):
            apart("a storm's card", partial(self._show, group, origin, now, send))
        for payload in detector.once_more(now):
            self._dispatch(payload)
        detector.forget(now, open_ids)
        if detector.changed:
            self._keep(detector)

    def _show(
        self, group: StormGroup, origin: float, now: float, send: Callable[[Change], None]
    ) -> None:
        assert self._detector is not None
        self._dispatch(group.payload(now))
        for incident_id in self._detector.card_was_sent(group, now):
            self._late(incident_id, origin, now, send)

    def _dispatch(self, payload: Dict[str, Any]) -> None:
        try:
            self._dispatcher.dispatch(STORM_TRIGGER, payload, trace_tag=str(payload["key"]))
        except UnfitPayload as error:
            self._log.error("Not dispatched: %s", error)

    def _keep(self, detector: StormDetector) -> None:
        self._store.write(KEY, detector.to_data())
        detector.changed = False

    def _late(
        self, incident_id: str, origin: float, now: float, send: Callable[[Change], None]
    ) -> None:
        try:
            incident = read_incident(self._pagerduty, incident_id)
            if incident is not None and incident.is_open:
                send(self._whole(Change(incident), origin, now))
        except PackError as error:  # reconcile gives it its card: it is held no longer
            self._log.warning("Incident %s gets its card later: %s", incident_id, error)


def _rank(step: StateStep) -> Any:
    incident = step.change.incident if step.change is not None else None
    return (
        (incident.urgency == "high", times.seconds(incident.created_at) or 0.0)
        if incident
        else (False, 0.0)
    )


def _read(store: Store) -> Any:
    try:
        return store.read(KEY)
    except BrokenValue:
        return None
