"""Tables for a terminal: what a row is named by elsewhere is not cut."""

from __future__ import annotations

import pytest

from standalone.tables import table

HEAD = ("ID", "WHAT", "INCIDENT", "KIND", "WHY", "FAILED LAST", "TIMES")
ROW = (
    "63e643b98cf01ab2",
    "#4 Checkout does not answer, in ~incidents-p1",
    "#4 Checkout does not answer",
    "blocked",
    "There is no channel ~incidents-p1 in the team ops",
    "1 Dec 2026 06:33 UTC",
    "12",
)


@pytest.mark.parametrize("width", [80, 90, 120])
def test_an_id_stands_whole_in_a_narrow_table(width: int) -> None:
    lines = table([HEAD, ROW], width).splitlines()
    assert all(len(line) <= width for line in lines)
    assert lines[1].startswith("63e643b98cf01ab2  ")


def test_a_long_name_in_the_first_column_gives_way_last() -> None:
    (line,) = table([("a" * 60, "b" * 60)], 40).splitlines()
    assert len(line) <= 40
    assert line.startswith("a" * 13)
