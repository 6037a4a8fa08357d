"""A room is not archived before the run in it is over: its end is told there, with the tasks that
are open."""

from __future__ import annotations

from typing import Iterator

import pytest
from runs_case import RunsWorld

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.incidents.incident import IncidentEvent
from pagerduty_mattermost.operations import rooms_round
from pagerduty_mattermost.runs import following, life
from pagerduty_mattermost.runs.records import RunRecords


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    with RunsWorld(archive="at_once") as made:
        made.begin()
        yield made


def resolve(world: RunsWorld) -> None:
    world.clock.advance(600)
    world.pagerduty.resolve(world.case, user="ada@example.com")


def execution(world: RunsWorld) -> None:
    """What a change of the incident does to its cards, and behind them."""
    context = world.context()
    change = world.change(world.case, context)
    event = IncidentEvent("R1", "incident.resolved", change.incident.updated_at)
    shown = posting.make_publisher(context).show(change, "incidents", Route("r"), due=True)
    outcomes = [shown._replace(in_room=True)]
    following.follow(context, change._replace(events=(event,)), outcomes)


def round_(world: RunsWorld) -> None:
    world.clock.advance(300)
    world.chat.forget_pending()
    context = world.context()
    memory = IncidentRecords(context.store, world.case.id).load()
    assert rooms_round.tended(context, {world.case.id: memory}, full=True).problems == []


def is_archived(world: RunsWorld) -> bool:
    return bool(world.chat.channel(world.the_room.channel_id).delete_at)


def texts(world: RunsWorld) -> str:
    return "\n".join(world.texts(world.the_room.channel_id))


def told_in_order(world: RunsWorld) -> None:
    said = texts(world)
    assert said.count("is over after") == 1
    assert "tasks are still open:" in said
    assert said.index("is over after") < said.index("Archived: the incident is over.")


def test_by_the_execution_the_run_ends_first(world: RunsWorld) -> None:
    resolve(world)
    execution(world)
    assert is_archived(world)
    told_in_order(world)


def test_by_the_round_it_ends_first_and_is_closed(world: RunsWorld) -> None:
    resolve(world)
    world.card(world.case)
    for _ in range(4):
        round_(world)
    assert is_archived(world)
    told_in_order(world)
    records = RunRecords(world.context().store)
    assert records.load(world.case.id) is None
    closed = records.closed(world.case.id)
    assert closed is not None
    assert closed.acts[-1].kind in ("end", "sent")


def test_what_keeps_the_run_from_ending_keeps_the_room(
    world: RunsWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(world)
    with monkeypatch.context() as patched:
        patched.setattr(life, "finish", lambda *given: (_ for _ in ()).throw(ValueError("odd")))
        execution(world)
    assert not is_archived(world)
    execution(world)
    assert is_archived(world)
    told_in_order(world)


def test_one_that_does_not_end_with_its_incident_keeps_its_room_till_people_end_it(
    world: RunsWorld,
) -> None:
    world.case = world.incident("Another")
    world.the_room = world.open(world.case).room
    world.join("ada")
    world.start("ada", "other", playbook=world.playbook._replace(end_on_resolve=False))
    resolve(world)
    execution(world)
    round_(world)
    assert not is_archived(world)
    world.say("ada", "end --anyway")
    round_(world)
    assert is_archived(world)


def test_what_was_archived_by_hand_ends_with_its_incident_all_the_same(world: RunsWorld) -> None:
    world.card(world.case)
    world.chat.archive(world.the_room.channel_id)
    round_(world)
    assert not world.state.is_over
    resolve(world)
    world.card(world.case)
    round_(world)
    assert world.state.is_over
    assert "is over after" not in texts(world)
