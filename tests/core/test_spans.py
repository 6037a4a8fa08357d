"""Spans of time: what is in none of them, and what adjoins."""

from __future__ import annotations

from typing import List, Tuple

from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core.spans import gaps, joined

SPANS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 9)).map(lambda one: (one[0], sum(one))),
    max_size=8,
)


@given(SPANS, st.integers(0, 20), st.integers(0, 15))
def test_gaps_and_spans_share_no_second_and_leave_none(
    spans: List[Tuple[float, float]], start: int, length: int
) -> None:
    found = gaps(spans, start, start + length)
    for second in range(-2, 40):
        taken = any(begin <= second < end for begin, end in spans)
        free = any(begin <= second < end for begin, end in found)
        assert free == (start <= second < start + length and not taken)
    assert found == sorted(found)


@given(SPANS)
def test_joined_spans_are_apart_and_cover_the_same(spans: List[Tuple[float, float]]) -> None:
    made = joined(spans)
    for before, after in zip(made, made[1:]):
        assert before[1] < after[0]
    for second in range(-2, 45):
        there = any(begin <= second < end for begin, end in spans)
        assert there == any(begin <= second < end for begin, end in made)
