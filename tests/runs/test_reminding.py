"""People are reminded of status updates and of a missing commander, once each; what is done is
struck out. Roles are taken, runs end and go on."""

from __future__ import annotations

from typing import Any, Iterator, List
from unittest import mock

import pytest
from rooms_world import RoomsWorld
from runs_in_rooms import NAME, RunInRoom
from runs_world import PLAYBOOK

from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput
from pagerduty_mattermost.playbooks.playbook import COMMANDER, Role, Updates
from pagerduty_mattermost.runs import acts, life, reminding, roles, tending, updates
from pagerduty_mattermost.runs.acts import Who
from pagerduty_mattermost.runs.records import RunRecords

UPDATES = PLAYBOOK._replace(updates=Updates(remind_seconds=1800.0))
LEADERLESS = PLAYBOOK._replace(commander="@zoe", updates=Updates())
BUTTONS = {"public_url": "https://st2.example.com/pd", "signing_keys": ["k" * 40]}
INSTRUCTIONS = "Keep the channel quiet.\n- ask @all for facts"


@pytest.fixture
def one() -> Iterator[RoomsWorld]:
    with RoomsWorld(note=False) as world:
        world.chat_settings = BUTTONS
        yield world


def remind(case: RunInRoom) -> bool:
    context = case.world.context()
    change = case.world.change(case.incident, context)
    return reminding.remind(context, case.records, case.run, change.incident)[1]


def labels(post: Any) -> List[str]:
    found = post.props.get("attachments") or []
    return [action["name"] for one in found for action in one["actions"]]


def test_the_commander_is_called_once_for_each_time(one: RoomsWorld) -> None:
    case = RunInRoom(one, UPDATES)
    assert not remind(case)
    one.clock.advance(1800)
    assert [remind(case), remind(case)] == [True, False]
    (post,) = case.told("next status update was due")
    assert post.message.startswith("⏰ @ada: ")
    assert labels(post) == ["Status update…", "Remind again…", "Stop reminding"]
    one.clock.advance(1800)
    assert remind(case)
    assert "overdue" in case.told("next status update was due")[-1].message
    for _ in range(5):
        one.clock.advance(1800)
        remind(case)
    assert len(case.told("next status update was due")) == 3


def test_an_update_strikes_the_reminder_out(one: RoomsWorld) -> None:
    case = RunInRoom(one, UPDATES)
    one.clock.advance(1800)
    remind(case)
    (post,) = case.told("next status update was due")
    done = case.act(acts.UPDATE, text="All is well", seconds=600.0)
    context = one.context()
    updates.give(context, case.records, case.run, done, case.change().incident, case.room)
    again = one.chat.state.posts[post.id]
    assert again.message == "✅ ada gave a status update."
    assert labels(again) == []
    one.clock.advance(601)
    assert remind(case)


def test_a_reminder_that_somebody_deleted_breaks_nothing(one: RoomsWorld) -> None:
    case = RunInRoom(one, UPDATES)
    one.clock.advance(1800)
    remind(case)
    one.chat.delete(case.told("next status update was due")[0])
    assert not remind(case)
    done = case.act(acts.UPDATE, text="All is well", seconds=600.0)
    context = one.context()
    updates.give(context, case.records, case.run, done, case.change().incident, case.room)
    one.clock.advance(600)
    assert remind(case)


def test_due_while_mattermost_was_away_it_comes_once(one: RoomsWorld) -> None:
    case = RunInRoom(one, UPDATES)
    one.clock.advance(1800)
    one.sandbox.mattermost.faults.add("status", status=503, path="/posts", times=100)
    with pytest.raises(PackError):
        remind(case)
    one.sandbox.mattermost.faults.clear()
    one.clock.advance(3600)
    assert [remind(case), remind(case)] == [True, False]
    assert len(case.told("next status update was due")) == 1


@pytest.mark.parametrize("kind", ["lost", "truncate"])
def test_a_lost_answer_reminds_once(one: RoomsWorld, kind: str) -> None:
    case = RunInRoom(one, UPDATES)
    one.clock.advance(1800)
    one.sandbox.mattermost.faults.add(kind, method="POST", path="/posts$", times=1)
    remind(case)
    assert len(case.told("next status update was due")) == 1


def test_a_deactivated_commander_is_not_called(one: RoomsWorld) -> None:
    case = RunInRoom(one, UPDATES)
    one.chat.user("ada").delete_at = 1
    one.clock.advance(1800)
    remind(case)
    (post,) = case.told("next status update was due")
    assert "@ada" not in post.message


def test_nobody_leads_until_somebody_does(one: RoomsWorld) -> None:
    case = RunInRoom(one, LEADERLESS)
    assert not case.state.commander.id
    one.clock.advance(300)
    assert remind(case)
    (post,) = case.told("nobody leads")
    assert labels(post) == ["I lead"]
    mei = case.who("mei")
    done = case.act(acts.ROLE, value=COMMANDER, person=mei, by=mei)
    roles.take(one.context(), case.records, case.run, done, case.change())
    assert one.chat.state.posts[post.id].message == "✅ mei leads this incident."
    assert "led by mei" in one.chat.channel(NAME).header
    assert "mei" in one.members(NAME)
    assert not remind(case)


