"""Tasks that are due: who is reminded, once, and by which name."""

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


def test_who_owns_a_task_is_reminded_when_it_is_due_once(world: RunsWorld) -> None:
    world.say("grace", "assign 1.1 @grace")
    world.clock.advance(239)
    world.tend()
    assert world.reminders() == []
    world.clock.advance(2)
    world.tend()
    assert world.reminders() == ["⏰ @grace: **1.1** Say what customers see is due at 03:50"]
    assert "due 03:50 ⏰" in world.post.message
    world.clock.advance(300)
    world.tend()
    assert len(world.reminders()) == 1


def test_who_was_renamed_is_reminded_by_the_present_name(world: RunsWorld) -> None:
    world.say("grace", "assign 1.1 @grace")
    world.chat.user("grace").username = "grace.hopper"
    world.chat.user("linus").username = "grace"  # who takes the name is not called for her
    world.clock.advance(241)
    world.tend()
    assert world.reminders() == [
        "⏰ @grace.hopper: **1.1** Say what customers see is due at 03:50"
    ]


def test_what_is_done_in_time_is_not_reminded_of(world: RunsWorld) -> None:
    world.click("ada", "check", "impact:done")
    world.clock.advance(400)
    world.tend()
    assert world.reminders() == []


def test_a_reminder_that_mattermost_did_not_take_comes_later(world: RunsWorld) -> None:
    world.clock.advance(300)
    world.sandbox.mattermost.faults.add("status", status=503)
    assert world.tend().problems
    world.sandbox.mattermost.faults.clear()
    world.clock.advance(600)
    world.tend()
    world.clock.advance(600)
    world.tend()
    assert world.reminders() == ["⏰ @ada: **1.1** Say what customers see is due at 03:50"]


def test_a_reminder_whose_answer_was_lost_comes_once(world: RunsWorld) -> None:
    world.clock.advance(300)
    world.sandbox.mattermost.faults.add("lost", method="POST", path="/posts$", times=8)
    world.tend()
    world.sandbox.mattermost.faults.clear()
    for _ in range(2):
        world.clock.advance(300)
        world.chat.forget_pending()
        world.tend()
    assert len(world.reminders()) == 1
