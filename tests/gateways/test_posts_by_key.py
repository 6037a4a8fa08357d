"""The gateway posts once to Mattermost, by a key, in each kind of trouble; a post is found again
by its key."""

from __future__ import annotations

import threading
import time
from typing import List

import pytest
from chat_world import NOW, Chat

from pagerduty_mattermost.core.config import settings as config
from pagerduty_mattermost.core.errors import (
    RetryLater,
)
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.values import key_of


def test_a_post_bears_its_key(chat: Chat, incidents: str) -> None:
    post = chat.gateway().create_post(
        incidents, "hello", key="abc", props={"attachments": [{"text": "x"}]}
    )
    (kept,) = chat.service.posts("incidents")
    assert kept.message == "hello"
    bot, outgoing = kept.pending_post_id.split(":")
    assert (bot, len(outgoing)) == (chat.world.bot.id, 32)
    assert key_of(post) == "abc"
    assert kept.props["attachments"][0]["text"] == "x"


@pytest.mark.parametrize("trouble", ["lost", "drop", "truncate", "bad_json", "html", "empty"])
def test_a_broken_answer_makes_no_second_post(chat: Chat, incidents: str, trouble: str) -> None:
    mattermost = chat.gateway()
    mattermost.me()
    chat.server.faults.add(trouble, method="POST", path="/posts$", times=2)
    mattermost.create_post(incidents, "once")
    assert chat.created() == 1
    assert len(chat.slept) == 2


def test_an_answer_that_comes_too_late_makes_no_second_post(chat: Chat, incidents: str) -> None:
    mattermost = chat.gateway(raw={**chat.raw(), "timeouts": {"connect": 1, "read": 1}})
    mattermost.me()
    chat.server.faults.add("delay", seconds=2.0, done=True, method="POST", path="/posts$", times=1)
    mattermost.create_post(incidents, "once")
    assert chat.slept, "the answer came in time"
    assert chat.created() == 1


def test_two_at_once_with_one_key_make_one_post(chat: Chat, incidents: str) -> None:
    chat.service.save_seconds = 0.1
    posts: List[str] = []

    def post() -> None:
        settings = config.require_mattermost(config.load(chat.raw()))
        mattermost = Mattermost(settings, sleep=lambda _: time.sleep(0.05))
        posts.append(mattermost.create_post(incidents, "once", key="k")["id"])

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert chat.created() == 1
    assert len(posts) == 4
    assert len(set(posts)) == 1


def test_a_key_is_not_repeated_beyond_mattermosts_memory_of_it(chat: Chat, incidents: str) -> None:
    mattermost = chat.gateway()
    mattermost.me()
    chat.server.faults.add("status", status=503, done=True, method="POST", path="/posts$", times=1)
    chat.server.faults.add("status", status=503, method="POST", path="/posts$")
    with pytest.raises(RetryLater) as failure:
        mattermost.create_post(incidents, "once")
    assert failure.value.maybe_done
    assert chat.clock() - NOW <= 20
    assert chat.created() == 1


def test_a_limit_is_waited_for_as_long_as_it_says(chat: Chat, incidents: str) -> None:
    mattermost = chat.gateway()
    mattermost.me()
    chat.server.faults.add("status", status=429, retry_after=7, times=1)
    mattermost.create_post(incidents, "once")
    assert 7 <= chat.slept[0] < 8


def test_a_limit_longer_than_the_key_is_remembered_is_handed_up(
    chat: Chat, incidents: str
) -> None:
    mattermost = chat.gateway()
    mattermost.me()
    chat.server.faults.add("status", status=429, retry_after=60)
    with pytest.raises(RetryLater) as failure:
        mattermost.create_post(incidents, "once")
    assert failure.value.retry_after is not None
    assert failure.value.retry_after >= 60
    assert not failure.value.maybe_done


def test_a_refused_connection_is_retry_later_and_nothing_was_done(
    chat: Chat, incidents: str
) -> None:
    mattermost = chat.gateway()
    mattermost.me()
    chat.server.stop()
    with pytest.raises(RetryLater) as failure:
        mattermost.create_post(incidents, "once")
    assert not failure.value.maybe_done


def test_a_4xx_while_the_database_is_down_is_no_proof(chat: Chat, incidents: str) -> None:
    mattermost = chat.gateway()
    mattermost.me()
    chat.service.database_down = True
    for _ in range(2):  # 403 and 400 by turns
        with pytest.raises(RetryLater, match="unhealthy"):
            mattermost.create_post(incidents, "x")
    with pytest.raises(RetryLater):
        chat.gateway().me()
    chat.service.database_down = False
    mattermost.create_post(incidents, "back")
    assert chat.messages("incidents") == ["back"]


def test_posting_goes_on_by_itself_when_the_database_comes_back(
    chat: Chat, incidents: str
) -> None:
    mattermost = chat.gateway()
    mattermost.me()
    chat.service.database_down = True
    plain_sleep = chat.sleep

    def sleep(seconds: float) -> None:
        chat.service.database_down = False
        plain_sleep(seconds)

    mattermost._sleep = sleep
    mattermost.create_post(incidents, "back")
    assert chat.messages("incidents") == ["back"]


def test_a_post_is_found_by_its_key_however_many_came_after(chat: Chat, incidents: str) -> None:
    mattermost = chat.gateway()
    wanted = mattermost.create_post(incidents, "wanted", key="k1")["id"]
    since = chat.clock() - 60
    for number in range(450):
        chat.clock.advance(0.01)
        chat.service.say("ada", "incidents", f"chatter {number}")
    found = mattermost.find_post(incidents, "k1", since)
    assert found is not None
    assert found["id"] == wanted
    assert mattermost.find_post(incidents, "k2", since) is None


def test_looking_back_ends_at_the_time_given(chat: Chat, incidents: str) -> None:
    for number in range(450):
        chat.clock.advance(1)
        chat.service.say("ada", "incidents", f"chatter {number}")
    mattermost = chat.gateway()
    mattermost.me()
    before = len(chat.journal.entries)
    assert mattermost.find_post(incidents, "k", chat.clock() - 100) is None
    assert len(chat.journal.entries) == before + 1


def test_nobody_else_can_bear_our_key(chat: Chat, incidents: str) -> None:
    other = chat.service.add_bot("other", team=chat.world.team)
    chat.service.add_member("incidents", "other")
    chat.gateway(raw=chat.raw(token=other)).create_post(incidents, "mine", key="k")
    assert chat.gateway().find_post(incidents, "k", NOW - 60) is None


def test_a_reply_is_found_by_its_key(chat: Chat, incidents: str) -> None:
    mattermost = chat.gateway()
    root = mattermost.create_post(incidents, "root", key="r")["id"]
    reply = mattermost.create_post(incidents, "reply", key="k", root_id=root)["id"]
    found = mattermost.find_reply(root, "k")
    assert found is not None
    assert found["id"] == reply
    assert mattermost.find_reply(root, "other") is None
