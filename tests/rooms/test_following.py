"""A room follows its incident, through its end and back; what people do by hand is respected; and
the round puts right what differs."""

from __future__ import annotations

import json
from typing import Any, Iterator, List

import pytest
from rooms_world import NOW, RoomsWorld

from pagerduty_mattermost.cards import buttons, posting
from pagerduty_mattermost.cards.route import gets_reply
from pagerduty_mattermost.chat import handle, requests
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.incidents.history import missing_events
from pagerduty_mattermost.incidents.incident import IncidentEvent
from pagerduty_mattermost.incidents.reader import read_incident_log
from pagerduty_mattermost.rooms import following, furnishing, opening, tending
from pagerduty_mattermost.rooms.records import RoomRecord

NAME = "inc-2026-11-21-database-timeout"
HOUR = 3600.0


BOTH = pytest.mark.parametrize("world", ["5.37", "11.6"], indirect=True)
"""On both of the sandbox's Mattermosts."""


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[RoomsWorld]:
    with RoomsWorld(getattr(request, "param", "5.37")) as world:
        yield world


def come(world: RoomsWorld, incident: Any, **rooms: Any) -> None:
    """All that happened to the incident comes through, as the action of repaint_cards does it."""
    context = world.context(**rooms)
    shown = world.change(incident, context)
    entries = read_incident_log(context.pagerduty, incident.id)
    change = missing_events(entries, shown.incident, {}, NOW - HOUR, world.clock())
    outcomes = posting.follow(context, change)
    following.follow(context, change, outcomes)


def feed(world: RoomsWorld, channel: str = NAME) -> List[str]:
    return [text.partition(" · ")[2] or text for text in world.texts(channel)]


def round_(world: RoomsWorld, **rooms: Any) -> tending.TendReport:
    return tending.tend(world.context(**rooms))


def opened(world: RoomsWorld, **rooms: Any) -> Any:
    world.rooms = {**world.rooms, **rooms}
    incident = world.incident()
    world.card(incident)
    world.open(incident)
    world.clock.advance(60)
    return incident


# What is told, and where


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


# The end, and back


@BOTH
@pytest.mark.parametrize(("after", "archived"), [(71.99, False), (72.0, True)])
def test_it_is_archived_so_many_hours_after_the_end(
    world: RoomsWorld, after: float, archived: bool
) -> None:
    incident = opened(world)
    world.pagerduty.resolve(incident, "Ada Lovelace")
    come(world, incident)
    assert "unless the incident is reopened" in world.texts(NAME)[-1]
    world.clock.advance(after * HOUR)
    round_(world)
    assert bool(world.chat.channel(NAME).delete_at) is archived
    assert bool(world.records().old_of(incident.id)) is archived


@BOTH
def test_reopened_in_time_it_stays(world: RoomsWorld) -> None:
    incident = opened(world)
    world.pagerduty.resolve(incident, "Ada Lovelace")
    come(world, incident)
    world.clock.advance(71 * HOUR)
    world.pagerduty.reopen(incident, "Ada Lovelace")
    come(world, incident)
    world.clock.advance(2 * HOUR)
    round_(world)
    assert not world.chat.channel(NAME).delete_at
    assert (world.room(incident).ended, world.room(incident).due) == (False, 0.0)


@BOTH
@pytest.mark.parametrize(("word", "archived"), [("never", False), ("at_once", True)])
def test_never_and_at_once(world: RoomsWorld, word: str, archived: bool) -> None:
    incident = opened(world, archive=word)
    world.pagerduty.resolve(incident, "Ada Lovelace")
    come(world, incident)
    world.clock.advance(1)
    round_(world)
    assert bool(world.chat.channel(NAME).delete_at) is archived


def archived_room(world: RoomsWorld) -> Any:
    incident = opened(world, archive="at_once")
    world.pagerduty.resolve(incident, "Ada Lovelace")
    come(world, incident)
    world.clock.advance(1)
    round_(world)
    assert world.chat.channel(NAME).delete_at
    world.clock.advance(60)
    return incident


@BOTH
def test_what_was_put_away_costs_nothing(world: RoomsWorld) -> None:
    incident = archived_room(world)
    assert world.records().every() == []
    before = len(world.sandbox.journal.entries)
    assert tending.tend(world.context(), {}, full=False).rooms == 0
    assert world.requests(before) == []
    world.pagerduty.annotate(incident, "afterwards", "Ada Lovelace")
    come(world, incident)
    assert not [line for line in world.log.lines if "will follow" in line]


@BOTH
def test_reopened_after_it_was_archived_it_is_restored(world: RoomsWorld) -> None:
    world.chat.make_team_admin("ops", "pagerduty")
    incident = archived_room(world)
    world.pagerduty.reopen(incident, "Ada Lovelace")
    come(world, incident)
    assert not world.chat.channel(NAME).delete_at
    assert world.room(incident).is_open
    assert any("reopened" in text for text in feed(world))
    world.pagerduty.annotate(incident, "here again", "Ada Lovelace")
    come(world, incident)
    assert "here again" in feed(world)[-1]


