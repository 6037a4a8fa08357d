"""The canary's state machine, on a chain that is only simulated."""

from __future__ import annotations

import json
import random
from typing import Any, Dict, List, Optional

from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.operations import canary
from pagerduty_mattermost.operations.canary import (
    FAILED,
    HELD,
    MAX_EARLIER,
    MAX_SAMPLES,
    CanaryRound,
    CanarySight,
    CanaryState,
    CanaryTerms,
    percentile,
)

TERMS = CanaryTerms(900.0, 180.0)
NEVER = float("inf")


class SimulatedEvent:
    def __init__(self, card_at: float) -> None:
        self.card_at, self.acknowledged_at, self.resolved_at = card_at, NEVER, NEVER


class SimulatedChain:
    """A quiet one: slow now and then, a run of the canary is late or left out, an answer is lost,
    StackStorm is restarted; but each part does its work."""

    def __init__(self, seed: int, *, restarts: float = 0.0) -> None:
        """`restarts`: how probable one is, for each run."""
        self.random, self.restarts = random.Random(seed), restarts
        self.now = 1_760_000_000.0
        self.state = CanaryState()
        self.events: Dict[str, SimulatedEvent] = {}
        self.restart_at = NEVER

    def after(self, seconds: float) -> float:
        """When something is there that takes up to so long, for which the pack must be up."""
        at = self.now + self.random.uniform(0.5, seconds)
        if at < self.restart_at:
            return at
        return self.restart_at + 600 + self.random.uniform(0.5, seconds)

    def run(self) -> None:
        pause = 60.0 + self.random.uniform(-10, 10)
        if self.random.random() < 0.02:
            pause += 60
        self.now += pause
        if self.now >= self.restart_at:
            self.now = self.restart_at + 600 + self.random.uniform(5, 60)
            self.restart_at = NEVER
        elif self.restart_at == NEVER and self.random.random() < self.restarts:
            self.restart_at = self.now + self.random.uniform(1, 900)
        self.step()

    def step(self) -> None:
        now, state = self.now, canary.looked(self.state, self.now, TERMS)
        if canary.is_due(state, now, TERMS):
            state = canary.begin(state, now, TERMS, "sim")
        this = state.round
        if this.phase == canary.TRIGGER:
            if self.random.random() < 0.02:
                state = canary.refused(state, "trouble (503)", now)
            else:
                self.events[this.key] = SimulatedEvent(self.after(75))
                state = canary.triggered(state, now, TERMS)
        elif canary.is_waiting(state):
            state = canary.judge(state, self.sight(state), now, TERMS)
        if state.round.phase == canary.CLICK:
            self.events[state.round.key].acknowledged_at = self.after(40)
            state = canary.clicked(state, now, TERMS)
        for key in canary.to_resolve(state):
            if self.random.random() < 0.02:
                state = canary.unresolved(state, key, "trouble (503)", now, TERMS)
                continue
            self.events[key].resolved_at = self.after(75)
            state = canary.asked(state, key, now, TERMS)
        self.state = state

    def sight(self, state: CanaryState) -> CanarySight:
        if self.random.random() < 0.01:
            return CanarySight(problem="PagerDuty has trouble (503)")
        this = self.events.get(state.round.key)
        seen = CanarySight(skew=self.random.uniform(-5, 5))
        resolved = tuple(
            (one.key, self.events[one.key].resolved_at)
            for one in state.earlier
            if self.events[one.key].resolved_at <= self.now
        )
        seen = seen._replace(resolved=resolved)
        if this is None:
            return seen
        acknowledged = this.acknowledged_at <= self.now
        return seen._replace(
            incident_id="PCANARY",
            card_at=this.card_at + self.random.uniform(-2, 2) if this.card_at <= self.now else 0,
            acknowledged_at=this.acknowledged_at if acknowledged else 0,
            shown=acknowledged,
        )


def test_a_thousand_quiet_periods_raise_no_false_alarm() -> None:
    chain = SimulatedChain(1, restarts=0.001)
    while chain.state.round.number < 1001:
        chain.run()
        assert chain.state.faults == 0, (chain.state.fault, chain.state.round)
    assert chain.state.rounds >= 999
    assert len(chain.state.card_seconds) == MAX_SAMPLES
    assert percentile(chain.state.card_seconds, 0.5) < percentile(chain.state.card_seconds, 0.95)


