"""Schedules of both kinds as one: found by name, read, overridden, and what a lost answer of a
change means. Against the sandbox, which knows each way in which PagerDuty may answer."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List

import openapi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.connections import Http, PagerDutyConfig, Timeouts
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.errors import Ambiguous, NotFound, RejectedInput, RetryLater
from pagerduty_mattermost.gateways.pagerduty import on_calls, overrides, schedules
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.overrides import AlreadyOnCall, plan
from pagerduty_mattermost.gateways.pagerduty.references import (
    Reference,
    resolve,
    resolve_all,
)
from pagerduty_mattermost.gateways.pagerduty.schedules import Schedule, ScheduleShift
from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer
from sandbox.pagerduty.shift_rota import SHIFT_BASED

START = 1_800_000_000
HOUR, DAY = 3600, 86400
ROTA = "Platform rotation"


class World:
    def __init__(self, server: PagerDutyServer) -> None:
        self.server = server
        self.account = server.account
        self.renew()

    def renew(self) -> PagerDuty:
        """As a new process would."""
        config = PagerDutyConfig(
            api_key=Secret(API_KEY),
            api_url=self.server.url,
            from_email="ada@example.com",
            http=Http(Timeouts(2.0, 2.0)),
        )
        clock = self.server.clock
        self.pagerduty = PagerDuty(config, sleep=lambda _: None, clock=clock)
        return self.pagerduty

    def user(self, name: str) -> str:
        return str(self.account.find("users", name)["id"])

    def id(self, name: str = ROTA) -> str:
        return str(self.account.find("schedules", name)["id"])

    def shifts(self, name: str, *people: str, hours: int = 24) -> str:
        """A shift-based schedule on which these people stand at once, each in a rotation of their
        own, from the start of the world on, so many hours a day."""
        begin, end = times.iso(START), times.iso(START + hours * HOUR)
        rotations = [
            {
                "id": self.account.new_id("A", 26),
                "events": [
                    {
                        "id": self.account.new_id("A", 26),
                        "name": person,
                        "start": {"date_time": begin, "time_zone": "UTC"},
                        "end": {"date_time": end, "time_zone": "UTC"},
                        "effective_since": START,
                        "effective_until": None,
                        "recurrence": ["RRULE:FREQ=DAILY"],
                        "rotating": True,
                        "shifts_per_member": 1,
                        "members": [self.user(person)],
                    }
                ],
            }
            for person in people
        ]
        made = self.account.add(
            "schedules",
            name,
            type=SHIFT_BASED,
            time_zone="UTC",
            layers=[],
            overrides=[],
            rotations=rotations,
            custom_shifts=[],
            shift_overrides=[],
        )
        return str(made["id"])

    def on_call(self, id: str, at: float) -> List[str]:
        return sorted(one.name for one in schedules.on_duty(self.renew(), id, at))

    def take(self, id: str, person: str, hours: int = 2, **more: Any) -> Dict[str, Any]:
        now = self.server.clock()
        span = (times.iso(now), times.iso(now + hours * HOUR))
        return overrides.create(self.pagerduty, id, *span, self.user(person), **more)

    def paths(self, since: int = 0) -> List[str]:
        return [f"{one.method} {one.path}" for one in self.server.journal.entries[since:]]


@pytest.fixture
def world() -> Iterator[World]:
    clock = Clock(START)
    journal = SandboxJournal(clock)
    with PagerDutyServer(journal, clock) as server:
        yield World(server)
    if openapi.available():
        assert openapi.check_journal(journal) == []


@pytest.mark.parametrize("answer", ["missing", "refused", "empty"])
def test_an_upgraded_schedule_is_found_and_read_as_before(world: World, answer: str) -> None:
    world.account.set_switches(upgraded_schedule=answer)
    span = (START, START + 20 * DAY)
    before = schedules.read(world.pagerduty, world.id(), *span)
    assert (before.shift_based, before.name, before.used) == (False, ROTA, True)
    world.account.upgrade(ROTA)
    for reading in (world.pagerduty, world.renew()):  # also by whoever knew it as it was
        after = schedules.read(reading, world.id(), *span)
        assert (after.shift_based, after.name, after.used) == (True, ROTA, True)
        assert [one[1:3] for one in after.final] == [one[1:3] for one in before.final]
        assert [one.user.name for one in after.final] == [one.user.name for one in before.final]
        assert resolve(reading, "schedule", ROTA.upper()).id == world.id()
        assert resolve(reading, "schedule", world.id()).name == ROTA
    with pytest.raises(NotFound, match="did you mean Platform rotation"):
        resolve(world.pagerduty, "schedule", "Platform rotatoin")


def test_names_of_both_kinds_are_found_together(world: World) -> None:
    id = world.shifts("Nights", "Ada Lovelace")
    found = resolve_all(world.pagerduty, "schedule", ["nights", ROTA, id])
    assert [one.id for one in found] == [id, world.id()]
    assert world.paths() == ["GET /schedules", "GET /v3/schedules"]


def test_an_account_without_the_new_api_is_read_as_ever(world: World) -> None:
    world.server.faults.add("status", status=403, path="/v3/", times=100)
    assert resolve(world.pagerduty, "schedule", world.id()).name == ROTA
    assert len(schedules.read(world.pagerduty, world.id(), START, START + DAY).final) == 1
    with pytest.raises(NotFound):
        schedules.read(world.renew(), "PNOSUCH", START, START + DAY)


def test_a_schedule_that_no_policy_uses_has_whoever_stands_in_it(world: World) -> None:
    id = world.shifts("Nights", "Ada Lovelace", "Grace Hopper")
    rows, name = on_calls.who(world.pagerduty, schedule="Nights")
    assert name == "Nights"
    assert sorted((row.user.name, row.user.email) for row in rows) == [
        ("Ada Lovelace", "ada@example.com"),
        ("Grace Hopper", "grace@example.com"),
    ]
    assert sorted(row.user.name for row in on_calls.who(world.pagerduty, schedule=id)[0]) == [
        "Ada Lovelace",
        "Grace Hopper",
    ]
    coming, _ = on_calls.upcoming(world.pagerduty, now=START, days=3, schedule="Nights")
    assert [row.start for row in coming] == [times.iso(START + DAY)]


def test_a_schedule_that_three_policies_use_is_one_row(world: World) -> None:
    for number in range(3):
        rules = [{"id": f"R{number}", "delay": 30, "targets": [("schedule", world.id())]}]
        world.account.add(
            "escalation_policies", f"P{number}", rules=rules, num_loops=0, team_ids=[]
        )
    assert len(on_calls.who(world.pagerduty, schedule=ROTA)[0]) == 1
    assert len(on_calls.who(world.pagerduty, schedule=world.id())[0]) == 1


def test_an_override_replaces_the_rotations_person(world: World) -> None:
    world.account.upgrade(ROTA)
    before = world.on_call(world.id(), START)
    made = world.take(world.id(), "Ada Lovelace")
    assert world.on_call(world.id(), START + HOUR) == ["Ada Lovelace"]
    assert world.on_call(world.id(), START + 3 * HOUR) == before
    assert made["user"]["summary"] == "Ada Lovelace"
    assert [one["instead_of"]["summary"] for one in made["parts"]] == before
    rows = overrides.read(
        world.pagerduty, world.id(), times.iso(START), times.iso(START + DAY), overflow=True
    )
    assert [(row["id"], row["user"]["summary"]) for row in rows] == [(made["id"], "Ada Lovelace")]
    with pytest.raises(AlreadyOnCall):
        world.take(world.id(), "Ada Lovelace", hours=1)
    world.server.clock.advance(HOUR)
    overrides.delete(world.pagerduty, world.id(), made["id"])
    assert world.on_call(world.id(), START + HOUR) == before
    world.server.clock.advance(3 * HOUR)
    with pytest.raises(RejectedInput):  # it is over, and stays in the history
        overrides.delete(world.pagerduty, world.id(), made["id"])
    with pytest.raises(NotFound):
        overrides.delete(world.pagerduty, world.id(), "ANOSUCH1")


def test_with_several_on_call_it_is_asked_whom_to_replace(world: World) -> None:
    id = world.shifts("Nights", "Ada Lovelace", "Grace Hopper")
    writes = len(world.server.journal.entries)
    with pytest.raises(Ambiguous, match="Ada Lovelace and Grace Hopper are on call"):
        world.take(id, "Mei Tanaka")
    assert not [one for one in world.paths(writes) if one.startswith("POST")]
    world.take(id, "Mei Tanaka", instead_of=world.user("Grace Hopper"))
    assert world.on_call(id, START + HOUR) == ["Ada Lovelace", "Mei Tanaka"]
    world.take(id, "Olu Adeyemi", add=True)
    assert world.on_call(id, START + HOUR) == ["Ada Lovelace", "Mei Tanaka", "Olu Adeyemi"]
    with pytest.raises(NotFound, match="whom you name is not on call by"):
        world.take(id, "Olu Adeyemi", instead_of=world.user("Radia Perlman"))


def test_time_that_nobody_has_becomes_a_custom_shift_and_ends_with_the_rest(world: World) -> None:
    id = world.shifts("Days", "Ada Lovelace", hours=4)
    made = world.take(id, "Mei Tanaka", hours=8)
    assert world.on_call(id, START + 2 * HOUR) == ["Mei Tanaka"]
    assert world.on_call(id, START + 6 * HOUR) == ["Mei Tanaka"]
    assert world.on_call(id, START + 9 * HOUR) == []
    assert [one["instead_of"] is None for one in made["parts"]] == [False, True]
    assert made["id"].count(overrides.BETWEEN_IDS) == 1
    overrides.delete(world.pagerduty, id, made["id"])
    assert world.on_call(id, START + 2 * HOUR) == ["Ada Lovelace"]
    assert world.on_call(id, START + 6 * HOUR) == []


def test_a_layer_based_schedule_takes_no_second_person(world: World) -> None:
    with pytest.raises(RejectedInput, match="layer-based"):
        world.take(world.id(), "Ada Lovelace", add=True)


@pytest.mark.parametrize("part", ["overrides", "custom_shifts"])
def test_a_lost_answer_makes_nothing_twice(world: World, part: str) -> None:
    id = world.shifts("Days", "Ada Lovelace", hours=4)
    add = part == "custom_shifts"
    world.server.faults.add("lost", method="POST", path=f"/v3/schedules/{id}/{part}", times=1)
    made = world.take(id, "Mei Tanaka", hours=2, add=add)
    assert made["id"]
    found = world.account.find("schedules", "Days")
    assert len(found["shift_overrides"]) + len(found["custom_shifts"]) == 1


def test_half_of_it_is_said_where_the_rest_fails(world: World) -> None:
    id = world.shifts("Days", "Ada Lovelace", hours=4)
    path = f"/v3/schedules/{id}/custom_shifts"
    world.server.faults.add("status", status=403, method="POST", path=path, times=9)
    with pytest.raises(Exception, match=f"done for a part of the time only \\({id}:A"):
        world.take(id, "Mei Tanaka", hours=8)
    assert world.on_call(id, START + 2 * HOUR) == ["Mei Tanaka"]


def test_trouble_with_the_new_api_is_trouble(world: World) -> None:
    id = world.shifts("Days", "Ada Lovelace")
    world.server.faults.add("status", status=500, path="/v3/", times=100)
    with pytest.raises(RetryLater):
        schedules.read(world.renew(), id, START, START + DAY)


def test_many_are_read_in_few_requests(world: World) -> None:
    ids = [world.shifts(f"S{number}", "Ada Lovelace", "Grace Hopper") for number in range(4)]
    for number in range(20):
        layer = {
            "id": f"L{number}",
            "name": "Layer",
            "start": START - DAY,
            "end": None,
            "virtual_start": START - DAY,
            "turn": DAY,
            "user_ids": [world.user("Mei Tanaka")],
        }
        made = world.account.add(
            "schedules", f"L{number}", time_zone="UTC", team_ids=[], layers=[layer], overrides=[]
        )
        ids.append(str(made["id"]))
    found = schedules.read_many(world.pagerduty, ids, START, START + DAY)
    assert set(found) == set(ids)
    assert world.paths() == [
        "GET /schedules",
        *(f"GET /v3/schedules/{id}" for id in ids[:4]),
        *(f"GET /users/{world.user(name)}" for name in ("Ada Lovelace", "Grace Hopper")),
    ]


PEOPLE = [Reference("user", f"P{letter}", letter) for letter in "ABC"]


def test_names_of_many_take_a_request_for_each_hundred_users(world: World) -> None:
    """Only the first page tells how many there are."""
    users = [
        world.account.add("users", f"U {n}", email=f"u{n}@example.com", role="user", team_ids=[])
        for n in range(350)
    ]
    wanted = [one["id"] for one in users[::2]]
    world.server.journal.clear()
    found = schedules.people(world.pagerduty, [*wanted, "PGONE12"])
    assert [found[id].name for id in wanted] == [f"U {n}" for n in range(0, 350, 2)]
    assert found["PGONE12"].name == "PGONE12"
    asked = [entry.path for entry in world.server.journal.entries]
    assert asked == ["/users"] * 4 + ["/users/PGONE12"]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 20), st.integers(1, 8)),
        max_size=8,
    ),
    st.integers(0, 15),
    st.integers(1, 10),
)
def test_a_plan_puts_the_person_there_and_takes_nobody_else_away(
    rows: List[Any], start: int, length: int
) -> None:
    """Second by second: the person is on call then, and of the others at most one stands aside at
    a time, and nobody where the person was on call by their own turn."""
    final = [
        ScheduleShift(PEOPLE[who], at, at + hours, "", ("rotation_id", f"R{who}{lane}"))
        for who, lane, at, hours in rows
    ]
    found = Schedule("PS", "S", True, True, final, [], [])
    end = start + length
    try:
        parts = plan(found, "PA", start, end, add=False)
    except Ambiguous:
        parts = plan(found, "PA", start, end, add=True)
        assert [(one.start, one.end, one.of) for one in parts] == [(start, end, None)]
        return
    for second in range(start, end):
        own = any(one.user.id == "PA" and one.start <= second < one.end for one in final)
        there = [one for one in parts if one.start <= second < one.end]
        assert bool(there) != own
        assert len(there) <= 1
        for one in there:
            others = {s.user.id for s in final if s.start <= second < s.end}
            assert others == ({one.of.id} if one.of else set())
    assert all(start <= one.start < one.end <= end for one in parts)
