"""Which regular jobs the incident sensor finds due: none that is not configured or has nothing to
do."""

from __future__ import annotations

import logging
from typing import Any, Dict, List

import pytest

from pagerduty_mattermost.core.config.settings import load
from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.incidents.known_states import KnownIncident
from pagerduty_mattermost.sensor.upkeep_due import UpkeepDue

MATTERMOST = {"url": "https://chat.example.com", "token": "t", "default_channel": "incidents"}


class Keys:
    """A datastore in which it is only asked what there is."""

    def __init__(self) -> None:
        self.names: List[str] = []
        self.asked = 0
        self.broken = False
        self.run: Any = {"at": 1.0, "ended": 2.0, "left": 0}
        """What the last run of reconcile left of itself."""

    def read(self, name: str) -> Any:
        assert name == "reconcile.run"
        self.asked += 1
        if self.broken:
            raise StoreUnreachable("no datastore")
        return self.run

    def has_any(self, prefix: str) -> bool:
        self.asked += 1
        if self.broken:
            raise StoreUnreachable("no datastore")
        return any(name.startswith(prefix) for name in self.names)


class Day:
    def __init__(self, **settings: Any) -> None:
        self.keys = Keys()
        config = load({"mattermost": MATTERMOST, **settings})
        self.due = UpkeepDue(config, self.keys, logging.getLogger("due"))  # type: ignore[arg-type]
        self.known: Dict[str, KnownIncident] = {}
        self.now = 1000.0

    def minute(self) -> List[str]:
        jobs = self.due.jobs(self.known, self.now, self.now)
        self.due.begun(jobs, self.now)
        self.now += 60
        return jobs

    def minutes(self, count: int) -> List[List[str]]:
        return [self.minute() for _ in range(count)]

    def triggered(self, urgency: str = "high") -> None:
        self.known["P1"] = KnownIncident(
            "triggered", int(self.now), "", urgency, "", "", "", "", "", 0, 0, ""
        )


def test_nothing_but_reconcile_is_due_while_nothing_is_configured_or_happens() -> None:
    jobs = Day().minutes(91)
    assert [n for n, found in enumerate(jobs) if found] == [0, 5, 35, 65]
    assert all(set(found) <= {"reconcile", "kept_pages"} for found in jobs if found)


def test_what_changed_is_reconciled_twice_within_a_few_minutes() -> None:
    """What is younger than three minutes waits for the next run."""
    day = Day(reminders={"enabled": False})
    day.minutes(20)
    day.triggered()
    assert [n for n, found in enumerate(day.minutes(40)) if "reconcile" in found][:3] == [0, 5, 35]
    day.known.clear()
    assert "reconcile" in sum(day.minutes(6), [])


@pytest.mark.parametrize("run", [{"at": 5.0, "ended": 2.0}, {"at": 1.0, "ended": 2.0, "left": 3}])
def test_what_reconcile_left_or_did_not_end_is_done_within_a_few_minutes(run: Any) -> None:
    day = Day()
    day.minutes(20)
    day.keys.run = run
    found = [n for n, jobs in enumerate(day.minutes(20)) if "reconcile" in jobs]
    assert found == [0, 5, 10, 15]


def test_the_canary_is_due_each_minute_where_it_is_configured() -> None:
    canary = {"service": "Canary", "routing_key": "R" * 32, "channel": "canary"}
    assert all("canary" in jobs for jobs in Day(canary=canary).minutes(10))


def test_who_is_on_call_is_remembered_once_an_hour_by_a_run_that_comes_in_any_case() -> None:
    found = Day().minutes(181)
    assert [n for n, jobs in enumerate(found) if "kept_pages" in jobs] == [0, 65, 125]
    assert all("reconcile" in jobs for jobs in found if jobs)
    without = Day(upkeep={"without": ["kept_pages"]})
    assert not any("kept_pages" in jobs for jobs in without.minutes(70))


