"""Test incidents by a seed: the same each time, as many as were asked for, within the dates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.exercises.planned_incidents import (
    LONGEST_SECONDS,
    MAX_INCIDENTS,
    SHORTEST_SECONDS,
    TEST_MARK,
    PlannedIncident,
    key_of,
    planned,
)

BEGIN, END = 1_580_428_800.0, 1_606_003_200.0
"""31 January and 22 November 2020."""


def test_the_example_of_the_seed_document() -> None:
    found = planned(10, 3, BEGIN, END, 2)
    assert len(found) == 13
    assert [one.is_over for one in found] == [False] * 10 + [True] * 3
    assert found == planned(10, 3, BEGIN, END, 2)
    assert found != planned(10, 3, BEGIN, END, 3)
    # Held by its values: another version of Python, or of the pack, draws the same.
    assert found[0] == PlannedIncident("[test] Mobile app restarts by itself", 1_581_875_067.0)


@given(
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 10**9),
    st.integers(0, 10**8),
    st.integers(0, 10**12),
)
def test_as_many_as_asked_for_within_the_dates(
    ongoing: int, ended: int, begin: int, length: int, seed: int
) -> None:
    if not 0 < ongoing + ended <= MAX_INCIDENTS:
        with pytest.raises(RejectedInput, match="1 to 50 test incidents"):
            planned(ongoing, ended, begin, begin + length, seed)
        return
    found = planned(ongoing, ended, begin, begin + length, seed)
    assert sum(one.is_over for one in found) == ended
    assert len(found) == ongoing + ended
    for one in found:
        assert one.title.startswith(TEST_MARK)
        assert begin <= one.begun_at <= begin + length
        assert not one.is_over or SHORTEST_SECONDS <= one.lasted_seconds <= LONGEST_SECONDS


def test_dates_the_wrong_way_round() -> None:
    with pytest.raises(RejectedInput, match="before the first"):
        planned(1, 0, END, BEGIN, 1)


def test_each_incident_of_an_order_has_its_key() -> None:
    assert len({key_of(order, number) for order in "ab" for number in range(50)}) == 100
    assert key_of("a", 1) == key_of("a", 1)
