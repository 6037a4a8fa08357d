"""The one retry loop: how often and how long it waits, what is never repeated, and the wait that
an answer asks for."""

from __future__ import annotations

import math
from email.utils import formatdate
from typing import Any, List, Optional, Tuple

from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core.errors import NotFound, PackError, RetryLater
from pagerduty_mattermost.gateways.http.answer_headers import asked_wait, http_date
from pagerduty_mattermost.gateways.http.client import RetryPolicy, retry

DEFAULT = RetryPolicy()


# The retry loop


class Life:
    """A clock that sleeping moves, and what was slept."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: List[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def run(
    outcomes: List[Any], policy: RetryPolicy = DEFAULT, *, repeatable: bool, random: float = 1.0
) -> Tuple[Any, Life]:
    life = Life()
    left = iter(outcomes)

    def call() -> Any:
        outcome = next(left)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    answer: Any
    try:
        answer = retry(
            call,
            policy,
            repeatable=repeatable,
            sleep=life.sleep,
            monotonic=life.monotonic,
            random=lambda: random,
        )
    except PackError as error:
        answer = error
    return answer, life


def test_waits_double_up_to_the_cap() -> None:
    down = [RetryLater("down") for _ in range(5)]
    answer, life = run([*down, "up"], RetryPolicy(attempts=6, base=1.0, cap=4.0), repeatable=True)
    assert answer == "up"
    assert life.slept == [1.0, 2.0, 4.0, 4.0, 4.0]


def test_jitter_is_full() -> None:
    assert run([RetryLater("down"), "up"], repeatable=True, random=0.0)[1].slept == [0.0]


def test_the_asked_wait_is_waited_with_a_little_jitter() -> None:
    answer, life = run(
        [RetryLater("limit", retry_after=7.0), "up"], RetryPolicy(base=0.5), repeatable=False
    )
    assert answer == "up"
    assert life.slept == [7.5]


def test_a_wait_beyond_the_budget_is_not_begun() -> None:
    answer, life = run(
        [RetryLater("limit", retry_after=61.0)],
        RetryPolicy(budget=60.0),
        repeatable=True,
        random=0.0,
    )
    assert isinstance(answer, RetryLater)
    assert answer.retry_after == 61.0
    assert life.slept == []


def test_what_may_have_been_done_is_not_repeated_unless_it_can_be() -> None:
    answer, life = run([RetryLater("lost", maybe_done=True), "again"], repeatable=False)
    assert isinstance(answer, RetryLater)
    assert answer.maybe_done
    assert life.slept == []
    assert run([RetryLater("lost", maybe_done=True), "again"], repeatable=True)[0] == "again"


def test_what_was_never_sent_is_repeated_also_when_it_is_not_repeatable() -> None:
    assert run([RetryLater("refused"), "sent"], repeatable=False)[0] == "sent"


def test_maybe_done_is_remembered_over_later_tries() -> None:
    answer, _ = run(
        [RetryLater("lost", maybe_done=True), RetryLater("refused")],
        RetryPolicy(attempts=2),
        repeatable=True,
    )
    assert isinstance(answer, RetryLater)
    assert answer.maybe_done


def test_other_errors_end_it_at_once() -> None:
    answer, life = run([NotFound("no"), "never"], repeatable=True)
    assert isinstance(answer, NotFound)
    assert life.slept == []


@given(
    st.lists(
        st.tuples(st.booleans(), st.one_of(st.none(), st.floats(0, 1e6, allow_nan=False))),
        min_size=0,
        max_size=12,
    ),
    st.booleans(),
    st.integers(1, 6),
    st.floats(0, 100),
    st.floats(0, 1, exclude_max=True),
)
def test_tries_and_time_are_bounded_whatever_happens(
    failures: List[Tuple[bool, Optional[float]]],
    repeatable: bool,
    attempts: int,
    budget: float,
    random: float,
) -> None:
    outcomes: List[Any] = [
        RetryLater("x", maybe_done=done, retry_after=wait) for done, wait in failures
    ]
    answer, life = run(
        [*outcomes, "up"],
        RetryPolicy(attempts=attempts, budget=budget),
        repeatable=repeatable,
        random=random,
    )
    assert sum(life.slept) <= budget + 1e-6
    assert len(life.slept) <= attempts - 1
    first_lost = next((i for i, (done, _) in enumerate(failures) if done), None)
    if not repeatable and first_lost is not None:
        assert len(life.slept) <= first_lost
    assert answer == "up" or isinstance(answer, RetryLater)


# What an answer asks for


def test_retry_after_in_seconds_or_as_a_date() -> None:
    assert asked_wait({"Retry-After": "12"}, limited=False) == 12.0
    date = formatdate(1000.0, usegmt=True)
    assert asked_wait({"Retry-After": date}, limited=False, now=lambda: 990.0) == 10.0
    assert asked_wait({"Retry-After": date}, limited=False, now=lambda: 2000.0) == 0.0


def test_a_retry_after_date_is_read_by_the_servers_clock() -> None:
    headers = {
        "Retry-After": formatdate(1000.0, usegmt=True),
        "Date": formatdate(970.0, usegmt=True),
    }
    assert asked_wait(headers, limited=False, now=lambda: 5_000_000.0) == 30.0


def test_the_reset_counts_only_when_the_limit_was_hit() -> None:
    for name in ("ratelimit-reset", "X-Ratelimit-Reset"):
        assert asked_wait({name: "9"}, limited=True) == 9.0
        assert asked_wait({name: "9"}, limited=False) is None


def test_an_unreadable_wait_falls_back_to_the_next() -> None:
    assert asked_wait({"Retry-After": "soon", "ratelimit-reset": "4"}, limited=True) == 4.0
    assert asked_wait({"Retry-After": "inf"}, limited=True) is None
    assert asked_wait({}, limited=True) is None


@given(st.text(), st.text())
def test_no_header_can_break_the_reading(after: str, reset: str) -> None:
    wait = asked_wait(
        {"Retry-After": after, "ratelimit-reset": reset, "Date": reset}, limited=True
    )
    assert wait is None or (math.isfinite(wait) and wait >= 0)


def test_http_dates() -> None:
    assert http_date("Sat, 21 Nov 2026 03:45:10 GMT") == 1795232710.0
    assert http_date("yesterday") is None
    assert http_date(None) is None