def test_while_a_page_waits_it_is_tried_each_minute() -> None:
    day = Day()
    day.minutes(7)
    day.keys.names = ["page.3f2a91c0d4"]
    assert all("kept_pages" in jobs for jobs in day.minutes(8))
    day.keys.names = ["oldpage.3f2a91c0d4", "pagetaken.3f2a91c0d4"]
    assert not any("kept_pages" in jobs for jobs in day.minutes(8))


def test_while_a_swap_is_asked_the_watch_looks_after_it_whatever_is_configured() -> None:
    day = Day()
    day.minute()
    day.keys.names = ["swap.1"]
    found = [n for n, jobs in enumerate(day.minutes(20)) if "oncall_watch" in jobs]
    assert len(found) >= 3


def test_nothing_at_all_without_mattermost() -> None:
    assert Day(mattermost={}).minutes(6) == [[]] * 6


def test_what_a_look_costs() -> None:
    day = Day()
    day.minutes(60)
    assert day.keys.asked <= 60 + 12 * 6 + 30


def test_what_is_configured_is_due_at_its_times() -> None:
    day = Day(oncall={"channels": {"A": "b"}, "headers": {"c": "A"}})
    jobs = day.minutes(10)
    assert [n for n, found in enumerate(jobs) if "oncall_watch" in found] == [0, 2, 4, 6, 8]
    assert [n for n, found in enumerate(jobs) if "oncall_sync" in found] == [0, 5]


@pytest.mark.parametrize(
    ("key", "job"),
    [
        ("held.c.P1", "quiet_hours_digest"),
        ("member.channel.c.u", "oncall_sync"),
        ("deadletter.1", "catch_up"),
        ("quarantine.state.1", "catch_up"),
    ],
)
def test_what_stands_in_the_datastore_is_done(key: str, job: str) -> None:
    day = Day()
    day.minute()
    day.keys.names = [key]
    found = [n for n, jobs in enumerate(day.minutes(10)) if job in jobs]
    assert found in ([4, 9], [5])


def test_while_mattermost_is_away_what_waits_is_tried_every_two_minutes() -> None:
    day = Day()
    day.keys.names = ["outage.waiting", "deadletter.1"]
    assert [n for n, found in enumerate(day.minutes(7)) if "catch_up" in found] == [0, 2, 4, 6]


def test_a_datastore_that_does_not_answer_leaves_it_to_the_jobs() -> None:
    day = Day()
    day.keys.broken = True
    assert set(day.minute()) == {
        "catch_up",
        "kept_pages",
        "oncall_sync",
        "oncall_watch",
        "quiet_hours_digest",
        "reconcile",
    }


def test_reminders_are_due_around_their_time_and_rarely_else() -> None:
    day = Day(reminders={"after": 5})
    day.minute()
    day.triggered()
    found = [n for n, jobs in enumerate(day.minutes(120)) if "reminders" in jobs]
    assert found[0] <= 4, "with the others"
    assert set(range(5, 64)) <= set(found)
    assert len([n for n in found if n > 66]) <= 11
    day.known["P1"] = day.known["P1"]._replace(status="acknowledged")
    assert not any("reminders" in jobs for jobs in day.minutes(20))


def test_reminders_that_come_again_are_due_each_minute() -> None:
    day = Day(reminders={"after": 5, "repeat": 10})
    day.triggered()
    assert all("reminders" in jobs for jobs in day.minutes(180)[5:])


@pytest.mark.parametrize("reminders", [{"enabled": False}, {"urgencies": ["low"]}])
def test_no_reminders_of_what_nobody_is_reminded_of(reminders: Dict[str, Any]) -> None:
    day = Day(reminders=reminders)
    day.triggered()
    assert not any("reminders" in jobs for jobs in day.minutes(30))


def test_a_job_that_is_left_out_is_never_due() -> None:
    day = Day(upkeep={"without": ["reconcile", "reminders"]})
    day.triggered()
    assert day.minutes(20) == [[]] * 20
