"""How many requests and datastore calls lie between a change at PagerDuty and its cards, with the
rules as they are shipped: one execution a change."""

from __future__ import annotations

from typing import Any, Callable, Iterator

import pytest
from trips_world import TWO, Counted, Trips


@pytest.fixture
def counted() -> Iterator[Counted]:
    one = Counted()
    yield one
    one.world.close()


def test_a_new_incident(counted: Counted) -> None:
    found = counted.new_incident()
    assert found.executions == 1
    assert len(found.look + found.pagerduty) == 2, found
    assert len(found.mattermost) <= 2, found
    # What is known; who is who, with the channel beside them; the change with the intent; the
    # card; what others brought meanwhile.
    assert len(found.datastore) <= 5, found


def test_a_new_incident_that_mentions_two(counted: Counted) -> None:
    """Each was mentioned before: who they are is read at once, however many they are."""
    counted.new_incident(assignees=TWO)
    found = counted.new_incident(assignees=TWO)
    assert all(name in counted.world.chat.messages("incidents")[-1] for name in ("grace", "linus"))
    assert len(found.look + found.pagerduty) == 2, found
    assert len(found.mattermost) <= 2, found
    assert len(found.datastore) <= 5, found


@pytest.mark.parametrize("fails", [False, True])
def test_who_is_mentioned_is_written_down_once_the_card_stands(
    counted: Counted, fails: bool
) -> None:
    """An alert does not wait for what only saves the next one a request; nor for its failing."""
    write, chat = counted.world.service.set_value, counted.world.chat
    posts = []

    def written(name: str, *args: Any, **named: Any) -> Any:
        if name.startswith("pagerduty.identity.accounts."):
            posts.append(len(chat.messages("incidents")))
            if fails:
                raise OSError("the datastore is away")
        return write(name, *args, **named)

    counted.world.service.set_value = written
    before = len(chat.messages("incidents"))
    counted.new_incident(assignees=TWO)
    assert all(f"@{name}" in chat.messages("incidents")[-1] for name in ("grace", "linus"))
    assert set(posts) == {before + 1}


def test_a_new_incident_that_mentions_nobody(counted: Counted) -> None:
    found = counted.new_incident("low")
    assert len(found.look + found.pagerduty) == 2, found
    assert len(found.mattermost) <= 2, found
    assert len(found.datastore) <= 5, found


@pytest.mark.parametrize("what", [Counted.acknowledged, Counted.noted])
def test_a_later_change(counted: Counted, what: Callable[[Counted], Trips]) -> None:
    counted.new_incident()
    found = what(counted)
    assert found.look == ["GET /log_entries"]
    assert len(found.pagerduty) == 0, found
    assert len(found.mattermost) <= 2, found
    assert found.executions == 1
    # What is known; the change, what the card has told; what others brought meanwhile.
    assert len(found.datastore) <= 4, found


@pytest.mark.parametrize("what", [Counted.reassigned, Counted.escalated])
def test_a_later_change_that_mentions_somebody(
    counted: Counted, what: Callable[[Counted], Trips]
) -> None:
    counted.new_incident(assignees=TWO)
    counted.new_incident()
    found = what(counted)
    mattermost = counted.world.chat.service
    assert "@" in mattermost.thread(mattermost.posts("incidents")[-1])[-1].message
    assert (len(found.look), len(found.pagerduty)) == (1, 0), found
    assert len(found.mattermost) <= 2, found
    # As any later change, and who is who.
    assert len(found.datastore) <= 5, found


def test_a_later_change_of_two_cards(counted: Counted) -> None:
    """What each of them has told is written; all else is read and written once."""
    counted.new_incident(assignees=TWO)
    counted.new_incident()
    counted.second_card()
    counted.acknowledged()
    later, mentions = counted.noted(), counted.reassigned()
    assert (later.executions, mentions.executions) == (1, 1)
    assert (len(later.mattermost), len(mentions.mattermost)) == (4, 4), (later, mentions)
    assert len(later.datastore) <= 5, later
    assert len(mentions.datastore) <= 6, mentions


def test_where_the_sensor_can_not_read_the_rules() -> None:
    """Each change is posted and repainted, by two executions, and the second finds it done."""
    counted = Counted(routed=False)
    try:
        new, later = counted.new_incident(), counted.acknowledged()
    finally:
        counted.world.close()
    assert (new.executions, later.executions) == (2, 2)
    assert (len(new.pagerduty), len(new.mattermost)) == (0, 2), new
    assert len(new.datastore) <= 9, new
    assert (len(later.pagerduty), len(later.mattermost)) == (0, 2), later
    assert len(later.datastore) <= 7, later


def test_in_the_other_order() -> None:
    """StackStorm keeps none. What is known is written before there is a card, and again when there
    is one, since it expires later then; cards that quiet hours hold back are asked for, and
    whether it was said already that no rule posts it."""
    counted = Counted(routed=False)
    counted.repaint_first = True
    try:
        new, later = counted.new_incident(), counted.acknowledged()
    finally:
        counted.world.close()
    assert (len(new.pagerduty), len(new.mattermost)) == (0, 2), new
    assert len(new.datastore) <= 13, new
    assert (len(later.pagerduty), len(later.mattermost)) == (0, 2), later
    assert len(later.datastore) <= 7, later
