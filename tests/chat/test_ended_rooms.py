"""Rooms of incidents that are over, with how long, how many people and how many messages."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from rooms_world import RoomsWorld

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.rooms import by_hand, following, tending, totals
from sandbox.mattermost import ChatPerson

HOUR = 3600.0


@pytest.fixture
def world() -> Iterator[RoomsWorld]:
    with RoomsWorld() as world:
        yield world


def say(world: RoomsWorld, line: str, who: str = "ada") -> str:
    read = parse(line)
    assert not read.problem, read.problem
    channel = world.chat.channel("incidents").id
    command = read.command._replace(user=marked_id(world.user(who)), channel=channel)
    return perform(world.context(), command).message.replace("\u200b", "")


def over(world: RoomsWorld, incident: Any) -> None:
    """It is resolved, as the sensor has it."""
    world.pagerduty.resolve(incident, "Ada Lovelace")
    context = world.context()
    change = world.change(incident, context)
    outcomes = posting.follow(context, change)
    following.follow(context, change, outcomes)


def lived(world: RoomsWorld, title: str, **rooms: Any) -> Any:
    """An incident of two hours in whose room Grace and Ada talked, and whom Linus left again."""
    incident = world.incident(title)
    room = world.open(incident, **rooms).room
    mattermost = world.context().mattermost
    for name in ("grace", "linus"):
        mattermost.add_member(room.channel_id, world.user(name))
    for name, text in (("grace", "Looking"), ("ada", "The disk is full"), ("grace", "Better")):
        ChatPerson(world.sandbox.mattermost, name).say(room.channel_id, text)
    world.chat.remove_member(room.channel_id, "linus")
    world.clock.advance(2 * HOUR)
    over(world, incident)
    return incident


@pytest.mark.parametrize("line", ["rooms ended", "room ended", "incident list ended"])
def test_archived_rooms_are_listed_with_totals(world: RoomsWorld, line: str) -> None:
    assert say(world, line) == "No room of an incident that is over is known."
    lived(world, "Database timeout")
    world.clock.advance(73 * HOUR)
    tending.tend(world.context())
    world.open(world.incident("Still open"))
    shown = say(world, line)
    assert "database-timeout" in shown
    assert "still-open" not in shown
    assert shown.endswith(" · lasted 2 h · 3 people · 3 messages"), shown


def test_what_is_over_and_not_archived_yet_is_counted_as_it_is(world: RoomsWorld) -> None:
    incident = lived(world, "Database timeout")
    room = world.room(incident)
    assert say(world, "rooms ended").endswith("3 people · 3 messages")
    ChatPerson(world.sandbox.mattermost, "grace").say(room.channel_id, "All quiet")
    assert say(world, "rooms ended").endswith("3 people · 4 messages")


def test_private_ones_are_there_for_their_members_alone(world: RoomsWorld) -> None:
    lived(world, "Secret one", private=True)
    assert "secret-one" in say(world, "rooms ended", "grace")
    assert "secret" not in say(world, "rooms ended", "mei").lower()


def test_what_mattermost_does_not_tell_is_left_out(world: RoomsWorld) -> None:
    lived(world, "Database timeout")
    world.sandbox.mattermost.faults.add("status", method="GET", path="/posts", status=500)
    assert say(world, "rooms ended").endswith("lasted 2 h")


def test_the_action_gives_them_as_numbers(world: RoomsWorld) -> None:
    incident = lived(world, "Database timeout")
    world.clock.advance(73 * HOUR)
    tending.tend(world.context())
    assert by_hand.act(world.context(), "list", {})["count"] == 0
    (room,) = by_hand.act(world.context(), "list", {"ended": True})["rooms"]
    assert (room["incident_id"], room["people"], room["messages"]) == (incident.id, 3, 3)
    assert room["state"] == "archived"


def test_only_what_people_said_while_it_was_the_room_counts() -> None:
    def post(user: str, at: int, **more: Any) -> Any:
        return {"user_id": user, "create_at": at, "type": "", "props": {}, **more}

    posts = [
        post("ada", 5),
        post("ada", 10),
        post("bot", 11),
        post("linus", 12, type="system_join_channel"),
        post("bot", 13, type="system_add_to_channel", props={"addedUserId": "mei"}),
        post("grace", 14, delete_at=15),
        post("grace", 16, props=None),
    ]
    assert totals.counted(posts, ["ada", "bot"], "bot", 10) == totals.RoomTotals(4, 2)
