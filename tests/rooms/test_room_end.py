"""A room is archived after its incident's end, and comes back when that is reopened."""

from __future__ import annotations

from typing import Any

import pytest
from followed_room import BOTH, HOUR, NAME, come, feed, opened, round_
from rooms_world import RoomsWorld

from pagerduty_mattermost.rooms import adopting, tending


@BOTH
@pytest.mark.parametrize(("after", "archived"), [(71.99, False), (72.0, True)])
def test_it_is_archived_so_many_hours_after_the_end(
    world: RoomsWorld, after: float, archived: bool
) -> None:
    incident = opened(world)
    world.pagerduty.resolve(incident, "Ada Lovelace")
    come(world, incident)
    assert "unless the incident is reopened" in world.texts(NAME)[-1]
    world.clock.advance(after * HOUR)
    round_(world)
    assert bool(world.chat.channel(NAME).delete_at) is archived
    assert bool(world.records().old_of(incident.id)) is archived


@BOTH
def test_reopened_in_time_it_stays(world: RoomsWorld) -> None:
    incident = opened(world)
    world.pagerduty.resolve(incident, "Ada Lovelace")
    come(world, incident)
    world.clock.advance(71 * HOUR)
    world.pagerduty.reopen(incident, "Ada Lovelace")
    come(world, incident)
    world.clock.advance(2 * HOUR)
    round_(world)
    assert not world.chat.channel(NAME).delete_at
    assert (world.room(incident).ended, world.room(incident).due) == (False, 0.0)


@BOTH
@pytest.mark.parametrize(("word", "archived"), [("never", False), ("at_once", True)])
def test_never_and_at_once(world: RoomsWorld, word: str, archived: bool) -> None:
    incident = opened(world, archive=word)
    world.pagerduty.resolve(incident, "Ada Lovelace")
    come(world, incident)
    world.clock.advance(1)
    round_(world)
    assert bool(world.chat.channel(NAME).delete_at) is archived


@pytest.mark.parametrize("word", ["72h", "at_once"])
def test_a_channel_of_peoples_is_not_archived_and_says_nothing_of_it(
    world: RoomsWorld, word: str
) -> None:
    world.rooms = {**world.rooms, "archive": word}
    incident = world.incident()
    world.card(incident)
    channel = world.chat.add_channel("war-room", members=["ada", "pagerduty"])
    context = world.context()
    adopting.adopt(context, channel.id, world.change(incident, context), by=world.user("ada"))
    world.pagerduty.resolve(incident, "Ada Lovelace")
    come(world, incident)
    world.clock.advance(100 * HOUR)
    round_(world)
    assert not world.chat.channel("war-room").delete_at
    assert (world.room(incident).ended, world.room(incident).due) == (True, 0.0)
    assert not [text for text in world.texts("war-room") if "archived" in text]


def archived_room(world: RoomsWorld) -> Any:
    incident = opened(world, archive="at_once")
    world.pagerduty.resolve(incident, "Ada Lovelace")
    come(world, incident)
    world.clock.advance(1)
    round_(world)
    assert world.chat.channel(NAME).delete_at
    world.clock.advance(60)
    return incident


@BOTH
def test_what_was_put_away_costs_nothing(world: RoomsWorld) -> None:
    incident = archived_room(world)
    assert world.records().every() == []
    before = len(world.sandbox.journal.entries)
    assert tending.tend(world.context(), {}, full=False).rooms == 0
    assert world.requests(before) == []
    world.pagerduty.annotate(incident, "afterwards", "Ada Lovelace")
    come(world, incident)
    assert not [line for line in world.log.lines if "will follow" in line]


@BOTH
def test_reopened_after_it_was_archived_it_is_restored(world: RoomsWorld) -> None:
    world.chat.make_team_admin("ops", "pagerduty")
    incident = archived_room(world)
    world.pagerduty.reopen(incident, "Ada Lovelace")
    come(world, incident)
    assert not world.chat.channel(NAME).delete_at
    assert world.room(incident).is_open
    assert any("reopened" in text for text in feed(world))
    world.pagerduty.annotate(incident, "here again", "Ada Lovelace")
    come(world, incident)
    assert "here again" in feed(world)[-1]


@BOTH
def test_where_the_bot_may_not_restore_it_people_are_told_who_can(world: RoomsWorld) -> None:
    incident = archived_room(world)
    world.pagerduty.reopen(incident, "Ada Lovelace")
    come(world, incident)
    come(world, incident)
    (card,) = world.cards("incidents")
    told = [p.message for p in world.chat.thread(card) if "may not restore" in p.message]
    assert len(told) == 1
    assert "an admin of the team can" in told[0]
    assert "/channels/" in told[0]
    world.chat.restore(NAME)
    world.clock.advance(60)
    report = round_(world)
    assert report.back == (incident.id,)
    assert world.room(incident).is_open
    world.pagerduty.annotate(incident, "here again", "Ada Lovelace")
    come(world, incident)
    assert "here again" in feed(world)[-1]
