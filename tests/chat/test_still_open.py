"""What is still open after a change, told from what was open before it."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.chat.verbs.status import MAX_OPEN_INCIDENTS, _left_open
from pagerduty_mattermost.gateways.pagerduty.client import Listing


def row(id: str, status: str = "triggered") -> Dict[str, Any]:
    return {"id": id, "status": status}


BEFORE = Listing([row("P1"), row("P2"), row("P3")], False)


def test_what_was_changed_stands_as_it_is_now_in_its_place() -> None:
    after = [row("P2", "acknowledged")]
    found = _left_open(BEFORE, ["P2"], after)
    assert found == Listing([row("P1"), row("P2", "acknowledged"), row("P3")], False)
    found = _left_open(BEFORE, ["P1", "P3"], [row("P3", "resolved"), row("P1", "resolved")])
    assert found == Listing([row("P2")], False)
    assert _left_open(Listing([], False), ["P9"], [row("P9", "resolved")]) == Listing([], False)


def test_it_is_read_where_that_does_not_tell() -> None:
    assert _left_open(BEFORE._replace(truncated=True), ["P1"], [row("P1", "resolved")]) is None
    assert _left_open(BEFORE, ["P1"], []) is None, "PagerDuty's answer holds not all of them"


def test_more_than_is_counted_is_cut_and_said() -> None:
    many = Listing([row(f"P{number}") for number in range(MAX_OPEN_INCIDENTS + 2)], False)
    found = _left_open(many, ["P0"], [row("P0", "resolved")])
    assert found is not None
    assert (len(found.items), found.truncated) == (MAX_OPEN_INCIDENTS, True)
