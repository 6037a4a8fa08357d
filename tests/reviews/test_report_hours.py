"""Hours on call in a report: as an oracle with code of its own counts them, minute by minute; each
hour of a person once; what PagerDuty does not tell is said in one line."""

from __future__ import annotations

from copy import deepcopy
from datetime import timezone
from random import Random
from types import SimpleNamespace
from typing import Any, Dict, FrozenSet, Iterator, List, Sequence, Tuple

import pytest
from actions_world import ActionsTestCase
from oncall_oracle import BEGIN, DAY, HOUR, Oracle, random_rota

from pagerduty_mattermost.core.config.connections import Http, PagerDutyConfig, Timeouts
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.reviews import on_call_hours, report
from pagerduty_mattermost.reviews.on_call_hours import OnCallHours, hours_of
from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer

UTC = timezone.utc
ADA = Reference("user", "PADA", "Ada")
MEI = Reference("user", "PMEI", "Mei")


class RotaWorld:
    """A sandbox with random schedules of both kinds on two levels, and somebody whom a policy
    names."""

    def __init__(self, server: PagerDutyServer, seed: int, count: int = 4) -> None:
        self.server, self.account = server, server.account
        self.account.options.rate_limit = None
        for kind in ("services", "escalation_policies", "schedules"):
            self.account.catalog[kind].clear()
        rng = Random(seed)
        self.names = {}
        for n in range(6):
            more = {"email": f"u{n}@example.com", "role": "user", "team_ids": []}
            self.names[self.account.add("users", f"User {n}", **more)["id"]] = f"User {n}"
        people = list(self.names)
        self.oracles: List[Oracle] = []
        schedules = []
        for number in range(count):
            rota = random_rota(rng, people[:5], shift_based=number % 2 == 1)
            schedules.append(
                self.account.add("schedules", f"Rota {number}", **deepcopy(rota))["id"]
            )
            self.oracles.append(Oracle(rota))
        self.always = people[5]
        levels = [schedules[:2], schedules[1:]]
        rules = [
            {"id": f"PR{n}", "delay": 30, "targets": [("schedule", id) for id in some]}
            for n, some in enumerate(levels)
        ]
        rules[1]["targets"].append(("user", self.always))
        more = {"description": "", "num_loops": 0, "team_ids": []}
        self.policy = self.account.add("escalation_policies", "All", rules=rules, **more)["id"]
        config = PagerDutyConfig(
            api_key=Secret(API_KEY), api_url=server.url, http=Http(Timeouts(5.0, 60.0))
        )
        self.context: Any = SimpleNamespace(
            pagerduty=PagerDuty(config), settings=SimpleNamespace(time_zone="UTC")
        )

    def minute_by_minute(self, begin: float, end: float) -> Dict[str, float]:
        minutes: Dict[str, int] = {}
        for minute in range(int(begin), int(end), 60):
            there: FrozenSet[str] = frozenset([self.always])
            for oracle in self.oracles:
                there |= oracle.at(minute)
            for who in there:
                minutes[who] = minutes.get(who, 0) + 1
        return {self.names[who]: count / 60 for who, count in minutes.items()}


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    clock = Clock(BEGIN + 120 * DAY)
    with PagerDutyServer(SandboxJournal(clock), clock) as server:
        yield server


@pytest.mark.parametrize("seed", range(6))
def test_hours_are_those_of_an_oracle_minute_by_minute(server: PagerDutyServer, seed: int) -> None:
    world = RotaWorld(server, seed)
    rng = Random(seed)
    begin = BEGIN + 60 * rng.randrange(60 * 1440)
    end = begin + 60 * rng.randrange(1440, 45 * 1440)
    found = on_call_hours.read(world.context, begin, end, None)
    assert found.missing == ""
    assert found.by_person == pytest.approx(world.minute_by_minute(begin, end))
    of_policy = on_call_hours.read(world.context, begin, end, [world.policy])
    assert of_policy == found


