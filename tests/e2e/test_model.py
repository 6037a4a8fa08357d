"""Random histories of PagerDuty's account with everything drawn at random that PagerDuty leaves
open (how a reopen looks, what lags, webhooks doubled, late, reordered: `switches.draw`), storms,
alerts that flap, quiet hours, webhooks that come twice or are forged, trouble on every side,
restarts, lost and repeated triggers, killed actions: once the dust settles, the posts equal the
truth (`model_truth`), no reply is there twice, none is missing, and each reopen is told as one."""

from __future__ import annotations

import contextlib
from typing import Any, Dict

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from mattermost_post_digest import PostDigest
from model_truth import FLAPPING
from model_world import PEOPLE, World

from sandbox.pagerduty.model import RequestRefused
from sandbox.pagerduty.switches import DEFAULTS

SERVICES = ("Checkout API", "Database", "Storefront")
WHICH = st.integers(0, 11)
QUIET_HOURS = ("", "08:00-09:10", "09:10-10:00")
"""The histories begin at 8:53."""
FAULTS = st.sampled_from(["drop", "lost", "status", "truncate", "html", "bad_json", "empty"])


class History(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world: Any = None
        self.made: list[Any] = []

    @initialize(
        seed=st.integers(0, 2**31), noise=st.booleans(), quiet=st.sampled_from(QUIET_HOURS)
    )
    def begin(self, seed: int, noise: bool, quiet: str) -> None:
        self.world = World(seed, noise=noise, quiet=quiet)

    def teardown(self) -> None:
        if self.world is None:
            return
        try:
            assert self.world.settle() == []
        finally:
            self.world.close()

    # PagerDuty's account

    @precondition(lambda self: len(self.made) < 6)
    @rule(service=st.sampled_from(SERVICES), urgency=st.sampled_from(["high", "low"]))
    def trigger(self, service: str, urgency: str) -> None:
        self.made.append(
            self.world.account.trigger(service, f"Trouble {len(self.made)}", urgency=urgency)
        )

    @precondition(lambda self: len(self.made) < 12)
    @rule(
        service=st.sampled_from(SERVICES),
        count=st.integers(3, 6),
        seconds=st.sampled_from([0, 1, 20]),
    )
    def burst(self, service: str, count: int, seconds: int) -> None:
        """May be a storm, as a look sees it at once or grow."""
        for number in range(count):
            self.made.append(self.world.account.trigger(service, f"Burst {number}"))
            self.world.clock.advance(seconds)
            if seconds and number % 2:
                self.world.poll()

    @precondition(lambda self: len(self.made) < 12)
    @rule(rounds=st.integers(1, 4), stays=st.booleans())
    def flap(self, rounds: int, stays: bool) -> None:
        """An alert that comes and goes."""
        for number in range(rounds):
            one = self.world.account.trigger("Kubernetes", FLAPPING)
            self.world.clock.advance(20)
            if number == rounds - 1 and stays:
                self.made.append(one)
            else:
                self.world.account.resolve(one)
            self.world.clock.advance(20)
            if number % 2:
                self.world.poll()

    @precondition(lambda self: self.made)
    @rule(
        which=WHICH,
        what=st.sampled_from(["acknowledge", "resolve", "unacknowledge", "reopen", "escalate"]),
        who=st.sampled_from(PEOPLE),
    )
    def act(self, which: int, what: str, who: str) -> None:
        self.attempt(what, which, who)

    @precondition(lambda self: self.made)
    @rule(which=WHICH, text=st.text(min_size=1, max_size=30))
    def annotate(self, which: int, text: str) -> None:
        self.attempt("annotate", which, text, PEOPLE[0])

    @precondition(lambda self: self.made)
    @rule(which=WHICH, priority=st.sampled_from(["P1", "P3"]))
    def prioritise(self, which: int, priority: str) -> None:
        self.attempt("set_priority", which, priority, PEOPLE[1])

    @precondition(lambda self: len(self.made) > 1)
    @rule(into=WHICH, source=WHICH)
    def merge(self, into: int, source: int) -> None:
        one, other = (self.made[number % len(self.made)] for number in (into, source))
        if one is not other and one.is_open and other.is_open:
            self.world.account.merge(one, [other], PEOPLE[0])

    @precondition(lambda self: self.made)
    @rule(which=WHICH, number=st.integers(1, 3))
    def bridge(self, which: int, number: int) -> None:
        self.attempt("set_conference", which, f"https://meet.example/{number}", "", PEOPLE[2])

    @rule(
        action=st.sampled_from(["trigger", "trigger", "acknowledge", "resolve"]),
        key=st.sampled_from(["disk", "load"]),
    )
    def monitor(self, action: str, key: str) -> None:
        """An event of monitoring, late by its switch."""
        self.world.send_event(action, key)

    def attempt(self, what: str, which: int, *words: Any) -> None:
        """What PagerDuty refuses for the incident's state is no history."""
        with contextlib.suppress(RequestRefused, ValueError):
            getattr(self.world.account, what)(self.made[which % len(self.made)], *words)

    # Time, the sensor, the actions

    @rule(seconds=st.sampled_from([1, 7, 30, 90, 400, 4000]))
    def wait(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @rule()
    def poll(self) -> None:
        self.world.poll()

    @rule(
        kind=st.sampled_from(["genuine", "genuine", "forged", "unsigned"]), times=st.integers(1, 3)
    )
    def call_webhook(self, kind: str, times: int) -> None:
        self.world.call_webhook(kind, times)

    @rule()
    def deliver(self) -> None:
        self.world.deliver()

    @rule()
    def digest(self) -> None:
        self.world.run(PostDigest)

    @rule(count=st.integers(1, 4), mixed=st.booleans())
    def work(self, count: int, mixed: bool) -> None:
        self.world.work(count, mixed=mixed)

    @rule(full=st.booleans())
    def reconcile(self, full: bool) -> None:
        self.world.reconcile(full)

    # Trouble

    @rule()
    def restart(self) -> None:
        self.world.restart()

    @rule()
    def double(self) -> None:
        self.world.double()

    @rule(count=st.integers(1, 2))
    def lose(self, count: int) -> None:
        self.world.service.lose = count

    @rule(count=st.integers(1, 2))
    def repeat(self, count: int) -> None:
        self.world.service.repeat = count

    @rule(kind=FAULTS, times=st.integers(1, 4))
    def trouble_mattermost(self, kind: str, times: int) -> None:
        self.world.chat.server.faults.add(kind, times=times)

    @rule(kind=FAULTS, times=st.integers(1, 3))
    def trouble_pagerduty(self, kind: str, times: int) -> None:
        self.world.pager.faults.add(kind, times=times)

    @rule(kind=st.sampled_from(["drop", "lost"]), method=st.sampled_from(["POST", "PUT", "GET"]))
    def kill(self, kind: str, method: str) -> None:
        self.world.kill_one(kind, method)


LIFE = (
    ("acknowledge", PEOPLE[0]),
    ("acknowledge", PEOPLE[0]),
    ("set_conference", "https://meet.example/1", "", PEOPLE[0]),
    ("resolve", PEOPLE[0]),
    ("reopen", PEOPLE[1]),
    ("acknowledge", PEOPLE[1]),
    ("resolve", PEOPLE[1]),
    ("reopen", PEOPLE[2]),
)
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def run(examples: int) -> None:
    terms = settings(
        max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=QUIET
    )
    run_state_machine_as_test(History, settings=terms)


def test_whatever_happens_the_posts_equal_the_truth_in_the_end() -> None:
    run(8)


@pytest.mark.parametrize(
    "switches",
    [
        {"reopen": "reopen"},
        *({"reopen": kind} for kind in ("assign", "trigger")),
        *({"log_lag_seconds": seconds} for seconds in (20.0, 90.0)),
        {"list_lag_seconds": 20.0},
        *({"since_inclusive": inclusive} for inclusive in (True, False)),
        *({"until_inclusive": inclusive} for inclusive in (True, False)),
        {"bridge_entry": "field_value_change"},
        {"second_acknowledge": "again"},
        {"webhooks_doubled": True},
        {"webhooks_delay_seconds": 60.0},
        {"webhooks_reordered": True},
        {"reopen": "assign", "log_lag_seconds": 20.0, "webhooks_reordered": True},
        {"reopen": "trigger", "log_lag_seconds": 90.0, "list_lag_seconds": 20.0},
    ],
    ids=str,
)
def test_a_life_is_told_as_it_was_whatever_is_switched(switches: Dict[str, Any]) -> None:
    """Triggered, acknowledged twice, called to a bridge, resolved, reopened, resolved: seen at
    each step, and with two lives in one look."""
    world = World(1, switches=DEFAULTS._replace(**switches))
    try:
        for pace in (7, 0, 130):
            one = world.account.trigger("Checkout API", f"Life {pace}")
            for act, *words in LIFE:
                world.clock.advance(pace)
                if pace:
                    world.deliver()
                    world.poll()
                    world.work(10, mixed=False)
                with contextlib.suppress(RequestRefused):
                    getattr(world.account, act)(one, *words)
        assert world.settle() == []
    finally:
        world.close()


@pytest.mark.soak
def test_a_thousand_histories() -> None:
    run(1000)
