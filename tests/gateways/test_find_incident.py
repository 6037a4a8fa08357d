"""An incident is found by its number in few requests, however large the account is."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

import pytest

from pagerduty_mattermost.core.config.connections import PagerDutyConfig
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.gateways.pagerduty.client import Page, PagerDuty
from pagerduty_mattermost.gateways.pagerduty.find_incident import MAX_PAGES, IncidentFinder
from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer


class Finding:
    def __init__(self, server: PagerDutyServer) -> None:
        self.account, self.journal = server.account, server.journal
        self.account.set_options(rate_limit=None)
        config = PagerDutyConfig(api_key=Secret(API_KEY), api_url=server.url)
        self.pagerduty = PagerDuty(config, sleep=lambda _: None)

    def cost(self, number: int) -> int:
        """Requests to find it, by somebody who knows nothing yet."""
        before = self.journal.count("GET")
        found = IncidentFinder(self.pagerduty).find(f"#{number}")
        assert found["incident_number"] == number
        return self.journal.count("GET") - before


@pytest.fixture
def finding() -> Iterator[Finding]:
    clock = Clock()
    with PagerDutyServer(SandboxJournal(clock), clock) as server:
        yield Finding(server)


def test_in_an_account_of_forty_open_ones_it_costs_one_request(finding: Finding) -> None:
    finding.account.storm(40)
    assert [finding.cost(number) for number in (1, 17, 40)] == [1, 1, 1]


def test_in_an_account_of_5000_open_ones_it_costs_two(finding: Finding) -> None:
    ids = finding.account.storm(5000)
    for id in ids[2000:2100] + ids[-40:]:
        finding.account.resolve(id, "ada@example.com")
    assert finding.cost(4950) == 1
    for number in (4711, 2500, 2050, 1):
        assert finding.cost(number) <= 2, number
    assert finding.cost(4990) <= 2, "resolved, and newer than all that is open"
    with pytest.raises(NotFound, match="no incident with the number 5001"):
        IncidentFinder(finding.pagerduty).find("5001")


def test_where_the_key_sees_only_some_of_the_numbers_it_is_searched(
    finding: Finding, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, page = finding.account, finding.pagerduty.page
    mine = account.find("services", "Database")["id"]
    seen = set()
    for number in range(1, 4001):
        is_mine = number % 3 == 0 or number % 1000 <= 100
        account.trigger("Database" if is_mine else "Checkout API", f"Alert {number}")
        seen.update({number} if is_mine else ())

    def page_of_my_team(path: str, key: str, params: Mapping[str, Any]) -> Page:
        return page(path, key, {**params, "service_ids": [mine]})

    monkeypatch.setattr(finding.pagerduty, "page", page_of_my_team)
    for number in (3, 50, 1011, 2499, 2502, 3999):
        assert number in seen
        assert finding.cost(number) <= 8, number
    before = finding.journal.count("GET")
    with pytest.raises(NotFound):
        IncidentFinder(finding.pagerduty).find("2501")
    assert finding.journal.count("GET") - before <= MAX_PAGES


def test_an_open_one_that_the_list_of_all_does_not_reach_is_found(finding: Finding) -> None:
    old = finding.account.storm(150)
    for id in finding.account.storm(10_100):
        finding.account.resolve(id, "ada@example.com")
    assert finding.cost(3) <= 4
    for id in old[:2]:
        finding.account.resolve(id, "ada@example.com")
    with pytest.raises(NotFound):
        IncidentFinder(finding.pagerduty).find("1")


def test_any_number_of_open_ones_cost_one_list(finding: Finding) -> None:
    ids = finding.account.storm(60)
    before = finding.journal.count("GET")
    named = [*ids[:39], "#40", ids[40].lower()]
    found = IncidentFinder(finding.pagerduty).find_all(", ".join(named))
    assert [one["incident_number"] for one in found] == list(range(1, 42))
    assert finding.journal.count("GET") - before == 1


def test_several_that_are_not_open_are_looked_up_and_many_are_refused(finding: Finding) -> None:
    ids = finding.account.storm(30)
    for id in ids[:20]:
        finding.account.resolve(id, "ada@example.com")
    found = IncidentFinder(finding.pagerduty).find_all(",".join([*ids[:5], *ids[25:]]))
    assert len(found) == 10
    before = finding.journal.count("GET")
    with pytest.raises(NotFound, match="20 of these 30 incidents are not open"):
        IncidentFinder(finding.pagerduty).find_all(",".join(ids))
    assert finding.journal.count("GET") - before == 1


def test_open_ones_are_found_on_later_pages_too(finding: Finding) -> None:
    ids = finding.account.storm(250)
    found = IncidentFinder(finding.pagerduty).find_all(f"{ids[3]}, {ids[200]}")
    assert [one["id"] for one in found] == [ids[3], ids[200]]
