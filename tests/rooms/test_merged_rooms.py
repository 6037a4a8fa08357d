"""Where incidents are merged, one room leads to the other, or becomes the other's."""

from __future__ import annotations

import json
from typing import Any

from followed_room import HOUR, NAME, come, feed, opened, round_
from rooms_world import NOW, RoomsWorld

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.chat import handle, requests
from pagerduty_mattermost.rooms import opening


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