@BOTH
def test_where_the_bot_may_not_restore_it_people_are_told_who_can(world: RoomsWorld) -> None:
    incident = archived_room(world)
    world.pagerduty.reopen(incident, "Ada Lovelace")
    come(world, incident)
    come(world, incident)
    (card,) = world.cards("incidents")
    told = [p.message for p in world.chat.thread(card) if "may not restore" in p.message]
    assert len(told) == 1
    assert "an admin of the team can" in told[0]
    assert "/channels/" in told[0]
    world.chat.restore(NAME)
    world.clock.advance(60)
    report = round_(world)
    assert report.back == (incident.id,)
    assert world.room(incident).is_open
    world.pagerduty.annotate(incident, "here again", "Ada Lovelace")
    come(world, incident)
    assert "here again" in feed(world)[-1]


# By hand


@BOTH
def test_archived_by_hand_while_open_is_respected_and_told_once(world: RoomsWorld) -> None:
    incident = opened(world)
    world.chat.archive(NAME)
    for _ in range(2):
        world.clock.advance(60)
        assert round_(world).problems == []
        come(world, incident)
    assert world.chat.channel(NAME).delete_at
    (card,) = world.cards("incidents")
    told = [p.message for p in world.chat.thread(card) if "archived by hand" in p.message]
    assert len(told) == 1
    assert world.texts("ops") == []
    world.chat.restore(NAME)
    assert round_(world).back == (incident.id,)
    assert world.room(incident).is_open


def test_renamed_by_hand_it_is_found_by_its_id(world: RoomsWorld) -> None:
    incident = opened(world)
    world.chat.rename(NAME, "war-room", "War room")
    theirs = world.chat.add_channel(NAME)
    round_(world)
    assert world.room(incident).name == "war-room"
    world.pagerduty.annotate(incident, "still here", "Ada Lovelace")
    come(world, incident)
    assert "still here" in feed(world, "war-room")[-1]
    assert theirs.posts == []
    (card,) = world.cards("incidents")
    assert "war-room" in card.props["attachments"][0]["text"]
    assert world.chat.channel("war-room").display_name == "War room"


@pytest.mark.parametrize("how", ["deleted", "taken out"])
def test_what_is_lost_is_told_once_and_another_can_be_opened(world: RoomsWorld, how: str) -> None:
    incident = opened(world, private=True)
    channel = world.chat.channel(NAME)
    if how == "deleted":
        del world.chat.state.channels[channel.id]
    else:
        world.chat.remove_member(channel, "pagerduty")
    for _ in range(2):
        world.clock.advance(60)
        assert round_(world).problems == []
    (told,) = world.texts("ops")
    assert "is deleted, or the bot was taken out" in told
    again = world.open(incident)
    assert again.is_new
    assert again.room.channel_id != channel.id


def test_made_public_by_hand_is_told_in_the_room(world: RoomsWorld) -> None:
    incident = opened(world, private=True)
    world.chat.channel(NAME).type = "O"
    round_(world)
    round_(world)
    assert [text for text in world.texts(NAME) if "public now" in text] != []
    assert not world.room(incident).private


# Merged


def test_merged_where_both_have_rooms_one_leads_to_the_other(world: RoomsWorld) -> None:
    one, other = opened(world), world.incident("Checkout is slow")
    world.open(other)
    world.clock.advance(60)
    world.pagerduty.merge(other, [one], "Ada Lovelace")
    come(world, one)
    come(world, one)
    here, there = world.texts(NAME), world.texts("inc-2026-11-21-checkout-is-slow")
    assert len([text for text in here if "it goes on in" in text]) == 1
    assert len([text for text in there if "was merged into this one" in text]) == 1
    world.clock.advance(73 * HOUR)
    round_(world)
    assert world.chat.channel(NAME).delete_at
    assert not world.chat.channel("inc-2026-11-21-checkout-is-slow").delete_at


def button_of_the_merge(world: RoomsWorld, **rooms: Any) -> Any:
    """One room leads to the other; the button on that line, None where there is none."""
    key = "k" * 40
    world.chat_settings = {"public_url": "https://st2.example.com/pd", "signing_keys": [key]}
    one, other = opened(world), world.incident("Checkout is slow")
    world.open(other, **rooms)
    world.pagerduty.merge(other, [one], "Ada Lovelace")
    come(world, one)
    (told,) = [post for post in world.posts(NAME) if "it goes on in" in post.message]
    attachments = told.props.get("attachments") or [{"actions": [None]}]
    return attachments[0]["actions"][0]


