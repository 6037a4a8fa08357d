"""A member of the server who knows this code, the ids of the bot and of the incident works out the
keys of cards and replies, and posts first: nothing that the pack posts is held up by it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
import requests
from chat_world import Chat
from posts_world import ACKED, INCIDENT, TRIGGERED, Wall, event

from pagerduty_mattermost.cards.route import make_route
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.core.post_keys import PROPS_KEY, pending_post_id, post_key, secret_key
from pagerduty_mattermost.gateways.mattermost.post_once import post_once
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

LIBRARY = Path(__file__).resolve().parents[2] / "actions"


@pytest.fixture
def wall() -> Iterator[Wall]:
    with Chat() as chat:
        chat.service.add_member("incidents", "pagerduty")
        yield Wall(chat)


class Stranger:
    """Ada, a member of the channel."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.service = wall.chat.service
        self.token = self.service.add_token("ada")
        self.bot = wall.chat.world.bot.id
        self.channel = self.service.channel("incidents").id
        self.posts: List[Any] = []

    def takes(self, outgoing: str, *, keeps: bool = True, root: str = "") -> None:
        """She posts with what would go out for a key, and may delete it again."""
        answer = requests.post(
            self.wall.chat.server.url + "/api/v4/posts",
            json={
                "channel_id": self.channel,
                "message": "first",
                "pending_post_id": pending_post_id(self.bot, outgoing),
                "root_id": root,
            },
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
        )
        assert answer.status_code == 201, answer.text
        post = self.service.post(answer.json()["id"])
        assert post.user_id == self.service.user("ada").id
        self.posts.append(post)
        if not keeps:
            self.service.delete(post)


def sent(wall: Wall) -> List[Dict[str, Any]]:
    """Bodies of the bot's POSTs; Ada's say "first"."""
    found = [
        entry.json()
        for entry in wall.chat.journal.entries
        if (entry.method, entry.path) == ("POST", "/api/v4/posts")
    ]
    return [body for body in found if body["message"] != "first"]


@pytest.mark.parametrize("keeps", [True, False])
def test_a_card_comes_whoever_posted_with_its_key(wall: Wall, keeps: bool) -> None:
    stranger = Stranger(wall)
    stranger.takes(post_key("card", INCIDENT.id, stranger.channel), keeps=keeps)
    assert wall.show(TRIGGERED).done == "created"
    wall.card()
    assert len(sent(wall)) == 2  # the card and its first reply


@pytest.mark.parametrize("keeps", [True, False])
def test_a_reply_comes_whoever_posted_with_its_key(wall: Wall, keeps: bool) -> None:
    wall.show(TRIGGERED)
    stranger = Stranger(wall)
    root = wall.card().id
    stranger.takes(post_key("reply", "R2", stranger.channel), keeps=keeps, root=root)
    wall.show(ACKED)
    assert [post.message[-18:] for post in wall.chat.service.thread(wall.card())][-1] == (
        "· Ann acknowledged"
    )


@pytest.mark.parametrize("keeps", [True, False])
def test_a_message_with_a_key_comes_whoever_posted_with_it(wall: Wall, keeps: bool) -> None:
    stranger = Stranger(wall)
    stranger.takes(post_key("message", stranger.channel, "digest-1"), keeps=keeps)
    store = Store(wall.datastore, sleep=lambda _: None)
    gateway = wall.chat.gateway()
    for _ in range(2):
        done = post_once(gateway, lambda: store, stranger.channel, "The digest", key="digest-1")
        assert wall.chat.service.post(done.post_id).message == "The digest"
    assert len(sent(wall)) == 1


def test_no_key_goes_out_as_it_is(wall: Wall) -> None:
    route = make_route(checklist=["Look"])
    wall.show(TRIGGERED, route=route)
    wall.show(ACKED, route=route)
    wall.chat.gateway().create_post(Stranger(wall).channel, "direct", key=post_key("direct"))
    assert len(sent(wall)) == 5
    for body in sent(wall):
        assert body["props"][PROPS_KEY]["key"] not in body["pending_post_id"]
        assert body["pending_post_id"].startswith(wall.chat.world.bot.id + ":")


def test_two_installations_with_one_bot_send_the_same(wall: Wall) -> None:
    """So Mattermost itself keeps them apart."""
    wall.show(TRIGGERED)
    wall.datastore.items.clear()
    wall.show(TRIGGERED)
    assert (wall.cards(), wall.replies()) == (1, ["R1"])


