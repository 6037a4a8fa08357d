"""A retrospective from its draft to its last follow-up, on both sandboxes; whoever is killed in
between, and however many do it at once, it is there once."""

# flake8: noqa: E501,W503

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import Any, Callable, Iterator, List

import pytest
from model_world import LOG
from retro_act import RetroAct
from runs_case import RunsWorld

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.verbs.retrospectives import followups
from pagerduty_mattermost.core import drawing
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import rooms_round, state_values
from pagerduty_mattermost.reviews import retro_round, retrospectives, room_export
from pagerduty_mattermost.reviews.retro import RetroState
from pagerduty_mattermost.reviews.retro_records import RetroRecords

DAY = 86400.0
TARGETS = {"answer_target": 5, "mitigate_target": 30, "resolve_target": 60}


class Killed(BaseException):
    """The process ends here."""


class RetroWorld(RunsWorld):
    def raw(self, **rooms: Any) -> Any:
        return {**super().raw(**rooms), "retrospectives": {**TARGETS, **self.terms}}

    terms: Any = {}

    def retro(self) -> RetroState:
        return RetroRecords(Store(self.datastore)).load(self.case.id)

    def posts_of_it(self) -> List[Any]:
        """What is posted about it, oldest first, in any channel."""
        bot = self.world.bot.id
        found = [
            post
            for post in self.chat.state.posts.values()
            if post.user_id == bot
            and post.message.startswith(("### 📝", "⏰"))
            and not post.delete_at
        ]
        return sorted(found, key=lambda post: post.create_at)

    def round(self) -> Any:
        report = retro_round.tend(self.context())
        assert report.problems == []
        return report.done


@pytest.fixture
def world() -> Iterator[RetroWorld]:
    with RetroWorld() as made:
        made.begin()
        yield made


def over(world: RetroWorld) -> None:
    """Acknowledged after three minutes, mitigated after ten, resolved after two hours."""
    world.clock.advance(180)
    world.pagerduty.acknowledge(world.case, "ada@example.com")
    world.clock.advance(420)
    world.say("ada", "mitigate")
    world.click("grace", "check", "impact:done")
    world.clock.advance(7200 - 600)
    world.pagerduty.resolve(world.case, user="ada@example.com")


def test_the_draft_has_the_facts_and_the_questions(world: RetroWorld) -> None:
    world.chat.say("grace", world.the_room.name, "It is the replica")
    over(world)
    answer = world.say("ada", "retrospective")
    assert "is posted" in answer
    (post,) = world.posts_of_it()
    assert post.channel_id == world.the_room.channel_id
    text = post.message
    assert f"Retrospective of [#{world.case.number} " in text
    assert "| time to acknowledge | 3 min | 5 min | ✅ met |" in text
    assert "| time to mitigate | 10 min | 30 min | ✅ met |" in text
    assert "| time to resolve | 2 h | 1 h | :warning: missed |" in text
    for words in ("What surprised us?", "Tasks left open", "**Timeline**", "acknowledged"):
        assert words in text, text
    took_part = next(line for line in text.split("\n") if line.startswith("**Took part:**"))
    assert took_part == "**Took part:** Ada Lovelace (commander), grace"
    file, *drawn, said = [world.chat.state.files[id] for id in post.file_ids]
    assert file.name == f"timeline-{world.case.number}.md"
    pictures = [f"tasks-{world.case.number}.png"] if drawing.can_draw() else []
    assert [one.name for one in drawn] == pictures
    assert all(one.content.startswith(b"\x89PNG") for one in drawn)
    assert said.name == f"room-{world.case.number}.md"
    assert "It is the replica" in said.content.decode("utf-8")
    assert world.retro().status == "draft"
    assert "is there already" in world.say("grace", "retrospective")
    assert len(world.posts_of_it()) == 1


def test_who_took_part_is_named_once_and_who_led(world: RetroWorld) -> None:
    world.say("grace", "commander me")
    over(world)
    world.say("ada", "retrospective")
    (post,) = world.posts_of_it()
    assert "**Took part:** Ada Lovelace, grace (commander)" in post.message