def test_requests_are_one_a_page_of_each_thirty_days(server: PagerDutyServer) -> None:
    world = RotaWorld(server, 3)
    server.journal.clear()
    on_call_hours.read(world.context, BEGIN, BEGIN + 90 * DAY, None)
    asked = [entry for entry in server.journal.entries if entry.path.startswith("/oncalls")]
    rows = [
        world.context.pagerduty.list_all(
            "/oncalls", "oncalls", {"since": iso(at), "until": iso(at + 30 * DAY + 1)}
        )
        for at in (BEGIN, BEGIN + 30 * DAY, BEGIN + 60 * DAY)
    ]
    assert len(asked) == sum(-(-len(one.items) // 100) for one in rows)
    assert len(asked) > 3, "more than a page of some"
    assert on_call_hours.read(world.context, BEGIN, BEGIN + DAY, []) == OnCallHours({})


def iso(at: float) -> str:
    from pagerduty_mattermost.core import times

    return times.iso(at)


def row(who: Reference, start: float = 0.0, end: float = 0.0, level: int = 1) -> OnCall:
    return OnCall(
        level, who, "S" if start else "", "P", *((iso(start), iso(end)) if start else ())
    )


@pytest.mark.parametrize(
    ("rows", "hours"),
    [
        ([row(ADA, BEGIN, BEGIN + HOUR), row(ADA, BEGIN, BEGIN + HOUR, 2)], {"Ada": 1.0}),
        (
            [row(ADA, BEGIN, BEGIN + HOUR), row(ADA, BEGIN + HOUR / 2, BEGIN + 2 * HOUR)],
            {"Ada": 2},
        ),
        ([row(ADA, BEGIN - DAY, BEGIN + HOUR)], {"Ada": 1.0}),
        ([row(ADA, BEGIN + DAY - HOUR, BEGIN + 9 * DAY)], {"Ada": 1.0}),
        ([row(ADA), row(ADA, BEGIN, BEGIN + HOUR)], {"Ada": 24.0}),
        ([row(ADA, BEGIN - DAY, BEGIN), row(MEI, BEGIN + DAY, BEGIN + 2 * DAY)], {}),
        ([row(ADA._replace(name=""), BEGIN, BEGIN + HOUR)], {"PADA": 1.0}),
    ],
)
def test_an_hour_of_a_person_counts_once_and_within_the_time(
    rows: Sequence[OnCall], hours: Dict[str, float]
) -> None:
    assert hours_of(rows, BEGIN, BEGIN + DAY) == pytest.approx(hours)


def made(hours: Dict[str, float], missing: str = "") -> Tuple[report.Report, str]:
    one = report.ReportedIncident("P1", "Disk", "Checkout", (), "high", BEGIN, BEGIN + 60)
    acts = [report.ReportedAct(report.NOTIFIED, "P1", BEGIN, "Ada")]
    found = report.report_of([one], acts, UTC, OnCallHours(hours, missing))
    return found, report.as_markdown(found, "x")


def test_the_table_says_them_beside_what_woke_people() -> None:
    found, text = made({"Mei": 84.5, "Grace": 0.26})
    assert "- Ada: notified 1 ×, 1 at night; answered 0 first; not on call" in text
    assert "- Mei: on call 84.5 h" in text
    assert "- Grace: on call 0.3 h" in text
    assert list(found.people) == ["Ada", "Mei", "Grace"]
    assert report.as_value(found)["people"]["Mei"]["hours"] == 84.5


def test_what_is_missing_is_said_instead_of_zeros() -> None:
    found, text = made({}, "PagerDuty does not tell @all who was on call")
    assert "- Ada: notified 1 ×, 1 at night; answered 0 first\n" in text
    assert text.count("PagerDuty does not tell") == 1
    assert "@all" not in text
    assert report.as_value(found)["people"]["Ada"]["hours"] is None
    assert "does not tell" in report.as_value(found)["hours_missing"]


def test_who_was_on_call_is_told_of_a_time_without_incidents_too() -> None:
    text = report.as_markdown(report.report_of([], [], UTC, OnCallHours({"Mei": 168.0})), "x")
    assert "There was none." in text
    assert "- Mei: on call 168 h" in text


class HoursByAction(ActionsTestCase):
    def test_of_the_account_and_of_a_service_or_team(self) -> None:
        found = self.done("report.incidents", since="7d")
        people = found["people"]
        assert people
        assert all(0 < one["hours"] <= 168 for one in people.values() if one["hours"])
        assert "on call" in found["text"]
        assert found["hours_missing"] == ""
        service = self.done("report.incidents", since="7d", services=["Checkout API"])
        asked = [e for e in self.server.journal.entries if e.path.startswith("/oncalls")][-1]
        assert "escalation_policy_ids" in asked.path + str(asked.query)
        assert set(service["people"]) <= set(people)

    def test_a_key_that_may_not_read_it_is_one_line(self) -> None:
        for status in (400, 402, 403, 404):
            rule = self.server.faults.add("status", status=status, path="/oncalls")
            found = self.done("report.incidents", since="7d")
            self.server.faults.clear(rule)
            assert "on call" in found["hours_missing"]
            assert found["text"].count(found["hours_missing"]) == 1
            assert {one["hours"] for one in found["people"].values()} <= {None}

    def test_a_time_of_which_pagerduty_knows_nothing_is_one_line(self) -> None:
        for schedule in self.account.catalog["schedules"].values():
            for layer in schedule["layers"]:
                layer["start"] = int(self.now - 3 * DAY)
        for policy in self.account.catalog["escalation_policies"].values():
            for rule in policy["rules"]:
                rule["targets"] = [one for one in rule["targets"] if one[0] == "schedule"]
        long = self.done("report.incidents", since="30d")
        assert "before" in long["hours_missing"]
        assert "too low" in long["hours_missing"]
        gone = self.done("report.incidents", since="30d", until="10 days ago")
        assert "nobody" in gone["hours_missing"]
        assert {one["hours"] for one in gone["people"].values()} <= {None}

    def test_an_outage_is_a_failure(self) -> None:
        self.server.faults.add("status", status=503, path="/oncalls", times=100)
        assert "PagerDuty" in self.refused("report.incidents", since="7d")
