"""Reports: equal to figures that are reckoned another way, over random quarters; what they look
like; and made of the sandbox's incidents by action and command."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from typing import Any, Dict, List, Tuple

import pytest
from actions_world import ActionsTestCase
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.reviews import report as reports
from pagerduty_mattermost.reviews.report import (
    ACKNOWLEDGED,
    NOTIFIED,
    RESOLVED,
    Report,
    ReportedAct,
    ReportedIncident,
)
from pagerduty_mattermost.reviews.reporting import span_of

BEGIN = datetime(2026, 9, 1, tzinfo=timezone.utc).timestamp()
QUARTER_SECONDS = 91 * 86400
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
PEOPLE = ("Ada Lovelace", "Grace Hopper", "Mei Tan")


def quarter(seed: int) -> Tuple[List[ReportedIncident], List[ReportedAct]]:
    dice = random.Random(seed)
    incidents, acts = [], []
    for number in range(dice.randrange(0, 120)):
        at = BEGIN + dice.randrange(QUARTER_SECONDS)
        id = f"P{number}"
        resolved = at + dice.randrange(90_000) if dice.random() < 0.8 else None
        incidents.append(
            ReportedIncident(
                id,
                f"{dice.choice(['Disk', 'CPU', 'Latency'])} of db-{dice.randrange(40)} is bad",
                dice.choice(["Checkout", "Search", ""]),
                tuple(dice.sample(["Payments", "Platform", "Web"], dice.randrange(3))),
                dice.choice(["high", "low"]),
                at,
                resolved,
            )
        )
        for _ in range(dice.randrange(3)):
            acts.append(ReportedAct(NOTIFIED, id, at + dice.randrange(600), dice.choice(PEOPLE)))
        if dice.random() < 0.6:
            who = dice.choice([*PEOPLE, ""])
            acts.append(ReportedAct(ACKNOWLEDGED, id, at + dice.randrange(3000), who))
        if resolved is not None:
            acts.append(ReportedAct(RESOLVED, id, resolved, dice.choice([*PEOPLE, ""])))
    acts.append(ReportedAct(ACKNOWLEDGED, "POTHER", BEGIN + 5, PEOPLE[0]))
    dice.shuffle(acts)
    dice.shuffle(incidents)
    return incidents, acts


def oracle(incidents: List[Any], acts: List[Any], zone: Any) -> Dict[str, Any]:
    """The same figures, an incident and a question at a time."""

    def first(one: Any) -> Any:
        own = [a for a in acts if a.incident == one.id and a.person and a.kind != NOTIFIED]
        return min(own, key=lambda a: a.at, default=None)

    def figures(chosen: List[Any]) -> Tuple[Any, ...]:
        waits = sorted(first(one).at - one.created_at for one in chosen if first(one))
        lasted = sorted(one.resolved_at - one.created_at for one in chosen if one.resolved_at)
        middle = len(waits) // 2
        median = None if not waits else (waits[middle] + waits[-middle - 1]) / 2
        return (
            len(chosen),
            len([one for one in chosen if one.urgency == "high"]),
            len([one for one in chosen if one.resolved_at and not first(one)]),
            median,
            sum(lasted) / len(lasted) if lasted else None,
        )

    def clock(at: float) -> datetime:
        return datetime.fromtimestamp(at, zone)

    mine = {one.id for one in incidents}
    told = [a for a in acts if a.kind == NOTIFIED and a.person and a.incident in mine]
    return {
        "total": figures(incidents),
        "Checkout": figures([one for one in incidents if one.service == "Checkout"]),
        "Web": figures([one for one in incidents if "Web" in one.teams]),
        "at three": len([one for one in incidents if clock(one.created_at).hour == 3]),
        "on Sundays": len([one for one in incidents if clock(one.created_at).weekday() == 6]),
        "Mei": (
            len([a for a in told if a.person == "Mei Tan"]),
            len([a for a in told if a.person == "Mei Tan" and not 7 <= clock(a.at).hour < 22]),
            len([one for one in incidents if first(one) and first(one).person == "Mei Tan"]),
        ),
        "disks": figures(
            [one for one in incidents if one.title[:4] == "Disk" and one.service == "Search"]
        ),
    }


def shown(report: Report) -> Dict[str, Any]:
    def figures(found: Any) -> Tuple[Any, ...]:
        if found is None:
            return (0, 0, 0, None, None)
        mean = found.resolve_mean
        return (found.incidents, found.high, found.unanswered, found.answer_median, mean)

    load = report.people.get("Mei Tan")
    return {
        "total": figures(report.total),
        "Checkout": figures(report.by_service.get("Checkout")),
        "Web": figures(report.by_team.get("Web")),
        "at three": report.by_hour[3],
        "on Sundays": report.by_weekday[6],
        "Mei": load[:3] if load else (0, 0, 0),
        "disks": figures(report.alerts.get(("Search", "Disk of db-… is bad"))),
    }


@given(st.integers(min_value=0, max_value=10**6), st.sampled_from(ZONES))
def test_a_quarter_is_reckoned_as_the_oracle_does(seed: int, name: str) -> None:
    zone = tz.gettz(name)
    incidents, acts = quarter(seed)
    found, wanted = shown(reports.report_of(incidents, acts, zone)), oracle(incidents, acts, zone)
    for what, figures in wanted.items():
        assert found[what] == pytest.approx(figures), what


@given(st.integers(min_value=0, max_value=10**6))
def test_a_report_of_any_quarter_fits_into_a_post(seed: int) -> None:
    incidents, acts = quarter(seed)
    text = reports.as_markdown(reports.report_of(incidents, acts, timezone.utc), "a quarter")
    assert len(text) < 16_000
    assert text.startswith("### Incidents: a quarter")


def test_a_telephone_wraps_it_but_for_the_bars_which_fit() -> None:
    incidents, acts = quarter(7)
    made = reports.report_of(incidents, acts, timezone.utc)
    _, bars, below = reports.as_markdown(made, "a quarter").split("```")
    assert max(map(len, bars.splitlines())) <= 24
    days = " · ".join(f"{day} {n}" for day, n in zip(reports.WEEKDAYS, made.by_weekday))
    assert below.startswith(f"\n{days}\n")


def test_names_of_strangers_do_nothing_in_it() -> None:
    one = ReportedIncident("P1", "@all **x** 12", "a|b @here", ("t",), "high", BEGIN, BEGIN + 60)
    act = ReportedAct(RESOLVED, "P1", BEGIN + 60, "[x](http://evil)")
    both = [one, one._replace(id="P2")]
    text = reports.as_markdown(reports.report_of(both, [act], timezone.utc), "@all")
    assert "@all" not in text
    assert "@here" not in text
    assert "](http" not in text.replace("\\]", "")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Disk 91% on db-3", "Disk 7% on db-14", True),
        ("job 3f2a9c1d77 failed", "job 0011aabbcc failed", True),
        ("Disk full", "Disc full", False),
    ],
)
def test_titles_that_differ_in_numbers_are_of_one_kind(one: str, other: str, same: bool) -> None:
    assert (reports.kind_of_title(one) == reports.kind_of_title(other)) is same


def test_spans_are_of_the_past_and_bounded() -> None:
    now = BEGIN + 30 * 86400
    assert span_of("", "", now=now, zone="UTC") == (now - 7 * 86400, now)
    assert span_of("30d", "", now=now, zone="UTC") == (now - 30 * 86400, now)
    assert span_of("2026-09-01 00:00", "2026-09-08 00:00", now=now, zone="UTC") == (
        BEGIN,
        BEGIN + 7 * 86400,
    )
    for since, until in (("300d", ""), ("2026-09-08 00:00", "2026-09-01 00:00"), ("soon", "")):
        with pytest.raises(RejectedInput):
            span_of(since, until, now=now, zone="UTC")


class ReportActionTest(ActionsTestCase):
    def test_of_the_sandboxs_incidents(self) -> None:
        one = self.account.trigger("Checkout API", "Disk 91% full on db-1")
        other = self.account.trigger("Checkout API", "Disk 7% full on db-2")
        self.account.acknowledge(one)
        self.account.resolve(one)
        self.now += 60
        found = self.done("report.incidents", since="1d")
        assert found["total"]["incidents"] == 2
        assert found["complete"]
        assert found["total"]["unanswered"] == 0
        assert found["alerts"][0]["title"] == "Disk …% full on db-…"
        assert sum(found["by_hour"]) == 2
        assert any(load["answered"] == 1 for load in found["people"].values())
        assert "### Incidents" in found["text"]
        limited = self.done("report.incidents", since="1d", services=["Storefront"])
        assert limited["total"]["incidents"] == 0
        assert "There was none" in limited["text"]
        assert other.status == "triggered"
