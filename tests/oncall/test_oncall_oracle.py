"""Who is on call by random schedules of both kinds over a year, as the pack reads it from the
sandbox, against an oracle with code of its own; and one hand-off for each real one, none when
PagerDuty upgrades a schedule."""

# flake8: noqa: E203

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import Any, Dict, FrozenSet, Iterator, List, Tuple

import pytest
from oncall_case import OnCallCase
from oncall_oracle import BEGIN, DAY, END, HOUR, Oracle, random_rota

from pagerduty_mattermost.core.config.connections import Http, PagerDutyConfig, Timeouts
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.gateways.pagerduty import schedules
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.oncall import entries
from pagerduty_mattermost.oncall.handoffs import LOOK_BACK_SECONDS, WatchState, find_changes
from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer

WINDOW_SECONDS = 30 * DAY
POLICY_SCHEDULES = 10
ENTRIES_AHEAD_SECONDS = 1800
Changed = Tuple[str, float, FrozenSet[str], FrozenSet[str]]
"""What, when, who came, who left."""


class Planted:
    """A sandbox with random schedules, every second one shift-based, and their oracles."""

    def __init__(self, server: PagerDutyServer, count: int, seed: int) -> None:
        self.server, self.account = server, server.account
        self.account.options.rate_limit = None
        self.rng = Random(seed)
        users = [
            self.account.add(
                "users", f"User {n}", email=f"user{n}@example.com", role="user", team_ids=[]
            )["id"]
            for n in range(12)
        ]
        self.oracles: Dict[str, Oracle] = {}
        for number in range(count):
            own = self.rng.sample(users, 6)
            rota = random_rota(self.rng, own, shift_based=number % 2 == 1)
            made = self.account.add("schedules", f"Rota {number}", **deepcopy(rota))
            self.oracles[made["id"]] = Oracle(rota)
        self.ids = list(self.oracles)
        for begin in range(0, count, POLICY_SCHEDULES):
            targets = [("schedule", id) for id in self.ids[begin : begin + POLICY_SCHEDULES]]
            rules = [{"id": self.account.new_id("P", 7), "delay": 30, "targets": targets}]
            more = {"description": "", "num_loops": 0, "team_ids": []}
            self.account.add("escalation_policies", f"Policy {begin}", rules=rules, **more)
        config = PagerDutyConfig(
            api_key=Secret(API_KEY), api_url=server.url, http=Http(Timeouts(5.0, 60.0))
        )
        self.pagerduty = PagerDuty(config)


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    clock = Clock(BEGIN)
    with PagerDutyServer(SandboxJournal(clock), clock) as server:
        yield server


def read_as_the_oracle_says(planted: Planted, windows: List[float]) -> int:
    """How many moments were compared: each at which something may change, the second before it,
    the bounds that were read, and random minutes."""
    count = 0
    for id, oracle in planted.oracles.items():
        planted.server.journal.clear()
        marks = oracle.marks()
        for begin in windows:
            end = begin + WINDOW_SECONDS
            final = schedules.read(planted.pagerduty, id, begin, end).final
            moments = {at for mark in marks for at in (mark, mark - 1)}
            moments.update(at for one in final for at in (one.start, one.end, one.end - 1))
            moments.update(begin + 60 * planted.rng.randrange(30 * 1440) for _ in range(60))
            for at in sorted(at for at in moments if begin <= at < end):
                found = {one.user.id for one in final if one.start <= at < one.end}
                assert found == oracle.at(at), (id, at, planted.account.catalog["schedules"][id])
                count += 1
    return count


def handed_off_as_the_oracle_says(
    planted: Planted, begin: float, end: float, steps: List[float], upgrades: List[float]
) -> int:
    """How many hand-offs there were. Looks are a random step apart; at the first look after each
    of `upgrades` PagerDuty has upgraded a part of the schedules."""
    real: Dict[float, List[str]] = {}
    for id, oracle in planted.oracles.items():
        for at in oracle.changes():
            real.setdefault(at, []).append(id)
    state, now, due, count, upgraded = WatchState(), begin, list(upgrades), 0, 0
    while now < end:
        if due and now >= due[0]:
            due.pop(0)
            upgraded += upgrade_some(planted)
        planted.server.clock.set(now)
        planted.server.journal.clear()
        since = max(state.at, now - LOOK_BACK_SECONDS) if state.at else now
        asked = {"schedule": planted.ids}
        seen = entries.read(planted.pagerduty, asked, since, now + ENTRIES_AHEAD_SECONDS)
        found = find_changes(state, seen.spans, now)
        told = [
            (
                one.watched,
                one.at,
                frozenset(span.user.id for span in one.came),
                frozenset(held.user.id for held in one.left),
            )
            for one in found.handoffs
        ]
        moments = [at for at in real if state.at < at <= now] if state.at else []
        wanted = [changed(planted, id, at) for at in moments for id in real[at]]
        assert sorted(told, key=_order) == sorted(wanted, key=_order)
        assert len({one.key for one in found.handoffs}) == len(told)
        count += len(told)
        state, now = found.state, now + planted.rng.choice(steps)
    assert not due
    assert upgraded
    return count


