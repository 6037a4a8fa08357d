"""How many requests and datastore calls lie between a change at PagerDuty and its cards, with the
rules as they are shipped: post_incident and repaint_incident run for each change."""

from __future__ import annotations

from typing import Callable, Iterator

import pytest
from trips_world import Counted, Trips


@pytest.fixture
def counted() -> Iterator[Counted]:
    one = Counted()
    yield one
    one.world.close()


def test_a_new_incident(counted: Counted) -> None:
    found = counted.new_incident()
    assert len(found.look + found.pagerduty) == 2, found
    assert len(found.mattermost) <= 3, found
    # The first action: what is known, the channel; the change, the intent, the card; what others
    # brought meanwhile. The second one: what is known, the subscriptions.
    assert len(found.datastore) <= 8, found


@pytest.mark.parametrize("what", [Counted.acknowledged, Counted.noted])
def test_a_later_change(counted: Counted, what: Callable[[Counted], Trips]) -> None:
    counted.new_incident()
    found = what(counted)
    assert found.look == ["GET /log_entries"]
    assert len(found.pagerduty) == 0, found
    assert len(found.mattermost) <= 2, found
    # The first action: what is known; the change, what the card has told; what others brought
    # meanwhile. The second one: what is known, the subscriptions.
    assert len(found.datastore) <= 6, found


def test_in_the_other_order(counted: Counted) -> None:
    """StackStorm keeps none. What is known is written before there is a card, and again when there
    is one, since it expires later then; and cards that quiet hours hold back are asked for."""
    counted.repaint_first = True
    new, later = counted.new_incident(), counted.acknowledged()
    assert (len(new.pagerduty), len(new.mattermost)) == (0, 3), new
    assert len(new.datastore) <= 11, new
    assert (len(later.pagerduty), len(later.mattermost)) == (0, 2), later
    assert len(later.datastore) <= 6, later