def test_a_role_comes_with_its_instructions_in_private_once(one: RoomsWorld) -> None:
    described = Role(COMMANDER, "Commander", INSTRUCTIONS)
    case = RunInRoom(one, PLAYBOOK._replace(roles=(*PLAYBOOK.roles, described)))
    mei = case.who("mei")
    done = case.act(acts.ROLE, value=COMMANDER, person=mei)
    for _ in range(2):
        acted, problems = roles.take(one.context(), case.records, case.run, done, case.change())
        assert problems == []
    direct = one.context().mattermost.direct_channel(mei.id).id
    (message,) = [
        post.message for post in one.chat.state.posts.values() if post.channel_id == direct
    ]
    assert "You are **Commander** now" in message
    assert "Keep the channel quiet." in message
    assert "@all" not in message
    assert case.state.commander == mei
    assert len(case.told("is Commander now")) == 1


def test_the_instructions_of_who_leads_from_the_beginning_lead_to_the_room(
    one: RoomsWorld,
) -> None:
    described = Role(COMMANDER, "Commander", INSTRUCTIONS)
    case = RunInRoom(one, PLAYBOOK._replace(roles=(*PLAYBOOK.roles, described)))
    (message,) = one.chat.direct_posts("pagerduty", case.ada.id)
    incident = case.change().incident
    assert message.message.startswith(
        f"You are **Commander** now of [#{incident.number} {incident.title}]({incident.url}) "
        f"([its room]({one.sandbox.mattermost.url}/_redirect/pl/{case.run.post.id})), in the "
        "playbook "
    )


def test_whoever_is_not_of_the_team_takes_no_role(one: RoomsWorld) -> None:
    case = RunInRoom(one)
    zoe = one.chat.add_user("zoe")
    done = case.act(acts.ROLE, value=COMMANDER, person=Who(zoe.id, "zoe"))
    with pytest.raises(RejectedInput, match="not of its team"):
        roles.take(one.context(), case.records, case.run, done, case.change())
    assert case.state.commander == case.ada


def test_roles_are_found_by_name_and_title(one: RoomsWorld) -> None:
    case = RunInRoom(one)
    assert roles.find_role(case.run, "Scribe").name == "scribe"
    assert roles.find_role(case.run, "commander").name == COMMANDER
    with pytest.raises(NotFound, match="commander, scribe, liaison"):
        roles.find_role(case.run, "king")


def follow(case: RunInRoom, *events: str) -> None:
    life.follow(case.world.context(), case.records, case.run, case.change())


def test_it_ends_with_its_incident_and_goes_on_when_that_is_reopened(one: RoomsWorld) -> None:
    case = RunInRoom(one)
    one.clock.advance(600)
    one.pagerduty.resolve(case.incident, "Ada Lovelace")
    before = case.change()
    for _ in range(2):
        follow(case)
    (told,) = case.told("is over after")
    assert "the incident is resolved" in told.message
    assert "☐ 1.1 Say what customers see" in told.message
    assert case.state.is_over
    one.clock.advance(600)
    one.pagerduty.reopen(case.incident, "Ada Lovelace")
    for _ in range(2):
        follow(case)
    assert not case.state.is_over
    assert len(case.told("goes on")) == 1
    assert case.state.task("impact") is not None
    assert before.incident.status == "resolved"


def test_what_came_late_is_no_reopening(one: RoomsWorld) -> None:
    case = RunInRoom(one)
    old = case.change()
    one.clock.advance(600)
    one.pagerduty.resolve(case.incident, "Ada Lovelace")
    follow(case)
    life.follow(one.context(), case.records, case.run, old)
    assert case.state.is_over


def test_what_people_ended_stays_so(one: RoomsWorld) -> None:
    case = RunInRoom(one)
    done = case.act(acts.END, value=acts.BY_HAND)
    life.finish(one.context(), case.records, case.run, done)
    one.clock.advance(600)
    one.pagerduty.annotate(case.incident, "still here", "Ada Lovelace")
    follow(case)
    assert case.state.is_over
    one.pagerduty.acknowledge(case.incident, "ada@example.com")
    follow(case)
    assert case.state.is_over, "a newer change of an open incident is no reopening"
    (told,) = case.told("is over after")
    assert "ada ended it" in told.message
    again = case.act(acts.RESTART)
    life.finish(one.context(), case.records, case.run, again)
    assert not case.state.is_over
    assert "ada restarted it" in case.told("goes on")[0].message


def test_cancelled_says_why_and_calls_nobody(one: RoomsWorld) -> None:
    case = RunInRoom(one)
    done = case.act(acts.CANCELLED, text="a false alarm of @channel")
    life.finish(one.context(), case.records, case.run, done)
    (told,) = case.told("cancelled the incident")
    assert "a false alarm" in told.message
    assert "@channel" not in told.message


# Who was killed in between


