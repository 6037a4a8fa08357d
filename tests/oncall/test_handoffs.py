"""Hand-offs: each change of who is on call once, however late or often the looks; what is kept
between them."""

# flake8: noqa: W503

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Tuple

from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall.handoffs import (
    LastOnCall,
    OnCallSpan,
    WatchState,
    coming_shifts,
    find_changes,
    from_data,
    to_data,
)

MINUTE, DAY = 60, 86400


ANN, BOB, CARL = (
    Reference("user", f"P{name}", name, f"{name}@example.com") for name in ("ANN", "BOB", "CARL")
)


def span(user: Reference, start: Optional[float], end: Optional[float]) -> OnCallSpan:
    return OnCallSpan(user, start, end, "PSCHED")


def seen(*spans: OnCallSpan) -> Dict[str, Any]:
    return {"PSCHED": {0: list(spans)} if spans else {}}


def first(now: float, *spans: OnCallSpan) -> WatchState:
    look = find_changes(WatchState(), seen(*spans), now)
    assert look.handoffs == [], "what is found first is no news"
    return look.state


def told(
    before: WatchState, now: float, *spans: OnCallSpan
) -> List[Tuple[float, List[str], List[str]]]:
    return [
        (one.at, [came.user.id for came in one.came], [left.user.id for left in one.left])
        for one in find_changes(before, seen(*spans), now).handoffs
    ]


TURNS = (span(ANN, 0, 100), span(BOB, 100, 200), span(BOB, 200, 300), span(ANN, 300, 400))


def test_a_hand_off_is_at_the_moment_itself_however_late_the_look() -> None:
    state = first(50, *TURNS)
    assert told(state, 99.9, *TURNS) == []
    assert told(state, 100, *TURNS) == told(state, 280, *TURNS) == [(100, ["PBOB"], ["PANN"])]
    assert told(state, 301, *TURNS) == [(100, ["PBOB"], ["PANN"]), (300, ["PANN"], ["PBOB"])]
    look = find_changes(state, seen(*TURNS), 301)
    assert [one.newest for one in look.handoffs] == [False, True]
    assert look.handoffs[0].came[0].end == 300, "adjoining shifts are one"
    assert not any(one.odd for one in look.handoffs)


def test_a_gap_is_told_and_its_end() -> None:
    turns = (span(ANN, 0, 100), span(ANN, 150, 200))
    state = first(50, *turns)
    assert told(state, 120, *turns) == [(100, [], ["PANN"])]
    state = find_changes(state, seen(*turns), 120).state
    assert told(state, 160, *turns) == [(150, ["PANN"], [])]


def test_what_was_changed_behind_the_last_look_is_one_hand_off() -> None:
    """An override with a start before it, or another user in a layer."""
    state = first(50, span(ANN, 0, 100))
    assert told(state, 60, span(BOB, 40, 100)) == [(50, ["PBOB"], ["PANN"])]
    assert find_changes(state, seen(span(BOB, 40, 100)), 60).handoffs[0].odd
    assert told(state, 60, span(ANN, 0, 55), span(BOB, 55, 100)) == [(55, ["PBOB"], ["PANN"])]


def test_a_level_of_a_policy_is_a_set_of_people() -> None:
    before = find_changes(
        WatchState(), {"PPOL": {1: [span(ANN, None, None), span(BOB, 0, 100)]}}, 50
    ).state
    rows = [span(ANN, None, None), span(ANN, 90, 200), span(BOB, 0, 100), span(CARL, 100, 200)]
    (one,) = find_changes(before, {"PPOL": {1: rows}}, 150).handoffs
    assert ([came.user.id for came in one.came], [left.user.id for left in one.left]) == (
        ["PCARL"],
        ["PBOB"],
    )
    assert [person.user.id for person in one.present] == ["PANN", "PCARL"]
    (gone,) = find_changes(
        before, {"PPOL": {2: [span(ANN, None, None)], 1: [span(ANN, None, None)]}}, 60
    ).handoffs[:1]
    assert [left.user.id for left in gone.left] == ["PBOB"]


