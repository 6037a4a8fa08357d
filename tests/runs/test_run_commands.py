"""What is typed in a room with a run: tasks, owners, stages; what is due; what reactions mean."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest
from runs_case import RunsWorld
from runs_world import PLAYBOOK

from pagerduty_mattermost.chat.room_listener import ROOM_TRIGGER, RoomListener
from pagerduty_mattermost.chat.verbs.run_of import NO_RUN
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.playbooks.playbook import ReactionMeaning

REACTIONS = tuple(
    ReactionMeaning(emoji, does)
    for emoji, does in (
        ("eyes", "assign"),
        ("white_check_mark", "tick"),
        ("question", "call_commander"),
        ("pushpin", "mark"),
        ("memo", "note"),
    )
)


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    with RunsWorld(PLAYBOOK._replace(reactions=REACTIONS)) as world:
        world.begin()
        world.clock.advance(60)
        yield world


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("check 1.2", "✅ ~~1.2 Open a call~~ · grace 03:46"),
        ("check 1 2 done", "✅ ~~1.2 Open a call~~ · grace 03:46"),
        ("check open a call", "✅ ~~1.2 Open a call~~ · grace 03:46"),
        ("skip 1.2", "➖ ~~1.2 Open a call~~ · grace 03:46"),
        ("incident check 2.2", "✅ ~~2.2 Roll back~~ · grace 03:46"),
    ],
)
def test_ticks_are_typed(world: RunsWorld, line: str, shown: str) -> None:
    assert world.say("grace", line) == shown
    assert shown in world.post.message


def test_the_same_words_open_it_again(world: RunsWorld) -> None:
    world.say("grace", "check 1.2")
    world.clock.advance(10)
    assert world.say("ada", "check 1.2") == "☐ 1.2 Open a call · due 11:45"
    assert world.told[-1] == "☐ ada opened again: **1.2** Open a call"


def test_two_who_type_the_same_at_once_both_mean_done(world: RunsWorld) -> None:
    first, second = world.typed("grace", "check 1.2"), world.typed("linus", "check 1.2")
    world.carry_out(first)
    world.clock.advance(0.5)
    assert world.carry_out(second)["message"].startswith("It is so already")


def test_a_task_is_shown_with_its_description() -> None:
    stage = PLAYBOOK.stages[0]
    task = stage.tasks[2]._replace(description="Look at the *matrix*.")
    with RunsWorld(PLAYBOOK._replace(stages=(stage._replace(tasks=(task,)),))) as world:
        world.begin()
        order = world.typed("grace", "check 1.1 ?", hook="/hooks/commands/" + "h" * 26)
        assert world.carry_out(order)["message"].startswith(
            "☐ 1.1 Set the priority · ada (on call)"
        )
        assert world.state.done == 0


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("check 9.9", "there is no task 9.9"),
        ("check something else", "no task says 'something else'"),
        ("assign 1.2 the boss", r"to whom\? @name, me, nobody, on-call or a role"),
        ("assign 1.2 @nobody-here", "no Mattermost user"),
        ("stage 7", "there is no stage 7"),
        ("task add 9 Call", "there is no stage 9"),
        ("task move 1.1 nowhere", "no stage is called 'nowhere'"),
        ("task due 1.1 soon", "is no time"),
        ("task run 1.1", "carries out nothing"),
    ],
)
def test_what_can_not_be_meant_is_said(world: RunsWorld, line: str, why: str) -> None:
    before = world.run().acts
    with pytest.raises(PackError, match=why):
        world.say("grace", line)
    assert world.run().acts == before


def test_owners(world: RunsWorld) -> None:
    assert world.say("grace", "assign 1.2 me") == "☐ 1.2 Open a call · grace · due 11:45"
    assert world.say("grace", "assign 1 2 @linus") == "☐ 1.2 Open a call · linus · due 11:45"
    assert "commander" in world.say("grace", "assign 1.2 commander")
    assert "ada (liaison)" not in world.say("grace", "assign 1.2 liaison")
    assert world.say("grace", "assign 1.2 nobody") == "☐ 1.2 Open a call · due 11:45"
    assert world.say("grace", "assign 1.2 on-call").startswith("☐ 1.2 Open a call · ada")


def test_who_gets_a_task_comes_into_the_room(world: RunsWorld) -> None:
    world.chat.add_user("nina", team="ops")
    assert "nina" not in world.members(world.the_room.channel_id)
    world.say("grace", "assign 1.2 @nina")
    assert "nina" in world.members(world.the_room.channel_id)


def test_to_reassign_the_incident_is_another_thing(world: RunsWorld) -> None:
    answer = world.say("ada", f"assign {world.case.id} @grace")
    assert "is reassigned to Grace Hopper (it was assigned to " in answer
    assert world.state.tasks[1].owner.is_nobody


def test_tasks_are_added_changed_moved_and_removed(world: RunsWorld) -> None:
    line = world.say("grace", 'task add 2 "Call the bank" --due 30m --assign @linus')
    assert line == "☐ 2.3 Call the bank · linus · due 04:16"
    assert world.say("ada", 'task edit 2.3 "Call *both* banks"').startswith(
        "☐ 2.3 Call *both* banks"
    )
    world.clock.advance(5)
    assert world.say("ada", "task move 2.3 1.1").startswith("☐ 1.1 Call")
    world.clock.advance(5)
    assert world.say("ada", "task due 1.1 off") == "☐ 1.1 Call *both* banks · linus"
    assert world.say("ada", "task remove 1.1") == "Removed 1.1 Call *both* banks"
    assert "bank" not in world.post.message
    assert world.is_shown()


def test_what_strangers_type_acts_nowhere(world: RunsWorld) -> None:
    world.say("grace", 'task add 1 "@all **look** ](https://evil.example) <b>"')
    shown = world.post.message.splitlines()[5]
    assert "@\u200ball" in shown


def test_all_tasks_and_those_of_the_asker(world: RunsWorld) -> None:
    assert world.carry_out(world.typed("grace", "tasks"))["message"].startswith("📋 Playbook")
    world.say("grace", "assign 2.2 me")
    order = world.typed("grace", "todo", channel_id="")
    assert world.carry_out(order)["message"].startswith("**Outage of")
    assert world.say("linus", "todo") == "Nothing waits for you."
    listed = world.say("grace", "todo")
    assert f" of #{world.case.number} {world.case.title}" in listed
    assert world.case.id not in listed


def test_who_is_no_member_acts_in_no_run(world: RunsWorld) -> None:
    world.chat.add_user("nina", team="ops")
    with pytest.raises(RejectedInput, match="only members of its room"):
        world.say("nina", f"check {world.case.id} 1.2", channel_id="")
    assert world.say("grace", f"check {world.case.id} 1.2", channel_id="").startswith("✅")


def test_without_a_run_it_is_said(world: RunsWorld) -> None:
    other = world.incident("Another")
    with pytest.raises(RejectedInput, match="no playbook is under way"):
        world.say("grace", f"check {other.id} 1.2")
    for typed, meant in (("end", "`/pd resolve` resolves"), ("restart", "`/pd reopen` reopens")):
        with pytest.raises(RejectedInput, match=meant) as refused:
            world.say("grace", f"{typed} {other.id}")
        assert str(refused.value).startswith(NO_RUN)


def test_a_dry_run_changes_nothing(world: RunsWorld) -> None:
    before = dict(world.datastore.items)
    answer = world.say("grace", "dry-run check 1.2")
    assert answer.startswith("Dry run, nothing is changed. It would do this: Tick the task 1.2")
    assert world.datastore.items == before


# Stages


def test_going_on_with_open_tasks_asks(world: RunsWorld) -> None:
    world.carry_out(world.typed("grace", "stage next", trigger="t" * 26))
    assert world.state.stage == 1
    asked = world.direct("grace")
    assert world.told == []
    assert asked == "" or "3 tasks" in asked
    row = world.chat.direct_posts(world.world.bot.id, world.user("grace"))[-1]
    text = row.props["attachments"][0]["text"]
    assert "Go on to 2 Stop the harm?" in text
    assert "3 tasks of 1 Take command are open:\n- 1.1 Say what customers see" in text


def confirmed(world: RunsWorld, name: str, line: str) -> Dict[str, Any]:
    """The order that a confirmation of what was asked brings."""
    from pagerduty_mattermost.chat.orders import as_text, read_typed
    from pagerduty_mattermost.chat.verbs.runs import asks_of_stage

    order = world.typed(name, line)
    command = read_typed(line).command._replace(
        incidents=world.case.id, user=f"id:{world.user(name)}", channel=order["channel_id"]
    )
    asked = asks_of_stage(world.context(), command)
    assert asked is not None
    return world.order(name, verb="confirmed", text=as_text(asked[0]))


def test_two_who_go_on_at_once_go_one_step(world: RunsWorld) -> None:
    one, two = (confirmed(world, name, "stage next") for name in ("grace", "linus"))
    assert world.carry_out(one)["message"] == "It is at **2 Stop the harm** now."
    with pytest.raises(RejectedInput, match="somebody has moved on meanwhile"):
        world.carry_out(two)
    assert world.state.stage == 2
    assert world.told == ["⏭️ grace went on to **2 Stop the harm**"]


def test_two_clicks_on_next_stage_are_one_step(world: RunsWorld) -> None:
    for task in ("impact", "bridge", "priority"):
        world.click("ada", "check", f"{task}:done")
    world.click("grace", "stage", "2")
    world.click("linus", "stage", "2")
    assert world.state.stage == 2
    assert world.direct("linus") == "It is at **2 Stop the harm** already."


def test_without_open_tasks_nobody_is_asked(world: RunsWorld) -> None:
    for task in ("impact", "bridge", "priority"):
        world.click("ada", "check", f"{task}:skipped")
    assert world.say("grace", "stage next") == "It is at **2 Stop the harm** now."
    world.clock.advance(10)
    assert world.say("grace", "stage prev") == "It is at **1 Take command** now."
    assert world.say("grace", "stage") == "1 Take command · 3/3 ← now"


def test_where_nothing_can_be_asked_it_has_to_be_said(world: RunsWorld) -> None:
    world.chat_config = {}
    with pytest.raises(RejectedInput, match="3 tasks of 1 Take command are open"):
        world.say("grace", "stage next")
    assert world.say("grace", "stage next --anyway") == "It is at **2 Stop the harm** now."


# What tasks carry out


def test_a_task_carries_out_a_command_in_the_clickers_name(world: RunsWorld) -> None:
    world.click("ada", "task_run", "priority")
    request = [
        one
        for one in world.sandbox.journal.entries
        if one.server == "pagerduty" and one.method == "PUT"
    ][-1]
    assert request.headers.get("from") == "ada@example.com"
    assert "▶ ada 03:46" in world.post.message


def test_who_may_not_do_it_may_not_by_a_task(world: RunsWorld) -> None:
    world.chat_config = {**world.chat_config, "allowed": {"priority": ["@nina"]}}
    with pytest.raises(RejectedInput, match="you may not set priorities here"):
        world.click("ada", "task_run", "priority")
    assert "▶" not in world.post.message.splitlines()[4]


# What is heard


class Sent:
    """In place of a dispatcher."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Dict[str, Any]]] = []

    def dispatch(self, trigger: str, payload: Any, *, trace_tag: str) -> None:
        self.sent.append((trigger, dict(payload)))