def test_a_commander_of_pagerduty_is_named_by_that_name(world: RetroWorld) -> None:
    over(world)
    world.say("grace", "commander @ada")
    world.say("ada", "retrospective")
    (post,) = world.posts_of_it()
    assert "**Took part:** Ada Lovelace (commander), grace" in post.message


def test_a_conversation_that_no_file_holds_is_said_to_be_left_out(
    world: RetroWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        world.chat.say("grace", world.the_room.name, f"message {number}")
    monkeypatch.setattr(room_export, "PART_BYTES", 10)
    drafted = run(world, "draft")
    assert "too many for a file" in drafted["message"]
    (post,) = world.posts_of_it()
    assert [world.chat.state.files[id].name for id in post.file_ids] == [
        f"timeline-{world.case.number}.md"
    ]


def test_to_a_channel_that_whoever_asks_is_in(world: RetroWorld) -> None:
    mine = world.chat.channel("incidents")
    with world.chat.lock:
        del mine.members[world.user("linus")]
    with pytest.raises(RejectedInput, match="no member"):
        world.say("linus", "retrospective ~incidents")
    world.say("ada", "retrospective ~incidents")
    (post,) = world.posts_of_it()
    assert post.channel_id == mine.id


def test_what_was_said_in_a_private_room_stays_there(world: RetroWorld) -> None:
    world.records().save(world.the_room._replace(private=True))
    secret = world.chat.say("ada", world.the_room.name, "the customer is Acme")
    with world.chat.lock:
        world.chat.state.edit_post(secret, secret.message, secret.props, True, [])
    with pytest.raises(RejectedInput, match="only members"):
        world.say("mei", f"retrospective {world.case.number}", channel_id="")
    run(world, "draft", channel="incidents")
    (post,) = world.posts_of_it()
    whole = post.message + "".join(
        world.chat.state.files[id].content.decode("utf-8") for id in post.file_ids
    )
    assert "Acme" not in whole
    assert len(post.file_ids) == 1, "no conversation"
    assert "Triggered on" in whole


def run(world: RetroWorld, what: str, **given: Any) -> Any:
    action = RetroAct(world.raw(), world.datastore)
    action.logger, action.clock, action.monotonic = LOG, world.clock, world.clock
    action.sleep = world.sleep
    done, result = action.run(what=what, entity_id=world.case.id, **given)
    assert done, result
    return result


def test_reminded_until_it_is_published(world: RetroWorld) -> None:
    over(world)
    world.say("ada", "retrospective")
    assert world.round() == []
    world.clock.advance(2 * DAY)
    assert world.round() == [f"The retrospective of {world.case.id}: reminded"]
    assert world.round() == []
    draft, reminder = world.posts_of_it()
    assert reminder.root_id == draft.id
    assert reminder.message.startswith("⏰ @ada: the retrospective of")
    world.clock.advance(4.5 * DAY)
    assert len(world.round()) == 1
    assert len(world.posts_of_it()) == 3
    assert "is published" in world.say("ada", "retrospective publish")
    world.clock.advance(30 * DAY)
    assert world.round() == []
    with pytest.raises(RejectedInput, match="published already"):
        world.say("ada", "retrospective cancel")


def test_no_more_after_it_is_cancelled_and_drafted_anew(world: RetroWorld) -> None:
    with pytest.raises(RejectedInput, match="no draft"):
        world.say("ada", "retrospective publish")
    world.say("ada", "retrospective")
    assert "no retrospective" in world.say("ada", 'retrospective cancel "known cause"')
    world.clock.advance(9 * DAY)
    assert world.round() == []
    assert "known cause" in world.say("ada", "retrospective status")
    world.clock.advance(1)
    assert "is posted" in world.say("ada", "retrospective")
    assert world.retro().status == "draft"


def test_a_follow_up_is_chased_until_it_is_done(world: RetroWorld) -> None:
    world.say("ada", "retrospective")
    answer = world.say("ada", "followup add Raise the pool size @grace by in 3 days")
    assert "**F1** Raise the pool size" in answer
    world.clock.advance(4 * DAY)
    world.round()
    direct = [post for post in world.chat.state.posts.values() if "Raise the pool" in post.message]
    (first,) = [post for post in direct if post.message.startswith("⏰")]
    members = world.chat.state.channels[first.channel_id].name
    assert world.user("grace") in members
    assert "@grace" not in first.message
    world.clock.advance(DAY)
    world.round()
    later = [
        post
        for post in world.chat.state.posts.values()
        if post.message.startswith("⏰ @grace: **F1**")
    ]
    assert [post.root_id for post in later] == [world.retro().post]
    assert "Open follow-ups" in world.say("grace", "followups mine")
    asked = Command("followups", user=marked_id(world.user("grace")))
    before = len(world.asked_of_incidents())
    listed = followups(world.context(), asked).message
    assert len(world.asked_of_incidents()) == before
    assert f"#{world.case.number} {world.case.title}: " in listed, repr(listed)
    assert world.case.id not in listed
    assert "No follow-up is open" in world.say("ada", "followups mine")
    assert "Retrospective of" in world.say("grace", "followup done F1")
    assert world.retro().follow_ups[0].state == "done"
    world.clock.advance(9 * DAY)
    assert not any("F1" in line for line in world.round())
    assert "No follow-up is open" in world.say("grace", "followups")
    with pytest.raises(RejectedInput, match="no follow-up F7"):
        world.say("grace", "followup done F7")


def test_an_owner_who_was_renamed_is_called_by_the_present_name(world: RetroWorld) -> None:
    world.say("ada", "retrospective")
    world.say("ada", "followup add Raise the pool size @grace by in 3 days")
    world.clock.advance(4 * DAY)
    world.round()
    world.chat.user("grace").username = "grace.hopper"
    world.clock.advance(DAY)
    world.round()
    texts = [post.message for post in world.chat.state.posts.values()]
    assert [one for one in texts if one.startswith("⏰ @grace.hopper: **F1**")]


def test_an_owner_who_is_deactivated_is_told_of_in_the_channel(world: RetroWorld) -> None:
    world.say("ada", "retrospective")
    world.say("ada", "followup add Raise the pool size @grace by tomorrow")
    with world.chat.lock:
        world.chat.user("grace").delete_at = 1
    world.clock.advance(3 * DAY)
    world.round()
    told = [
        p for p in world.chat.state.posts.values() if p.message.startswith("⏰ @grace: **F1**")
    ]
    assert [post.channel_id for post in told] == [world.the_room.channel_id]


def test_the_actions(world: RetroWorld) -> None:
    drafted = run(world, "draft", channel="ops", user="@ada")
    assert (drafted["status"], drafted["owner"]) == ("draft", "ada")
    assert run(world, "draft", channel="ops")["post_id"] == drafted["post_id"]
    run(world, "add", text="Raise it", owner="@grace", due="in 7 days")
    run(world, "edit", number="F1", text="Raise it to 40", due="in 14 days")
    (one,) = run(world, "follow_ups", owner="@grace")["follow_ups"]
    assert (one["number"], one["text"], one["owner"]) == ("F1", "Raise it to 40", "grace")
    for what, state in (("drop", "dropped"), ("open", "open"), ("done", "done")):
        world.clock.advance(1)
        (one,) = run(world, what, number="F1")["follow_ups"]
        assert one["state"] == state
    assert run(world, "follow_ups")["count"] == 0
    assert run(world, "follow_ups", closed=True)["count"] == 1
    assert run(world, "publish")["status"] == "published"
    assert run(world, "list", status="published")["count"] == 1
    assert run(world, "get")["link"].endswith(drafted["post_id"])


def test_where_to_has_to_be_known(world: RetroWorld) -> None:
    other = world.incident("Elsewhere")
    with pytest.raises(RejectedInput, match="where to"):
        retrospectives.make_draft(world.context(), other.id, order="o")


STEPS = ("set_value", "create_post", "upload")


@pytest.mark.parametrize("at", range(1, 9))
def test_killed_anywhere_it_is_drafted_once(world: RetroWorld, at: int) -> None:
    """The process dies before each of its calls that change something, once; the round does the
    rest."""
    calls = itertools.count(1)

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            if next(calls) == at:
                raise Killed
            return call(*args, **named)

        return called

    context = world.context()
    mattermost = context.mattermost
    for name in ("create_post", "upload_file"):
        setattr(mattermost, name, dying(getattr(mattermost, name)))
    context.store.write = dying(context.store.write)  # type: ignore[method-assign]
    with suppress(Killed):
        retrospectives.make_draft(context, world.case.id, order="one")
    for _ in range(3):
        world.clock.advance(400)
        world.chat.forget_pending()
        world.round()
        retrospectives.make_draft(world.context(), world.case.id, order="one")
    assert len(world.posts_of_it()) == 1
    assert world.retro().post == world.posts_of_it()[0].id


@pytest.mark.parametrize("at", range(1, 5))
def test_killed_anywhere_a_reminder_is_posted_once(world: RetroWorld, at: int) -> None:
    retrospectives.make_draft(world.context(), world.case.id, order="one")
    world.clock.advance(2 * DAY)
    calls = itertools.count(1)
    context = world.context()

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            if next(calls) == at:
                raise Killed
            return call(*args, **named)

        return called

    context.mattermost.create_post = dying(context.mattermost.create_post)  # type: ignore[method-assign]
    context.store.write = dying(context.store.write)  # type: ignore[method-assign]
    with suppress(Killed):
        retro_round.tend(context)
    for _ in range(3):
        world.clock.advance(400)
        world.chat.forget_pending()
        world.round()
    assert len(world.posts_of_it()) == 2


def test_two_at_once_draft_one(world: RetroWorld) -> None:
    """The second reads before the first has written."""
    first, second = world.context(), world.context()
    records = RetroRecords(second.store)
    empty = records.acts(world.case.id)
    retrospectives.make_draft(first, world.case.id, order="one")
    real = second.store.read_prefix
    reads = itertools.count()

    def stale(prefix: str, *more: Any) -> Any:
        found = real(prefix, *more)
        return {} if prefix.startswith("retro.") and next(reads) == 0 else found

    second.store.read_prefix = stale  # type: ignore[method-assign]
    assert empty == ()
    retrospectives.make_draft(second, world.case.id, order="two")
    assert len(world.posts_of_it()) == 1


def test_mattermost_that_is_away_is_named_and_the_round_goes_on(world: RetroWorld) -> None:
    retrospectives.make_draft(world.context(), world.case.id, order="one")
    world.clock.advance(2 * DAY)
    rule = world.sandbox.mattermost.faults.add("status", status=503, path="/posts")
    report = retro_round.tend(world.context())
    assert report.done == []
    assert "Mattermost" in report.problems[0]
    world.sandbox.mattermost.faults.clear(rule)
    assert len(world.round()) == 1


def test_the_round_over_rooms_does_it_also_without_rooms(world: RetroWorld) -> None:
    retrospectives.make_draft(world.context(), world.case.id, channel="ops", order="one")
    world.clock.advance(2 * DAY)
    report = rooms_round.tended(world.context(), {}, full=False)
    assert any("reminded" in line for line in report.done), report


def test_what_is_kept_is_checked_when_it_is_imported(world: RetroWorld) -> None:
    retrospectives.make_draft(world.context(), world.case.id, order="one")
    store = Store(world.datastore)
    kept = store.read_prefix("retro.")
    assert kept
    for name, value in kept.items():
        assert state_values.problem(name, value) == ""
        assert state_values.problem(name, {"kind": 3})
    store.write(f"retro.{world.case.id}.e.x", {"kind": 3})
    assert world.retro().status == "draft"