def killed_behind(kind: str) -> Any:
    """Whoever did it, right behind its act."""
    real = RunRecords.act

    def dies(self: RunRecords, incident: str, act: acts.Act) -> None:
        real(self, incident, act)
        if act.kind == kind:
            raise KeyboardInterrupt

    return mock.patch.object(RunRecords, "act", dies)


def tended(case: RunInRoom) -> None:
    """Two rounds, once whoever did something has told of it, or never will."""
    for _ in range(2):
        case.world.clock.advance(300)
        assert tending.tend(case.world.context()).problems == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (acts.END, "is over after"),
        (acts.CANCELLED, "cancelled the incident"),
        (acts.MITIGATED, "the harm has stopped"),
    ],
)
def test_killed_before_the_room_was_told_how_it_stands_the_round_tells_it_once(
    one: RoomsWorld, kind: str, words: str
) -> None:
    case = RunInRoom(one)
    done = case.act(kind)
    with killed_behind(kind), pytest.raises(KeyboardInterrupt):
        life.finish(one.context(), case.records, case.run, done)
    assert case.told(words) == []
    tended(case)
    assert len(case.told(words)) == 1
    life.finish(one.context(), case.records, case.run, done)
    assert len(case.told(words)) == 1


def test_the_end_that_mattermost_did_not_take_is_no_failure_and_told_later(
    one: RoomsWorld,
) -> None:
    case = RunInRoom(one)
    one.sandbox.mattermost.faults.add("status", status=503, method="POST", path="/posts$")
    life.finish(one.context(), case.records, case.run, case.act(acts.END, value=acts.BY_HAND))
    one.sandbox.mattermost.faults.clear()
    assert case.told("is over after") == []
    tended(case)
    assert len(case.told("is over after")) == 1


def test_killed_before_its_instructions_were_sent_the_round_sends_them_once(
    one: RoomsWorld,
) -> None:
    described = Role(COMMANDER, "Commander", INSTRUCTIONS)
    case = RunInRoom(one, PLAYBOOK._replace(roles=(*PLAYBOOK.roles, described)))
    mei = case.who("mei")
    done = case.act(acts.ROLE, value=COMMANDER, person=mei)
    with killed_behind(acts.ROLE), pytest.raises(KeyboardInterrupt):
        roles.take(one.context(), case.records, case.run, done, case.change())
    assert one.chat.direct_posts("pagerduty", mei.id) == []
    tended(case)
    (message,) = one.chat.direct_posts("pagerduty", mei.id)
    assert "Keep the channel quiet." in message.message


def test_who_can_not_be_written_to_keeps_nothing_back(one: RoomsWorld) -> None:
    described = Role(COMMANDER, "Commander", INSTRUCTIONS)
    case = RunInRoom(one, PLAYBOOK._replace(roles=(*PLAYBOOK.roles, described)))
    mei = case.who("mei")
    done = case.act(acts.ROLE, value=COMMANDER, person=mei)
    one.sandbox.mattermost.faults.add("status", status=403, path="/channels/direct$")
    _, problems = roles.take(one.context(), case.records, case.run, done, case.change())
    assert problems == []
    assert roles.uninstructed(case.run) == []


def test_who_has_a_role_already_takes_it_no_second_time(one: RoomsWorld) -> None:
    case = RunInRoom(one)
    done = case.act(acts.ROLE, value=COMMANDER, person=case.ada)
    acted, _ = roles.take(one.context(), case.records, case.run, done, case.change())
    assert not acted.changed
    assert case.told("is Commander now") == []


def test_an_update_that_comes_while_it_is_reminded_of_strikes_the_reminder_out(
    one: RoomsWorld,
) -> None:
    case = RunInRoom(one, UPDATES)
    one.clock.advance(1800)
    before = case.run
    done = case.act(acts.UPDATE, text="All is well", seconds=600.0)
    context, change = one.context(), case.change()
    updates.give(context, case.records, before, done, change.incident, case.room)
    reminding.remind(one.context(), case.records, before, change.incident)
    (post,) = case.told("gave a status update")
    assert labels(post) == []
    assert case.told("next status update was due") == []


def test_killed_before_it_was_struck_out_the_round_strikes_it_out(one: RoomsWorld) -> None:
    case = RunInRoom(one, UPDATES)
    one.clock.advance(1800)
    remind(case)
    done = case.act(acts.UPDATE, text="All is well", seconds=3600.0)
    with killed_behind(acts.UPDATE), pytest.raises(KeyboardInterrupt):
        updates.give(
            one.context(), case.records, case.run, done, case.change().incident, case.room
        )
    assert len(case.told("next status update was due")) == 1
    tended(case)
    assert case.told("next status update was due") == []
    assert len(case.told("gave a status update")) == 1


def test_mattermost_away_for_hours_the_last_reminder_comes_once(one: RoomsWorld) -> None:
    case = RunInRoom(one, UPDATES)
    one.clock.advance(6 * 3600)
    assert [remind(case), remind(case)] == [True, False]
    (post,) = case.told("next status update was due")
    assert "overdue" in post.message
