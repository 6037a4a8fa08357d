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
    found = _left_open(BEFORE, 3, ["P2"], after)
    assert found == Listing([row("P1"), row("P2", "acknowledged"), row("P3")], False)
    found = _left_open(BEFORE, 3, ["P1", "P3"], [row("P3", "resolved"), row("P1", "resolved")])
    assert found == Listing([row("P2")], False)
    assert _left_open(Listing([], False), 0, ["P9"], [row("P9", "resolved")]) == Listing([], False)


def test_it_is_read_where_that_does_not_tell() -> None:
    assert _left_open(BEFORE, 3, ["P1"], []) is None, "PagerDuty's answer holds not all of them"


def test_of_a_longer_list_what_was_read_is_shown_and_said_to_be_a_part() -> None:
    some = BEFORE._replace(truncated=True)
    found = _left_open(some, 5, ["P1", "P9"], [row("P1", "resolved"), row("P9", "resolved")])
    assert found == Listing([row("P2"), row("P3")], True)
    found = _left_open(some, 4, ["P9"], [row("P9", "resolved")])
    assert found == Listing([row("P1"), row("P2"), row("P3")], False)
    gone = [row(id, "resolved") for id in ("P1", "P2", "P3")]
    assert _left_open(some, 5, ["P1", "P2", "P3"], gone) is None


def test_more_than_is_counted_is_cut_and_said() -> None:
    many = Listing([row(f"P{number}") for number in range(MAX_OPEN_INCIDENTS + 2)], False)
    found = _left_open(many, len(many.items), ["P0"], [row("P0", "resolved")])
    assert found is not None
    assert (len(found.items), found.truncated) == (MAX_OPEN_INCIDENTS, True)
