"""What people do in a run: counted once, shown in the post, told in the room."""

from __future__ import annotations

from typing import Iterator

import pytest
from runs_case import RunsWorld
from runs_world import PLAYBOOK

from pagerduty_mattermost.core.errors import RejectedInput


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    with RunsWorld() as world:
        world.begin()
        yield world


def test_a_run_begins_with_its_post(world: RunsWorld) -> None:
    text = world.post.message
    assert "Playbook **Outage** · 0 of 6 done · commander ada" in text
    assert "☐ 1.1 Say what customers see · ada (commander)" in text
    assert world.post.is_pinned
    assert world.buttons[:3] == [
        "☐ 1.1 Say what customers see",
        "☐ 1.2 Open a call",
        "☐ 1.3 Set the priority",
    ]
    assert world.is_shown()


def test_a_click_ticks_a_task(world: RunsWorld) -> None:
    result = world.click("grace", "check", "bridge:done")
    assert result["done"] == "done"
    assert "✅ ~~1.2 Open a call~~ · grace 03:45" in world.post.message
    assert world.told == ["✅ grace ticked **1.2** Open a call"]
    assert world.is_shown()


def test_what_a_tick_costs(world: RunsWorld) -> None:
    """The sensor's write is the first of the four."""
    world.datastore.calls.clear()
    begun = len(world.sandbox.journal.entries)
    world.click("grace", "check", "bridge:done")
    assert world.datastore.calls == ["set", "list", "list", "set"]
    asked = world.requests(begun)
    assert [one.split()[0] for one in asked] == ["PUT", "POST"], asked


def test_the_same_task_ticked_twice_at_once(world: RunsWorld) -> None:
    """Both are written before either is shown. The first one counts, and the second is told so."""
    first, second = (world.clicked(name, "check", "undo:done") for name in ("grace", "linus"))
    world.carry_out(second)
    world.carry_out(first)
    assert "✅ ~~2.2 Roll back~~ · grace" in world.post.message
    assert world.told == ["✅ grace ticked **2.2** Roll back"]
    assert world.direct("linus").startswith("It is so already: ✅ ~~2.2 Roll back~~ · grace")


def test_of_a_tick_and_an_untick_at_once_the_later_counts(world: RunsWorld) -> None:
    ticked = world.clicked("grace", "check", "undo:done")
    world.clock.advance(0.2)
    opened = world.clicked("linus", "check", "undo:open")
    for order in (opened, ticked):
        world.carry_out(order)
    assert "☐ 2.2 Roll back" in world.post.message
    assert world.is_shown()


def test_a_double_click_and_a_repeated_order_do_no_harm(world: RunsWorld) -> None:
    order = world.clicked("grace", "check", "bridge:done")
    for _ in range(3):
        world.carry_out(order)
    world.click("grace", "check", "bridge:done")
    assert world.told == ["✅ grace ticked **1.2** Open a call"]
    assert world.state.done == 1


def test_a_late_button_of_an_old_post_means_its_task(world: RunsWorld) -> None:
    """The task has another number by now."""
    order = world.clicked("grace", "check", "changes:done")
    world.say("ada", 'task add 2 "Look at the logs"')
    world.say("ada", "task move 2.3 2.1")
    world.carry_out(order)
    assert "✅ ~~2.2 Look at what changed~~ · grace" in world.post.message


def test_killed_behind_the_act_it_is_shown_by_the_next_one(world: RunsWorld) -> None:
    world.clicked("grace", "check", "bridge:done")
    assert not world.is_shown()
    world.click("linus", "check", "impact:done")
    assert "✅ ~~1.2 Open a call~~ · grace" in world.post.message
    assert world.is_shown()


