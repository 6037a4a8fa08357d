"""Test incidents and drills by command, on the test service alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Iterator, List

import pytest
from mattermost_tell_incident import TellIncident
from rooms_world import NOW, RoomsWorld

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.chat.command import CommandResult, HalfDone
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.chat.which_incident import complete
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.exercises import drills
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.incidents.incident import IncidentEvent, to_payload
from pagerduty_mattermost.operations.rooms_round import tended_by_hand
from pagerduty_mattermost.operations.route_explanation import explanation
from pagerduty_mattermost.operations.wanted_cards import WantedCards
from pagerduty_mattermost.people.identity import link
from pagerduty_mattermost.playbooks.kept import KeptPlaybooks
from pagerduty_mattermost.rooms.records import RoomRecords
from pagerduty_mattermost.runs import opening
from pagerduty_mattermost.runs.acts import ROLE, UPDATE, Act, Who
from pagerduty_mattermost.runs.records import Run, RunRecords
from sandbox.pagerduty.seed import service

BEGIN_2020, END_2020 = 1_577_836_800.0, 1_609_459_200.0
RULE = SimpleNamespace(
    ref="pagerduty.all",
    enabled=True,
    trigger={"type": "pagerduty.incident"},
    criteria={},
    action={
        "ref": "pagerduty.mattermost.post_incident",
        "parameters": {"channel": "incidents", "change": "{{ trigger }}"},
    },
)
"""Posts every incident."""
OUTSIDE = (
    "name: outage\ntitle: Outage\ncommander: on_call\n"
    "room: {invite: [on_call, assignees, '@mei']}\n"
    "updates: {broadcast: [~incidents], pagerduty: true}\n"
    "stages:\n  - name: First\n    tasks:\n"
    "      - {id: a, text: 'Ask @mei', mention: true, assign: '@mei'}\n"
)


class ExercisesWorld(RoomsWorld):
    """With a service for tests, and the right to make them."""

    def __init__(self) -> None:
        super().__init__("5.37", test_service="Drills")
        self.allowed: Any = {"test": ["@ada"]}
        self.order = 0

    def __enter__(self) -> ExercisesWorld:
        super().__enter__()
        policies = self.pagerduty.catalog["escalation_policies"]
        service(self.pagerduty, "Drills", next(iter(policies)))
        return self

    def context(self, **rooms: Any) -> Context:
        raw = {**self.raw(**rooms), "chat": {"allowed": self.allowed}}
        return Context(
            raw,
            self.datastore,
            self.log,
            clock=self.clock,
            monotonic=self.clock,
            sleep=self.sleep,
        )

    def say(
        self, line: str, who: str = "ada", channel: str = "incidents", key: str = ""
    ) -> CommandResult:
        read = parse(line)
        assert not read.problem, read.problem
        self.order += 1
        said = read.command._replace(
            user=marked_id(self.user(who)),
            channel=self.chat.channel(channel).id,
            key=key or f"order{self.order:04}",
        )
        context = self.context()
        return perform(context, complete(context, said, "").command)

    def refused(self, line: str, **said: Any) -> str:
        with pytest.raises(PackError) as failure:
            self.say(line, **said)
        assert "\n" not in str(failure.value)
        return str(failure.value)

    def run(self, incident_id: str) -> Run:
        found = RunRecords(self.context().store).load(incident_id)
        assert found is not None
        return found

    def channel_of(self, incident_id: str) -> str:
        (room,) = RoomRecords(self.context().store).of(incident_id)
        return room.channel_id

    def open_incidents(self) -> List[Any]:
        return [one for one in self.pagerduty.incidents.values() if one.status != "resolved"]


@pytest.fixture
def world() -> Iterator[ExercisesWorld]:
    with ExercisesWorld() as made:
        yield made


# Refused three ways elsewhere


@pytest.mark.parametrize(
    "line", ["test create-incident", "drill", "test bulk-data 1 0 2020-01-01 2020-02-01"]
)
def test_it_is_signed_as_its_giver_is_known_a_minute_ago_at_most(
    world: ExercisesWorld, line: str
) -> None:
    context = world.context()
    link(
        context.mattermost,
        context.pagerduty,
        context.store,
        "ada",
        "grace@example.com",
        world.clock,
    )
    world.say("drill")
    world.sandbox.pagerduty.account.find("users", "Grace Hopper")["email"] = "hopper@example.com"
    world.clock.advance(61)
    before = len(world.sandbox.pagerduty.journal.entries)
    world.say(line)
    made = [
        one
        for one in world.sandbox.pagerduty.journal.entries[before:]
        if one.method == "POST" and one.path == "/incidents"
    ]
    assert [one.headers.get("from") for one in made] == ["hopper@example.com"]


def test_without_a_test_service_there_are_none(world: ExercisesWorld) -> None:
    world.rooms = {}
    for line in (
        "test create-incident",
        "test bulk-data 1 1 2020-01-01 2020-12-31",
        "test end",
        "drill",
    ):
        assert "rooms.test_service" in world.refused(line), line
    assert not world.pagerduty.incidents


def test_without_the_right_that_names_it_nobody_makes_any(world: ExercisesWorld) -> None:
    world.allowed = {}
    for line in ("test create-incident", "test bulk-data 1 1 2020-01-01 2020-12-31", "test end"):
        assert "chat.allowed of the configuration has to list `test`" in world.refused(line)
    world.allowed = {"test": ["@ada"]}
    assert "it is for @ada" in world.refused("test create-incident", who="mei")
    assert "it is for @ada" in world.refused("test bulk-data 1 0 2020-01-01 2020-02-01", who="mei")
    assert not world.pagerduty.incidents


def test_a_service_that_is_used_in_earnest_is_refused(world: ExercisesWorld) -> None:
    world.pagerduty.trigger("Drills", "The shop is down")
    for line in ("test create-incident", "test bulk-data 1 0 2020-01-01 2020-02-01", "drill"):
        told = world.refused(line)
        assert "Drills is used in earnest (#1 The shop is down)" in told
    assert len(world.pagerduty.incidents) == 1


# Test incidents


def test_a_test_incident_began_when_it_was_said(world: ExercisesWorld) -> None:
    result = world.say("test create-incident major-incident 2020-11-23 PR-Testing")
    (id_,) = result.incidents
    incident = world.pagerduty.incidents[id_]
    assert (incident.title, incident.urgency, incident.status) == (
        "[test] PR-Testing",
        "low",
        "triggered",
    )
    assert [world.pagerduty.catalog["users"][one]["name"] for one, _ in incident.assignees] == [
        "Ada Lovelace"
    ]
    run = world.run(id_)
    assert run.plan.at == 1_606_089_600.0
    assert run.plan.playbook.name == "major-incident"
    assert run.state.commander.name == "ada"
    assert world.members(world.channel_of(id_)) == ["ada", "pagerduty"]


def test_all_of_it_may_be_left_out(world: ExercisesWorld) -> None:
    (id_,) = world.say("test create-incident").incidents
    assert world.pagerduty.incidents[id_].title == "[test] Test"
    assert world.run(id_).plan.at == pytest.approx(NOW, abs=60)
    assert "has not come yet" in world.refused("test create-incident 2030-01-01 x")
    (id_,) = world.say("test create-incident Just a name").incidents
    assert world.pagerduty.incidents[id_].title == "[test] Just a name"


def test_an_order_that_comes_twice_makes_one(world: ExercisesWorld) -> None:
    first = world.say("test create-incident", key="the same")
    again = world.say("test create-incident", key="the same")
    assert first.incidents == again.incidents
    assert len(world.pagerduty.incidents) == 1


def test_many_of_them_by_a_seed(world: ExercisesWorld) -> None:
    result = world.say("test bulk-data 4 2 2020-01-01 2020-12-31 2")
    runs = [world.run(id_) for id_ in result.incidents]
    assert len(runs) == 6
    assert [run.state.is_over for run in runs] == [False] * 4 + [True] * 2
    assert all(BEGIN_2020 <= run.plan.at <= END_2020 for run in runs)
    assert len(world.open_incidents()) == 4
    for run in runs[4:]:
        assert 0 < run.state.ended_at - run.plan.at <= 6 * 3600
    assert world.members(runs[0].plan.channel) == ["pagerduty"], "nobody is called fifty times"
    titles = [world.pagerduty.incidents[id_].title for id_ in result.incidents]
    begun = [run.plan.at for run in runs]
    world.say("test end")
    again = world.say("test bulk-data 4 2 2020-01-01 2020-12-31 2")
    assert [world.pagerduty.incidents[id_].title for id_ in again.incidents] == titles
    assert [world.run(id_).plan.at for id_ in again.incidents] == begun
    other = world.say("test bulk-data 1 0 2020-01-01 2020-12-31 3 --playbook major-incident")
    assert world.run(other.incidents[0]).plan.at not in begun


def test_fifty_at_once_and_no_more(world: ExercisesWorld) -> None:
    assert "1 to 50 test incidents" in world.refused("test bulk-data 51 0 2020-01-01 2020-02-01")
    assert "1 to 50" in world.refused("test bulk-data 0 0 2020-01-01 2020-02-01")
    for number in range(48):
        world.pagerduty.trigger("Drills", f"[test] {number}")
    told = world.refused("test bulk-data 3 0 2020-01-01 2020-02-01")
    assert "48 tests and drills are open, and at most 50" in told
    for line in ("test bulk-data 3 0", "test bulk-data a b c d", "test bulk-data 1 1 2020 2021 2"):
        assert "say: test bulk-data" in world.refused(line) or "is no date" in world.refused(line)


def test_what_fails_in_the_middle_says_how_many_are_made(world: ExercisesWorld) -> None:
    world.sandbox.pagerduty.faults.add(
        "status", method="POST", path="^/incidents$", status=400, skip=2
    )
    with pytest.raises(HalfDone, match="2 of 4 test incidents are made"):
        world.say("test bulk-data 4 0 2020-01-01 2020-02-01")
    world.sandbox.pagerduty.faults.clear()
    assert len(world.open_incidents()) == 2


def test_all_are_resolved_at_the_end(world: ExercisesWorld) -> None:
    world.say("test bulk-data 2 0 2020-01-01 2020-02-01")
    world.say("test create-incident")
    result = world.say("test end")
    assert result.message == "Resolved 3 test incidents."
    assert world.open_incidents() == []
    assert all(world.run(id_).state.is_over for id_ in result.incidents)
    assert world.say("test end").message == "No test incident is open."


def test_nobody_outside_is_brought_in_or_told(world: ExercisesWorld) -> None:
    KeptPlaybooks(world.context().store).save("outage", OUTSIDE, by="", at=NOW)
    (id_,) = world.say("test create-incident outage").incidents
    run = world.run(id_)
    assert world.members(run.plan.channel) == ["ada", "pagerduty"]
    assert (run.plan.playbook.updates.broadcast, run.plan.playbook.commander) == ((), "declarer")
    assert world.texts("incidents") == []
    # A rule that posts every incident posts no test.
    context = world.context()
    change = world.change(world.pagerduty.incidents[id_], context)
    posting.post(context, change, "incidents", Route("r", mention="oncall"), posting.Along())
    assert world.cards("incidents") == []
    assert len(world.cards(run.plan.channel)) == 1
    # One that opens rooms opens none, and what is missing is not looked for.
    assert opening.open_by_rule(context, change)["done"] == "exercise"
    seen = change._replace(events=(IncidentEvent("e", "incident.triggered"),))
    real = seen._replace(incident=seen.incident._replace(service_id="P1", service="Checkout API"))
    wanted = WantedCards(context, lambda: [RULE])
    assert (wanted.births([seen]), len(wanted.births([real]))) == ([], 1)
    said = explanation(context, lambda: [RULE], id_)["message"]
    assert "it is a test or a drill: its card comes in its room alone" in said
    told = TellIncident({**world.raw(), "chat": {}}, action_service=world.datastore)
    assert told.run(change=to_payload(seen))[1]["sent"] == []


# Drills


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
