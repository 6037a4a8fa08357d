"""What people do to a room by hand is respected and told once: archived, renamed, deleted, made
public."""

from __future__ import annotations

import pytest
from followed_room import BOTH, NAME, come, feed, opened, round_
from rooms_world import RoomsWorld


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
