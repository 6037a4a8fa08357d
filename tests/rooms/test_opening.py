"""An incident's room is opened once: whoever asks, however often, and whatever is killed."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from rooms_world import RoomsWorld

from pagerduty_mattermost.core.errors import ConfigError, PackError
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.rooms import furnishing, opening
from pagerduty_mattermost.rooms.records import DUPLICATE
from pagerduty_mattermost.runs.opening import open_by_rule

NAME = "inc-2026-11-21-database-timeout"


@pytest.fixture(params=["5.37", "11.6"])
def world(request: pytest.FixtureRequest) -> Iterator[RoomsWorld]:
    with RoomsWorld(request.param) as world:
        yield world


@pytest.fixture
def old() -> Iterator[RoomsWorld]:
    with RoomsWorld() as world:
        yield world


def test_a_room_is_furnished_before_people_come(world: RoomsWorld) -> None:
    incident = world.incident()
    card = world.card(incident)
    opened = world.open(incident, by=world.user("mei"))
    assert (opened.is_new, opened.problems) == (True, ())
    room = opened.room
    assert room.name == NAME
    assert set(room.done) == set(furnishing.STEPS)
    channel = world.chat.channel(NAME)
    assert (channel.type, channel.display_name) == ("O", f"#{incident.number} Database timeout")
    (pinned,) = world.cards(NAME)
    assert pinned.is_pinned
    assert f"Room of [\\#{incident.number}" in channel.header.replace("[#", "[\\#")
    assert "Triggered" in channel.header
    assert world.members(NAME) == ["ada", "mei", "pagerduty"]
    told = [p for p in channel.posts if p.type == "system_add_to_channel"]
    assert pinned.create_at <= min(p.create_at for p in told)
    assert channel.posts.index(pinned) < channel.posts.index(told[0])
    shown = world.chat.post(card.id).props["attachments"][0]["text"]
    assert f"/_redirect/pl/{pinned.id}" in shown
    assert NAME in shown
    note = world.pagerduty.truth()
    assert note
    (written,) = [n.content for n in incident.notes]
    assert written.startswith(f"Room in Mattermost: ~{NAME}\n")


def test_a_second_wish_finds_it(world: RoomsWorld) -> None:
    incident = world.incident()
    first = world.open(incident)
    before = len(world.sandbox.journal.entries)
    again = world.open(incident)
    assert (again.is_new, again.room) == (False, first.room)
    assert world.requests(before) == []
    assert len(world.rooms_of(incident)) == 1
    assert len(world.cards(NAME)) == 1
    assert len(incident.notes) == 1


def test_a_title_that_changes_makes_no_second_room(old: RoomsWorld) -> None:
    incident = old.incident()
    old.open(incident)
    old.pagerduty.set_title(incident, "Everything is slow")
    assert old.open(incident).room.name == NAME


def test_a_private_room_shows_no_link_elsewhere(old: RoomsWorld) -> None:
    incident = old.incident()
    card = old.card(incident)
    opened = old.open(incident, private=True)
    assert old.chat.channel(NAME).type == "P"
    shown = old.chat.post(card.id).props["attachments"][0]["text"]
    assert "private room" in shown
    assert NAME not in shown
    assert incident.notes == []
    assert opened.room.private


def test_a_private_room_may_be_linked(old: RoomsWorld) -> None:
    incident = old.incident()
    card = old.card(incident)
    old.rooms = {"private": True, "link_private": True}
    old.open(incident)
    assert NAME in old.chat.post(card.id).props["attachments"][0]["text"]


# Names that are taken


def test_twins_of_a_day_get_the_number(old: RoomsWorld) -> None:
    first, second = old.incident(), old.incident()
    old.open(first)
    assert old.open(second).room.name == f"{NAME}-{second.number}"


@pytest.mark.parametrize("private", [False, True])
def test_a_name_of_peoples_own_channel_is_left_to_them(old: RoomsWorld, private: bool) -> None:
    theirs = old.chat.add_channel(NAME, private=private, members=["ada"])
    incident = old.incident()
    assert old.open(incident).room.name == f"{NAME}-{incident.number}"
    assert theirs.purpose == ""
    assert theirs.posts == []


def test_an_archived_channel_of_that_name_is_none(old: RoomsWorld) -> None:
    incident = old.incident()
    theirs = old.chat.add_channel(NAME)
    old.chat.archive(theirs)
    assert old.open(incident).room.name == f"{NAME}-{incident.number}"


def test_a_channel_that_only_claims_to_be_the_room_is_none(old: RoomsWorld) -> None:
    incident = old.incident()
    theirs = old.chat.add_channel(NAME)
    theirs.purpose = opening.purpose(incident.id)
    assert old.open(incident).room.channel_id != theirs.id


def test_names_that_the_server_replaces_by_ids(old: RoomsWorld) -> None:
    old.chat.anonymous_urls = True
    incident = old.incident()
    first = old.open(incident)
    assert len(first.room.name) == 26
    assert old.open(incident).room == first.room


def test_a_sequence_goes_on(old: RoomsWorld) -> None:
    old.rooms = {"name": "inc-{seq}"}
    assert [old.open(old.incident()).room.name for _ in range(3)] == ["inc-1", "inc-2", "inc-3"]


# What goes wrong


def test_a_lost_answer_makes_one_channel(world: RoomsWorld) -> None:
    incident = world.incident()
    world.sandbox.mattermost.faults.add("lost", method="POST", path="/channels$", times=1)
    world.open(incident)
    assert len(world.rooms_of(incident)) == 1


def test_a_channel_that_is_found_a_moment_later_is_waited_for(old: RoomsWorld) -> None:
    incident = old.incident()
    context = old.context()
    made = own_channels.create(
        context.mattermost,
        old.world.team.id,
        NAME,
        "x",
        purpose=opening.purpose(incident.id),
    )
    old.chat.channel_seconds = 1.5
    room = old.open(incident).room
    assert room.channel_id == made.id
    assert 1.5 <= old.slept <= 2.0


def test_killed_after_the_channel_was_made(old: RoomsWorld) -> None:
    """Its record was never written, and the title is another one by now."""
    incident = old.incident()
    context = old.context()
    wanted = opening.WantedRoom("inc-2026-11-21-database-timeout", old.clock())
    context.store.write(f"room.{incident.id}.want", wanted._asdict())
    own_channels.create(
        context.mattermost, old.world.team.id, "other", "x", purpose=opening.purpose(incident.id)
    )
    opened = old.open(incident)
    assert (opened.is_new, opened.room.name) == (False, "other")
    assert set(opened.room.done) == set(furnishing.STEPS)


@pytest.mark.parametrize("step", furnishing.STEPS)
def test_what_failed_is_done_by_whoever_comes_next(
    old: RoomsWorld, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    incident = old.incident()
    old.card(incident)
    work = dict(furnishing._WORK)

    def fails(*given: Any) -> Any:
        raise PackError("not now")

    monkeypatch.setitem(furnishing._WORK, step, fails)
    opened = old.open(incident)
    assert [one.partition(":")[0] for one in opened.problems] == [step]
    assert step not in old.room(incident).done
    monkeypatch.setitem(furnishing._WORK, step, work[step])
    again = old.open(incident)
    assert (again.is_new, again.problems) == (False, ())
    assert set(old.room(incident).done) == set(furnishing.STEPS)
    assert len(old.cards(NAME)) == 1


def test_two_rooms_are_settled_and_the_first_stays(old: RoomsWorld) -> None:
    incident = old.incident()
    first = old.open(incident).room
    old.clock.advance(2)
    context = old.context()
    records = old.records()
    second = own_channels.create(
        context.mattermost, old.world.team.id, "twin", "x", purpose=opening.purpose(incident.id)
    )
    records.save(first._replace(channel_id=second.id, name="twin", at=second.created_at / 1000))
    from pagerduty_mattermost.rooms.duplicates import settle

    winner = settle(context, records, old.change(incident).incident)
    assert winner is not None
    assert winner.channel_id == first.channel_id
    assert old.chat.channel("twin").delete_at
    assert old.room(incident).channel_id == first.channel_id
    (line,) = old.texts("twin")
    assert "Opened twice" in line
    # Another run was still at work on it, and writes its record once more.
    records.save(first._replace(channel_id=second.id, name="twin", at=second.created_at / 1000))
    from pagerduty_mattermost.rooms.tending import tend

    old.clock.advance(100)
    report = tend(old.context())
    assert not [line for line in report.done if "archived by people" in line]
    assert [room.channel_id for room in records.of(incident.id)] == [first.channel_id]


def test_a_second_room_in_which_people_wrote_stays_and_says_so(old: RoomsWorld) -> None:
    incident = old.incident()
    first = old.open(incident).room
    old.clock.advance(2)
    context, records = old.context(), old.records()
    second = own_channels.create(
        context.mattermost, old.world.team.id, "twin", "x", purpose=opening.purpose(incident.id)
    )
    old.chat.say("ada", "twin", "are we here?")
    records.save(first._replace(channel_id=second.id, name="twin", at=second.created_at / 1000))
    from pagerduty_mattermost.rooms.duplicates import settle

    settle(context, records, old.change(incident).incident)
    assert not old.chat.channel("twin").delete_at
    states = {room.name: room.state for room in records.of(incident.id)}
    assert states == {NAME: "open", "twin": DUPLICATE}
    assert "Two rooms" in old.texts("twin")[-1]


def test_a_full_team_is_told_with_the_settings_name(old: RoomsWorld) -> None:
    old.chat.max_channels_per_team = 1
    for _ in range(2):
        with pytest.raises(own_channels.TeamFull, match="MaxChannelsPerTeam"):
            old.open(old.incident())
    (told,) = old.texts("ops")
    assert "MaxChannelsPerTeam" in told


def test_a_bot_that_may_make_no_channels_is_told_once(old: RoomsWorld) -> None:
    old.chat.deny("team_user", "create_public_channel")
    for _ in range(2):
        with pytest.raises(own_channels.MayNot, match="create public channels"):
            old.open(old.incident())
    (told,) = old.texts("ops")
    assert "may not create public channels" in told


def test_the_team_must_be_known(old: RoomsWorld) -> None:
    old.chat.add_team("other")
    old.chat.add_to_team(old.chat.team("other"), old.chat.user("pagerduty"))
    raw = old.raw()
    del raw["mattermost"]["team"]
    context = old.context()
    context.__dict__["_config"] = raw
    with pytest.raises(ConfigError, match=r"rooms\.team"):
        opening.team_id(context)


# Rules


def test_rules_open_no_more_than_they_may_within_an_hour(old: RoomsWorld) -> None:
    old.rooms = {"max_new": 2}
    done = []
    for number in range(4):
        context = old.context()
        done.append(open_by_rule(context, old.change(old.incident(f"Slow {number}")))["done"])
    assert done == ["made", "made", "held", "held"]
    (told,) = old.texts("ops")
    assert "rooms.max_new" in told
    by_hand = old.open(old.incident("By hand"), by=old.user("ada"))
    assert by_hand.is_new
    old.clock.advance(3601)
    assert open_by_rule(old.context(), old.change(old.incident("Later")))["done"] == "made"


def test_rooms_that_people_asked_for_leave_rules_theirs(old: RoomsWorld) -> None:
    old.rooms = {"max_new": 1}
    for number in range(2):
        old.open(old.incident(f"By hand {number}"), by=old.user("ada"))
    done = [
        open_by_rule(old.context(), old.change(old.incident(f"Slow {number}")))["done"]
        for number in range(2)
    ]
    assert done == ["made", "held"]


def test_a_rule_opens_none_for_what_is_over(old: RoomsWorld) -> None:
    incident = old.incident()
    old.pagerduty.resolve(incident)
    assert open_by_rule(old.context(), old.change(incident))["done"] == "over"
    assert old.rooms_of(incident) == []


# Who comes


def test_all_whom_the_configuration_names_come_once(old: RoomsWorld) -> None:
    incident = old.incident()
    old.pagerduty.add_responder(incident, ["Linus Example"], "help", "Ada Lovelace")
    olu = old.pagerduty.find("users", "Olu Adeyemi")["id"]
    incident.subscribers.append((olu, "user"))
    old.rooms = {
        "invite": ["on_call", "assignees", "responders", "subscribers", "declarer", "@radia"]
    }
    old.open(incident, by=old.user("mei"))
    assert old.members(NAME) == ["ada", "linus", "mei", "olu", "pagerduty", "radia"]


def test_who_left_is_not_pulled_back(old: RoomsWorld) -> None:
    incident = old.incident()
    room = old.open(incident).room
    old.chat.remove_member(NAME, "ada")
    again = room._replace(done=("card", "pin", "header"), invited=())
    for _ in range(3):  # also once it is remembered that they left
        old.records().save(again)
        old.open(incident)
        assert old.members(NAME) == ["pagerduty"]


def test_who_has_no_account_is_named_once(world: RoomsWorld) -> None:
    world.chat.activate("ada", False)
    incident = world.incident()
    room = world.open(incident).room
    assert world.members(NAME) == ["pagerduty"]
    assert [text for text in world.texts(NAME) if "could not be added" in text] == [
        "Ada Lovelace belongs here and could not be added: no active Mattermost account of this "
        "team is theirs."
    ]
    world.records().save(room._replace(done=("card", "pin", "header"), invited=()))
    world.clock.advance(3600)
    world.open(incident)
    assert len(world.texts(NAME)) == 1


def test_who_is_not_in_the_team_is_named_too(old: RoomsWorld) -> None:
    old.chat.team("ops").members.pop(old.user("ada"))
    incident = old.incident()
    assert old.open(incident).problems == ()
    (line,) = old.texts(NAME)
    assert "ada belongs here" in line


# Outside text


def test_nothing_in_a_title_acts_anywhere(old: RoomsWorld) -> None:
    incident = old.incident("@all **x** ](http://evil.example")
    card = old.card(incident)
    room = old.open(incident).room
    channel = old.chat.channel(room.channel_id)
    shown = old.chat.post(card.id).props["attachments"][0]["text"]
    for text in (channel.display_name, channel.header, channel.purpose, shown):
        assert "@all" not in text
    assert "](http://evil" not in channel.header
