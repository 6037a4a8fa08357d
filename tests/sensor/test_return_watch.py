"""When the incident sensor looks for waiting posts, asks Mattermost and says that it is back."""

from __future__ import annotations

from typing import List, Optional, Tuple

from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.gateways.stackstorm.outage import CatchUpRun, Outage, Waiting
from pagerduty_mattermost.sensor.return_watch import (
    LONGEST_PROBE_SECONDS,
    LOOK,
    PROBE,
    QUIET_LOOK_SECONDS,
    SOON_LOOK_SECONDS,
    TELL,
    ReturnWatch,
)

WITHIN_SECONDS = 5.0
PROBE_SECONDS = 0.1


class Played:
    """A watch on a clock of its own, a datastore and a Mattermost that is away at times."""

    def __init__(self, away: Tuple[Tuple[float, float], ...] = (), jitter: float = 0.0) -> None:
        self.now = 0.0
        self.watch = ReturnWatch(0.0, random=lambda: jitter)
        self.away = away
        self.outage = Outage()
        self.done: List[Tuple[str, float]] = []
        self.unread = False
        self.run_seconds: Optional[float] = 1.0
        """How long a run takes once it was told; None: the trigger is lost."""
        self.killed = False
        """Runs give no sign of life after their first."""
        self.caught_up = 1
        self.ends: List[float] = []
        self.runs = 0

    def is_away(self, at: float) -> bool:
        return any(begin <= at < end for begin, end in self.away)

    def fail(self) -> None:
        """An action keeps what it could not post."""
        self.outage = self.outage._replace(waiting=Waiting(self.now))

    def until(self, end: float) -> None:
        while True:
            what, at = self.watch.next
            if self.ends and self.ends[0] <= min(at, end):
                self._end(self.ends.pop(0))
                continue
            if at > end:
                self.now = end
                return
            self.now = max(self.now, at)
            self.done.append((what, self.now))
            run = self.outage.run
            if what == LOOK and self.ends and run is not None and not self.killed:
                self.outage = self.outage._replace(run=run._replace(at=self.now // 5 * 5))
            if what == LOOK:
                self.watch.looked(self.now, None if self.unread else self.outage)
            elif what == PROBE:
                began = self.now
                self.now += PROBE_SECONDS
                self.watch.probed(began, self.now, not self.is_away(began))
            else:
                self.watch.told(self.now, True)
                if self.run_seconds is not None:
                    self.runs += 1
                    run = CatchUpRun(f"r{self.runs}", self.now)
                    self.outage = self.outage._replace(run=run)
                    self.ends.append(self.now + self.run_seconds)

    def _end(self, at: float) -> None:
        gone = self.caught_up and not self.is_away(at)
        run = CatchUpRun(f"r{self.runs}", at, True, self.caught_up if gone else 0)
        self.outage = Outage(None if gone else self.outage.waiting, run)

    def times(self, what: str) -> List[float]:
        return [at for kind, at in self.done if kind == what]


def test_while_nothing_waits_it_looks_twice_a_minute_and_asks_nobody() -> None:
    played = Played()
    played.until(3600)
    assert len(played.times(LOOK)) == 3600 / QUIET_LOOK_SECONDS + 1
    assert {what for what, _ in played.done} == {LOOK}


def test_after_a_trigger_it_looks_more_often_for_a_while() -> None:
    played = Played()
    played.until(10)
    played.watch.expect(10)
    played.until(100)
    looks = [at for at in played.times(LOOK) if at > 10]
    assert len([at for at in looks if at <= 40]) == QUIET_LOOK_SECONDS / SOON_LOOK_SECONDS
    assert len([at for at in looks if at > 41]) == 2


@settings(max_examples=200, deadline=None)
@given(
    failed=st.floats(0.1, 25),
    away=st.floats(1, 400),
    jitter=st.floats(0, 0.99),
    run_seconds=st.floats(0.1, 200),
)
def test_however_long_it_was_away_its_return_is_told_in_time_and_once(
    failed: float, away: float, jitter: float, run_seconds: float
) -> None:
    """A change is dispatched at 20 s; its action fails a while later."""
    back = 20 + failed + away
    played = Played(((20.0, back),), jitter)
    played.run_seconds = run_seconds
    played.until(20)
    played.watch.expect(20)
    played.until(20 + failed)
    played.fail()
    played.until(back + 1000)
    (told,) = played.times(TELL)
    assert back <= told <= back + WITHIN_SECONDS
    assert played.outage.waiting is None


def test_the_waits_grow_are_short_and_do_not_read_the_datastore() -> None:
    played = Played(((0.0, 600.0),))
    played.fail()
    played.until(599)
    probes = played.times(PROBE)
    waits = [round(b - a, 2) for a, b in zip(probes, probes[1:])]
    assert waits[:4] == [0.5, 1.0, 2.0, LONGEST_PROBE_SECONDS]
    assert set(waits[3:]) == {LONGEST_PROBE_SECONDS}
    assert len(played.times(LOOK)) <= len(probes) / 10 + 1


def test_a_sensor_that_starts_while_it_is_away_asks_at_once() -> None:
    played = Played(((0.0, 50.0),))
    played.fail()
    played.until(60)
    assert played.times(PROBE)[0] == 0
    (told,) = played.times(TELL)
    assert told <= 50 + WITHIN_SECONDS


def test_away_again_while_a_run_catches_up_it_asks_again() -> None:
    played = Played(((0.0, 50.0), (55.0, 90.0)))
    played.run_seconds = 10.0
    played.fail()
    played.until(200)
    first, second = played.times(TELL)
    assert 50 <= first <= 50 + WITHIN_SECONDS
    assert 90 <= second <= 90 + WITHIN_SECONDS
    assert played.outage.waiting is None


def test_a_run_that_was_killed_and_a_trigger_that_was_lost_are_followed_by_another() -> None:
    for seconds in (10_000.0, None):
        played = Played()
        played.run_seconds, played.killed = seconds, True
        played.fail()
        played.until(60)
        assert len(played.times(TELL)) == 2
        assert 30 <= played.times(TELL)[1] <= 40


def test_while_a_run_gives_signs_of_life_there_is_no_second_one() -> None:
    played = Played()
    played.run_seconds = 240.0
    played.fail()
    played.until(300)
    assert len(played.times(TELL)) == 1


def test_a_run_of_the_timers_is_waited_for() -> None:
    played = Played()
    played.fail()
    played.outage = played.outage._replace(run=CatchUpRun("timer", 0.0))
    played.until(20)
    assert played.times(TELL) == []
    played.outage = Outage(None, CatchUpRun("timer", 20.0, True, 5))
    played.until(100)
    assert played.times(TELL) == []


def test_what_can_not_be_posted_although_it_answers_is_tried_less_and_less() -> None:
    played = Played()
    played.caught_up = 0
    played.fail()
    played.until(3600)
    told = played.times(TELL)
    assert len(told) <= 15
    assert len(played.times(PROBE)) <= 2 * len(told)
    played.until(3700)
    played.caught_up = 1
    played.fail()
    played.watch.expect(3700)
    played.until(3710)
    assert played.times(TELL)[-1] >= 3700, "something new failed: it is tried at once"
    assert played.outage.waiting is None


def test_a_datastore_that_is_down_is_asked_again() -> None:
    played = Played()
    played.fail()
    played.unread = True
    played.until(60)
    played.unread = False
    played.until(70)
    assert len(played.times(TELL)) == 1


def test_what_others_have_done_meanwhile_ends_the_asking() -> None:
    """This machine alone can't reach Mattermost: the timer's run has posted all."""
    played = Played(((0.0, 10_000.0),))
    played.fail()
    played.until(100)
    played.outage = Outage(None, CatchUpRun("timer", 100.0, True, 3))
    played.until(400)
    assert max(played.times(PROBE)) <= 140
