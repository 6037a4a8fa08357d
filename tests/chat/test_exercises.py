"""Test incidents by command, on the test service alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Iterator

import pytest
from exercises_world import ExercisesWorld
from mattermost_tell_incident import TellIncident
from rooms_world import NOW

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.chat.command import HalfDone
from pagerduty_mattermost.incidents.incident import IncidentEvent, to_payload
from pagerduty_mattermost.operations.route_explanation import explanation
from pagerduty_mattermost.operations.wanted_cards import WantedCards
from pagerduty_mattermost.people.identity import link
from pagerduty_mattermost.playbooks.kept import KeptPlaybooks
from pagerduty_mattermost.runs import opening

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
