"""What the log and snapshots amount to, dispatched as `pagerduty.incident`, one change after the
other, and taken over into the sensor's memory.

    changes.begin()                              # a cycle
    changes.dispatch(state, steps, now)          # any number of times in it

What a storm or a flapping alert holds back is not dispatched (`noise.storm_gate`), and nothing is
read for it. Any other new incident is read once more, for what the log does not include of it.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, FrozenSet, List, Optional

from pagerduty_mattermost.cards.post_rules import INCIDENT_TRIGGER
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.set_aside import apart
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.rate_brake import is_low
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher, UnfitPayload
from pagerduty_mattermost.incidents.event_types import BRIDGE_UPDATED, TRIGGERED
from pagerduty_mattermost.incidents.incident import Change
from pagerduty_mattermost.incidents.known_states import (
    BRIDGE_KNOWN,
    REPORTED,
    SensorState,
    StateStep,
    bridge_of,
)
from pagerduty_mattermost.incidents.reader import read_with_fields
from pagerduty_mattermost.incidents.trigger_payload import NOTHING_SAID, payload
from pagerduty_mattermost.noise.storm_gate import StormGate
from pagerduty_mattermost.sensor.routing import Routing

MAX_ENRICHED = 20
"""New incidents in one cycle for which the conference bridge is read, one request each."""
EXTRAS = ("conference_url", "conference_number", "summary", "details", "details_left", "links")
"""Fields of an incident that the log does not include, or not always."""


class ChangeDispatch:
    """Dispatches the changes of a cycle, one after another."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        pagerduty: PagerDuty,
        noise: Optional[StormGate],
        log: Any,
        routing: Optional[Routing] = None,
    ) -> None:
        """`routing`: None where nothing is said of rules and subscriptions."""
        self._dispatcher, self._pagerduty, self._log = dispatcher, pagerduty, log
        self._noise, self._routing = noise, routing
        self._enrichable = 0
        self.on_applied: Callable[[StateStep], None] = lambda step: None
        """Given each step once it was dispatched and taken over."""

    @property
    def undecided(self) -> FrozenSet[str]:
        """Incidents that the newest read of the log brought and that may be a storm's beginning:
        the next read decides."""
        return self._noise.waiting if self._noise is not None else frozenset()

    def begin(self) -> None:
        self._enrichable = MAX_ENRICHED
        if self._routing is not None:
            self._routing.begin()

    def dispatch(
        self, state: SensorState, steps: List[StateStep], now: float, *, patient: bool = False
    ) -> None:
        """Dispatch and take over step by step. Raises DispatchFailed, and then what is left waits
        for the next cycle, so that order is kept; the gateway's errors; StoreUnreachable.
        `now`: the server's time; `patient`: what is undecided will be in the next read again."""
        noise = self._noise
        state.sent.forget_old(now)
        for step in noise.sort(steps, now, patient=patient) if noise is not None else steps:
            apart(f"a change of {step.incident_id}", partial(self._take, state, step, now))
        if noise is not None:
            open_ids = {i for i, known in state.known.items() if known.is_open}
            noise.show(now, state.origin, partial(self._send, state, now), open_ids)

    def _take(self, state: SensorState, step: StateStep, now: float) -> None:
        """Dispatch and take over one step."""
        noise = self._noise
        if step.change is not None:
            before = state.known.get(step.incident_id)
            new = before is None or not before.has(REPORTED)
            if (new or BRIDGE_UPDATED in step.change.event_types) and not (
                noise is not None and noise.holds(step.incident_id)
            ):
                step = self._enriched(step)
            assert step.change is not None
            change: Optional[Change] = step.change
            if noise is not None:
                change = noise.passed(step.change, state.origin, now)
            if change is not None:
                self._send(state, now, change)
        state.apply(step)
        self.on_applied(step)

    def _send(self, state: SensorState, now: float, change: Change) -> None:
        events = tuple(
            event for event in change.events if not self._dispatcher.was_dispatched(event.event_id)
        )
        # A dispatch that StackStorm took after the deadline counted as failed, so its change comes
        # again: the events that arrived are noted as sent, and only the others go out.
        through = [event for event in change.events if event not in events]
        state.sent.add(change.incident.id, through, now)
        if change.events and not events:
            return
        change = change._replace(events=events)
        ids = [event.event_id for event in events]
        along = self._routing.along(change) if self._routing is not None else NOTHING_SAID
        earlier = state.sent.of(change.incident.id, now, but_for=set(ids))
        try:
            self._dispatcher.dispatch(
                INCIDENT_TRIGGER,
                payload(change, along=along._replace(earlier=earlier)),
                trace_tag=change.incident.id,
                ids=ids,
            )
        except UnfitPayload as error:
            # Waiting would hold up all others, and it will not fit later either.
            self._log.error("Not dispatched: %s (events %s)", error, ", ".join(ids))
            return
        state.sent.add(change.incident.id, events, now)
        state.dirty = True

    def _enriched(self, step: StateStep) -> StateStep:
        """With what the log does not include of a new incident: its conference bridge, and its
        first alert where that is not among the entries. Best effort, for the first few of a cycle;
        snapshots show the other bridges."""
        change, known = step.change, step.known
        if change is None or self._enrichable <= 0 or is_low(self._pagerduty.last_rate):
            return step
        self._enrichable -= 1
        try:
            read = read_with_fields(self._pagerduty, change.incident.id)
        except PackError as error:
            self._enrichable = 0
            self._log.warning("Posted without its conference bridge: %s", error)
            return step
        if read is None:
            return step
        whole, fields = read
        mine = change.incident
        incident = mine._replace(**{n: getattr(mine, n) or getattr(whole, n) for n in EXTRAS})
        if known is not None:
            known = known._replace(
                bridge=bridge_of(incident.conference_url, incident.conference_number),
                flags=known.flags | BRIDGE_KNOWN,
                custom_fields=fields,
            )
        # The first alert is known for certain only from its log entry, which came whole.
        complete = TRIGGERED in change.event_types
        return step._replace(
            known=known, change=change._replace(incident=incident, complete=complete)
        )
