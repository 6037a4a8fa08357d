"""A message under a key is posted once in a channel, however often and late it is asked for and
whatever died."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

import pytest
from channels_scene import Scene
from datastore_double import Service as Datastore
from datastore_double import raiser

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.mattermost.post_once import post_once


def post_with_key(scene: Scene, key: str = "k", root_id: str = "") -> Tuple[str, bool]:
    scene.run()
    chat = scene.chat
    channel = chat.world.channels["incidents"]
    chat.service.add_member(channel, chat.world.bot)
    sent = post_once(
        scene.mattermost,
        lambda: scene.store,
        channel.id,
        "text",
        key=key,
        root_id=root_id,
        clock=chat.clock,
        monotonic=chat.clock,
    )
    return sent.post_id, sent.already


@pytest.mark.parametrize("later", [0, 3600, 20 * 86400])
def test_a_key_makes_one_message_however_much_later(scene: Scene, later: float) -> None:
    first = post_with_key(scene)
    scene.chat.clock.advance(later)
    assert post_with_key(scene) == (first[0], True)
    assert post_with_key(scene, "other")[1] is False
    assert scene.chat.created() == 2


@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize("later", [0, 25, 3600])
def test_an_intent_without_a_result_is_looked_for(scene: Scene, later: float, root: bool) -> None:
    root_id = post_with_key(scene, "root")[0] if root else ""
    before = scene.chat.created()
    first = post_with_key(scene, root_id=root_id)
    forget_results(scene.datastore.items)
    scene.chat.clock.advance(later)
    scene.chat.service.forget_pending()
    assert post_with_key(scene, root_id=root_id) == (first[0], True)
    assert scene.chat.created() == before + 1


def forget_results(items: Dict[str, str]) -> None:
    """As if every run had died between the post and its result."""
    import json

    for name, raw in items.items():
        data = json.loads(raw)
        if ".message." in name:
            del data["data"]["post_id"]
        items[name] = json.dumps(data)


def test_a_run_that_died_before_its_post_posts_in_the_next(scene: Scene) -> None:
    scene.run()
    scene.mattermost.me()
    scene.chat.server.faults.add("drop", method="POST", path="/posts$", times=20)
    with pytest.raises(PackError):
        post_with_key(scene)
    scene.chat.server.faults.clear()
    scene.chat.clock.advance(3600)
    assert post_with_key(scene)[1] is False
    assert scene.chat.created() == 1


@pytest.mark.parametrize("key", ["", "k"])
def test_a_post_that_was_made_although_no_try_was_answered_is_found(
    scene: Scene, key: str
) -> None:
    scene.chat.server.faults.add("status", status=502, done=True, method="POST", path="/posts$")
    post_id, already = post_with_key(scene, key)
    assert not already
    assert scene.chat.service.post(post_id).message == "text"
    assert scene.chat.created() == 1


def test_a_record_of_a_message_that_does_not_read_makes_no_second_one(scene: Scene) -> None:
    first = post_with_key(scene)
    for name in [name for name in scene.datastore.items if ".message." in name]:
        scene.datastore.items[name] = "{broken"
    scene.chat.clock.advance(3600)
    scene.chat.service.forget_pending()
    assert post_with_key(scene) == (first[0], True)
    assert scene.chat.created() == 1


def test_nothing_is_posted_when_the_intent_cannot_be_kept(scene: Scene) -> None:
    scene.datastore.trouble = raiser(ConnectionError())
    with pytest.raises(PackError):
        post_with_key(scene)
    assert scene.chat.created() == 0


def test_a_result_that_cannot_be_kept_costs_nothing(scene: Scene) -> None:
    class Failing(Datastore):
        def set_value(
            self, name: str, value: str, ttl: Optional[int] = None, local: bool = True
        ) -> bool:
            if '"post_id"' in value:
                raise ConnectionError
            return super().set_value(name, value, ttl, local)

    scene.datastore = Failing()
    first = post_with_key(scene)
    scene.chat.service.forget_pending()
    assert post_with_key(scene) == (first[0], True)
    assert scene.chat.created() == 1


def test_whoever_waited_long_since_it_looked_looks_again(scene: Scene) -> None:
    class Slow(Datastore):
        """Another run posts while this one waits for the datastore."""

        def set_value(
            self, name: str, value: str, ttl: Optional[int] = None, local: bool = True
        ) -> bool:
            if ".message." in name and not hasattr(self, "other"):
                self.other = post_with_key(other)
                scene.chat.clock.advance(45)
                scene.chat.service.forget_pending()
            return super().set_value(name, value, ttl, local)

    other = Scene(scene.chat)
    scene.datastore = Slow()
    assert post_with_key(scene) == (scene.datastore.other[0], True)  # type: ignore[attr-defined]
    assert scene.chat.created() == 1
