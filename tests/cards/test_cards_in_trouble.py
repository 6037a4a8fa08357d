"""One card and one reply for each event whatever fails: servers in trouble, lost answers, killed
runs, many runs at once."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import threading
from typing import Any, List

import pytest
from posts_world import ACKED, RESOLVED, STORY, TRIGGERED, Wall

from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.cards.thread import CardThread
from pagerduty_mattermost.core.errors import PackError, RetryLater, StoreUnreachable, Unauthorized
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.incidents.incident import Change


@pytest.mark.parametrize("kind", ["lost", "drop", "truncate", "html", "empty", "bad_json"])
@pytest.mark.parametrize("skip", range(4))
def test_trouble_with_any_write_leaves_one_card_and_one_reply(
    wall: Wall, kind: str, skip: int
) -> None:
    wall.chat.server.faults.add(kind, method="POST", path="/posts$", times=2, skip=skip)
    wall.chat.server.faults.add(kind, method="PUT", times=1)
    for change in STORY:
        until_done(wall, change)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2", "R3"])
    assert wall.shows(RESOLVED.incident)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_tried_again(wall: Wall, status: int) -> None:
    wall.chat.server.faults.add(
        "status", status=status, retry_after=2, probability=0.3, seed=status, times=12
    )
    for change in STORY:
        until_done(wall, change)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2", "R3"])


def until_done(wall: Wall, change: Change, tries: int = 12) -> None:
    """As action.retry does: again, each time long after, Mattermost's memory of keys empty."""
    for _ in range(tries):
        try:
            wall.show(change)
            return
        except PackError:
            wall.long_after()
    raise AssertionError("never done")


def test_an_answer_lost_for_good_is_found_an_hour_later(wall: Wall) -> None:
    wall.chat.server.faults.add("lost", method="POST", path="/posts$")
    wall.chat.server.faults.add("drop", method="GET", path="/channels/.*/posts")
    with pytest.raises(RetryLater):
        wall.show(TRIGGERED)
    wall.chat.server.faults.clear()
    assert wall.chat.created() == 1
    wall.long_after()
    wall.show(TRIGGERED)
    assert (wall.chat.created(), wall.replies()) == (2, ["R1"])


class Killed(BaseException):
    """kill -9: nothing of the process goes on."""


@pytest.mark.parametrize("forget", [False, True])
def test_a_kill_at_any_datastore_call_leaves_nothing_twice_and_nothing_out(
    wall: Wall, forget: bool
) -> None:
    for change in STORY:
        for call in itertools.count():
            killed = killed_at(wall, change, call)
            if forget:
                wall.long_after()
            if not killed:
                break
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2", "R3"])
    assert wall.shows(RESOLVED.incident)


def killed_at(wall: Wall, change: Change, call: int) -> bool:
    left = [call]
    dead = threading.Event()

    def trouble() -> None:
        if dead.is_set() or left[0] == 0:
            dead.set()
            raise OSError("killed")
        left[0] -= 1

    wall.datastore.trouble = trouble
    try:
        wall.show(change)
    except StoreUnreachable:
        return True
    finally:
        wall.datastore.trouble = lambda: None
    return False


def test_a_kill_after_any_request_to_mattermost_leaves_nothing_twice(wall: Wall) -> None:
    for change in STORY:
        for request in range(1, 9):
            gateway_kills(wall, change, request)
            wall.long_after()
        wall.show(change)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2", "R3"])


def gateway_kills(wall: Wall, change: Change, request: int) -> None:
    gateway = wall.chat.gateway()
    mine = wall.posts(mattermost=gateway)
    left = [request]
    call = gateway._call

    def counted(*args: Any, **named: Any) -> Any:
        answer = call(*args, **named)
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return answer

    gateway._call = counted  # type: ignore[method-assign]
    with contextlib.suppress(Killed):
        mine.show(change, "incidents", Route())


