"""Which of several sensors leads, over simulated processes: calls that take their time, processes
that stand still or are killed, a datastore that is away. Time is simulated."""

from __future__ import annotations

import heapq
import random
from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest

from pagerduty_mattermost.sensor.election import (
    LEADS,
    LOOK_SECONDS,
    SETTLE_SECONDS,
    SILENT_SECONDS,
    STANDS_BY,
    UNSURE,
    WRITE,
    Election,
    LeaderRecord,
)

TAKEOVER_SECONDS = 20.0
"""What docs/cluster.md promises."""


class Site:
    """A datastore and the processes around it."""

    def __init__(self, seed: int, latency: float = 0.05) -> None:
        self.random = random.Random(seed)
        self.latency = latency
        self.now = 0.0
        self.record: Optional[LeaderRecord] = None
        self.is_away = False
        self.queue: List[Tuple[float, int, Callable[[], None]]] = []
        self.number = 0
        self.processes: Dict[str, Process] = {}

    def at(self, seconds: float, do: Callable[[], None]) -> None:
        self.number += 1
        heapq.heappush(self.queue, (self.now + seconds, self.number, do))

    def delay(self) -> float:
        return self.random.uniform(0.2, 1.8) * self.latency

    def start(self, name: str) -> Process:
        process = self.processes[name] = Process(self, name)
        self.at(self.delay(), process.look)
        return process

    def run(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        """Until so much later; `each` after everything that happens."""
        until = self.now + seconds
        while self.queue and self.queue[0][0] <= until:
            self.now, _, do = heapq.heappop(self.queue)
            do()
            each()
        self.now = until

    def leaders(self) -> List[str]:
        return [name for name, one in self.processes.items() if one.role == LEADS]


class Process:
    """One sensor's thread: read, decide, write, each after a while."""

    def __init__(self, site: Site, name: str) -> None:
        self.site, self.name = site, name
        self.election = Election(name, site.now)
        self.is_alive, self.still_until = True, 0.0

    @property
    def role(self) -> str:
        """As whoever asks it then sees it: a process that stands still does nothing."""
        if not self.is_alive or self.site.now < self.still_until:
            return STANDS_BY
        return self.election.role(self.site.now)

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        def when_it_runs() -> None:
            if not self.is_alive:
                return
            if self.site.now < self.still_until:
                self.site.at(self.still_until - self.site.now, when_it_runs)
                return
            do()

        self.site.at(seconds, when_it_runs)

    def look(self) -> None:
        self.after(self.site.delay(), self.read)

    def read(self) -> None:
        if self.site.is_away:
            self.election.unread()
            self.after(LOOK_SECONDS, self.look)
            return
        step = self.election.step(self.site.record, self.site.now)
        if step.what != WRITE:
            self.after(step.after, self.look)
            return

        def write() -> None:
            if self.site.is_away:
                self.election.unread()
            else:
                self.site.record = step.record
                self.election.written(self.site.now)
            self.after(step.after, self.look)

        self.after(self.site.delay(), write)


def test_one_alone_leads_within_seconds_and_for_good() -> None:
    site = Site(1)
    alone = site.start("a")
    site.run(SETTLE_SECONDS + 1)
    assert site.leaders() == ["a"]
    assert alone.election.term == 1
    site.run(3600)
    assert site.leaders() == ["a"]
    assert alone.election.term == 1


@pytest.mark.parametrize("seed", range(200))
def test_of_several_exactly_one_leads_and_it_stays_the_same(seed: int) -> None:
    site = Site(seed, latency=0.3)
    for name in "abcd"[: site.random.randint(2, 4)]:
        site.at(
            site.random.choice((0.0, 0.0, site.random.uniform(0, 5))), lambda n=name: site.start(n)
        )

    def at_most_one() -> None:
        assert len(site.leaders()) <= 1

    site.run(30, at_most_one)
    (leader,) = site.leaders()
    site.run(1200, at_most_one)
    assert site.leaders() == [leader]
    assert site.processes[leader].election.term == 1


@pytest.mark.parametrize("seed", range(200))
def test_another_takes_over_from_who_was_killed_within_the_promised_time(seed: int) -> None:
    site = Site(seed, latency=0.3)
    for name in "abc":
        site.start(name)
    site.run(60 + site.random.uniform(0, 4))
    for _ in range(2):
        (leader,) = site.leaders()
        site.processes[leader].is_alive = False
        site.run(SILENT_SECONDS - LOOK_SECONDS - 1)
        assert site.leaders() == [], "a leader that is merely slow is not replaced"
        site.run(TAKEOVER_SECONDS - (SILENT_SECONDS - LOOK_SECONDS - 1))
        assert len(site.leaders()) == 1
        site.run(site.random.uniform(0, 60))


@pytest.mark.parametrize("seed", range(100))
def test_who_stood_still_gives_way_and_both_lead_for_one_look_at_most(seed: int) -> None:
    site = Site(seed)
    for name in "ab":
        site.start(name)
    site.run(60 + site.random.uniform(0, 4))
    (old,) = site.leaders()
    both_since: List[float] = []
    longest = [0.0]

    def watch() -> None:
        if len(site.leaders()) < 2:
            both_since.clear()
            return
        both_since.append(site.now)
        longest[0] = max(longest[0], site.now - both_since[0])

    process = site.processes[old]
    process.still_until = site.now + site.random.uniform(5, 120)
    stood = process.still_until - site.now
    site.run(200, watch)
    assert longest[0] <= LOOK_SECONDS + 4 * site.latency
    (leader,) = site.leaders()
    if stood > TAKEOVER_SECONDS:
        assert leader != old or process.election.term > 1, "what it knew is read anew"


@pytest.mark.parametrize("seed", range(50))
def test_a_datastore_that_is_away_changes_no_leader(seed: int) -> None:
    site = Site(seed)
    for name in "abc":
        site.start(name)
    site.run(60 + site.random.uniform(0, 4))
    (leader,) = site.leaders()
    site.is_away = True
    site.run(site.random.uniform(SILENT_SECONDS + 3, 600))
    assert site.leaders() == []
    assert site.processes[leader].role == UNSURE
    site.is_away = False
    site.run(LOOK_SECONDS + 1)
    assert site.leaders() == [leader]
    site.run(600)
    assert site.leaders() == [leader]
    assert site.processes[leader].election.term == 1


@pytest.mark.parametrize("seed", range(100))
def test_whatever_happens_there_is_one_leader_soon_after_it_is_over(seed: int) -> None:
    site = Site(seed, latency=0.4)
    names = iter("abcdefghijklmnopqrstuvwxyz")
    for _ in range(3):
        site.start(next(names))
    for _ in range(12):
        site.run(site.random.uniform(0, 25))
        alive = [one for one in site.processes.values() if one.is_alive]
        what = site.random.choice(("kill", "still", "away", "gone", "late"))
        if what == "kill" and len(alive) > 1:
            site.random.choice(alive).is_alive = False
            site.start(next(names))
        elif what == "still":
            site.random.choice(alive).still_until = site.now + site.random.uniform(1, 40)
        elif what == "away":
            site.is_away = True
            site.at(site.random.uniform(1, 40), lambda: setattr(site, "is_away", False))
        elif what == "gone":
            site.record = None
        else:
            site.latency = site.random.choice((0.05, 0.4, 2.0, 6.0))
    site.latency = 0.05
    site.run(90)
    site.is_away = False
    site.run(TAKEOVER_SECONDS)

    def one_alone(_: Any = None) -> None:
        assert len(site.leaders()) == 1

    site.run(300, one_alone)
