"""A status update reaches the room under its author's name, other channels and PagerDuty, each
once, whatever fails; its author corrects or deletes it."""

from __future__ import annotations

from typing import Any, Iterator, List, Tuple
from unittest import mock

import pytest
from rooms_world import RoomsWorld
from runs_in_rooms import NAME, RunInRoom
from runs_world import PLAYBOOK

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.people.identity import link
from pagerduty_mattermost.playbooks.playbook import Updates
from pagerduty_mattermost.runs import update_posts, updates
from pagerduty_mattermost.runs.acts import SENT, UPDATE, Act, Who
from pagerduty_mattermost.runs.records import RunRecords
from sandbox.mattermost.integrations import ResponseUrl, SlashCommand

TEXT = "Replica promoted, errors down to 2 %.\n\nNext: watch @all"
ADA_MAIL = "ada@example.com"


class UpdatesWorld(RunInRoom):
    """A run in a room, and its updates."""

    def __init__(self, world: RoomsWorld, **terms: Any) -> None:
        updates_ = Updates(**{"remind_seconds": 1800.0, **terms})
        super().__init__(world, PLAYBOOK._replace(updates=updates_))
        self.targets: Tuple[str, ...] = (world.chat.channel("incidents").id,)

    def hook(self) -> str:
        """Of a command of ada's in the room."""
        state = self.world.chat.state
        team = self.world.world.team.id
        command = SlashCommand(state.new_id(), "t" * 26, self.ada.id, team, 0, 0)
        state.integrations.commands[command.id] = command
        channel = self.world.chat.channel(NAME)
        url = ResponseUrl(state.new_id(), command.id, self.ada.id, channel.id, "", state.now())
        state.integrations.response_urls[url.id] = url
        return f"/hooks/commands/{url.id}"

    def give(self, text: str = TEXT, id: str = "u1", **more: Any) -> updates.GivenUpdate:
        context = self.world.context()
        done = Act(
            UPDATE,
            id,
            self.world.clock(),
            self.ada,
            text=text,
            seconds=1800.0,
            targets=self.targets,
        )
        change = self.world.change(self.incident, context)
        return updates.give(
            context, self.records, self.run, done, change.incident, self.room, **more
        )

    def finish(self, id: str = "u1") -> updates.GivenUpdate:
        """As the round over rooms does it."""
        context = self.world.context()
        change = self.world.change(self.incident, context)
        return updates.finish(context, self.records, self.run, id, change.incident, self.room)

    def in_room(self) -> List[Any]:
        return [p for p in self.world.posts(NAME) if "**Status update" in p.message]

    def copies(self) -> List[Any]:
        return [p for p in self.world.posts("incidents") if "update 1 by" in p.message]

    def published(self) -> List[str]:
        return [str(one["message"]) for one in self.incident.status_updates]


@pytest.fixture(params=["5.37", "11.6"])
def world(request: pytest.FixtureRequest) -> Iterator[RoomsWorld]:
    with RoomsWorld(request.param, note=False) as world:
        yield world


@pytest.fixture
def one() -> Iterator[RoomsWorld]:
    with RoomsWorld(note=False) as world:
        yield world


def test_it_is_the_authors_own_post_and_copied_by_the_bot(world: RoomsWorld) -> None:
    case = UpdatesWorld(world, pagerduty=True)
    given = case.give(hook=case.hook(), email=ADA_MAIL)
    assert given.problems == ()
    (post,) = case.in_room()
    assert post.user_id == case.ada.id
    assert post.message.endswith("Next: watch @all")
    (copy,) = case.copies()
    assert copy.user_id == world.world.bot.id
    assert "by ada" in copy.message
    assert "@all" not in copy.message
    assert NAME in copy.message
    assert case.published() == [TEXT]
    assert updates.unfinished(case.run, world.clock() + 60) == []


def test_pagerduty_gets_it_without_markdown_and_it_comes_back_into_no_room(
    one: RoomsWorld,
) -> None:
    case = UpdatesWorld(one, pagerduty=True)
    case.give("**Known:** half of it\n## Next\n__later__", hook=case.hook(), email=ADA_MAIL)
    assert case.published() == ["Known: half of it\nNext\nlater"]
    (post,) = case.in_room()
    assert "**Known:** half of it" in post.message
    one.clock.advance(30)
    posting.make_publisher(one.context()).repaint(one.change(case.incident))
    assert case.told("published a status update") == []
    assert len(case.told("Known: half of it")) == 1, "in the playbook post, on one line"