def heard(world: RunsWorld, listener: RoomListener, sent: Sent) -> list[str]:
    """What a look comes to, carried out."""
    world.clock.advance(15)
    listener.look()
    done, sent.sent = sent.sent, []
    verbs = []
    for trigger, payload in done:
        if trigger == ROOM_TRIGGER:
            verbs.append(payload["kind"])
            world.tend()
        else:
            verbs.append(payload["verb"])
            world.carry_out(payload)
    return verbs


def test_reactions_below_a_told_task(world: RunsWorld) -> None:
    sent = Sent()
    listener = RoomListener(world.context(), sent, world.log)  # type: ignore[arg-type]
    world.say("grace", 'task add 1 "Look at the logs"')
    world.click("grace", "check", "bridge:done")
    world.click("grace", "check", "bridge:open")
    heard(world, listener, sent)
    told = next(
        post
        for post in world.posts(world.the_room.channel_id)
        if (post.props.get(PROPS_KEY) or {}).get("act")
    )
    world.react(told.id, "linus", "eyes")
    world.chat.say("linus", world.the_room.channel_id, "Looking")
    assert heard(world, listener, sent) == ["assign_task"]
    assert world.state.tasks[1].owner.who.name == "linus"
    world.react(told.id, "grace", "white_check_mark")
    world.clock.advance(300)
    assert "check" in heard(world, listener, sent)
    task = world.state.task("bridge")
    assert task is not None
    assert (task.state, task.by.name) == ("done", "grace")


