"""A room that a playbook is started in is made, filled and put away as the playbook says; what it
leaves out is as the configuration says; what it says later changes nothing."""

# flake8: noqa: E501

from __future__ import annotations

from typing import Any, Iterator, List

import pytest
from rooms_world import RoomsWorld

from pagerduty_mattermost.chat.room_listener import RoomListener
from pagerduty_mattermost.core.config.rooms import RoomsConfig
from pagerduty_mattermost.core.json_values import from_json, to_json
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.playbooks.playbook import Playbook, PlaybookRoom, Stage
from pagerduty_mattermost.rooms.following import follow_room
from pagerduty_mattermost.rooms.furnishing import room_route
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords
from pagerduty_mattermost.rooms.room import OpenedRoom, open_room
from pagerduty_mattermost.rooms.terms import terms_of, with_playbook

HOUR = 3600.0


@pytest.fixture
def world() -> Iterator[RoomsWorld]:
    with RoomsWorld() as made:
        yield made


def playbook(**room: Any) -> Playbook:
    return Playbook("outage", "Outage", (Stage("First"),), room=PlaybookRoom(**room))


def opened(world: RoomsWorld, incident: Any, **room: Any) -> OpenedRoom:
    context = world.context()
    return open_room(context, world.change(incident, context), playbook=playbook(**room))


def test_what_a_playbook_leaves_out_is_as_configured() -> None:
    config = RoomsConfig(private=True, archive="1h", invite=("on_call",), team="ops")
    assert with_playbook(config, None) == config
    assert with_playbook(config, PlaybookRoom()) == config
    said = with_playbook(config, PlaybookRoom(private=False, invite=(), feed=("resolved",)))
    assert (said.private, said.invite, said.feed, said.archive) == (
        False,
        (),
        ("resolved",),
        "1h",
    )


def test_a_room_is_made_as_its_playbook_says(world: RoomsWorld) -> None:
    incident = world.incident()
    room = opened(
        world,
        incident,
        private=True,
        name="major-{number}",
        title="MAJOR {title}",
        invite=("@mei",),
        feed=("resolved",),
        archive="2h",
    ).room
    channel = world.chat.channel(room.channel_id)
    assert (channel.name, channel.display_name, channel.type) == (
        f"major-{incident.number}",
        "MAJOR Database timeout",
        "P",
    )
    assert world.members(room.channel_id) == ["mei", "pagerduty"]
    assert room_route(world.context(), room).reply_on == ("incident.resolved",)
    assert terms_of(world.context(), world.room(incident)).archive == "2h"
    world.pagerduty.resolve(incident, "olu@example.com")
    context = world.context()
    records = RoomRecords(context.store)
    change = alert_details.fetch(context.pagerduty, incident.id)
    ended = follow_room(context, records, world.room(incident), change)
    assert ended.due - world.clock() == pytest.approx(2 * HOUR, abs=60)


def test_it_stays_so_when_the_configuration_changes(world: RoomsWorld) -> None:
    incident = world.incident()
    room = opened(world, incident, archive="never", title="{title}!").room
    context = world.context(archive="1h", title="{number}")
    assert terms_of(context, world.room(incident)).archive_seconds is None
    change = world.change(incident, context)
    follow_room(context, RoomRecords(context.store), world.room(incident), change)
    assert world.chat.channel(room.channel_id).display_name == "Database timeout!"


def test_a_room_of_another_team_is_found_again_and_heard(world: RoomsWorld) -> None:
    eng = world.chat.add_team("eng", "Engineering")
    for name in ("pagerduty", "ada"):
        world.chat.add_to_team(eng, world.chat.user(name))
    incident = world.incident()
    room = opened(world, incident, team="eng", invite=("@ada",)).room
    assert world.chat.channel(room.channel_id).team_id == eng.id
    assert not opened(world, incident, team="eng").is_new
    heard: List[Any] = []
    listener = RoomListener(world.context(), _Dispatcher(heard), world.log)  # type: ignore[arg-type]
    listener.look()
    world.clock.advance(1)
    world.chat.say("ada", room.channel_id, "note: it is the cable")
    listener.look()
    assert [one["text"] for one in heard if one.get("kind") == "note"] == ["note: it is the cable"]


class _Dispatcher:
    def __init__(self, heard: Any) -> None:
        self._heard = heard

    def dispatch(self, trigger: str, payload: Any, **more: Any) -> None:
        self._heard.append(payload)


def test_killed_on_the_way_the_room_is_made_as_it_was_wanted(world: RoomsWorld) -> None:
    incident = world.incident()
    world.sandbox.mattermost.faults.add("drop", method="POST", path="/channels$", times=9)
    with pytest.raises(Exception, match="Mattermost"):
        opened(world, incident, name="major-{number}", private=True)
    world.sandbox.mattermost.faults.clear()
    room = world.open(incident).room
    assert (room.name, room.private, room.playbook) == (f"major-{incident.number}", True, "outage")
    assert room.terms == PlaybookRoom(name="major-{number}", private=True)


def test_a_record_reads_as_it_was_written() -> None:
    room = RoomRecord("P1", "c" * 26, terms=PlaybookRoom(private=True, feed=("resolved",)))
    assert from_json(RoomRecord, to_json(room)) == room
    old = {key: value for key, value in to_json(room).items() if key != "terms"}
    assert from_json(RoomRecord, old).terms is None