def test_given_twice_it_is_there_once(one: RoomsWorld) -> None:
    case = UpdatesWorld(one, pagerduty=True)
    hook = case.hook()
    case.give(hook=hook, email=ADA_MAIL)
    case.give(hook=hook, email=ADA_MAIL)
    case.finish()
    assert [len(case.in_room()), len(case.copies()), len(case.published())] == [1, 1, 1]


def test_without_a_command_it_is_the_bots_with_the_authors_name(one: RoomsWorld) -> None:
    case = UpdatesWorld(one)
    case.give()
    (post,) = case.in_room()
    assert post.user_id == one.world.bot.id
    assert "by ada" in post.message
    assert "@all" not in post.message


def test_a_hook_that_is_used_up_is_no_loss(one: RoomsWorld) -> None:
    case = UpdatesWorld(one)
    hook = case.hook()
    one.chat.state.integrations.response_urls[hook.rpartition("/")[2]].uses = 5
    assert case.give(hook=hook).problems == ()
    (post,) = case.in_room()
    assert post.user_id == one.world.bot.id


@pytest.mark.parametrize("kind", ["lost", "truncate"])
def test_an_answer_that_was_lost_makes_no_second_post(one: RoomsWorld, kind: str) -> None:
    case = UpdatesWorld(one)
    hook = case.hook()
    one.sandbox.mattermost.faults.add(kind, method="POST", path=hook, times=1)
    case.give(hook=hook)
    case.finish()
    (post,) = case.in_room()
    assert post.user_id == case.ada.id


def test_whoever_was_killed_in_between_is_followed(one: RoomsWorld) -> None:
    """After the act, and after each effect."""
    case = UpdatesWorld(one, pagerduty=True)
    real = RunRecords.act
    for survives in range(6):
        left = [survives]

        def dies(self: RunRecords, incident: str, act: Act, left: Any = left) -> None:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            real(self, incident, act)

        id = f"u{survives}"
        RunRecords.act = dies  # type: ignore[method-assign]
        try:
            case.give(id=id, text=f"Killed {survives}", hook=case.hook(), email=ADA_MAIL)
        except KeyboardInterrupt:
            pass
        finally:
            RunRecords.act = real  # type: ignore[method-assign]
        one.clock.advance(60)
        for open_one in updates.unfinished(case.run, one.clock()):
            case.finish(open_one.id)
        wanted = 0 if survives == 0 else 1
        posts = [p for p in case.in_room() if f"Killed {survives}" in p.message]
        copies = [p for p in one.posts("incidents") if f"Killed {survives}" in p.message]
        assert [len(posts), len(copies)] == [wanted, wanted], survives
        assert case.published().count(f"Killed {survives}") == wanted, survives
        assert updates.unfinished(case.run, one.clock()) == []


def test_one_archived_channel_stops_no_other_and_is_told_once(one: RoomsWorld) -> None:
    case = UpdatesWorld(one, pagerduty=True)
    closed = one.chat.add_channel("stakeholders", members=["ada", "pagerduty"])
    closed.delete_at = 1
    case.targets = (closed.id, *case.targets)
    given = case.give(email=ADA_MAIL)
    (line,) = given.problems
    assert "archived" in line
    assert [len(case.copies()), len(case.published())] == [1, 1]
    one.clock.advance(60)
    assert updates.unfinished(case.run, one.clock()) == []


def test_pagerduty_refuses_it_and_the_room_has_it_all_the_same(one: RoomsWorld) -> None:
    case = UpdatesWorld(one, pagerduty=True)
    path = f"/incidents/{case.incident.id}/status_updates"
    one.sandbox.pagerduty.faults.add("status", status=402, method="POST", path=path, times=1)
    given = case.give(email=ADA_MAIL)
    (line,) = given.problems
    assert line.startswith("Not sent to PagerDuty")
    assert len(case.in_room()) == 1
    one.clock.advance(60)
    assert updates.unfinished(case.run, one.clock()) == []
    assert case.published() == []


def test_an_author_without_a_pagerduty_user_is_told(one: RoomsWorld) -> None:
    case = UpdatesWorld(one, pagerduty=True)
    user = one.chat.add_user("zoe")
    case.ada = Who(user.id, "zoe")
    (line,) = case.give().problems
    assert "no PagerDuty user" in line


def test_it_is_signed_as_its_author_is_known_a_minute_ago_at_most(one: RoomsWorld) -> None:
    case, context = UpdatesWorld(one, pagerduty=True), one.context()
    mattermost, pagerduty = context.mattermost, context.pagerduty
    link(mattermost, pagerduty, context.store, "ada", "grace@example.com", one.clock)
    case.give()
    sandbox = one.sandbox.pagerduty
    sandbox.account.find("users", "Grace Hopper")["email"] = "hopper@example.com"
    one.clock.advance(61)
    case.give("Better", "u2")
    sent = [one_ for one_ in sandbox.journal.entries if one_.path.endswith("/status_updates")]
    signed = [one_.headers.get("from") for one_ in sent if one_.method == "POST"]
    assert signed == ["grace@example.com", "hopper@example.com"]


