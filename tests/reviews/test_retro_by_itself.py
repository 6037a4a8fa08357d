"""A retrospective that nobody has to ask for: drafted in the channel that the playbook names when
its run has ended, once."""

# flake8: noqa: E203

from __future__ import annotations

from contextlib import suppress
from typing import Any, Iterator, List, Sequence

import pytest
from model_world import LOG
from runs_case import RunsWorld

from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.exercises.harmless import harmless
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import rooms_round
from pagerduty_mattermost.playbooks.playbook import Retrospective
from pagerduty_mattermost.reviews.retro_records import RetroRecords

HOUR, DAY = 3600.0, 86400.0
DRAFTED = ["drafted"]


class World(RunsWorld):
    """The playbook of the run names a channel for the draft."""

    problems: Sequence[str] = ()

    def begun(self) -> None:
        retro = Retrospective("~reviews", ("What helped?",), 2 * DAY)
        self.playbook = self.playbook._replace(retro=retro)
        self.reviews = self.chat.add_channel("reviews", "Reviews", members=["pagerduty", "ada"])
        self.begin()

    def round(self, after: float = 0.0) -> List[str]:
        """What the round does about the retrospective then."""
        self.clock.advance(after)
        self.chat.forget_pending()
        context = self.context()
        memory = IncidentRecords(context.store, self.case.id, LOG).load()
        report = rooms_round.tended(context, {self.case.id: memory}, full=True)
        self.problems = report.problems
        label = f"The retrospective of {self.case.id}: "
        return [line[len(label) :] for line in report.done if line.startswith(label)]

    def drafts(self) -> List[Any]:
        return [one for one in self.chat.posts("reviews") if one.message.startswith("### 📝")]

    def links(self) -> List[str]:
        """What the room is told of it."""
        return [
            text
            for text in self.texts(self.the_room.channel_id)
            if text.startswith("📝 The retrospective is drafted: http")
        ]


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.begun()
        yield made


def test_an_hour_after_the_end_it_is_drafted_there_and_the_room_has_the_link(
    world: World,
) -> None:
    world.click("grace", "check", "impact:done")
    world.say("ada", "end --anyway")
    assert [world.round(), world.round(1700)] == [[], []]
    assert world.drafts() == []
    assert world.round(1900) == DRAFTED
    (draft,) = world.drafts()
    assert "What helped?" in draft.message
    (link,) = world.links()
    assert draft.id in link
    state = RetroRecords(Store(world.datastore)).load(world.case.id)
    assert (state.status, state.owner.name, state.remind_seconds) == ("draft", "ada", 2 * DAY)
    assert [world.round(60), world.round(DAY)] == [[], []]
    assert (len(world.drafts()), len(world.links())) == (1, 1)
    assert world.round(DAY) == ["reminded"]


def test_what_goes_on_meanwhile_is_drafted_after_its_last_end(world: World) -> None:
    world.say("ada", "end --anyway")
    world.round()
    world.say("ada", "restart")
    assert world.round(2 * HOUR) == []
    world.say("ada", "end --anyway")
    assert [world.round(60), world.round(HOUR)] == [[], DRAFTED]
    assert len(world.drafts()) == 1


def test_one_that_ends_with_its_incident_and_whose_room_is_put_away_at_once(
    world: World,
) -> None:
    world.rooms["archive"] = "at_once"
    world.clock.advance(600)
    world.pagerduty.resolve(world.case, user="ada@example.com")
    world.card(world.case)
    for _ in range(6):
        world.round(300)
    assert world.chat.channel(world.the_room.channel_id).delete_at
    assert world.round(2 * HOUR) == DRAFTED
    assert len(world.drafts()) == 1
    assert world.links() == []


def test_by_hand_before_or_said_that_there_is_none(world: World) -> None:
    world.say("ada", "end --anyway")
    world.round()
    world.say("ada", "retrospective ~reviews")
    assert world.round(2 * HOUR) == []
    assert (len(world.drafts()), world.links()) == (1, [])
    world.say("ada", "retrospective cancel known")
    assert world.round(2 * HOUR) == []
    assert len(world.drafts()) == 1


@pytest.mark.parametrize("how", ["cancelled", "merged", "no channel", "drill"])
def test_there_is_none_of(world: World, how: str) -> None:
    if how == "cancelled":
        world.say("ada", "incident cancel a false alarm")
    elif how == "merged":
        other = world.incident("The same")
        world.pagerduty.merge(other, [world.case])
        world.card(world.case)
    elif how == "no channel":
        other = world.playbook._replace(retro=Retrospective())
        assert other.retro.channel == ""
        world.case = world.incident("Another")
        world.the_room = world.open(world.case).room
        world.join("ada")
        world.start("ada", "other", playbook=other)
        world.say("ada", "end --anyway")
    else:
        assert harmless(world.playbook).retro.channel == ""
        return
    for _ in range(3):
        assert world.round(HOUR) == []
    assert world.run().state.is_over
    assert world.drafts() == []


def test_a_channel_that_is_gone_is_told_once_a_day_and_given_up_after_a_week(
    world: World,
) -> None:
    world.say("ada", "end --anyway")
    world.round()
    world.chat.archive("reviews")
    for _ in range(5):
        assert world.round(HOUR) == []
    told = [text for text in world.texts("ops") if "can't be drafted" in text]
    assert len(told) == 1
    assert world.problems == []
    world.clock.advance(8 * DAY)
    world.chat.restore(world.reviews.id)
    assert world.round() == []
    assert world.drafts() == []


def test_while_mattermost_is_away_it_waits(world: World) -> None:
    world.say("ada", "end --anyway")
    world.round()
    world.clock.advance(2 * HOUR)
    fault = world.sandbox.mattermost.faults.add("status", status=503, method="POST", path="/posts")
    assert world.round() == []
    assert "retrospective" in "".join(world.problems)
    world.sandbox.mattermost.faults.clear(fault)
    assert world.round(200) == DRAFTED
    assert (len(world.drafts()), len(world.links())) == (1, 1)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("at", range(1, 9))
def test_killed_anywhere_it_is_drafted_and_told_once(
    world: World, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.say("ada", "end --anyway")
    world.round()
    world.clock.advance(2 * HOUR)
    calls: List[int] = []
    real = Store.write

    def dying(store: Store, name: str, *more: Any, **named: Any) -> None:
        if name.startswith(("retro.", "message.")):
            calls.append(1)
            if len(calls) == at:
                raise Killed
        real(store, name, *more, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", dying)
        with suppress(Killed):
            world.round()
    for _ in range(4):
        world.round(400)
    assert (len(world.drafts()), len(world.links())) == (1, 1)


def test_a_run_is_not_closed_before_it_is_kept_that_it_wants_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.say("ada", "end --anyway")
    world.records().forget(world.the_room)
    real = Store.write

    def failing(store: Store, name: str, *more: Any, **named: Any) -> None:
        if name.startswith("retro."):
            raise StoreUnreachable("the datastore is away")
        real(store, name, *more, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", failing)
        world.round()
    assert world.run()
    world.round()
    assert world.round(2 * HOUR) == DRAFTED


def test_asked_for_it_says_what_is_there(world: World) -> None:
    world.say("ada", "end --anyway")
    world.round()
    world.round(2 * HOUR)
    assert "is there already" in world.say("ada", "retrospective")
