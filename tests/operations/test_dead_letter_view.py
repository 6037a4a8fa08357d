"""What people read of dead letters, and of what became of them; without I/O."""

from __future__ import annotations

from datetime import timezone
from typing import Any

import pytest

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.operations import dead_letter_view
from pagerduty_mattermost.operations.dead_letters import (
    ACT,
    ALARM_LETTERS,
    PERMANENT,
    RETRYABLE,
    TRIED_SECONDS,
    DeadLetter,
)

NOW = 1_800_000_000.0


def letter(id: str, kind: str = RETRYABLE, first_at: float = NOW, **more: Any) -> DeadLetter:
    made = DeadLetter(id, "post_once", {}, kind, "why", first_at, first_at, 1, first_at)
    return made._replace(**more)


def test_ids_or_all_are_picked_and_acts_only_where_they_are_wanted() -> None:
    found = [letter("a"), letter("b", ACT), letter("c")]
    assert dead_letter_view.picked(found, ["c", "x", "c"], False, acts=False) == (
        [found[2]],
        ["x"],
    )
    assert dead_letter_view.picked(found, [], True, acts=False) == ([found[0], found[2]], [])
    assert dead_letter_view.picked(found, [], True, acts=True) == (found, [])
    for ids, everything in (([], False), (["a"], True)):
        with pytest.raises(RejectedInput, match="either ids"):
            dead_letter_view.picked(found, ids, everything, acts=True)


def test_what_became_of_a_replay_is_counted_and_its_first_failure_named() -> None:
    results = [
        dead_letter_view.replayed(letter("a"), "", timezone.utc),
        dead_letter_view.replayed(letter("b"), "no such channel", timezone.utc),
        dead_letter_view.replayed(letter("c", ACT, incident="PT4KHLK"), None, timezone.utc),
        dead_letter_view.not_found("x"),
    ]
    assert [one["done"] for one in results] == ["replayed", "failed", "not_tried", "not_found"]
    assert "more than a minute" in results[2]["warning"]
    made = dead_letter_view.replay_result(results, acts_left_out=2)
    assert (made["replayed"], made["letters"]) == (1, results)
    assert made["message"] == (
        "1 of 3 retried. Left out as commands from chat: 2; check their incidents, then give "
        "their ids. No failed post or command: x. The first that failed: no such channel"
    )


def test_a_catch_up_says_what_waits_and_what_needs_a_hand() -> None:
    left = [letter("a"), letter("b", PERMANENT), letter("c", first_at=NOW - TRIED_SECONDS)]
    made = dead_letter_view.catch_up_result(3, left, 1, NOW)
    assert made == {
        "caught_up": 3,
        "waiting": 1,
        "by_hand": 2,
        "dropped": 1,
        "message": "Caught up: 3; still waiting: 1.",
    }
    assert dead_letter_view.catch_up_result(0, [], 0, NOW)["message"] == "Nothing was waiting."


def test_too_many_are_told_from_a_number_on() -> None:
    assert dead_letter_view.too_many(ALARM_LETTERS - 1) == ""
    assert "8,000 posts and commands" in dead_letter_view.too_many(ALARM_LETTERS)
