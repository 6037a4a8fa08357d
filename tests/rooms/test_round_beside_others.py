"""The round over all rooms while another run opens one, puts one away or saves one."""

from __future__ import annotations

from typing import Any, Callable
from unittest import mock

from rooms_world import NOW, RoomsWorld

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.incidents.history import missing_events
from pagerduty_mattermost.incidents.reader import read_incident_log
from pagerduty_mattermost.rooms import following, tending

NAME = "inc-2026-11-21-database-timeout"


def round_(world: RoomsWorld, meanwhile: Callable[[], Any]) -> tending.TendReport:
    """A round, and what another run does after it has read what is remembered and before it asks
    Mattermost for the channels."""
    ask = own_channels.mine

    def first_the_other(*args: Any) -> Any:
        patched.stop()
        meanwhile()
        return ask(*args)

    patched = mock.patch.object(own_channels, "mine", first_the_other)
    patched.start()
    return tending.tend(world.context())


def come(world: RoomsWorld, incident: Any) -> None:
    context = world.context()
    shown = world.change(incident, context)
    entries = read_incident_log(context.pagerduty, incident.id)
    change = missing_events(entries, shown.incident, {}, NOW - 3600, world.clock())
    following.follow(context, change, posting.follow(context, change))


def test_a_room_that_is_opened_meanwhile_is_left_alone(world: RoomsWorld) -> None:
    incident = world.incident()
    world.card(incident)
    report = round_(world, lambda: world.open(incident))
    assert report.problems == []
    (channel,) = world.rooms_of(incident, archived=True)
    assert channel.name == NAME
    assert not channel.delete_at
    assert world.room(incident).is_open


def test_a_room_that_is_put_away_meanwhile_was_not_archived_by_hand(world: RoomsWorld) -> None:
    world.rooms = {"archive": "at_once"}
    incident = world.incident()
    world.card(incident)
    world.open(incident)
    world.clock.advance(60)
    world.pagerduty.resolve(incident, "Ada Lovelace")
    report = round_(world, lambda: come(world, incident))
    assert (report.done, report.problems) == ([], [])
    assert world.records().of(incident.id) == []
    assert [room.state for room in world.records().old_of(incident.id)] == ["archived"]


def test_what_another_run_saved_while_the_round_was_busy_stays(world: RoomsWorld) -> None:
    incidents = [world.incident("One"), world.incident("Two")]
    for incident in incidents:
        world.card(incident)
        world.open(incident)
    world.clock.advance(120)
    follow_room = following.follow_room
    first = []

    def slowly(context: Any, records: Any, room: Any, *args: Any, **more: Any) -> Any:
        if not first:
            first.append(room.incident)
            (other,) = {one.id for one in incidents} - {room.incident}
            known = world.records().of(other)[0]
            world.records().save(known._replace(invited=(*known.invited, "PNEW")))
            world.clock.advance(30)
        return follow_room(context, records, room, *args, **more)

    for incident in incidents:  # people made them private, which the round remembers
        (channel,) = world.rooms_of(incident)
        channel.type = "P"
    with mock.patch.object(following, "follow_room", slowly):
        tending.tend(world.context(), {})
    (other,) = {one.id for one in incidents} - set(first)
    room = world.records().of(other)[0]
    assert "PNEW" in room.invited
    assert room.private