def changed(planted: Planted, id: str, at: float) -> Changed:
    before, after = (planted.oracles[id].at(moment) for moment in (at - 1, at))
    return id, at, after - before, before - after


def _order(one: Changed) -> Any:
    return one[:2]


def upgrade_some(planted: Planted) -> int:
    """Half of those that the sandbox can upgrade, whatever overrides go on or come."""
    count = 0
    for id in planted.ids:
        row = planted.account.catalog["schedules"][id]
        if row["type"] != "schedule" or planted.rng.random() < 0.5:
            continue
        with suppress(ValueError):
            planted.account.upgrade(id)
            count += 1
    return count


def test_some_schedules_where_the_clocks_change(server: PagerDutyServer) -> None:
    planted = Planted(server, 24, 20261130)
    spring, autumn = BEGIN + 10 * DAY, BEGIN + 232 * DAY  # 11 March, 19 October
    assert read_as_the_oracle_says(planted, [spring, autumn]) > 3000


def test_some_hand_offs_where_the_clocks_change(server: PagerDutyServer) -> None:
    planted = Planted(server, 40, 20)
    begin = BEGIN + 230 * DAY  # 17 October
    steps = [60.0, 6.0 * HOUR, 20.0 * HOUR, 44.0 * HOUR]
    count = handed_off_as_the_oracle_says(
        planted, begin, begin + 20 * DAY, steps, [begin + 6 * DAY]
    )
    assert count > 300


@pytest.mark.soak
def test_500_schedules_over_a_year(server: PagerDutyServer) -> None:
    planted = Planted(server, 500, 2026)
    windows = [BEGIN + n * WINDOW_SECONDS for n in range(12)]
    assert read_as_the_oracle_says(planted, windows) > 500_000


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_hand_offs_of_500_schedules_over_a_year(server: PagerDutyServer, seed: int) -> None:
    """In ten accounts: each page of an account's on-calls costs the sandbox all of them."""
    planted = Planted(server, 50, 2027 + seed)
    steps = [60.0, 20.0 * HOUR, 44.0 * HOUR, 47.0 * HOUR]
    upgrades = [BEGIN + n * 40 * DAY for n in range(1, 5)]
    count = handed_off_as_the_oracle_says(planted, BEGIN, END - 2 * DAY, steps, upgrades)
    assert count > 5_000


class MessagesTestCase(OnCallCase):
    """The watch itself, by its action: as many messages in the channel as there were changes."""

    __test__ = True

    def test_one_message_for_each_change_and_none_for_an_upgrade(self) -> None:
        rng = Random(11)
        users = list(self.account.catalog["users"])
        oracles: Dict[str, Oracle] = {}
        for number in range(12):
            rota = random_rota(rng, rng.sample(users, 6), shift_based=number % 2 == 1)
            self.account.add("schedules", f"Rota {number}", **deepcopy(rota))
            oracles[f"Rota {number}"] = Oracle(rota)
        used = list(oracles)[:10]  # by the last two nobody is paged
        self.policy("All", [("schedule", self.id("schedules", name)) for name in used])
        self.settings["oncall"] = {
            "channels": dict.fromkeys(oracles, "incidents"),
            "direct_messages": False,
            "remind_before": 0,
            "contact_check_before": 0,
        }
        begin = BEGIN + 234 * DAY  # 21 October, before the clocks change
        now, upgraded = begin, 0
        while now < begin + 12 * DAY:
            if now >= begin + 5 * DAY and not upgraded:
                upgraded = self.upgrade_all()
            self.at(now)
            self.chat.service.forget_pending()
            self.done("oncall.watch")
            until, now = now, now + rng.choice((300, 6 * HOUR, 20 * HOUR, 40 * HOUR))
        posts = [found.group(1) for found in map(_NAMED.search, self.messages()) if found]
        wanted = {
            name: len([at for at in oracle.changes() if begin < at <= until])
            for name, oracle in oracles.items()
        }
        assert Counter(posts) == Counter({name: n for name, n in wanted.items() if n})
        assert upgraded >= 2
        assert len(posts) > 60

    def upgrade_all(self) -> int:
        count = 0
        for row in self.account.catalog["schedules"].values():
            if row["type"] == "schedule":
                with suppress(ValueError):
                    self.account.upgrade(row["id"])
                    count += 1
        return count


_NAMED = re.compile(r"\*\*(Rota \d+)\*\*")