def test_a_restart_of_stackstorm_alone_is_no_fault() -> None:
    """Ten minutes in which nothing ran, at any moment of the round."""
    for second in range(0, 900, 20):
        chain = SimulatedChain(second)
        while chain.state.round.number < 2:
            chain.run()
        chain.restart_at = chain.now + second
        for _ in range(40):
            chain.run()
        assert chain.state.faults == 0, (second, chain.state.fault)


def at(phase: str, **fields: Any) -> CanaryState:
    begun = CanaryRound(3, "canary-x-3", phase, 1000.0, 1000.0, 1180.0, **fields)
    return CanaryState(round=begun, looked_at=1000.0)


def test_a_card_that_came_too_late_is_a_fault_and_one_seen_late_is_none() -> None:
    late = CanarySight("PINC", card_at=1400.0)
    assert canary.judge(at(canary.CARD), late, 1420.0, TERMS).round.phase == FAILED
    in_time = CanarySight("PINC", card_at=1170.0)
    after = canary.judge(at(canary.CARD), in_time, 1420.0, TERMS)
    assert (after.round.phase, after.card_seconds) == (canary.CLICK, (170.0,))


def test_an_acknowledgement_that_came_too_late_is_a_fault_and_one_seen_late_is_none() -> None:
    waiting = at(canary.ACKNOWLEDGE, clicked_at=1000.0)
    late = CanarySight("PINC", acknowledged_at=1250.0, shown=True)
    fault = canary.judge(waiting, late, 1260.0, TERMS).fault
    assert fault is not None
    assert "acknowledged only after 4 min" in fault.text
    in_time = late._replace(acknowledged_at=1100.0)
    assert canary.judge(waiting, in_time, 1500.0, TERMS).round.phase == HELD
    hidden = canary.judge(waiting, in_time._replace(shown=False), 1260.0, TERMS).fault
    assert hidden is not None
    assert "its card does not show it" in hidden.text


def test_the_next_round_waits_for_the_verdict_and_for_the_period() -> None:
    assert canary.is_due(CanaryState(), 5.0, TERMS)
    assert not canary.is_due(at(canary.CARD), 9000.0, TERMS)
    assert not canary.is_due(at(HELD), 1899.0, TERMS)
    assert canary.is_due(at(HELD), 1900.0, TERMS)
    assert canary.is_due(at(FAILED), 999.0, TERMS), "the clock was set back"


def test_an_event_is_resolved_when_the_next_one_was_taken_and_not_before() -> None:
    state = canary.begin(at(HELD), 1900.0, TERMS, "x")
    assert canary.to_resolve(state) == ()
    state = canary.refused(state, "no such key", 1901.0, final=True)
    assert (state.round.phase, canary.to_resolve(state)) == (FAILED, ())
    state = canary.begin(state, 2800.0, TERMS, "x")
    assert len(state.earlier) == 1, "the refused one never came to be"
    assert canary.to_resolve(canary.triggered(state, 2801.0, TERMS)) == ("canary-x-3",)


def test_of_an_outage_the_first_event_stays_and_goes_when_a_round_went_well() -> None:
    state = at(FAILED)
    for number in range(4):
        state = canary.begin(state, 2000.0 + 900 * number, TERMS, "x")
        state = canary.triggered(state, 2001.0 + 900 * number, TERMS)
        for key in canary.to_resolve(state):
            state = canary.asked(state, key, 2002.0 + 900 * number, TERMS)
            gone = CanarySight("P", resolved=((key, 0.0),))
            state = canary.judge(state, gone, 2003.0 + 900 * number, TERMS)
        state = canary.failed(state, canary.CARD, "none", 2200.0 + 900 * number)
    assert [one.key for one in state.earlier if one.failed] == ["canary-x-3"]
    state = canary.triggered(canary.begin(state, 9000.0, TERMS, "x"), 9001.0, TERMS)
    for key in canary.to_resolve(state):
        state = canary.asked(state, key, 9001.0, TERMS)
    seen = CanarySight(
        "P",
        card_at=9010.0,
        resolved=tuple((one.key, 0.0) for one in state.earlier if one.asked_at),
    )
    state = canary.clicked(canary.judge(state, seen, 9020.0, TERMS), 9021.0, TERMS)
    seen = seen._replace(acknowledged_at=9030.0, shown=True, resolved=())
    state = canary.judge(state, seen, 9040.0, TERMS)
    assert (state.round.phase, state.fault) == (HELD, None)
    assert canary.to_resolve(state) == ("canary-x-3",)


