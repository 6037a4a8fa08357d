"""A room follows its incident: what is told there, its title and header, who comes in."""

from __future__ import annotations

from typing import Any, List

import pytest
from followed_room import NAME, come, feed, opened
from rooms_world import RoomsWorld

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.cards.route import gets_reply
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.incidents.incident import IncidentEvent
from pagerduty_mattermost.rooms import following, furnishing
from pagerduty_mattermost.rooms.records import RoomRecord


def test_the_room_is_told_what_happens_in_the_channel(world: RoomsWorld) -> None:
    incident = opened(world)
    world.pagerduty.annotate(incident, "The disk was full", "Ada Lovelace")
    world.pagerduty.set_priority(incident, "P1", "Ada Lovelace")
    come(world, incident)
    assert feed(world) == [
        "Ada Lovelace noted:\n> The disk was full",
        "Ada Lovelace set the priority to P1",
    ]
    (card,) = world.cards(NAME)
    assert world.chat.thread(card) == []
    come(world, incident)
    assert len(feed(world)) == 2
    assert "P1" in world.chat.channel(NAME).header


def test_the_feed_may_be_chosen_and_stand_in_the_thread(world: RoomsWorld) -> None:
    incident = opened(world, feed=["annotated"], feed_in="thread")
    world.pagerduty.annotate(incident, "one", "Ada Lovelace")
    world.pagerduty.set_priority(incident, "P1", "Ada Lovelace")
    come(world, incident)
    (card,) = world.cards(NAME)
    assert [post.message.partition("\n")[2] for post in world.chat.thread(card)] == ["> one"]
    assert feed(world) == []


def told_of_all(world: RoomsWorld, incident: Any) -> List[str]:
    """What the room is told of a note, a hand-over, a priority, a reopening and the end."""
    world.pagerduty.annotate(incident, "The disk was full", "Ada Lovelace")
    world.pagerduty.escalate(incident, "Ada Lovelace")
    world.pagerduty.set_priority(incident, "P1", "Ada Lovelace")
    world.pagerduty.resolve(incident, "Ada Lovelace")
    world.clock.advance(60)
    world.pagerduty.reopen(incident, "Ada Lovelace")
    world.clock.advance(60)
    perform(world.context(), Command("cancel", incidents=incident.id, text="a test", user="@ada"))
    come(world, incident)
    return feed(world)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("created", ["Triggered · Checkout API · high urgency"]),
        (
            "notes",
            [
                "Ada Lovelace noted:\n> The disk was full",
                "Ada Lovelace noted:\n> Cancelled: a test",
            ],
        ),
        ("escalations", ["Ada Lovelace escalated to Grace Hopper"]),
        ("priority", ["Ada Lovelace set the priority to P1"]),
        ("reopened", ["Ada Lovelace reopened, assigned to Ada Lovelace"]),
        ("cancelled", ["Ada Lovelace noted:\n> Cancelled: a test"]),
        ("none", []),
    ],
)
def test_each_word_of_the_feed_is_told_alone(
    world: RoomsWorld, word: str, told: List[str]
) -> None:
    incident = opened(world, feed=[word], archive="never")
    assert told_of_all(world, incident) == told


def test_merged_and_deleted_are_told_as_cancelled(world: RoomsWorld) -> None:
    route = furnishing.room_route(world.context(feed=["cancelled"]), RoomRecord("P1", "c" * 26))
    for kind, wanted in (("merged", True), ("deleted", True), ("resolved", False)):
        assert gets_reply(route, IncidentEvent("e", f"incident.{kind}")) is wanted
    note = IncidentEvent("e", "incident.annotated", changes=(("note", "Cancelled flights"),))
    assert not gets_reply(route, note), "somebody's own words"


def test_what_was_created_is_said_once_below_the_card_in_its_place(world: RoomsWorld) -> None:
    incident = opened(world, feed=["created"], feed_in="thread")
    (card,) = world.cards(NAME)
    (told,) = world.chat.thread(card)
    assert told.message.endswith(" · Triggered · Checkout API · high urgency")
    world.open(incident)
    come(world, incident)
    assert len(world.chat.thread(card)) == 1
    assert feed(world) == []


def test_nothing_is_told_twice_after_a_lost_answer_or_a_killed_run(world: RoomsWorld) -> None:
    incident = opened(world)
    world.pagerduty.annotate(incident, "once", "Ada Lovelace")
    world.sandbox.mattermost.faults.add("lost", method="POST", path="/posts$", times=1)
    come(world, incident)
    assert len(feed(world)) == 1
    for key in [name for name in world.datastore.items if ".state." in name]:
        del world.datastore.items[key]
    world.clock.advance(100)
    world.chat.forget_pending()
    come(world, incident)
    assert len(feed(world)) == 1


