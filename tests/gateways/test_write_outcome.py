"""What became of a write, decided from what is shown afterwards; pure."""

from __future__ import annotations

from typing import Any

import pytest

from pagerduty_mattermost.gateways.pagerduty.write_outcome import Outcome, Shown, decide, fits


@pytest.mark.parametrize(
    ("shown", "lost", "outcome"),
    [
        (Shown(True), True, Outcome.DONE),
        (Shown(True), False, Outcome.DONE_ALREADY),
        (Shown(True, already=("P1",)), True, Outcome.DONE_ALREADY),
        (Shown(False), True, Outcome.NOT_DONE),
        (Shown(False), False, Outcome.NOT_DONE),
        (Shown(None), True, Outcome.NOT_KNOWN),
        (Shown(None), False, Outcome.NOT_KNOWN),
    ],
)
def test_an_outcome_is_what_is_shown(shown: Shown, lost: bool, outcome: Outcome) -> None:
    assert decide(shown, lost=lost) is outcome


@pytest.mark.parametrize(
    ("row", "sent", "fit"),
    [
        ({"name": "a", "more": 1}, {"name": "a", "type": "x"}, True),
        ({"name": "b"}, {"name": "a"}, False),
        ({}, {"name": "a"}, False),
        ({"at": "2026-11-22T10:00:00+01:00"}, {"at": "2026-11-22T09:00:00Z"}, True),
        (
            {"users": [{"id": "2"}, {"id": "1", "x": 1}]},
            {"users": [{"id": "1"}, {"id": "2"}]},
            True,
        ),
        ({"users": [{"id": "1"}, {"id": "1"}]}, {"users": [{"id": "1"}, {"id": "2"}]}, False),
        ({"users": [{"id": "1"}]}, {"users": []}, False),
        ({"priority": None}, {"priority": None}, True),
    ],
)
def test_a_row_fits_when_all_that_was_sent_stands_in_it(row: Any, sent: Any, fit: bool) -> None:
    assert fits(row, sent) is fit
