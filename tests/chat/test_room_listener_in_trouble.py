"""What is said in rooms is heard once, whatever happens: two ears, killed runs, a sensor that
starts anew, servers in trouble."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, Callable, List

import pytest
from datastore_double import Item
from datastore_double import Service as Datastore
from heard_rooms import Heard, contents
from rooms_world import RoomsWorld

from pagerduty_mattermost.chat import handle, thread_notes
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.gateways.context import Context


def test_what_was_not_dispatched_is_heard_again_once(quiet: RoomsWorld) -> None:
    incident = quiet.incident()
    quiet.open(incident)
    ears = Heard(quiet)
    ears.look()
    ears.say("note: in an outage")
    ears.sent.fails = True
    quiet.clock.advance(15)
    with pytest.raises(RetryLater):
        ears.room_listener.look()
    ears.sent.fails = False
    assert ears.look() == ["note"]
    assert contents(incident) == ["in an outage"]


def test_a_sensor_that_starts_anew_goes_on_where_it_was(quiet: RoomsWorld) -> None:
    incident = quiet.incident()
    quiet.open(incident)
    ears = Heard(quiet)
    ears.say("note: one")
    ears.look()
    ears.say("note: two")
    ears.room_listener = ears.anew()
    assert ears.look() == ["note"]
    items = quiet.datastore.items
    items["pagerduty.rooms.ear"] = items.pop("pagerduty.rooms.heard")
    ears.room_listener = ears.anew()
    assert ears.look() == [], "a version before wrote it so"
    items.pop("pagerduty.rooms.heard")
    ears.room_listener = ears.anew()
    ears.look()
    assert contents(incident) == ["one", "two"]


def test_two_ears_make_one_note(quiet: RoomsWorld) -> None:
    incident = quiet.incident()
    quiet.open(incident)
    first, second = Heard(quiet), Heard(quiet)
    first.say("note: once")
    first.look()
    second.look()
    assert contents(incident) == ["once"]


def slept_by(world: RoomsWorld, sleep: Callable[[float], None]) -> Context:
    clock = world.clock
    raw, store, log = world.raw(), world.datastore, world.log
    return Context(raw, store, log, clock=clock, monotonic=clock, sleep=sleep)


class Together(Datastore):
    """Two runs that read what was said of a post before either of them wrote it."""

    def __init__(self) -> None:
        super().__init__()
        self.both = Barrier(2, timeout=60)
        self.met = 0

    def list_values(
        self, local: bool = True, prefix: str = "", limit: int = 100, offset: int = 0
    ) -> List[Item]:
        found = super().list_values(local, prefix, limit, offset)
        if ".said." in prefix and self.met < 2:
            self.met += 1
            self.both.wait()
        return found


def test_two_ears_at_once_make_one_note(quiet: RoomsWorld) -> None:
    """Neither run knows of the other when it begins."""
    incident = quiet.incident()
    quiet.open(incident)
    ears = Heard(quiet)
    ears.say("note: once")
    quiet.clock.advance(15)
    ears.room_listener.look()
    ((_, order),) = ears.sent.taken()
    together = Together()
    together.items = quiet.datastore.items
    quiet.datastore = together

    def carry_out() -> Any:
        return handle.handle(slept_by(quiet, lambda seconds: time.sleep(seconds / 3)), order)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(carry_out) for _ in range(2)]:
            done.result(30)
    assert together.met == 2
    assert contents(incident) == ["once"]


def test_a_run_that_comes_while_another_writes_the_note_waits_for_it(quiet: RoomsWorld) -> None:
    incident = quiet.incident()
    quiet.open(incident)
    ears = Heard(quiet)
    post = ears.say("note: once")
    assert thread_notes.note_of(quiet.context(), {"post_id": post.id}) is not None
    slept = []

    def written_meanwhile(seconds: float) -> None:
        slept.append(seconds)
        quiet.clock.advance(seconds)
        if len(slept) == 3:
            quiet.pagerduty.annotate(incident, "once", "Ada Lovelace")

    second = slept_by(quiet, written_meanwhile)
    assert thread_notes.note_of(second, {"post_id": post.id}) is None
    assert len(slept) == 3


def test_what_a_killed_run_left_undone_is_noted_by_the_next(quiet: RoomsWorld) -> None:
    incident = quiet.incident()
    quiet.open(incident)
    ears = Heard(quiet)
    post = ears.say("note: once")
    assert thread_notes.note_of(quiet.context(), {"post_id": post.id}) is not None
    assert thread_notes.note_of(quiet.context(), {"post_id": post.id}) is not None
    assert quiet.slept < 15


def test_each_kind_of_trouble_is_heard_later(quiet: RoomsWorld) -> None:
    incident = quiet.incident()
    quiet.open(incident)
    ears = Heard(quiet)
    ears.look()
    ears.say("note: later")
    for path in ("/users/me/teams", f"/channels/{quiet.room(incident).channel_id}/posts"):
        quiet.sandbox.mattermost.faults.add(
            "status", status=500, method="GET", path=path, times=20
        )
        ears.room_listener.listen()
        quiet.sandbox.mattermost.faults.clear()
    assert any("heard later" in line for line in quiet.log.lines)
    assert ears.look() == ["note"]