def test_a_resolve_that_is_never_taken_is_a_fault_and_keeps_the_round_from_being_whole() -> None:
    state = canary.triggered(canary.begin(at(HELD), 1900.0, TERMS, "x"), 1901.0, TERMS)
    state = canary.unresolved(state, "canary-x-3", "refused", 1902.0, TERMS)
    state = canary.judge(state, CanarySight("P", card_at=1910.0), 1960.0, TERMS)
    state = canary.clicked(state, 1961.0, TERMS)
    well = CanarySight("P", card_at=1910.0, acknowledged_at=1962.0, shown=True)
    assert canary.judge(state, well, 2000.0, TERMS).round.phase == canary.ACKNOWLEDGE
    state = canary.unresolved(state, "canary-x-3", "refused", 2082.0, TERMS)
    assert state.fault is None
    state = canary.unresolved(state, "canary-x-3", "refused", 2083.0, TERMS)
    assert (state.fault and state.fault.kind, state.round.phase) == (canary.RESOLVE, FAILED)


def test_percentiles_are_values_that_were_measured() -> None:
    samples = tuple(float(n) for n in range(1, 101))
    assert (percentile(samples, 0.5), percentile(samples, 0.95)) == (50.0, 95.0)
    assert percentile((3.0,), 0.95) == 3.0


SIGHTS = st.builds(
    CanarySight,
    incident_id=st.sampled_from(["", "PINC"]),
    other_service=st.sampled_from(["", "", "", "Another"]),
    card_at=st.floats(0, 20000),
    acknowledged_at=st.floats(0, 20000),
    shown=st.booleans(),
    resolved=st.lists(
        st.tuples(st.sampled_from([f"canary-x-{n}" for n in range(1, 9)]), st.floats(0, 20000))
    ).map(tuple),
    skew=st.sampled_from([0.0, 0.0, 0.0, 90.0]),
    problem=st.sampled_from(["", "down"]),
)


@given(
    st.lists(
        st.tuples(st.floats(-300, 1200), st.booleans(), st.one_of(st.none(), SIGHTS)), max_size=60
    )
)
def test_whatever_is_seen_what_is_kept_reads_and_one_event_pages_at_most(
    steps: List[Any],
) -> None:
    state, now = CanaryState(), 10000.0
    for seconds, works, sight in steps:
        now = max(1.0, now + seconds)
        state = canary.looked(state, now, TERMS)
        if canary.is_due(state, now, TERMS):
            state = canary.begin(state, now, TERMS, "x")
        if state.round.phase == canary.TRIGGER:
            state = (
                canary.triggered(state, now, TERMS) if works else canary.refused(state, "no", now)
            )
        elif sight is not None:
            state = canary.judge(state, sight, now, TERMS)
        if state.round.phase == canary.CLICK:
            state = (
                canary.clicked(state, now, TERMS) if works else canary.refused(state, "no", now)
            )
        for key in canary.to_resolve(state) if works else ():
            state = canary.asked(state, key, now, TERMS)
        state = canary.forgotten(state, now)
        assert canary.state_from(json.loads(json.dumps(to_json(state)))) == state
        assert len(state.earlier) <= MAX_EARLIER
        assert (state.fault is not None) or state.round.phase != FAILED
        assert all(one.key != state.round.key for one in state.earlier)


@given(st.one_of(st.none(), st.text(), st.dictionaries(st.text(), st.integers())))
def test_whatever_was_kept_reads(value: Optional[Any]) -> None:
    assert isinstance(canary.state_from(value), CanaryState)
