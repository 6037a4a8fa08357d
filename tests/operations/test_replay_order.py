"""Which dead letter is next: those of an incident in order, whatever fails or is killed; and what
is dropped."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.operations import dead_letters
from pagerduty_mattermost.operations.dead_letters import (
    ACT,
    BLOCKED,
    PERMANENT,
    RETRYABLE,
    TRIED_SECONDS,
    DeadLetter,
    surplus,
)
from pagerduty_mattermost.operations.replay_order import (
    FAILURES_IN_A_ROW,
    LONGEST_WAIT_SECONDS,
    ReplayOrder,
    postponed,
)

NOW = 1_800_000_000.0


def letter(number: int, incident: str = "", kind: str = RETRYABLE, **more: Any) -> DeadLetter:
    params = {"channel": more.pop("channel", "incidents")}
    made = DeadLetter(
        f"{number:04}",
        "post_incident",
        params,
        kind,
        "why",
        NOW + number,
        NOW + number,
        1,
        NOW,
        incident,
    )
    return made._replace(sequence=f"{number:06}" if incident else "", **more)


def played(order: ReplayOrder, fails: Dict[str, str]) -> List[str]:
    """The ids that were tried; those in `fails` fail as the kind said."""
    tried = []
    while True:
        one = order.next()
        if one is None:
            return tried
        tried.append(one.id)
        if one.id in fails:
            order.failed(fails[one.id], down=fails[one.id] == RETRYABLE)
        else:
            order.done()


OUTCOMES = st.sampled_from(["", "", "", RETRYABLE, BLOCKED, PERMANENT, "killed"])


@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.sampled_from(["incidents", "other"])),
        min_size=1,
        max_size=20,
    ),
    st.lists(OUTCOMES, max_size=60),
    st.randoms(use_true_random=False),
)
def test_every_letter_comes_through_once_and_those_of_an_incident_and_channel_in_order(
    made: List[Tuple[str, str]], outcomes: List[str], chance: Any
) -> None:
    """Runs that fail in every way and are killed before and after the effect, then as many as it
    takes."""
    waiting = {one.id: one for one in (letter(n, i, channel=c) for n, (i, c) in enumerate(made))}
    effects: List[DeadLetter] = []
    refused: List[DeadLetter] = []
    now = NOW
    script = list(outcomes)
    for _ in range(len(outcomes) + len(made) + 2):
        now += LONGEST_WAIT_SECONDS[BLOCKED]
        shuffled = list(waiting.values())
        chance.shuffle(shuffled)
        order = ReplayOrder(shuffled, now)
        while True:
            one = order.next()
            if one is None:
                break
            outcome = script.pop(0) if script else ""
            if outcome == "killed":
                effects.append(one)
                break
            if not outcome:
                effects.append(one)
                del waiting[one.id]
                order.done()
                continue
            waiting[one.id] = postponed(one, outcome, "why", now)
            if outcome == PERMANENT:
                refused.append(waiting.pop(one.id))
            order.failed(outcome, down=outcome == RETRYABLE)
    assert not waiting
    once = list(
        dict.fromkeys((one.incident, one.params["channel"], one.sequence) for one in effects)
    )
    assert len(once) + len({one.id for one in refused} - {one.id for one in effects}) == len(made)
    for incident in "ABC":
        for channel in ("incidents", "other"):
            own = [sequence for i, c, sequence in once if (i, c) == (incident, channel)]
            assert own == sorted(own)


def test_while_one_waits_for_the_other_side_later_ones_of_the_incident_wait_with_it() -> None:
    letters = [letter(1, "A"), letter(2, "A", channel="other"), letter(3, "B")]
    assert played(ReplayOrder(letters, NOW), {"0001": RETRYABLE}) == ["0001", "0003"]


def test_a_closed_channel_holds_up_what_goes_there_and_nothing_else() -> None:
    letters = [
        letter(1, "A"),
        letter(2, "A"),
        letter(3, "A", channel="other"),
        letter(4, "B"),
        letter(5, "B", channel="x"),
    ]
    assert played(ReplayOrder(letters, NOW), {"0001": BLOCKED}) == ["0001", "0003", "0005"]


def test_one_not_due_holds_up_later_ones_until_something_goes_through() -> None:
    waits = [letter(1, "A", next_at=NOW + 500), letter(2, "A")]
    assert played(ReplayOrder(waits, NOW), {}) == []
    assert played(ReplayOrder([*waits, letter(3, "B")], NOW), {}) == ["0003", "0001", "0002"]
    closed = [letter(1, "A", BLOCKED, next_at=NOW + 500), letter(2, "A"), letter(3, "B")]
    assert played(ReplayOrder(closed, NOW), {}) == ["0003"], "its channel may still be closed"


def test_after_some_failures_in_a_row_nobody_is_asked_any_more() -> None:
    letters = [letter(n) for n in range(10)]
    assert (
        len(played(ReplayOrder(letters, NOW), {one.id: RETRYABLE for one in letters}))
        == FAILURES_IN_A_ROW
    )
    assert (
        len(
            played(ReplayOrder(letters, NOW, by_hand=True), {one.id: PERMANENT for one in letters})
        )
        == 10
    )


def test_what_needs_a_hand_is_tried_by_hand_alone() -> None:
    letters = [
        letter(1, "A", PERMANENT),
        letter(2, "A", ACT),
        letter(3, "A", first_at=NOW - TRIED_SECONDS),
        letter(4, "A"),
    ]
    assert played(ReplayOrder(letters, NOW), {}) == ["0004"]
    assert played(ReplayOrder(letters, NOW, by_hand=True), {}) == ["0001", "0002", "0003", "0004"]


def test_the_time_between_two_tries_doubles_up_to_a_limit() -> None:
    one: DeadLetter = letter(1)
    waits = []
    for _ in range(6):
        one = postponed(one, RETRYABLE, "why", NOW)
        waits.append(one.next_at - NOW)
    assert waits == [60, 120, 240, 480, 600, 600]
    assert postponed(one._replace(attempts=900), BLOCKED, "why", NOW).next_at == NOW + 3600


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "A", "B", "C"]),
            st.sampled_from(dead_letters.KINDS),
            st.booleans(),
        ),
        max_size=40,
    ),
    st.integers(0, 40),
)
def test_what_is_dropped_is_no_more_than_too_much_and_of_resolved_incidents_first(
    made: List[Tuple[str, str, bool]], limit: int
) -> None:
    letters = [letter(n, i, kind, over=over) for n, (i, kind, over) in enumerate(made)]
    gone = surplus(letters, limit)
    assert len(letters) - len(gone) == min(limit, len(letters))
    ends: Dict[str, Optional[bool]] = {one.incident: one.over for one in letters if one.incident}
    resolved = [one for one in letters if ends.get(one.incident)]
    assert gone[: len(resolved)] == resolved[: len(gone)]