def test_many_runs_at_once_make_one_card_and_one_reply_each(wall: Wall) -> None:
    wall.chat.service.save_seconds = 0.02
    errors: List[BaseException] = []

    def run(change: Change, paint: bool) -> None:
        for _ in range(6):
            try:
                wall.repaint(change) if paint else wall.show(change)
                return
            except PackError:
                continue
            except BaseException as error:
                errors.append(error)
                return
        errors.append(AssertionError("never done"))

    jobs = [(change, paint) for change in STORY for paint in (False, True, False)]
    random.Random(7).shuffle(jobs)
    threads = [threading.Thread(target=run, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert (wall.cards(), sorted(wall.replies())) == (1, ["R1", "R2", "R3"])
    assert wall.shows(RESOLVED.incident)


def test_whoever_waited_looks_again_before_it_posts(wall: Wall) -> None:
    def slow(change: Change, incident: Any, birth: bool) -> Any:
        if birth:
            wall.show(change)
            wall.long_after()
        return incident

    wall.show(TRIGGERED, extras=slow)
    assert (wall.cards(), wall.replies()) == (1, ["R1"])


def test_a_slow_old_painter_does_not_leave_an_old_card(wall: Wall) -> None:
    wall.show(TRIGGERED)
    gateway = wall.chat.gateway()
    slow = wall.posts(mattermost=gateway)
    patch = gateway.patch_post

    def late(*args: Any, **named: Any) -> Any:
        gateway.patch_post = patch  # type: ignore[method-assign]
        wall.show(RESOLVED)
        return patch(*args, **named)

    gateway.patch_post = late  # type: ignore[method-assign]
    slow.show(ACKED, "incidents", Route())
    assert wall.shows(RESOLVED.incident)
    assert sorted(wall.replies()) == ["R1", "R2", "R3"]


def test_an_abandoned_intent_is_finished_by_the_next_change(wall: Wall) -> None:
    wall.chat.server.faults.add("drop", method="POST", path="/posts$")
    with pytest.raises(RetryLater):
        wall.show(TRIGGERED)
    wall.chat.server.faults.clear()
    wall.chat.clock.set(wall.chat.clock() + 1)
    assert [outcome.done for outcome in wall.repaint(ACKED)] in (["waiting"], ["created"])
    wall.long_after()
    wall.repaint(ACKED)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2"])


def test_a_record_that_does_not_read_makes_no_second_card(wall: Wall) -> None:
    wall.show(TRIGGERED)
    (key,) = wall.keys(".card.")
    wall.datastore.items[key] = "garbage"
    wall.long_after()
    wall.show(ACKED)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2"])


def test_a_datastore_that_is_down_posts_nothing(wall: Wall) -> None:
    def down() -> None:
        raise OSError("down")

    wall.datastore.trouble = down
    with pytest.raises(StoreUnreachable):
        wall.show(TRIGGERED)
    assert wall.cards() == 0


def test_a_reply_that_another_run_posted_meanwhile_is_not_posted_again(wall: Wall) -> None:
    root = wall.show(TRIGGERED)
    mattermost = wall.chat.gateway()
    read = mattermost.thread(root.post_id)
    slow = CardThread(
        mattermost, wall.chat.clock, root.channel_id, root.post_id, read, wall.chat.clock()
    )
    wall.show(ACKED)
    wall.long_after()
    assert slow.add(post_key("reply", "R2", root.channel_id), "Ann acknowledged", {}) == []
    assert wall.replies() == ["R1", "R2"]


def test_a_revoked_token_makes_the_run_fail_so_that_it_is_tried_again(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.chat.service.revoke(wall.chat.world.bot_token)
    with pytest.raises(Unauthorized, match="mattermost.token"):
        wall.repaint(ACKED)
    wall.chat.service.add_token(wall.chat.world.bot, wall.chat.world.bot_token)
    assert [outcome.done for outcome in wall.repaint(ACKED)] == ["repainted"]
    assert wall.replies() == ["R1", "R2"]


def test_an_intent_of_a_clock_that_ran_ahead_makes_no_second_card(wall: Wall) -> None:
    wall.show(TRIGGERED)
    (name,) = wall.keys(".card.")
    record = json.loads(wall.datastore.items[name])
    record["data"].update(post_id="", at=wall.chat.clock() + 7200)
    wall.datastore.items[name] = json.dumps(record)
    for number in range(210):
        wall.chat.service.say("ada", "incidents", f"talk {number}")
    wall.long_after()
    assert [outcome.done for outcome in wall.repaint(ACKED)] == ["repainted"]
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2"])
