"""What waits for whoever asks, in all playbooks: how their incidents are called, and what it
costs."""

from __future__ import annotations

from typing import Iterator

import pytest
from runs_case import RunsWorld


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    with RunsWorld() as world:
        world.begin()
        world.clock.advance(60)
        yield world


def test_what_incidents_are_called_their_rooms_tell(world: RunsWorld) -> None:
    world.say("grace", "assign 2.2 me")
    before = len(world.asked_of_incidents())
    assert f"#{world.case.number} {world.case.title}" in world.say("grace", "todo", channel_id="")
    assert len(world.asked_of_incidents()) == before


def test_a_room_whose_title_does_not_tell_is_asked_pagerduty_for(world: RunsWorld) -> None:
    world.say("grace", "assign 2.2 me")
    room = world.room(world.case)
    world.records().save(room._replace(title="The great outage"))
    before = len(world.asked_of_incidents())
    assert f"#{world.case.number} {world.case.title}" in world.say("grace", "todo", channel_id="")
    assert len(world.asked_of_incidents()) == before + 1
    world.records().save(room)
    world.rooms["title"] = "{service}, {date}"
    before = len(world.asked_of_incidents())
    assert f"#{world.case.number} {world.case.title}" in world.say("grace", "todo", channel_id="")
    assert len(world.asked_of_incidents()) == before + 1
