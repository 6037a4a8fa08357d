"""Rooms by command: what is said in a room means its incident; what people do with rooms."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from rooms_world import RoomsWorld

from pagerduty_mattermost.chat import which_incident
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.rooms import tending

NAME = "inc-2026-11-21-database-timeout"


@pytest.fixture
def world() -> Iterator[RoomsWorld]:
    with RoomsWorld() as world:
        yield world


def say(
    world: RoomsWorld, line: str, channel: str = "incidents", who: str = "ada"
) -> CommandResult:
    """Typed after /pd by a person in a channel, as chat.handle carries it out."""
    read = parse(line)
    assert not read.problem, read.problem
    context = world.context()
    said = read.command._replace(
        user=marked_id(world.user(who)), channel=world.chat.channel(channel).id, key=f"key {line}"
    )
    return perform(context, which_incident.complete(context, said, "").command)


def refused(world: RoomsWorld, line: str, channel: str = "incidents", who: str = "ada") -> str:
    with pytest.raises(PackError) as failure:
        say(world, line, channel, who)
    assert "\n" not in str(failure.value)
    return str(failure.value)


def test_room_opens_it_leads_there_and_brings_in_who_asks(world: RoomsWorld) -> None:
    incident = world.incident()
    told = say(world, f"room {incident.number}", who="mei")
    assert told.message.startswith("Opened the room of")
    assert NAME in told.message
    assert "mei" in world.members(NAME)
    world.chat.remove_member(NAME, "mei")
    assert say(world, f"room {incident.id}", who="mei").message.startswith("The room of")
    assert "mei" in world.members(NAME)


def test_every_command_in_a_room_means_its_incident(world: RoomsWorld) -> None:
    incident, other = world.incident(), world.incident("Other")
    world.open(incident)
    say(world, "ack", NAME)
    say(world, "note on it", NAME)
    assert (incident.status, other.status) == ("acknowledged", "triggered")
    assert incident.notes[-1].content == "on it"
    say(world, f"ack {other.number}", NAME)
    assert other.status == "acknowledged"
    say(world, "mitigate", NAME)
    say(world, "resolve", NAME)
    assert incident.status == "resolved"


@pytest.mark.parametrize("line", ["announce {} ~nosuch", "retrospective {} ~nosuch"])
def test_a_mistyped_channel_stays_with_who_typed_it(world: RoomsWorld, line: str) -> None:
    incident = world.incident()
    before = world.posts("ops")
    assert "no channel ~nosuch" in refused(world, line.format(incident.number))
    assert world.posts("ops") == before


def test_incident_in_front_is_the_same(world: RoomsWorld) -> None:
    assert parse("incident list").command.verb == "rooms"
    assert parse("incident info").command.verb == "info"
    assert parse("incident room 12").command == Command("room", incidents="12")
    assert parse("incident announce ~incidents").command.verb == "announce"
    assert parse("incident cancel no trouble").command.text == "no trouble"


def test_info_tells_the_room(world: RoomsWorld) -> None:
    incident = world.incident()
    assert "It has no room" in say(world, f"info {incident.number}").message
    world.open(incident)
    assert "2 members" in say(world, "info", NAME).message


def test_rooms_are_listed_private_ones_for_members_alone(world: RoomsWorld) -> None:
    assert say(world, "rooms").message.startswith("There is no room")
    world.open(world.incident("Open one"))
    secret = world.incident("Secret one")
    world.open(secret, private=True)
    assert "Secret one" in say(world, "rooms", who="ada").message
    shown = say(world, "incident list", who="linus").message
    assert "Open one" in shown
    assert "secret" not in shown.lower()
    assert refused(world, f"invite {secret.number} @linus", who="linus").startswith(
        "the incident has"
    )
    assert "private" in refused(world, f"room {secret.number}", who="linus")
    assert "secret-one" not in say(world, f"info {secret.number}", who="linus").message


def test_people_are_invited_also_who_left(world: RoomsWorld) -> None:
    world.open(world.incident())
    world.chat.remove_member(NAME, "ada")
    assert "grace" in say(world, "invite @ada @grace", NAME, who="mei").message
    assert {"ada", "grace"} <= set(world.members(NAME))
    assert "whom" in refused(world, "invite ,", NAME)


def test_announced_only_where_the_asker_is_a_member(world: RoomsWorld) -> None:
    world.open(world.incident())
    world.chat.remove_member("incidents-p1", "ada")
    assert "no member of ~incidents-p1" in refused(
        world, "announce ~incidents ~incidents-p1", NAME
    )
    assert world.cards("incidents") == []
    say(world, "announce ~incidents, ~ops", NAME)
    assert [len(world.cards(name)) for name in ("incidents", "ops")] == [1, 1]
    assert NAME in world.cards("incidents")[0].props["attachments"][0]["text"]


def test_a_channel_is_adopted_and_never_archived(world: RoomsWorld) -> None:
    incident = world.incident()
    channel = world.chat.add_channel("war-room", members=["ada"])
    world.chat.say("ada", channel, "before")
    told = say(world, f"room adopt {incident.number}", "war-room")
    assert "war-room" in told.message
    assert world.room(incident).adopted
    assert world.texts("war-room")[0] == "before"
    assert len(world.cards("war-room")) == 1
    assert channel.display_name == "war-room"
    say(world, "resolve", "war-room")
    tending.tend(world.context())
    world.clock.advance(100 * 3600)
    tending.tend(world.context())
    assert not channel.delete_at
    assert "archive it in Mattermost yourself" in refused(world, "room archive", "war-room")


def test_a_private_channel_needs_the_bot_in_it(world: RoomsWorld) -> None:
    incident = world.incident()
    world.chat.add_channel("secret", private=True, members=["ada"])
    assert "/invite @pagerduty" in refused(world, f"room adopt {incident.number}", "secret")
    world.chat.add_member("secret", "pagerduty")
    say(world, f"room adopt {incident.number}", "secret")
    assert world.room(incident).private


def test_what_is_taken_is_not_adopted(world: RoomsWorld) -> None:
    first, second = world.incident(), world.incident("Other")
    world.open(first)
    assert "has a room already" in refused(world, f"room adopt {first.number}", "ops")
    assert "is the room of" in refused(world, f"room adopt {second.number}", NAME)
    say(world, f"resolve {first.number}")
    say(world, f"room adopt {second.number}", NAME)
    assert world.records().incident_in(world.chat.channel(NAME).id) == second.id


def test_converting_triggers_an_incident_here(world: RoomsWorld) -> None:
    world.chat.add_channel("odd-things", members=["ada"])
    told = say(world, 'convert "Checkout is odd" on Checkout API', "odd-things")
    made = max(world.pagerduty.incidents.values(), key=lambda one: one.number)
    assert made.title == "Checkout is odd"
    assert world.room(made).name == "odd-things"
    assert "is the room of" in told.message


def test_archived_and_restored_by_hand(world: RoomsWorld) -> None:
    incident = world.incident()
    world.open(incident)
    assert "archived" in say(world, "room archive", NAME).message
    assert world.chat.channel(NAME).delete_at
    assert "may not restore" in refused(world, f"room restore {incident.number}")
    world.chat.make_team_admin("ops", "pagerduty")
    assert "open again" in say(world, f"room restore {incident.number}").message
    assert not world.chat.channel(NAME).delete_at
    assert "is open" in refused(world, f"room restore {incident.number}")
    assert world.room(incident).is_open


def test_renamed_and_made_private(world: RoomsWorld) -> None:
    incident = world.incident()
    card = world.card(incident)
    world.open(incident)
    assert "no-database" in say(world, "room rename No database", NAME).message
    channel = world.chat.channel("no-database")
    assert channel.display_name == "No database"
    assert "is taken" in refused(world, "room rename ops", "no-database")
    assert "needs two letters" in refused(world, "room rename 数", "no-database")
    assert "private" in refused(world, "room private", "no-database")
    world.chat.make_team_admin("ops", "pagerduty")
    say(world, "room private", "no-database")
    assert channel.type == "P"
    assert world.room(incident).private
    assert card


def test_cancelled_it_is_resolved_with_a_note(world: RoomsWorld) -> None:
    incident = world.incident()
    world.open(incident)
    say(world, "cancel it was a test", NAME)
    assert incident.status == "resolved"
    assert incident.notes[-1].content == "Cancelled: it was a test"


def test_declared_with_a_room(world: RoomsWorld) -> None:
    context = world.context()
    said = Command(
        "create",
        text="Down",
        service="Checkout API",
        user=marked_id(world.user("mei")),
        key="k",
        options={"room": "true"},
    )
    told = perform(context, said)
    assert "Opened the room" in told.message
    assert world.members("inc-2026-11-21-down") == ["ada", "mei", "pagerduty"]
    world.chat.max_channels_per_team = 1
    told = perform(context, said._replace(key="other", text="Other"))
    assert "It has no room" in told.message


def test_rights(world: RoomsWorld) -> None:
    incident = world.incident()
    raw = {**world.raw(), "chat": {"allowed": {"room": ["@grace"]}}}
    context = world.context()
    context.__dict__["_config"] = raw
    said = Command("room", incidents=incident.id, user=marked_id(world.user("ada")))
    with pytest.raises(RejectedInput, match="room"):
        perform(context, said)
    assert world.rooms_of(incident) == []


def test_a_dry_run_opens_nothing(world: RoomsWorld) -> None:
    incident = world.incident()
    said: Any = Command("room", incidents=incident.id, user=marked_id(world.user("ada")))
    assert "Open a room for [#1 " in perform(world.context(), said, dry=True).message
    assert world.rooms_of(incident) == []


def test_what_is_alike_is_named_by_a_number_that_can_be_typed(world: RoomsWorld) -> None:
    first, incident = world.incident(), world.incident()
    other = world.pagerduty.trigger("Database", "Replica lags")
    told = say(world, f"similar {incident.number}").message
    assert f"[#{first.number} Database timeout](" in told
    assert f"[#{other.number} Replica lags](" in told
    world.sandbox.pagerduty.faults.add("status", status=500, path=f"/incidents/{first.id}$")
    world.sandbox.pagerduty.faults.add("status", status=404, path=f"/incidents/{other.id}$")
    told = say(world, f"similar {incident.number}").message
    assert f"- {other.id} Replica lags" in told


def test_a_name_that_was_copied_is_typed_again(world: RoomsWorld) -> None:
    """What the pack's texts hold against others' links is no part of a name."""
    world.open(world.incident())
    said = say(world, "announce ~\u200bincidents, ~\u2060ops\ufeff", NAME)
    assert [len(world.cards(name)) for name in ("incidents", "ops")] == [1, 1]
    assert said.message.endswith("is announced in ~incidents, ~ops."), said.message
    assert "no member of ~nosuch" not in refused(world, "announce ~\u200bnosuch", NAME)