def test_a_button_brings_people_over_into_the_room_that_goes_on(world: RoomsWorld) -> None:
    button = button_of_the_merge(world)
    assert button["name"] == "Join ~inc-2026-11-21-checkout-is-slow"
    there = "inc-2026-11-21-checkout-is-slow"
    assert "linus" not in world.members(there)
    body = {
        "user_id": world.user("linus"),
        "user_name": "linus",
        "channel_id": world.chat.channel(NAME).id,
        "trigger_id": "t" * 26,
        "context": button["integration"]["context"],
    }
    call = requests.ChatCall(buttons.CLICK, {}, json.dumps(body).encode())
    keys = tuple(world.chat_settings["signing_keys"])
    order = requests.read(call, requests.CallSecrets((), keys), world.clock())
    assert isinstance(order, requests.ChatOrder)
    handle.handle(world.context(), {**order.payload(), "id": "o1", "valid_until": NOW * 2})
    assert "linus" in world.members(there)


def test_into_a_private_room_a_member_has_to_invite(world: RoomsWorld) -> None:
    assert button_of_the_merge(world, private=True) is None


def test_merged_into_one_without_a_room_the_room_is_that_ones(world: RoomsWorld) -> None:
    one, other = opened(world), world.incident("Checkout is slow")
    members = set(world.members(NAME))
    world.pagerduty.merge(other, [one], "Ada Lovelace")
    come(world, one)
    come(world, one)
    room = world.room(other)
    assert room.name == NAME
    assert world.records().of(one.id) == []
    assert world.records().incident_in(room.channel_id) == other.id
    assert members <= set(world.members(NAME))
    assert world.chat.channel(NAME).purpose == opening.purpose(other.id)
    assert "Checkout is slow" in world.chat.channel(NAME).header
    world.pagerduty.annotate(other, "of the other", "Ada Lovelace")
    come(world, other)
    assert "of the other" in feed(world)[-1]
    round_(world)
    assert world.room(other).is_open


# The round


def test_a_forgotten_room_is_found_again(world: RoomsWorld) -> None:
    """The datastore was restored from before."""
    incident = opened(world)
    for key in [name for name in world.datastore.items if "room" in name]:
        del world.datastore.items[key]
    assert len(round_(world).done) == 1
    assert world.room(incident).name == NAME
    assert len(world.cards(NAME)) == 1
    assert len(world.rooms_of(incident)) == 1


def test_an_orphan_of_a_crash_is_archived(world: RoomsWorld) -> None:
    incident = opened(world)
    context = world.context()
    own_channels.create(
        context.mattermost,
        world.world.team.id,
        "inc-of-another-title",
        "x",
        purpose=opening.purpose(incident.id),
    )
    round_(world)
    assert world.chat.channel("inc-of-another-title").delete_at
    assert world.room(incident).name == NAME


def test_a_wish_of_which_nothing_came_is_carried_out(world: RoomsWorld) -> None:
    incident = world.incident()
    wanted = opening.WantedRoom("inc-wanted", world.clock(), by=world.user("mei"))
    world.records().want(incident.id, wanted)
    round_(world)
    assert world.rooms_of(incident) == []
    world.clock.advance(61)
    round_(world)
    assert world.room(incident).name == "inc-wanted"
    assert "mei" in world.members("inc-wanted")


def test_a_round_in_which_all_is_well_costs_one_list(world: RoomsWorld) -> None:
    for number in range(12):
        world.open(world.incident(f"Slow {number}"))
    world.clock.advance(600)
    round_(world)
    from pagerduty_mattermost.cards.records import load_all

    context = world.context()
    remembered = load_all(context.store)
    before, calls = len(world.sandbox.journal.entries), len(world.datastore.calls)
    report = tending.tend(context, remembered, full=False)
    assert (report.rooms, report.done, report.problems) == (12, [], [])
    asked = world.requests(before)
    assert asked == [
        "GET /api/v4/teams/name/ops",
        f"GET /api/v4/users/me/teams/{world.world.team.id}/channels",
        "GET /api/v4/users/me",
    ]
    assert len(world.datastore.calls) - calls == 1


def test_one_rooms_trouble_stays_with_it(world: RoomsWorld) -> None:
    world.rooms = {"archive": "1h"}
    one, other = world.incident("One"), world.incident("Other")
    for incident in (one, other):
        world.open(incident)
        world.pagerduty.resolve(incident, "Ada Lovelace")
        come(world, incident)
    world.clock.advance(2 * HOUR)
    room = world.room(one)
    path = f"/channels/{room.channel_id}$"
    world.sandbox.mattermost.faults.add("status", status=500, method="DELETE", path=path)
    report = round_(world)
    assert len(report.problems) == 1
    assert world.chat.channel(world.records().old_of(other.id)[0].name).delete_at


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
