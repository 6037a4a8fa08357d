"""The round finds what differs and puts it right: forgotten rooms, orphans, wishes of which
nothing came; it costs little."""

from __future__ import annotations

from followed_room import HOUR, NAME, come, opened, round_
from rooms_world import RoomsWorld

from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.rooms import opening, tending


def test_a_forgotten_room_is_found_again(world: RoomsWorld) -> None:
    """The datastore was restored from before."""
    incident = opened(world)
    for key in [name for name in world.datastore.items if "room" in name]:
        del world.datastore.items[key]
    assert len(round_(world).done) == 1
    assert world.room(incident).name == NAME
    assert len(world.cards(NAME)) == 1
    assert len(world.rooms_of(incident)) == 1


def test_an_orphan_of_a_crash_is_archived(world: RoomsWorld) -> None:
    incident = opened(world)
    context = world.context()
    own_channels.create(
        context.mattermost,
        world.world.team.id,
        "inc-of-another-title",
        "x",
        purpose=opening.purpose(incident.id),
    )
    round_(world)
    assert world.chat.channel("inc-of-another-title").delete_at
    assert world.room(incident).name == NAME


def test_a_wish_of_which_nothing_came_is_carried_out(world: RoomsWorld) -> None:
    incident = world.incident()
    wanted = opening.WantedRoom("inc-wanted", world.clock(), by=world.user("mei"))
    world.records().want(incident.id, wanted)
    round_(world)
    assert world.rooms_of(incident) == []
    world.clock.advance(61)
    round_(world)
    assert world.room(incident).name == "inc-wanted"
    assert "mei" in world.members("inc-wanted")


def test_a_round_in_which_all_is_well_costs_one_list(world: RoomsWorld) -> None:
    for number in range(12):
        world.open(world.incident(f"Slow {number}"))
    world.clock.advance(600)
    round_(world)
    from pagerduty_mattermost.cards.records import load_all

    context = world.context()
    remembered = load_all(context.store)
    before, calls = len(world.sandbox.journal.entries), len(world.datastore.calls)
    report = tending.tend(context, remembered, full=False)
    assert (report.rooms, report.done, report.problems) == (12, [], [])
    asked = world.requests(before)
    assert asked == [
        "GET /api/v4/teams/name/ops",
        f"GET /api/v4/users/me/teams/{world.world.team.id}/channels",
        "GET /api/v4/users/me",
    ]
    assert len(world.datastore.calls) - calls == 1


def test_one_rooms_trouble_stays_with_it(world: RoomsWorld) -> None:
    world.rooms = {"archive": "1h"}
    one, other = world.incident("One"), world.incident("Other")
    for incident in (one, other):
        world.open(incident)
        world.pagerduty.resolve(incident, "Ada Lovelace")
        come(world, incident)
    world.clock.advance(2 * HOUR)
    room = world.room(one)
    path = f"/channels/{room.channel_id}$"
    world.sandbox.mattermost.faults.add("status", status=500, method="DELETE", path=path)
    report = round_(world)
    assert len(report.problems) == 1
    assert world.chat.channel(world.records().old_of(other.id)[0].name).delete_at
