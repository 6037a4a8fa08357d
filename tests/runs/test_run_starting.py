"""A playbook is started once, whoever starts it, however often and whatever is killed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Iterator

import pytest
from dying import Dying, Killed, dying_context
from runs_case import RunsWorld
from runs_world import ADA, P1, PLAYBOOK

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.operations import rooms_round
from pagerduty_mattermost.playbooks.kept import KeptPlaybooks
from pagerduty_mattermost.playbooks.playbook import NO_PLAYBOOK, ChosenFor, Playbook
from pagerduty_mattermost.runs import following, opening, people, starting
from pagerduty_mattermost.runs.acts import END, Act, Who
from pagerduty_mattermost.runs.records import RunRecords

SMALL = """
name: small
title: Small
choose: {priorities: [P1]}
commander: on_call
stages:
  - name: First
    tasks:
      - {id: look, text: Look, assign: on_call}
"""


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    with RunsWorld(note=False, invite=["on_call"]) as world:
        yield world


def saved(world: RunsWorld, text: str = SMALL) -> None:
    context = world.context()
    name = text.split("name: ")[1].split()[0]
    KeptPlaybooks(context.store).save(name, text, by="@ada", at=world.clock())


def test_what_a_run_begins_with(world: RunsWorld) -> None:
    run = world.begin("grace")
    plan = run.plan
    assert plan.by == Who(world.user("grace"), "grace")
    assert plan.people["declarer"].name == "grace"
    assert plan.people["on_call"].name == "ada"
    assert plan.facts.service == "Checkout API"
    assert plan.bot == world.world.bot.id
    assert plan.playbook == PLAYBOOK
    assert run.state.commander.name == "grace"


def test_who_has_a_part_comes_into_the_room(world: RunsWorld) -> None:
    world.case = world.incident()
    world.the_room = world.open(world.case, invite=[]).room
    assert world.members(world.the_room.channel_id) == ["pagerduty"]
    world.start("linus")
    assert world.members(world.the_room.channel_id) == ["ada", "linus", "pagerduty"]


def test_started_again_it_is_the_same_run(world: RunsWorld) -> None:
    first = world.begin()
    again = world.start("grace", order_id="another")
    assert (again.is_new, again.run.plan.id) == (False, first.plan.id)
    assert len(world.playbook_posts) == 1


def test_two_who_start_at_once_start_one(world: RunsWorld) -> None:
    """The second has looked before the first one wrote."""
    world.begin()
    run = world.run()
    later = run.plan._replace(id="later", at=run.plan.at + 1)
    RunRecords(world.context().store).plan(later)
    assert world.run().plan.id == run.plan.id
    earlier = run.plan._replace(id="earlier", at=run.plan.at - 1)
    RunRecords(world.context().store).plan(earlier)
    assert world.run().plan.id == "earlier"


def test_whom_nobody_knows_is_named_and_the_run_begins(world: RunsWorld) -> None:
    playbook = PLAYBOOK._replace(commander="@nobody-here")
    world.case = world.incident()
    world.the_room = world.open(world.case).room
    started = world.start("ada", playbook=playbook)
    assert started.missing == ("@nobody-here",)
    assert "no commander yet" in world.post.message


def test_pagerduty_that_does_not_answer_keeps_no_run_from_beginning(world: RunsWorld) -> None:
    world.case = world.incident()
    world.the_room = world.open(world.case, invite=[]).room
    context = world.context()
    change = world.change(world.case, context)
    world.sandbox.pagerduty.faults.add("status", status=503)
    who = people.by_id(context, world.user("ada"))
    made = starting.start(context, world.the_room, PLAYBOOK, change, by=who, order_id="start")
    assert made.is_new
    assert made.missing == ("on_call",)


def test_in_an_archived_room_nothing_begins(world: RunsWorld) -> None:
    world.case = world.incident()
    world.the_room = world.open(world.case).room
    world.chat.archive(world.the_room.channel_id)
    with pytest.raises(RejectedInput, match="unarchive it first"):
        world.start()


def test_by_a_rule_the_one_that_fits_is_started_in_a_new_room(world: RunsWorld) -> None:
    saved(world)
    major = world.incident("Slow", priority="P1")
    minor = world.incident("Slower", priority="P3")
    context = world.context()
    done = opening.open_by_rule(context, world.change(major, context))
    assert (done["done"], done["playbook"]) == ("made", "major-incident")
    assert done["playbook_post_id"]
    assert opening.open_by_rule(context, world.change(minor, context))["playbook"] == ""
    named = opening.open_by_rule(context, world.change(minor, context), "small")
    assert (named["done"], named["playbook"]) == ("there", "small")
    third = world.incident("Third", priority="P1")
    none = opening.open_by_rule(context, world.change(third, context), NO_PLAYBOOK)
    assert (none["done"], none["playbook"]) == ("made", "")


@pytest.mark.parametrize("leads", ["on_call", "declarer", "@linus", "acknowledger"])
@pytest.mark.parametrize("name", ["small", NO_PLAYBOOK])
def test_the_header_of_a_new_room_is_written_once(world: RunsWorld, name: str, leads: str) -> None:
    """Each time it is written the channel is told so."""
    saved(world, SMALL.replace("commander: on_call", f'commander: "{leads}"'))
    major = world.incident("Slow", priority="P1")
    context = world.context()
    before = len(world.sandbox.journal.entries)
    opening.open_by_rule(context, world.change(major, context), name)
    (channel,) = world.rooms_of(major)
    asked = [one for one in world.requests(before) if one.startswith("PUT /api/v4/channels/")]
    assert asked == [f"PUT /api/v4/channels/{channel.id}/patch"]
    who = {"@linus": "linus", "acknowledger": ""}.get(leads, "ada") if name == "small" else ""
    assert ("led by " in channel.header) == bool(who)
    assert who in channel.header
    world.clock.advance(3600)
    remember(world, major)
    world.tend()
    assert world.room(major).commander == who


def test_a_name_that_there_is_not_opens_no_room(world: RunsWorld) -> None:
    one = world.incident("Slow")
    context = world.context()
    with pytest.raises(PackError, match="there is no playbook 'smal'"):
        opening.open_by_rule(context, world.change(one, context), "smal")
    assert world.rooms_of(one) == []


@pytest.mark.parametrize("after", [False, True])
def test_killed_anywhere_one_round_finishes_it(world: RunsWorld, after: bool) -> None:
    saved(world)
    for steps in range(2, 62, 3):
        one = world.incident(f"Slow {steps}")
        remember(world, one)
        killed = dying_context(world, Dying(steps, after=after))
        plain = world.context()
        change = world.change(one, plain)
        playbook = opening.wanted(plain, change.incident, "small")
        with suppress(Killed, PackError):
            opening.open_with(killed, change, playbook, by=Who(world.user("ada"), "ada"))
        world.clock.advance(120)
        world.chat.forget_pending()
        report = rooms_round.tended_by_hand(world.context(), one.id)
        assert report.problems == []
        rooms = world.rooms_of(one)
        run = RunRecords(world.context().store).load(one.id)
        if not rooms:
            assert run is None
            continue
        assert run is not None, (steps, world.records().of(one.id), report, world.log.lines[-5:])
        posts = [p for p in world.posts(rooms[0]) if "📋 Playbook" in p.message]
        assert len(posts) == 1, steps
        assert [p.id for p in posts] == [run.post.id]
        assert run.plan.playbook.name == "small"


def remember(world: RunsWorld, one: Any) -> None:
    """Its card is in another channel."""
    world.card(one)


def tend_one(world: RunsWorld, one: Any) -> Any:
    from pagerduty_mattermost.runs import tending

    return tending.tend_one(world.context(), one.id)


def start_order(world: RunsWorld, line: str, more: Any) -> Any:
    from pagerduty_mattermost.chat.orders import VALID_SECONDS, as_text, read_typed

    parsed = read_typed(line)
    return {
        "id": "start1",
        "verb": "",
        "text": line,
        "command": as_text(parsed.command),
        "user_id": world.user("ada"),
        "user_name": "ada",
        "valid_until": world.clock() + VALID_SECONDS,
        **more,
    }


def test_start_in_chat_opens_the_room_and_starts_what_fits(world: RunsWorld) -> None:
    one = world.incident("Slow", priority="P1")
    order = start_order(world, f"start {one.id}", {"kind": "command", "channel_id": ""})
    answer = world.carry_out(order)["message"]
    assert answer.startswith("Started **Major incident** in `~")
    run = RunRecords(world.context().store).load(one.id)
    assert run is not None
    assert run.state.commander.name == "ada"
    again = world.carry_out({**order, "id": "start2"})["message"]
    assert again.startswith("Under way already: **Major incident**")


def test_whom_a_playbook_is_not_for_may_not_start_it(world: RunsWorld) -> None:
    saved(world, SMALL + 'who: {start: ["@grace"], edit: ["@ada"]}\n')
    one = world.incident("Slow", priority="P3")
    order = start_order(world, f"start small {one.id}", {"kind": "command", "channel_id": ""})
    with pytest.raises(RejectedInput, match="you may not start small"):
        world.carry_out(order)
    assert world.rooms_of(one) == []


def test_a_run_that_was_put_away_with_its_room_goes_on_when_both_are_back(
    world: RunsWorld,
) -> None:
    run = world.begin()
    world.click("ada", "check", "bridge:done")
    remember(world, world.case)
    RunRecords(world.context().store).act(
        world.case.id, Act(END, "end1", world.clock(), value="by hand")
    )
    world.pagerduty.resolve(world.case)
    remember(world, world.case)
    world.clock.advance(80 * 3600)
    for _ in range(2):
        rooms_round.tended_by_hand(world.context())
    records = RunRecords(world.context().store)
    assert records.load(world.case.id) is None
    assert records.closed(world.case.id) is not None
    world.chat.make_team_admin("ops", "pagerduty")
    world.pagerduty.reopen(world.case)
    remember(world, world.case)
    world.chat.restore(world.the_room.channel_id)
    for _ in range(2):
        assert rooms_round.tended_by_hand(world.context()).problems == []
    assert rooms_round.tended_by_hand(world.context(), world.case.id).problems == []
    again = world.run()
    assert again.plan == run.plan
    assert again.state.done == 1
    assert len(world.playbook_posts) == 1


# What conditions ask for


def test_a_run_follows_what_its_conditions_ask_for(world: RunsWorld) -> None:
    world.begin()
    assert "Tell the lawyers" not in world.post.message
    world.pagerduty.set_priority(world.case, "P1")
    context = world.context()
    change = world.change(world.case, context)
    outcomes = posting.make_publisher(context).repaint(change)
    following.follow(context, change, outcomes)
    assert "☐ 2.2 Tell the lawyers · ada (commander) · due 05:45" in world.post.message
    before = len(world.run().acts)
    following.follow(world.context(), change, outcomes)
    assert len(world.run().acts) == before, "once"
    assert P1.priority == "P1"
    assert ADA.name == "ada"


def test_what_a_follower_did_not_come_to_the_round_does(world: RunsWorld) -> None:
    world.begin()
    world.pagerduty.set_priority(world.case, "P1")
    world.card(world.case)
    tend_one(world, world.case)
    assert "Tell the lawyers" in world.post.message


def test_the_playbook_that_says_most_of_the_incident_is_taken() -> None:
    assert Playbook("a", "A", (), choose=ChosenFor(priorities=("P1",))).choose.priorities


# Who leads from the beginning


def test_started_by_a_rule_whoever_is_on_call_leads(world: RunsWorld) -> None:
    major = world.incident("Slow", priority="P1")
    context = world.context()
    opening.open_by_rule(context, world.change(major, context))
    run = RunRecords(world.context().store).load(major.id)
    assert run is not None
    assert run.plan.by == Who()
    assert run.state.commander.name == "ada"


def test_who_acknowledges_first_leads_where_the_playbook_says_so(world: RunsWorld) -> None:
    world.begin("grace", playbook=PLAYBOOK._replace(commander="acknowledger"))
    assert world.state.commander == Who()
    tend_one(world, world.case)
    assert world.state.commander == Who()
    for person in ("olu@example.com", "mei@example.com"):
        world.pagerduty.acknowledge(world.case, person)
        context = world.context()
        change = world.change(world.case, context)
        outcomes = posting.make_publisher(context).repaint(change)
        for _ in range(2):
            following.follow(world.context(), change, outcomes)
    assert world.state.commander.name == "olu"
    assert "led by olu" in world.chat.channel(world.the_room.channel_id).header
    assert sum("olu is commander now" in line for line in world.told) == 1
    world.clock.advance(5)
    world.say("grace", "commander nobody")
    following.follow(world.context(), change, outcomes)
    assert world.state.commander == Who(), "what people said stays so"


def test_who_acknowledges_after_somebody_gave_the_lead_up_does_not_get_it(
    world: RunsWorld,
) -> None:
    world.begin("grace", playbook=PLAYBOOK._replace(commander="acknowledger"))
    world.say("grace", "commander me")
    world.clock.advance(5)
    world.say("grace", "commander nobody")
    world.pagerduty.acknowledge(world.case, "olu@example.com")
    context = world.context()
    change = world.change(world.case, context)
    following.follow(world.context(), change, posting.make_publisher(context).repaint(change))
    assert world.state.commander == Who(), "what people said stays so"
