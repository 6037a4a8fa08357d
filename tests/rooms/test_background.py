"""What PagerDuty knows beside an incident, posted once in its new room where the configuration
says so: earlier incidents like it, open ones that may belong to it, recent changes."""

from __future__ import annotations

from typing import Any, List

import pytest
from rooms_world import RoomsWorld

from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.rooms import following, furnishing, tending

NAME = "inc-2026-11-21-database-timeout"
ALL = ["past", "related", "changes"]
PATHS = ("past_incidents", "related_incidents", "related_change_events")


def story(world: RoomsWorld) -> Any:
    """An incident with all three beside it."""
    account = world.pagerduty
    before = account.trigger("Checkout API", "Database timeout on [db](http://evil)")
    account.resolve(before)
    account.deploy("Checkout API", "Deployed @all 1.2")
    world.clock.advance(60)
    incident = world.incident()
    account.trigger("Storefront", "Pages are slow")
    return incident


def asked(world: RoomsWorld) -> List[str]:
    """The requests that were made for it."""
    paths = [one.path.rpartition("/")[2] for one in world.sandbox.pagerduty.journal.entries]
    return [path for path in paths if path in PATHS]


def told(world: RoomsWorld, channel: str = NAME) -> List[Any]:
    return [one for one in world.posts(channel) if one.message.startswith("**Was like this")]


def test_it_is_posted_once_below_the_card_and_nothing_of_a_stranger_acts(
    world: RoomsWorld,
) -> None:
    incident = story(world)
    assert world.open(incident, background=ALL).problems == ()
    (post,) = told(world)
    heads = [line for line in post.message.splitlines() if line.startswith("**")]
    assert heads == [
        "**Was like this before**",
        "**May belong together now**",
        "**Changed before**",
    ]
    assert "Pages are slow" in post.message
    assert "@all" not in post.message
    assert "](http://evil)" not in post.message
    assert post.root_id == ""
    assert asked(world) == list(PATHS)
    world.open(incident, background=ALL)
    assert len(told(world)) == 1
    assert asked(world) == list(PATHS), "a second wish asks nothing"


def test_without_the_setting_nothing_is_asked(world: RoomsWorld) -> None:
    incident = story(world)
    world.open(incident)
    assert (told(world), asked(world)) == ([], [])


def test_only_what_is_named_is_asked(world: RoomsWorld) -> None:
    world.open(story(world), background=["past"], feed_in="thread")
    assert told(world) == []
    (card,) = world.cards(NAME)
    (post,) = world.chat.thread(card)
    assert post.message.startswith("**Was like this before**\n")
    assert "May belong" not in post.message
    assert asked(world) == ["past_incidents"]


def test_where_nothing_is_known_or_the_plan_has_none_nothing_is_posted(world: RoomsWorld) -> None:
    world.open(world.incident("Quite alone"), background=["past"])
    assert told(world, "inc-2026-11-21-quite-alone") == []
    faults = world.sandbox.pagerduty.faults
    faults.add("status", path="/past_incidents$", status=402, times=10)
    opened = world.open(world.incident("Quite alone"), background=["past"])
    assert opened.problems == ()
    assert "background" in opened.room.done


def test_pagerduty_that_does_not_answer_holds_nothing_up(world: RoomsWorld) -> None:
    incident = story(world)
    faults = world.sandbox.pagerduty.faults
    rule = faults.add("status", path="/past_incidents$", status=503, times=100)
    opened = world.open(incident, background=ALL)
    assert [one.partition(":")[0] for one in opened.problems] == ["background"]
    assert set(furnishing.STEPS) - set(opened.room.done) == {"background"}
    assert world.members(NAME) == ["ada", "pagerduty"]
    # The header follows meanwhile.
    world.pagerduty.acknowledge(incident, "Ada Lovelace")
    context = world.context(background=ALL)
    change = world.change(incident, context)
    following.follow_room(context, world.records(), opened.room, change)
    assert "Acknowledged" in world.chat.channel(NAME).header
    faults.clear(rule)
    world.clock.advance(60)
    tending.tend(world.context(background=ALL))
    assert len(told(world)) == 1


def test_of_a_room_that_is_no_longer_new_it_is_not_told(world: RoomsWorld) -> None:
    """As where a pack is upgraded, or PagerDuty was away for long."""
    incident = story(world)
    opened = world.open(incident)
    world.records().save(opened.room._replace(done=furnishing.STEPS[:-1]))
    world.clock.advance(3601)
    tending.tend(world.context(background=ALL))
    assert (told(world), asked(world)) == ([], [])
    assert "background" in world.room(incident).done


@pytest.mark.parametrize("status", [402, 403, 404])
@pytest.mark.parametrize(
    ("line", "said"),
    [("similar", "does not say what is like"), ("changes", "plan does not have changes")],
)
def test_a_plan_without_it_is_said_to_who_asks(
    world: RoomsWorld, status: int, line: str, said: str
) -> None:
    incident = world.incident()
    for path in PATHS:
        world.sandbox.pagerduty.faults.add("status", path=f"/{path}$", status=status)
    asked_for = parse(f"{line} {incident.number}").command
    assert said in perform(world.context(), asked_for).message


@pytest.mark.parametrize("wrong", [["similar"], ["past", "@ada"]])
def test_what_is_no_word_of_it_is_named(world: RoomsWorld, wrong: List[str]) -> None:
    from pagerduty_mattermost.core.config import settings
    from pagerduty_mattermost.core.errors import ConfigError

    with pytest.raises(ConfigError, match="rooms.background must list past, related, changes"):
        settings.load(world.raw(background=wrong))