def test_reactions_on_what_people_wrote(world: RunsWorld) -> None:
    sent = Sent()
    listener = RoomListener(world.context(), sent, world.log)  # type: ignore[arg-type]
    heard(world, listener, sent)
    post = world.chat.say("linus", world.the_room.channel_id, "The failover has started")
    for emoji in ("pushpin", "question", "eyes", "memo", "heart"):
        world.react(post.id, "grace", emoji)
    assert sorted(heard(world, listener, sent)) == ["call_commander", "mark", "note"]
    assert [one.text for one in world.state.marks] == ["The failover has started"]
    assert asked(world, post) == ["❓ @ada: grace asks for you"]
    world.react(post.id, "ada", "question")
    world.chat.say("ada", world.the_room.channel_id, "Here")
    heard(world, listener, sent)
    assert len(asked(world, post)) == 1


def asked(world: RunsWorld, post: Any) -> Any:
    return [one.message for one in world.chat.thread(post.id) if "asks for you" in one.message]


def test_what_is_due_is_heard_within_seconds(world: RunsWorld) -> None:
    sent = Sent()
    listener = RoomListener(world.context(), sent, world.log)  # type: ignore[arg-type]
    heard(world, listener, sent)
    for _ in range(14):
        assert heard(world, listener, sent) == []
    world.clock.advance(15)
    assert heard(world, listener, sent) == ["due"]
    assert len(world.reminders()) == 1
    for _ in range(8):
        assert heard(world, listener, sent) == []
