"""A timeline with a room and a playbook in it, sealed, verified, caught up on."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from runs_case import RunsWorld
from runs_world import TASKS

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.verbs import looking_back
from pagerduty_mattermost.core import drawing
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput, RetryLater
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.reviews import gathering, sealing
from pagerduty_mattermost.reviews.timeline import MESSAGE, PEOPLE


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    with RunsWorld() as made:
        made.begin()
        yield made


def asked(world: RunsWorld, run: Any, by: str = "ada", **more: Any) -> CommandResult:
    command = Command(
        "timeline",
        world.case.id,
        user=marked_id(world.user(by)),
        channel=more.pop("channel", world.the_room.channel_id),
        **more,
    )
    found: CommandResult = run(world.context(), command)
    return found


def pinned(world: RunsWorld, text: str, by: str = "ada") -> Any:
    post = world.chat.say(by, world.the_room.name, text)
    with world.chat.lock:
        world.chat.state.edit_post(post, post.message, post.props, True, [])
    return post


def test_everything_stands_in_it_once_and_in_order(world: RunsWorld) -> None:
    post = pinned(world, "The *disk* is full\nsee @all")
    world.say("ada", f"mark https://chat.example/ops/pl/{post.id}")
    world.click("grace", "check", "impact:done")
    world.pagerduty.acknowledge(world.case)
    text = asked(world, looking_back.timeline).message
    assert text.count("ada wrote") == 1
    for words in ("Triggered on", "acknowledged", "grace ticked 1.1", "The playbook Outage began"):
        assert words in text, text
    assert f"/pl/{post.id}" in text
    assert "@all" not in text.replace("`@all`", ""), "as code it calls nobody"
    assert "grace came into the room" in text
    found = gathering.gather(world.context(), world.case.id)
    assert [entry.at for entry in found.entries] == sorted(entry.at for entry in found.entries)
    assert found.left_out == ()
    with world.chat.lock:
        world.chat.state.delete_post(post, world.chat.user("ada"))
    assert "ada wrote" not in asked(world, looking_back.timeline).message


def test_who_may_not_see_a_private_room_sees_what_pagerduty_tells(world: RunsWorld) -> None:
    world.records().save(world.the_room._replace(private=True))
    elsewhere = world.chat.channel("incidents").id
    pinned(world, "a secret")
    told = asked(world, looking_back.timeline, "mei", channel=elsewhere).message
    assert "Triggered on" in told
    assert "secret" not in told
    assert "playbook" not in told
    assert "secret" not in asked(world, looking_back.catchup, "mei", channel=elsewhere).message
    assert "secret" in asked(world, looking_back.timeline, "ada", channel=elsewhere).message


def test_what_mattermost_does_not_tell_is_said_to_be_missing(world: RunsWorld) -> None:
    pinned(world, "not seen")
    path = f"/channels/{world.the_room.channel_id}/posts"
    world.sandbox.mattermost.faults.add("status", status=500, method="GET", path=path)
    text = asked(world, looking_back.timeline).message
    assert "Not in it: what was said in the room" in text
    assert "Triggered on" in text


@pytest.mark.parametrize("form", looking_back.FILE_FORMS)
def test_a_file_comes_as_a_direct_message_once(world: RunsWorld, form: str) -> None:
    for _ in range(2):
        told = asked(world, looking_back.timeline_file, text=form, key="order-1").message
        assert f"timeline-{world.case.number}.{form}" in told
    assert world.direct("ada").count("Timeline of") == 1


def test_a_picture_of_the_time_between_tasks_comes_as_well(world: RunsWorld) -> None:
    def said(key: str) -> str:
        return asked(world, looking_back.timeline_file, text=looking_back.PICTURE, key=key).message

    with pytest.raises(PackError, match="Too little was done"):
        said("order-2")
    for task in TASKS[:3]:
        world.clock.advance(60)
        world.click("ada", "check", f"{task}:done")
    if not drawing.can_draw():
        return
    assert f"timeline-{world.case.number}.png" in said("order-3")
    (file,) = world.chat.state.files.values()
    assert file.content.startswith(b"\x89PNG")


def test_sealed_then_verified_then_changed(world: RunsWorld) -> None:
    post = pinned(world, "failover started")
    note = world.pagerduty.annotate(world.case, "It is the disk")
    sealed = asked(world, looking_back.timeline_seal).message
    assert "is sealed with" in sealed
    again = asked(world, looking_back.timeline_seal)
    assert again.already
    assert sum("SHA-256" in one.content for one in world.case.notes) == 1
    assert "are as they were sealed" in asked(world, looking_back.timeline_verify).message
    world.click("grace", "check", "impact:done")
    assert "are as they were sealed" in asked(world, looking_back.timeline_verify).message, (
        "what comes later is no change"
    )
    with world.chat.lock:
        world.chat.state.edit_post(post, "failover never started", post.props, True, [])
    changed = asked(world, looking_back.timeline_verify).message
    assert "reads otherwise" in changed
    with world.chat.lock:
        world.chat.state.delete_post(post, world.chat.user("ada"))
    gone = asked(world, looking_back.timeline_verify).message
    assert f"post:{post.id}" in gone.replace("\\", "")
    assert note is not None
    assert not asked(world, looking_back.timeline_seal).already, "it is sealed anew as it is now"
    assert "are as they were sealed" in asked(world, looking_back.timeline_verify).message


def test_a_room_that_can_not_be_read_is_not_taken_for_changed(world: RunsWorld) -> None:
    pinned(world, "failover started")
    asked(world, looking_back.timeline_seal)
    path = f"/channels/{world.the_room.channel_id}/posts"
    world.sandbox.mattermost.faults.add("status", status=500, method="GET", path=path)
    with pytest.raises(RetryLater, match="Nothing is sealed"):
        asked(world, looking_back.timeline_seal)
    told = asked(world, looking_back.timeline_verify).message
    assert "not compared: what was said in the room" in told
    assert "is gone" not in told


@pytest.mark.parametrize("act", [looking_back.timeline_seal, looking_back.timeline_verify])
def test_who_may_not_see_a_private_room_gets_no_proof_of_it(world: RunsWorld, act: Any) -> None:
    asked(world, looking_back.timeline_seal)
    world.records().save(world.the_room._replace(private=True))
    elsewhere = world.chat.channel("incidents").id
    with pytest.raises(RejectedInput, match="only members of its room"):
        asked(world, act, "mei", channel=elsewhere)
    assert asked(world, act, "ada", channel=elsewhere).message


def test_a_proof_that_was_tampered_with_is_told_as_such(world: RunsWorld) -> None:
    context = world.context()
    with pytest.raises(NotFound, match="never sealed"):
        sealing.verify(context, world.case.id)
    sealing.seal(context, world.case.id, from_email="ada@example.com")
    (noted,) = [one for one in world.case.notes if "SHA-256" in one.content]
    kept = noted.content
    noted.content = kept.replace("entries", "entry")
    with pytest.raises(NotFound, match="one of them was changed"):
        sealing.verify(world.context(), world.case.id)
    noted.content = kept
    prefix = f"{sealing.KEY_PREFIX}{world.case.id}."
    for name in context.store.read_prefix(prefix, lambda error: None):
        context.store.delete(name)
    with pytest.raises(NotFound, match="kept for 400 days"):
        sealing.verify(world.context(), world.case.id)


def test_a_run_that_was_killed_before_the_note_leaves_the_seal_before_in_force(
    world: RunsWorld,
) -> None:
    context = world.context()
    first = sealing.seal(context, world.case.id, from_email="ada@example.com")
    world.click("grace", "check", "impact:done")
    world.sandbox.pagerduty.faults.add("status", status=400, method="POST", path="/notes$")
    with pytest.raises(PackError):
        sealing.seal(world.context(), world.case.id, from_email="ada@example.com")
    found = sealing.verify(world.context(), world.case.id)
    assert found.head == first.seal.head


def test_catching_up_tells_what_is_and_what_is_new_since_one_looked(world: RunsWorld) -> None:
    world.say("ada", "commander @grace")
    first = asked(world, looking_back.catchup, "linus").message
    assert "**Now**" in first
    assert "Commander: grace" in first
    assert "1.1 Say what customers see" in first
    assert "Since you last asked" not in first
    world.sleep(60)
    assert "- nothing" in asked(world, looking_back.catchup, "linus").message
    world.sleep(60)
    world.click("grace", "check", "impact:done")
    post = pinned(world, "rolled back")
    news = asked(world, looking_back.catchup, "linus").message.partition("Since you last")[2]
    assert "ticked 1.1" in news
    assert "rolled back" in news
    assert f"/pl/{post.id}" in news
    assert (
        "ticked" not in asked(world, looking_back.catchup, "linus").message.partition("Since")[2]
    )
    other = asked(world, looking_back.catchup, "mei").message
    assert "Since you last asked" not in other, "each person by themselves"


def test_kinds_of_a_room(world: RunsWorld) -> None:
    pinned(world, "x")
    found = gathering.gather(world.context(), world.case.id).entries
    assert {MESSAGE, PEOPLE} <= {entry.kind for entry in found}


def test_the_last_status_update_is_the_newest_wherever_it_was_given(world: RunsWorld) -> None:
    world.say("ada", "update We roll back")
    told = asked(world, looking_back.catchup).message
    assert "We roll back" in told.partition("**Last status update**")[2]
    world.sleep(60)
    world.say("grace", f"status {world.case.number} Rolled back")
    newest = asked(world, looking_back.catchup).message.partition("**Last status update**")[2]
    assert "Rolled back" in newest.partition("**")[0]
    assert "We roll back" not in newest.partition("**")[0]