def test_killed_behind_the_act_it_is_shown_and_told_by_the_round(world: RunsWorld) -> None:
    world.clicked("grace", "check", "bridge:done")
    world.clock.advance(10)
    world.tend()
    assert world.is_shown()
    assert world.told == [], "whoever did it may tell it yet"
    world.clock.advance(290)
    report = world.tend()
    assert (report.problems, world.told) == ([], ["✅ grace ticked **1.2** Open a call"])
    world.clock.advance(300)
    world.tend()
    world.clock.advance(300)
    begun = len(world.sandbox.journal.entries)
    assert world.tend().done == []
    assert world.requests(begun) == [], "nothing was done since"


def test_the_datastore_was_restored_from_before(world: RunsWorld) -> None:
    """What was done since is not known any more: the room hears so once, and its posts tell what
    had been done."""
    world.click("grace", "check", "impact:done")
    before = dict(world.datastore.items)
    world.clock.advance(3600)
    world.click("grace", "check", "bridge:done")
    world.click("linus", "check", "changes:done")
    world.datastore.items = before
    world.clock.advance(60)
    world.click("grace", "check", "priority:done")
    for _ in range(3):
        world.clock.advance(200)
        assert world.tend().problems == []
    assert [one.id for one in world.state.tasks if one.state == "done"] == [
        "impact",
        "priority",
    ]
    assert [text.partition("**")[2][:3] for text in world.told] == ["1.1", "1.2", "2.1", "1.3"]
    warned = [text for text in world.texts(world.the_room.channel_id) if "restored" in text]
    assert len(warned) == 1
    assert "2 acts in the posts above count no more" in warned[0]


def test_what_was_told_is_not_told_again(world: RunsWorld) -> None:
    world.click("grace", "check", "bridge:done")
    world.chat.forget_pending()
    for _ in range(3):
        world.clock.advance(200)
        world.tend()
    assert world.told == ["✅ grace ticked **1.2** Open a call"]


def test_who_comes_late_looks_before_telling(world: RunsWorld) -> None:
    order = world.clicked("grace", "check", "bridge:done")
    world.carry_out(order)
    world.clock.advance(40)
    world.chat.forget_pending()
    world.carry_out(order)
    assert len(world.told) == 1


def test_a_click_in_an_archived_room_counts_nothing(world: RunsWorld) -> None:
    world.chat.archive(world.the_room.channel_id)
    before = world.run().acts
    with pytest.raises(RejectedInput, match="unarchive it first"):
        world.click("grace", "check", "bridge:done")
    assert world.run().acts == before
    assert "the room is archived: unarchive it first" in world.direct("grace")


def test_a_post_that_somebody_deleted_comes_anew(world: RunsWorld) -> None:
    world.chat.delete(world.post.id)
    world.click("grace", "check", "bridge:done")
    assert "✅ ~~1.2 Open a call~~" in world.post.message
    assert world.run().post.number == 1
    assert world.is_shown()


def test_while_mattermost_does_not_answer_a_tick_is_kept(world: RunsWorld) -> None:
    faults = world.sandbox.mattermost.faults
    faults.add("status", status=503)
    world.click("grace", "check", "bridge:done")
    faults.clear()
    assert world.state.done == 1
    assert not world.is_shown()
    world.clock.advance(300)
    world.tend()
    assert world.is_shown()
    assert world.told == ["✅ grace ticked **1.2** Open a call"]


def test_a_playbook_that_is_edited_meanwhile_changes_no_run(world: RunsWorld) -> None:
    other = PLAYBOOK._replace(title="Another", stages=PLAYBOOK.stages[:1])
    with pytest.raises(RejectedInput, match="is under way here"):
        world.start(playbook=other._replace(name="other"), order_id="second")
    assert not world.start(playbook=other, order_id="third").is_new
    world.click("grace", "check", "undo:done")
    assert "Playbook **Outage**" in world.post.message
    assert "✅ ~~2.2 Roll back~~" in world.post.message


def test_words_that_stop_channels_are_told_by_kind() -> None:
    with RunsWorld(feed_acts=[]) as world:
        world.begin()
        world.click("grace", "check", "bridge:done")
        world.clock.advance(300)
        world.tend()
        assert world.told == []
        assert world.is_shown()
