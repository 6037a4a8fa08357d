"""Channels that the bot makes itself, over real HTTP: what it does when all is well, and in each
kind of trouble."""

from __future__ import annotations

from typing import Any, Callable, List

import pytest
from chat_world import Chat

from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.values import Channel


def made(chat: Chat, name: str = "inc-1", **more: Any) -> Channel:
    return own_channels.create(chat.gateway(), chat.world.team.id, name, "One", **more)


def test_it_makes_a_channel_and_is_in_it(chat: Chat) -> None:
    channel = made(chat, purpose="Room", header="h", private=True)
    assert (channel.name, channel.display_name, channel.type) == ("inc-1", "One", "P")
    assert (channel.purpose, channel.header) == ("Room", "h")
    assert channel.creator_id == chat.world.bot.id
    assert channel.created_at == int(chat.clock() * 1000)
    assert list(chat.service.channel("inc-1").members) == [chat.world.bot.id]


def test_a_taken_name_a_full_team_and_a_missing_right_are_told_apart(chat: Chat) -> None:
    first = made(chat)
    own_channels.archive(chat.gateway(), first.id)
    with pytest.raises(own_channels.NameTaken):
        made(chat)
    chat.service.max_channels_per_team = 1
    with pytest.raises(own_channels.TeamFull):
        made(chat, "inc-2")
    chat.service.deny("team_user", "create_public_channel")
    with pytest.raises(own_channels.MayNot, match="may not create public channels"):
        made(chat, "inc-2")


def test_archiving_and_restoring(chat: Chat) -> None:
    channel = made(chat)
    for _ in range(2):
        own_channels.archive(chat.gateway(), channel.id)
    assert chat.gateway().channel(channel.id).archived
    with pytest.raises(own_channels.MayNot, match="may not restore channels"):
        own_channels.restore(chat.gateway(), channel.id)
    chat.service.make_team_admin("ops", "pagerduty")
    for _ in range(2):
        own_channels.restore(chat.gateway(), channel.id)
    assert not chat.gateway().channel(channel.id).archived
    own_channels.make_private(chat.gateway(), channel.id)
    assert chat.gateway().channel(channel.id).type == "P"
    chat.service.make_team_admin("ops", "pagerduty", False)
    with pytest.raises(own_channels.MayNot, match="may not make channels private"):
        own_channels.make_private(chat.gateway(), channel.id)
    chat.service.deny("channel_user", "delete_private_channel")
    with pytest.raises(own_channels.MayNot, match="may not archive"):
        own_channels.archive(chat.gateway(), channel.id)


def test_its_channels_are_read_again_only_when_something_was_said(chat: Chat) -> None:
    channel, gateway = made(chat), chat.gateway()
    first = own_channels.mine(gateway, chat.world.team.id)
    assert first is not None
    assert channel.id in [one.id for one in first.channels]
    assert own_channels.mine(gateway, chat.world.team.id, first.etag) is None
    chat.clock.advance(1)
    gateway.create_post(channel.id, "hello")
    again = own_channels.mine(gateway, chat.world.team.id, first.etag)
    assert again is not None
    (room,) = [one for one in again.channels if one.id == channel.id]
    assert room.last_post_at == int(chat.clock() * 1000)


def test_what_was_made_edited_and_deleted_since(chat: Chat) -> None:
    channel, gateway = made(chat), chat.gateway()
    posts = []
    for number in range(3):
        posts.append(gateway.create_post(channel.id, str(number)))
        chat.clock.advance(1)
    since = int(chat.clock() * 1000)
    chat.clock.advance(1)
    assert own_channels.changed_posts(gateway, channel.id, since) == []
    gateway.patch_post(posts[0]["id"], message="edited")
    chat.service.delete(posts[1]["id"])
    gateway.create_post(channel.id, "new")
    found = own_channels.changed_posts(gateway, channel.id, since)
    assert [row["message"] for row in found] == ["edited", "", "new"]
    assert [bool(row["delete_at"]) for row in found] == [False, True, False]


def test_more_than_one_read_gives_is_paged(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox.mattermost import posts

    monkeypatch.setattr(posts, "MAX_POSTS_SINCE", 5)
    monkeypatch.setattr(own_channels, "MAX_CHANGES", 5)
    monkeypatch.setattr(own_channels, "POSTS_PER_PAGE", 4)
    channel = made(chat)
    chat.service.say("ada", channel.id, "before")
    chat.clock.advance(1)
    since = int(chat.clock() * 1000)
    for number in range(23):
        chat.clock.advance(1)
        chat.service.say("ada", channel.id, str(number))
    found = own_channels.changed_posts(chat.gateway(), channel.id, since)
    assert [row["message"] for row in found] == [str(number) for number in range(23)]


def test_pins_and_members_and_how_many_there_are(chat: Chat) -> None:
    channel, gateway = made(chat), chat.gateway()
    post = gateway.create_post(channel.id, "card")
    for _ in range(2):
        own_channels.pin(gateway, post["id"])
    assert gateway.get_post(post["id"])["is_pinned"]
    gateway.add_member(channel.id, chat.world.users["ada"].id)
    assert set(own_channels.members(gateway, channel.id)) == {
        chat.world.bot.id,
        chat.world.users["ada"].id,
    }
    team = chat.world.team.id
    assert own_channels.team_id(gateway, "ops") == team
    assert own_channels.count(gateway, team, 2000) == 5
    own_channels.archive(gateway, channel.id)
    assert own_channels.count(gateway, team, 2000) == 5


CALLS: List[Any] = [
    ("GET", "/teams/name", lambda gateway, team, room: own_channels.team_id(gateway, "ops")),
    ("DELETE", "/channels/", lambda gateway, team, room: own_channels.archive(gateway, room)),
    ("POST", "/restore", lambda gateway, team, room: own_channels.restore(gateway, room)),
    ("PUT", "/privacy", lambda gateway, team, room: own_channels.make_private(gateway, room)),
    ("GET", "/users/me/teams", lambda gateway, team, room: own_channels.mine(gateway, team)),
    ("GET", "/posts", lambda gateway, team, room: own_channels.changed_posts(gateway, room, 1)),
    ("GET", "/members", lambda gateway, team, room: own_channels.members(gateway, room)),
]


@pytest.mark.parametrize("trouble", ["drop", "bad_json", "lost"])
@pytest.mark.parametrize(("method", "path", "call"), CALLS)
def test_a_broken_answer_is_asked_for_again(
    chat: Chat,
    trouble: str,
    method: str,
    path: str,
    call: Callable[[Mattermost, str, str], Any],
) -> None:
    chat.service.make_team_admin("ops", "pagerduty")
    room = made(chat).id
    if path == "/restore":
        own_channels.archive(chat.gateway(), room)
    chat.server.faults.add(trouble, method=method, path=path, times=1)
    call(chat.gateway(), chat.world.team.id, room)
    assert len(chat.slept) == 1


def test_a_lost_answer_to_making_one_says_that_the_name_is_taken(chat: Chat) -> None:
    chat.server.faults.add("lost", method="POST", path="/channels$", times=1)
    with pytest.raises(own_channels.NameTaken):
        made(chat)
    found = chat.gateway().channel_by_name("ops", "inc-1")
    assert found.creator_id == chat.world.bot.id