def test_mattermost_away_it_follows_by_the_round(one: RoomsWorld) -> None:
    case = UpdatesWorld(one)
    faults = one.sandbox.mattermost.faults
    faults.add("status", status=503, method="POST", path="/posts", times=100)
    faults.add("status", status=503, method="GET", path="/posts", times=100)
    given = case.give()
    assert all("tried again" in line for line in given.problems)
    faults.clear()
    one.clock.advance(60)
    assert [one_.id for one_ in updates.unfinished(case.run, one.clock())] == ["u1"]
    case.finish()
    assert [len(case.in_room()), len(case.copies())] == [1, 1]


def test_the_author_corrects_it_and_deletes_it(one: RoomsWorld) -> None:
    case = UpdatesWorld(one)
    case.give(hook=case.hook())
    one.clock.advance(60)
    case.give(id="u2", text="Second", hook=case.hook())
    second = case.in_room()[-1]
    one.clock.advance(5)
    message = second.message.replace("Second", "Second, corrected")
    one.chat.state.edit_post(second, message, second.props, False, [])
    context = one.context()
    assert update_posts.heard(context, case.records, case.run, second.id, False) is not None
    assert update_posts.heard(context, case.records, case.run, second.id, False) is None
    state = case.run.state
    assert state.last_update is not None
    assert state.last_update.text == "Second, corrected"
    one.chat.delete(second)
    assert update_posts.heard(context, case.records, case.run, second.id, True) is not None
    last = case.run.state.last_update
    assert last is not None
    assert last.text == TEXT
    assert len(case.copies()) == 1, "copies stay"
    assert update_posts.heard(context, case.records, case.run, "x" * 26, True) is None


def test_in_an_archived_room_nothing_is_given(one: RoomsWorld) -> None:
    case = UpdatesWorld(one)
    one.chat.channel(NAME).delete_at = 1
    with pytest.raises(RejectedInput, match="archived"):
        case.give()
    assert case.run.state.updates == ()
    assert case.copies() == []


def test_what_its_author_deleted_before_it_was_known_is_neither_said_again_nor_copied(
    one: RoomsWorld,
) -> None:
    """Whoever gave it was killed right behind the post."""
    case = UpdatesWorld(one, pagerduty=True)
    killed_behind_the_post(case)
    (post,) = case.in_room()
    one.chat.delete(post)
    one.clock.advance(60)
    case.finish()
    assert case.in_room() == []
    assert case.run.state.last_update is None
    assert [case.copies(), case.published()] == [[], []]


def test_what_its_author_corrected_before_it_was_known_is_heard_of(one: RoomsWorld) -> None:
    case = UpdatesWorld(one)
    killed_behind_the_post(case)
    (post,) = case.in_room()
    one.clock.advance(5)
    message = post.message.replace("Replica promoted", "Replica not promoted")
    one.chat.state.edit_post(post, message, post.props, False, [])
    one.clock.advance(60)
    case.finish()
    last = case.run.state.last_update
    assert last is not None
    assert last.text.startswith("Replica not promoted")
    (copy,) = case.copies()
    assert "Replica" in copy.message


def killed_behind_the_post(case: UpdatesWorld) -> None:
    real = RunRecords.act

    def dies(self: RunRecords, incident: str, act: Act) -> None:
        if act.kind == SENT:
            raise KeyboardInterrupt
        real(self, incident, act)

    with mock.patch.object(RunRecords, "act", dies), pytest.raises(KeyboardInterrupt):
        case.give(hook=case.hook(), email=ADA_MAIL)


def test_the_round_that_comes_while_the_post_is_looked_for_publishes_it_once(
    one: RoomsWorld,
) -> None:
    """An answer was lost, and its post does not come into sight for half a minute."""
    case = UpdatesWorld(one, pagerduty=True)
    hook = case.hook()
    one.sandbox.mattermost.faults.add("drop", method="POST", path=hook, times=1)
    looked = updates._Giving._looked_for

    def meanwhile(self: Any) -> str:
        one.clock.advance(25)
        case.finish()
        return str(looked(self))

    with mock.patch.object(updates._Giving, "_looked_for", meanwhile):
        case.give(hook=hook, email=ADA_MAIL)
    assert [len(case.in_room()), len(case.copies()), len(case.published())] == [1, 1, 1]
