"""Drills by command: timed, reported once, and nobody outside is paged."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from exercises_world import ExercisesWorld

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.exercises import drills
from pagerduty_mattermost.operations.rooms_round import tended_by_hand
from pagerduty_mattermost.runs.acts import ROLE, UPDATE, Act, Who
from pagerduty_mattermost.runs.records import RunRecords


@pytest.fixture
def world() -> Iterator[ExercisesWorld]:
    with ExercisesWorld() as made:
        yield made


def begun(world: ExercisesWorld, line: str = "drill") -> str:
    (id_,) = world.say(line).incidents
    return id_


def do(world: ExercisesWorld, id_: str, kind: str, seconds: float, **more: Any) -> None:
    run = world.run(id_)
    who = Who(world.user("mei"), "mei")
    act = Act(kind, f"{kind}{seconds}", run.plan.at + seconds, who, **more)
    RunRecords(world.context().store).act(id_, act)


def test_a_drill_is_marked_timed_and_reported_against_the_last(world: ExercisesWorld) -> None:
    first = begun(world)
    incident, run = world.pagerduty.incidents[first], world.run(first)
    assert incident.title == "[drill] Major incident"
    assert incident.urgency == "low"
    assert run.plan.drill
    assert run.state.commander.id == ""
    channel = world.chat.channel(run.plan.channel)
    assert "drill" in channel.name
    world.clock.advance(60)
    world.say("ack", channel=channel.id)
    world.clock.advance(240)
    do(world, first, ROLE, 100, value="commander", person=Who(world.user("mei"), "mei"))
    do(world, first, UPDATE, 200, text="x")
    told = world.say("drill end", channel=channel.id)
    assert told.message == "It is over."
    assert incident.status == "resolved"
    (report,) = [text for text in world.texts(channel) if "Exercise over" in text]
    assert "| first acknowledgement | 1 min |" in report
    assert "| somebody took command | 1 min |" in report
    assert "| first status update | 3 min |" in report
    assert "the next one is compared with it" in report

    world.clock.advance(3600)
    second = begun(world, "drill major-incident")
    world.clock.advance(600)
    told = world.say("drill end")
    assert "**Slow:** first acknowledgement: never; somebody took command: never" in told.message
    assert "| the whole exercise | 10 min | 5 min | 5 min |" in told.message
    assert len(drills.last_drills(world.context(), "major-incident")) == 2
    assert second != first


def test_it_is_reported_once_whoever_ends_it(world: ExercisesWorld) -> None:
    id_ = begun(world)
    channel = world.run(id_).plan.channel
    world.say("drill end", channel=channel)
    tended_by_hand(world.context())
    drills.report_of(world.context(), id_)
    assert len([text for text in world.texts(channel) if "Exercise over" in text]) == 1


def test_killed_before_its_report_the_round_posts_it(world: ExercisesWorld) -> None:
    id_ = begun(world)
    channel = world.run(id_).plan.channel
    world.sandbox.mattermost.faults.add("status", method="POST", path="/posts$", status=503)
    with pytest.raises(PackError):
        world.say("drill end", channel=channel)
    world.sandbox.mattermost.faults.clear()
    world.clock.advance(600)
    tended_by_hand(world.context())
    assert len([text for text in world.texts(channel) if "Exercise over" in text]) == 1


def test_nobody_is_paged_from_a_drill(world: ExercisesWorld) -> None:
    id_ = begun(world)
    channel = world.run(id_).plan.channel
    number = world.pagerduty.incidents[id_].number
    for line in (
        f"escalate {number}",
        f"reassign {number} @mei",
        f"add-responder {number} @mei",
        f"status {number} We know more",
    ):
        told = world.refused(line)
        assert "this is an exercise: nobody outside is paged" in told, line
    assert "this is an exercise" in world.refused('page @mei "help"', channel=channel)
    assert world.pagerduty.incidents[id_].entries[-1].type != "escalate"
    world.say(f"note {number} tried it")
    real = world.incident()
    world.say(f"escalate {real.number}")


def test_which_drill_is_meant(world: ExercisesWorld) -> None:
    assert "no drill is under way" in world.refused("drill end")
    first, _ = begun(world), begun(world)
    assert "say it in the drill's room" in world.refused("drill end")
    world.say("drill end", channel=world.run(first).plan.channel)
    world.say("drill end")
    assert world.open_incidents() == []
    assert "no playbook 'nothing'" in world.refused("drill nothing")


def test_test_incidents_do_not_end_drills(world: ExercisesWorld) -> None:
    id_ = begun(world)
    assert world.say("test end").already
    assert world.pagerduty.incidents[id_].status == "triggered"


def test_a_drill_that_was_cut_short_before_it_began_is_ended_with_the_tests(
    world: ExercisesWorld,
) -> None:
    world.sandbox.mattermost.faults.add("status", method="POST", path="/channels$", status=503)
    with pytest.raises(PackError):
        world.say("drill")
    world.sandbox.mattermost.faults.clear()
    assert "no drill is under way" in world.refused("drill end")
    assert world.say("test end").message == "Resolved 1 test incident."
    assert world.open_incidents() == []
