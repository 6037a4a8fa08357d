"""What is said in rooms is heard without a port: notes, their edits and deletions, channels that
people change; at one request a look while nothing is said."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest
from heard_rooms import NAME, Heard, contents
from rooms_world import RoomsWorld

from pagerduty_mattermost.chat import handle
from pagerduty_mattermost.chat.room_listener import MAX_READ
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.stackstorm.payload_schema import PayloadSchema
from pagerduty_mattermost.rooms.hearing import heard


@pytest.fixture(params=["5.37", "11.6"])
def world(request: pytest.FixtureRequest) -> Iterator[RoomsWorld]:
    with RoomsWorld(request.param, note=False) as world:
        yield world


@pytest.mark.parametrize("private", [False, True])
def test_a_note_in_a_room_is_pagerdutys_under_its_writers_name(
    world: RoomsWorld, private: bool
) -> None:
    incident = world.incident()
    world.open(incident, private=private)
    ears = Heard(world)
    assert ears.look() == []
    ears.say("looks bad")
    ears.say("Note: the disk was full")
    assert ears.look() == ["note"]
    assert contents(incident) == ["the disk was full"]
    (noted,) = [p for p in world.posts(NAME) if p.message == "Note: the disk was full"]
    assert [one.emoji_name for one in noted.reactions] == ["white_check_mark"]
    assert [p.message for p in world.posts(NAME) if "disk was full" in p.message] == [
        "Note: the disk was full"
    ], "no repeat"
    assert incident.notes[0].user_id == world.pagerduty.find("users", "Ada Lovelace")["id"]
    assert ears.look() == []


def test_a_reply_in_a_room_is_a_note_too(quiet: RoomsWorld) -> None:
    incident = quiet.incident()
    quiet.open(incident)
    ears = Heard(quiet)
    root = ears.say("what is it?")
    ears.say("note: the disk", thread=root)
    (card,) = quiet.cards(NAME)
    ears.say("note: below the card", thread=card)
    ears.look()
    assert contents(incident) == ["the disk", "below the card"]


def test_edited_and_deleted_so_is_the_note(world: RoomsWorld) -> None:
    incident = world.incident()
    world.open(incident)
    ears = Heard(world)
    post = ears.say("note: the disk was full")
    other = ears.say("only talk")
    ears.look()
    ears.edit(post, "note: the disk was half full")
    ears.edit(other, "only talk, really")
    assert ears.look() == ["edited"]
    assert contents(incident) == ["the disk was half full"]
    ears.edit(other, "note: now it is one")
    assert ears.look() == ["edited"]
    assert contents(incident) == ["the disk was half full", "now it is one"]
    world.clock.advance(1)
    world.chat.delete(post)
    assert ears.look() == []
    world.clock.advance(300)
    assert ears.look() == ["deleted"]
    assert contents(incident) == ["now it is one"]


def test_what_was_said_in_the_room_does_not_come_back_into_it(quiet: RoomsWorld) -> None:
    from pagerduty_mattermost.cards import posting
    from pagerduty_mattermost.incidents.history import missing_events
    from pagerduty_mattermost.incidents.reader import read_incident_log

    incident = quiet.incident()
    quiet.open(incident)
    ears = Heard(quiet)
    ears.say("note: the disk was full")
    ears.look()
    context = quiet.context()
    entries = read_incident_log(context.pagerduty, incident.id)
    shown = quiet.change(incident, context)
    change = missing_events(entries, shown.incident, {}, 0.0, quiet.clock())
    assert "incident.annotated" in change.event_types
    posting.follow(context, change)
    assert [text for text in quiet.texts(NAME) if "noted" in text] == []


def test_the_right_to_note_counts(quiet: RoomsWorld) -> None:
    incident = quiet.incident()
    quiet.open(incident)
    ears = Heard(quiet)
    ears.say("note: mine", who="linus")
    quiet.clock.advance(15)
    ears.room_listener.look()
    ((_, order),) = ears.sent.taken()
    raw = {**quiet.raw(), "chat": {"allowed": {"note": ["@ada"]}}}
    context = quiet.context()
    context.__dict__["_config"] = raw
    with pytest.raises(PackError):
        handle.handle(context, order)
    assert contents(incident) == []


def test_programs_and_the_bot_are_left_out(quiet: RoomsWorld) -> None:
    incident = quiet.incident()
    quiet.open(incident)
    ears = Heard(quiet)
    post = ears.say("note: by a webhook")
    post.props["from_webhook"] = "true"
    quiet.context().mattermost.create_post(quiet.chat.channel(NAME).id, "note: by the bot")
    assert ears.look() == []


def test_a_channel_that_people_change_is_looked_after_at_once(quiet: RoomsWorld) -> None:
    incident = quiet.incident()
    quiet.open(incident)
    ears = Heard(quiet)
    ears.look()
    channel = quiet.chat.channel(NAME)
    quiet.clock.advance(1)
    quiet.chat.rename(channel, "war-room")
    ada = quiet.chat.user("ada")
    quiet.chat.state.system_post(ada, channel, "system_displayname_change", "renamed")
    assert ears.look() == ["changed"]
    assert quiet.room(incident).name == "war-room"


def test_while_nothing_is_said_a_look_costs_one_request(quiet: RoomsWorld) -> None:
    for number in range(30):
        quiet.open(quiet.incident(f"Slow {number}"))
    ears = Heard(quiet)
    for _ in range(4):
        ears.look()
    before, calls = len(quiet.sandbox.journal.entries), len(quiet.datastore.calls)
    answers = []
    for _ in range(12):
        ears.look()
        answers.append(quiet.sandbox.journal.entries[-1].status)
    assert len(quiet.sandbox.journal.entries) - before == 12
    assert answers.count(304) == 9
    assert answers.count(200) == 3
    assert len(quiet.datastore.calls) == calls


def test_only_rooms_with_news_are_read(quiet: RoomsWorld) -> None:
    for number in range(12):
        quiet.open(quiet.incident(f"Slow {number}"))
    ears = Heard(quiet)
    for number in range(2):
        ears.say("hello", channel=f"inc-2026-11-21-slow-{number}")
        ears.look()
    before = len(quiet.sandbox.journal.entries)
    ears.say("hello", channel="inc-2026-11-21-slow-3")
    ears.look()
    assert len(quiet.requests(before)) == 2


def test_a_room_that_is_new_is_heard_soon(quiet: RoomsWorld) -> None:
    quiet.open(quiet.incident("Old"))
    ears = Heard(quiet)
    ears.look()
    incident = quiet.incident()
    quiet.open(incident)
    ears.say("note: early")
    kinds = [*ears.look(), *ears.look(), *ears.look()]
    assert kinds == ["note"]


def notes_in_a_minute(world: RoomsWorld, count: int) -> None:
    """People write in one room faster than looks come; PagerDuty keeps its limit meanwhile."""
    incident = world.incident()
    world.open(incident)
    ears = Heard(world)
    ears.look()
    for number in range(count):
        world.clock.advance(60 / count)
        world.chat.say("ada", NAME, f"note: number {number}")
        if number % (count // 4) == 0:
            ears.look()
    ears.look()
    ears.look()
    assert contents(incident) == [f"number {number}" for number in range(count)]


def test_notes_that_come_fast_are_all_heard_once(quiet: RoomsWorld) -> None:
    notes_in_a_minute(quiet, 40)


@pytest.mark.soak
def test_500_notes_in_a_minute_are_all_heard_once(world: RoomsWorld) -> None:
    notes_in_a_minute(world, 500)


def test_many_rooms_with_news_are_read_in_turn(quiet: RoomsWorld) -> None:
    count = MAX_READ + 5
    for number in range(count):
        quiet.open(quiet.incident(f"Slow {number}"))
    ears = Heard(quiet)
    for _ in range(3):
        ears.look()
    for number in range(count):
        ears.say("note: here", channel=f"inc-2026-11-21-slow-{number}")
    quiet.clock.advance(15)
    assert ears.room_listener.look() == MAX_READ
    assert ears.room_listener.look() == 5


def test_the_payloads_fit_their_schemas(quiet: RoomsWorld) -> None:
    from chat_sensor import _schemas

    quiet.open(quiet.incident())
    ears = Heard(quiet)
    ears.say("note: one")
    quiet.chat.state.system_post(
        quiet.chat.user("ada"), quiet.chat.channel(NAME), "system_header_change", "x"
    )
    quiet.clock.advance(15)
    ears.room_listener.look()
    sent = ears.sent.taken()
    assert len(sent) == 2
    for trigger, payload in sent:
        assert PayloadSchema(_schemas()[trigger]).misfit(payload) == ""


def test_what_is_heard_is_decided_by_the_posts_alone() -> None:
    post: Dict[str, Any] = {"id": "p", "user_id": "u", "create_at": 10, "message": "NOTE: x"}
    assert [one.kind for one in heard([post], 5, "bot", "note:")] == ["note"]
    assert heard([post], 10, "bot", "note:") == []
    assert heard([{**post, "user_id": "bot"}], 5, "bot", "note:") == []
    assert heard([{**post, "props": {"from_bot": "true"}}], 5, "bot", "note:") == []
    assert [one.kind for one in heard([{**post, "edit_at": 20}], 10, "bot", "note:")] == ["edited"]
    assert [one.kind for one in heard([{**post, "delete_at": 20}], 10, "bot", "note:")] == [
        "deleted"
    ]