def test_what_was_deleted_by_people_stays_deleted(world: RoomsWorld) -> None:
    incident = opened(world)
    world.pagerduty.annotate(incident, "once", "Ada Lovelace")
    come(world, incident)
    world.chat.delete(world.posts(NAME)[-1])
    world.clock.advance(100)
    come(world, incident)
    assert feed(world) == []


def test_an_incident_without_a_room_costs_nothing_more(world: RoomsWorld) -> None:
    incident = world.incident()
    world.card(incident)
    context = world.context()
    change = world.change(incident, context)
    outcomes = posting.make_publisher(context).repaint(change)
    count = len(world.datastore.calls)
    following.follow(context, change, outcomes)
    assert len(world.datastore.calls) == count


def test_the_title_follows_until_people_give_it_another(world: RoomsWorld) -> None:
    incident = opened(world)
    world.pagerduty.set_title(incident, "Everything is slow")
    come(world, incident)
    number = incident.number
    assert world.chat.channel(NAME).display_name == f"#{number} Everything is slow"
    world.chat.channel(NAME).display_name = "Ours"
    world.pagerduty.set_title(incident, "Again another")
    come(world, incident)
    assert world.chat.channel(NAME).display_name == "Ours"


def test_what_people_write_in_the_header_stays(world: RoomsWorld) -> None:
    incident = opened(world)
    channel = world.chat.channel(NAME)
    channel.header = "Runbook: wiki | " + channel.header
    world.pagerduty.acknowledge(incident, "Ada Lovelace")
    come(world, incident)
    assert channel.header.startswith("Runbook: wiki | ")
    assert "Acknowledged" in channel.header
    channel.header = "Only ours"
    world.pagerduty.set_priority(incident, "P2", "Ada Lovelace")
    come(world, incident)
    world.pagerduty.set_priority(incident, "P1", "Ada Lovelace")
    come(world, incident)
    assert channel.header == "Only ours"


def test_new_assignees_and_responders_come_in(world: RoomsWorld) -> None:
    incident = opened(world)
    world.pagerduty.reassign(incident, ["Grace Hopper"], "Ada Lovelace")
    world.pagerduty.add_responder(incident, ["Linus Example"], "help", "Ada Lovelace")
    come(world, incident)
    assert {"grace", "linus"} <= set(world.members(NAME))
    world.chat.remove_member(NAME, "grace")
    world.pagerduty.reassign(incident, ["Ada Lovelace"], "Ada Lovelace")
    come(world, incident)
    world.pagerduty.reassign(incident, ["Grace Hopper"], "Ada Lovelace")
    come(world, incident)
    assert "grace" not in world.members(NAME)


def test_roles_and_tasks_are_told_in_the_room(world: RoomsWorld) -> None:
    """Calls of the webhook alone tell of them: they come as events of a change."""
    from pagerduty_mattermost.core import times
    from pagerduty_mattermost.incidents.incident import IncidentEvent, Person

    incident = opened(world)
    context = world.context()
    at = times.iso(world.clock())
    ada = Person("PADA", "Ada Lovelace")
    change = world.change(incident, context)._replace(
        events=(
            IncidentEvent(
                "role1", "incident.role.assigned", at, ada, (("to", "Commander to Mei"),)
            ),
            IncidentEvent("task1", "incident.task.created", at, ada, (("task", "Call the bank"),)),
        ),
        cycle=7,
    )
    posting.follow(context, change)
    assert feed(world) == [
        "Ada Lovelace assigned Commander to Mei",
        "Ada Lovelace added the task Call the bank",
    ]


def test_mitigated_is_told_once_in_the_room(world: RoomsWorld) -> None:
    from pagerduty_mattermost.cards.incident_memory import MitigatedMark
    from pagerduty_mattermost.cards.records import IncidentRecords
    from pagerduty_mattermost.core import times

    incident = opened(world)
    mark = MitigatedMark("ada@example.com", times.iso(world.clock()), "Ada Lovelace", "PADA")
    IncidentRecords(world.context().store, incident.id).save_mark(mark)
    come(world, incident)
    world.clock.advance(100)
    world.pagerduty.annotate(incident, "later", "Ada Lovelace")
    come(world, incident)
    assert len([text for text in world.texts(NAME) if "Mitigated" in text]) == 1
    for post in world.posts(NAME):
        if "Mitigated" in post.message:
            world.chat.delete(post)
    world.clock.advance(3700)
    world.chat.forget_pending()
    world.pagerduty.annotate(incident, "later still", "Ada Lovelace")
    come(world, incident)
    assert not [text for text in world.texts(NAME) if "Mitigated" in text], "it stays deleted"