def test_after_a_long_time_those_of_two_days_are_told_and_a_repeated_look_finds_the_same() -> None:
    turns = [span((ANN, BOB)[day % 2], day * DAY, (day + 1) * DAY) for day in range(30)]
    state = first(DAY / 2, *turns)
    for now in (21.5 * DAY, 21.5 * DAY + MINUTE):
        assert [at / DAY for at, _, _ in told(state, now, *turns)] == [19, 20, 21], (
            "the oldest with its own time"
        )


def test_a_clock_that_goes_back_finds_nothing_and_forgets_nothing() -> None:
    state = first(150, *TURNS)
    look = find_changes(state, seen(*TURNS), 20)
    assert (look.handoffs, look.state.at, list(look.state.levels["PSCHED"][0])) == (
        [],
        150,
        ["PBOB"],
    )


def test_what_is_new_in_the_configuration_is_no_news_and_what_left_it_is_forgotten() -> None:
    state = first(50, *TURNS)
    look = find_changes(state, {"POTHER": {0: [span(ANN, 0, 60), span(BOB, 60, 100)]}}, 70)
    assert (look.handoffs, list(look.state.levels)) == ([], ["POTHER"])


def test_a_shift_that_begins_soon_is_found_once_and_who_only_goes_on_is_not() -> None:
    found = coming_shifts({"PSCHED": {0: TURNS}, "PPOL": {1: TURNS, 2: TURNS}}, 80, 30)
    assert [(one.watched, one.span.user.id, one.span.start, one.span.end) for one in found] == [
        ("PPOL", "PBOB", 100, 300),
        ("PSCHED", "PBOB", 100, 300),
    ]
    assert coming_shifts(seen(*TURNS), 180, 30) == []
    assert (
        coming_shifts(seen(*TURNS), 69, 30)
        == coming_shifts(seen(*TURNS), 100, 30)
        == coming_shifts(seen(*TURNS), 80, 0)
        == []
    )
    assert len({one.key for one in found}) == 2


def test_keys_tell_things_levels_moments_and_people_apart() -> None:
    state = find_changes(WatchState(), {"A": {0: TURNS}, "B": {1: TURNS, 2: TURNS}}, 50).state
    found = find_changes(state, {"A": {0: TURNS}, "B": {1: TURNS, 2: TURNS}}, 350).handoffs
    assert len({one.key for one in found}) == len(found) == 6


def test_what_is_kept_reads_again_and_what_is_none_is_seen() -> None:
    state = first(50, *TURNS)._replace(
        told={"k": 5.5}, fine={"P": 9.0}, unused=("PX",), at_once=3, checked_at=1.5
    )
    state = state._replace(
        levels={**state.levels, "PX": {2: {"PBOB": LastOnCall(BOB, 70.0)}, 1: {}}}
    )
    assert from_data(json.loads(json.dumps(to_data(state)))) == state
    for wrong in (
        None,
        [],
        {},
        {**to_data(state), "lanes": {"P": {"x": {}}}},
        {**to_data(state), "told": {"k": "x"}},
    ):
        assert from_data(wrong) is None


def test_what_an_older_version_kept_reads() -> None:
    kept = (
        '{"at": 50.5, "at_once": 0, "checked_at": 0.0, "fine": {"PANN": 99.0}, "lanes": {"PS": '
        '{"0": {"PANN": ["Ann", "ann@example.com"], "PBOB": ["Bob", "", 70.0]}}}, '
        '"told": {"k": 5}, "unused": ["PX"]}'
    )
    data = json.loads(kept)
    state = from_data(data)
    assert state is not None
    assert state.levels["PS"][0]["PBOB"].until == 70.0
    assert to_data(state) == data
