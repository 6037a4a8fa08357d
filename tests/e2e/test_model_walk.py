"""Histories by plain dice with everything drawn at random that PagerDuty leaves open, trouble and
kills included: nothing is lost, told twice or told as something else, roles and tasks included;
and where nothing gets lost on the way, everything is told in order."""

from __future__ import annotations

from typing import Any

import pytest
from model_walk import walk


def differing(first: int, count: int, **fixed: Any) -> str:
    """The histories that differ from the truth: seed, switches and what differs."""
    walks = ((seed, *walk(seed, **fixed)) for seed in range(first, first + count))
    return "\n".join(f"{seed} {switches}: {lines}" for seed, switches, lines in walks if lines)


@pytest.mark.parametrize("reopen", ["reopen", "assign", "trigger"])
def test_a_few_histories_for_each_look_of_a_reopen(reopen: str) -> None:
    assert differing(1, 4, reopen=reopen) == ""


def test_a_few_histories_in_which_nothing_gets_lost_are_told_in_order() -> None:
    assert differing(1, 4, calm=True) == ""


@pytest.mark.parametrize(("seed", "fixed"), [(0, {"reopen": "reopen"}), (178, {})])
def test_a_trigger_that_the_sensor_read_late_and_whose_dispatch_was_lost(
    seed: int, fixed: Any
) -> None:
    """A reconcile ran before the sensor read the entry: its place in the log was past it."""
    assert differing(seed, 1, **fixed) == ""


@pytest.mark.parametrize("seed", [1535, 1627, 1719, 1816, 1861, 1919])
def test_begun_resolved_and_reopened_within_seconds_and_seen_in_any_order(seed: int) -> None:
    assert differing(seed, 1) == ""


@pytest.mark.soak
def test_two_hundred_histories_in_order() -> None:
    assert differing(5000, 200, calm=True) == ""


@pytest.mark.soak
@pytest.mark.parametrize("hundred", range(10))
def test_a_thousand_histories_by_dice(hundred: int) -> None:
    assert differing(1000 + 100 * hundred, 100) == ""