def test_there_is_one_place_that_creates_posts() -> None:
    """Every keyed post goes through it: cards, replies, storms, digests, messages, files. What
    answers in Mattermost's place when the past is replayed sends nothing."""
    found = [
        path.relative_to(LIBRARY).as_posix()
        for path in sorted(LIBRARY.rglob("*.py"))
        if re.search(r"posts\.create_post\(|pending_post_id\(|\"/posts\"", path.read_text("utf-8"))
    ]
    library = "lib/pagerduty_mattermost/"
    assert found == [
        library + "core/post_keys.py",
        library + "gateways/mattermost/client.py",
        library + "simulation/recorded_posts.py",
    ]


def leaked(wall: Wall, key: str, again: str = "") -> str:
    """What goes out for a key, as somebody knows it to whom it was shown."""
    return secret_key(secret_key(wall.chat.world.bot_token, key), key + again)


@pytest.mark.parametrize("taken", [("",), ("", " again")])
def test_an_id_that_somebody_learned_is_tried_in_one_other_form(wall: Wall, taken: Any) -> None:
    stranger = Stranger(wall)
    key = post_key("card", INCIDENT.id, stranger.channel)
    for again in taken:
        stranger.takes(leaked(wall, key, again))
    if len(taken) == 1:
        assert wall.show(TRIGGERED).done == "created"
        wall.card()
        assert len(sent(wall)) == 3
        return
    with pytest.raises(RetryLater, match="another's post"):
        wall.show(TRIGGERED)
    assert len(sent(wall)) == 2
    wall.long_after()
    assert wall.show(TRIGGERED).done == "created"


def test_a_token_that_is_changed_between_two_tries_makes_no_second_card(wall: Wall) -> None:
    """The id that goes out is kept with the intent."""
    wall.chat.server.faults.add("lost", method="POST", path="/posts$")
    wall.chat.server.faults.add("drop", method="GET", path="/channels/.*/posts")
    with pytest.raises(RetryLater):
        wall.show(TRIGGERED)
    wall.chat.server.faults.clear()
    new = wall.chat.service.add_token("pagerduty")
    wall.chat.world = wall.chat.world._replace(bot_token=new)
    wall.show(TRIGGERED)
    wall.chat.clock.advance(30)
    wall.show(ACKED)
    ids = {body["pending_post_id"] for body in sent(wall) if not body.get("root_id")}
    assert (wall.cards(), len(ids)) == (1, 1)
    assert wall.replies() == ["R1", "R2"]


def test_a_token_that_is_changed_between_two_tries_makes_no_second_message(wall: Wall) -> None:
    channel = Stranger(wall).channel
    store = Store(wall.datastore, sleep=lambda _: None)
    wall.chat.server.faults.add("drop", method="POST", path="/posts$")
    with pytest.raises(RetryLater):
        post_once(wall.chat.gateway(), lambda: store, channel, "Hello", key="k")
    wall.chat.server.faults.clear()
    wall.chat.world = wall.chat.world._replace(bot_token=wall.chat.service.add_token("pagerduty"))
    post_once(wall.chat.gateway(), lambda: store, channel, "Hello", key="k")
    assert len({body["pending_post_id"] for body in sent(wall)}) == 1


def test_a_reply_sent_with_an_old_token_and_again_with_a_new_one_is_one(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.chat.clock.advance(30)
    before = dict(wall.datastore.items)
    wall.show(ACKED)
    wall.datastore.items = before
    wall.chat.world = wall.chat.world._replace(bot_token=wall.chat.service.add_token("pagerduty"))
    wall.show(ACKED)
    assert wall.replies() == ["R1", "R2"]


def test_the_sixtieth_note_is_one_post(wall: Wall) -> None:
    """No post of another stands in for the bot's, however many there are."""
    wall.show(TRIGGERED)
    stranger = Stranger(wall)
    notes = [event(10 + n, "annotated", n, note=f"note {n}") for n in range(60)]
    for note in notes[:5]:
        key = post_key("reply", note.event_id, stranger.channel)
        stranger.takes(key, root=wall.card().id)
    newest = INCIDENT._replace(updated_at=notes[-1].occurred_at)
    wall.chat.clock.advance(60)
    wall.show(TRIGGERED._replace(incident=newest, events=tuple(notes), cycle=3))
    own = [one for one in wall.chat.service.thread(wall.card()) if one.user_id == stranger.bot]
    assert len(own) == 61
