"""The sandbox's PagerDuty lists incidents as the real one does: filters, order, pages and their
limits."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from sandbox_api import START, Api

from sandbox.clock import iso
from sandbox.pagerduty import (
    PagerDutyAccount,
)

MONTH = 30 * 86400


def test_incidents_default_to_those_created_within_a_month(
    api: Api, account: PagerDutyAccount
) -> None:
    old = account.trigger("Checkout API", "old")
    api.server.clock.advance(MONTH + 60)
    new = account.trigger("Checkout API", "new")

    def ids(**query: Any) -> List[str]:
        return [i["id"] for i in api.get("/incidents", **query)["incidents"]]

    assert ids() == [new.id]
    assert ids(date_range="all") == [old.id, new.id]
    assert ids(since=iso(START - 5), until=iso(START + 5)) == [old.id]
    assert api.refused("GET", "/incidents", since="2020-01-01T00:00:00Z")[:2] == [400, 2005]


def test_incidents_are_filtered_and_sorted(api: Api, account: PagerDutyAccount) -> None:
    one = account.trigger("Checkout API", "one", urgency="low", key="k1")
    two = account.trigger("Database", "two")
    three = account.trigger("Storefront", "three")
    account.acknowledge(two)
    account.resolve(three)

    def titles(**query: Any) -> List[str]:
        return [i["title"] for i in api.get("/incidents", **query)["incidents"]]

    assert titles(statuses__=["triggered", "acknowledged"]) == ["one", "two"]
    assert titles(statuses__="resolved") == ["three"]
    assert titles(urgencies__="low") == ["one"]
    assert titles(service_ids__=[two.service_id, three.service_id]) == ["two", "three"]
    assert titles(team_ids__=api.id("teams", "Payments")) == ["one"]
    assert titles(user_ids__=api.id("users", "Ada Lovelace")) == ["one"]
    assert titles(user_ids__=api.id("users", "Mei Tanaka")) == []
    assert titles(incident_key="k1") == [one.title]
    assert titles(sort_by="incident_number:desc") == ["three", "two", "one"]
    assert titles(sort_by="urgency:asc,incident_number:desc") == ["three", "two", "one"]
    assert api.refused("GET", "/incidents", sort_by="updated_at")[0] == 400
    assert api.refused("GET", "/incidents", sort_by="urgency,created_at,incident_number")[0] == 400
    assert api.refused("GET", "/incidents", statuses__="open")[0] == 400


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 101},
        {"limit": 0},
        {"limit": 100, "offset": 9901},
        {"total": "True"},
        {"limit": "x"},
    ],
)
@pytest.mark.parametrize("path", ["/incidents", "/log_entries"])
def test_paging_beyond_the_limits_is_refused(api: Api, path: str, query: Dict[str, Any]) -> None:
    assert api.refused("GET", path, **query)[:2] == [400, 2001]


def test_total_is_null_unless_asked_for(api: Api, account: PagerDutyAccount) -> None:
    account.storm(5)
    page = api.get("/incidents", limit=2, offset=2)
    assert (page["limit"], page["offset"], page["total"], page["more"]) == (2, 2, None, True)
    assert [i["incident_number"] for i in page["incidents"]] == [3, 4]
    page = api.get("/incidents", limit=2, offset=4, total="true")
    assert (page["total"], page["more"]) == (5, False)


def test_rows_are_skipped_when_the_account_changes_between_pages(
    api: Api, account: PagerDutyAccount
) -> None:
    account.storm(4)
    first = api.get("/incidents", statuses__="triggered", limit=2)["incidents"]
    account.resolve(1)
    second = api.get("/incidents", statuses__="triggered", limit=2, offset=2)["incidents"]
    assert [i["incident_number"] for i in first + second] == [1, 2, 4]


def test_ten_thousand_open_incidents_list_at_once(api: Api, account: PagerDutyAccount) -> None:
    account.options.notify = False
    account.storm(10_000)
    seen = set()
    for offset in (0, 4_900, 9_900):
        query = {
            "statuses[]": ["triggered", "acknowledged"],
            "date_range": "all",
            "limit": 100,
            "offset": offset,
        }
        answer = api.send("GET", "/incidents", total="true", **query)
        assert (
            answer.elapsed.total_seconds() < 5
        )  # seconds even under load; what looks at each pair takes a minute
        assert answer.json()["total"] == 10_000
        seen.update(i["id"] for i in answer.json()["incidents"])
    assert len(seen) == 300
