"""Two runs make one post although one of them stood still between its look and the post, for
longer than Mattermost remembers a key: the older one stays."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List

import pytest
from rooms_world import RoomsWorld

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.cards.thread import CardThread
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.post_once import post_once
from pagerduty_mattermost.gateways.mattermost.settling import settled
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


@pytest.fixture
def world() -> Iterator[RoomsWorld]:
    with RoomsWorld() as made:
        yield made


class Standing:
    """A run that stands still for an hour right before its post, while another one makes it."""

    def __init__(
        self, world: RoomsWorld, mattermost: Mattermost, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.world, self.first = world, ""
        self._create = mattermost.create_post
        monkeypatch.setattr(mattermost, "create_post", self.create)

    def create(self, channel_id: str, message: str, **terms: Any) -> Dict[str, Any]:
        other = self._create(channel_id, message, **{**terms, "seed": "of another process"})
        self.first = other["id"]
        self.world.sleep(3600)
        return self._create(channel_id, message, **terms)


def bearing(world: RoomsWorld, text: str) -> List[Any]:
    posts = [one for channel in world.chat.state.channels for one in world.chat.posts(channel)]
    replies = [reply for one in posts for reply in world.chat.thread(one)]
    return [one for one in [*posts, *replies] if text in one.message and not one.delete_at]


def test_a_message(world: RoomsWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    mattermost = world.context().mattermost
    mattermost.join(world.chat.channel("incidents").id)
    run = Standing(world, mattermost, monkeypatch)
    sent = post_once(
        mattermost,
        lambda: Store(world.datastore),
        world.chat.channel("incidents").id,
        "On call today",
        key="today",
        clock=world.clock,
        monotonic=world.clock,
    )
    assert (sent.post_id, sent.already) == (run.first, True)
    assert len(bearing(world, "On call today")) == 1


def test_a_reply(world: RoomsWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    mattermost = world.context().mattermost
    channel = world.chat.channel("incidents").id
    mattermost.join(channel)
    root = mattermost.create_post(channel, "card", key="a" * 32)
    Standing(world, mattermost, monkeypatch)
    thread = CardThread(mattermost, world.clock, channel, root["id"], [root], world.clock())
    assert thread.add("b" * 32, "12:03 acknowledged", {}) == []
    assert len(bearing(world, "12:03 acknowledged")) == 1


def test_a_card(world: RoomsWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    incident, context = world.incident(), world.context()
    context.mattermost.join(world.chat.channel("incidents").id)
    run = Standing(world, context.mattermost, monkeypatch)
    posting.post(context, world.change(incident, context), "incidents", Route(), None)
    cards = [one for one in bearing(world, "Database timeout") if one.props.get(PROPS_KEY)]
    assert [one.id for one in cards] == [run.first]


def test_where_mattermost_does_not_answer_what_was_made_stays(world: RoomsWorld) -> None:
    mattermost = world.context().mattermost
    channel = world.chat.channel("incidents").id
    mattermost.join(channel)
    made = mattermost.create_post(channel, "x", key="c" * 32)
    world.sandbox.mattermost.faults.add("status", status=500, method="GET", path="/posts")
    stays = settled(
        mattermost, made, lambda: mattermost.posts_since(channel, world.clock()), waited=3600
    )
    assert stays["id"] == made["id"]
