"""What the bot may do with rooms is told by setup and health, without trying it."""

from __future__ import annotations

import pytest
from rooms_world import RoomsWorld

from pagerduty_mattermost.chat import setup_rooms
from pagerduty_mattermost.operations import health_checks
from pagerduty_mattermost.rooms import rights


def health(world: RoomsWorld) -> health_checks.CheckResult:
    return next(one for one in health_checks.checks(world.context()) if one.name == "rooms")


def told(world: RoomsWorld) -> str:
    return " | ".join(f"{one.state}: {one.text}" for one in setup_rooms.steps(world.context()))


def test_a_plain_bot_makes_and_archives_and_restores_nothing(world: RoomsWorld) -> None:
    found = rights.read(world.context())
    assert (found.public, found.private, found.archive, found.restore) == (True, True, True, False)
    assert found.missing == []
    assert "ok: the bot may make and archive rooms" in told(world)
    assert "only an admin of the team ops may" in told(world)
    assert health(world).state == "ok"
    assert "restored by an admin of the team" in health(world).text


def test_an_admin_of_the_team_restores(world: RoomsWorld) -> None:
    world.chat.make_team_admin("ops", "pagerduty")
    assert rights.read(world.context()).restore
    assert "only an admin" not in told(world)


def test_what_is_forbidden_is_named_in_the_consoles_words(world: RoomsWorld) -> None:
    world.chat.deny("team_user", "create_private_channel")
    assert "allowed to create private channels" in told(world)
    assert health(world).state == "warn"


def test_how_full_the_team_is_archived_channels_counted(
    world: RoomsWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = world.open(world.incident()).room
    world.chat.archive(room.channel_id)
    count = rights.read(world.context()).channels
    assert count == len(world.chat.state.channels)
    monkeypatch.setattr(rights, "DEFAULT_MAX_CHANNELS", count)
    assert f"{count} channels" in told(world)
    assert rights.RoomRights("ops", True, True, True, False, 1900).is_nearly_full
    assert not rights.RoomRights("ops", True, True, True, False, 1700).is_nearly_full


def test_a_server_that_answers_nothing_keeps_nothing_else_back(world: RoomsWorld) -> None:
    world.sandbox.mattermost.faults.add("status", status=403, path="/teams/", method="GET")
    assert "is not known" in told(world)
    assert health(world).state == "fail"
