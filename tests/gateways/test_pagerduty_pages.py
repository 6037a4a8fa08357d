"""The gateway to PagerDuty reads lists page by page: no row twice, none lost, and an end that is
told."""

from __future__ import annotations

from typing import Any

import pytest
from pagerduty_double import Handler, Setup, trouble

from pagerduty_mattermost.core.errors import (
    RetryLater,
)
from sandbox.server import HttpAnswer, HttpRequest

# Lists


def rows(total: int, size: int = 100, **extra: Any) -> Handler:
    """A list of `total` services as PagerDuty pages it."""

    def handler(request: HttpRequest) -> HttpAnswer:
        offset = int(request.param("offset", "0"))
        limit = min(int(request.param("limit", "25")), size)
        if offset + limit > 10000:
            return trouble(
                400, message="Arguments Caused Error", errors=["Offset must be less than 10000"]
            )
        items = [{"id": f"P{n}"} for n in range(offset, min(offset + limit, total))]
        shown = total if request.param("total") == "true" else None
        body = {
            "services": items,
            "limit": limit,
            "offset": offset,
            "more": offset + limit < total,
            "total": shown,
        }
        return HttpAnswer(200, {**body, **extra})

    return handler


def test_a_page_tells_all_about_itself(setup: Setup) -> None:
    setup.handler = rows(250)
    page = setup.pagerduty.page(
        "/services", "services", {"limit": 10, "offset": 20, "total": True}
    )
    assert ([row["id"] for row in page.items][:2], len(page.items)) == (["P20", "P21"], 10)
    assert (page.more, page.total, page.size) == (True, 250, 10)
    assert page.server_time is not None
    assert setup.pagerduty.page("/services", "services").total is None


@pytest.mark.parametrize(("total", "requests"), [(0, 1), (100, 1), (101, 2), (250, 3)])
def test_a_list_takes_no_more_requests_than_pages(setup: Setup, total: int, requests: int) -> None:
    setup.handler = rows(total)
    listing = setup.pagerduty.list_all("/services", "services")
    assert (len(listing.items), listing.truncated, len(setup.double.requests)) == (
        total,
        False,
        requests,
    )


def test_a_smaller_page_size_of_the_server_loses_nothing(setup: Setup) -> None:
    setup.handler = rows(120, size=25)
    listing = setup.pagerduty.list_all("/services", "services")
    assert [row["id"] for row in listing.items] == [f"P{n}" for n in range(120)]


def test_the_end_at_ten_thousand_is_told(setup: Setup) -> None:
    setup.handler = rows(12000)
    listing = setup.pagerduty.list_all("/services", "services")
    assert (len(listing.items), listing.truncated, len(setup.double.requests)) == (
        10000,
        True,
        100,
    )


def test_a_maximum_cuts_and_tells_it(setup: Setup) -> None:
    setup.handler = rows(250)
    listing = setup.pagerduty.list_all("/services", "services", maximum=100)
    assert (len(listing.items), listing.truncated, len(setup.double.requests)) == (100, True, 1)


def test_an_empty_page_that_promises_more_ends_the_list(setup: Setup) -> None:
    setup.answers(HttpAnswer(200, {"services": [], "more": True, "limit": 100, "offset": 0}))
    listing = setup.pagerduty.list_all("/services", "services")
    assert (listing.items, listing.truncated, len(setup.double.requests)) == ([], True, 1)


def test_rows_that_repeat_between_pages_come_once(setup: Setup) -> None:
    pages = [
        [{"id": "A"}, {"id": "B"}],
        [{"id": "B"}, {"id": "C"}],
        [{"id": "C"}, {"no": "id"}, {"no": "id"}],
    ]
    left = [
        HttpAnswer(200, {"services": page, "more": n < 2, "limit": 2})
        for n, page in enumerate(pages)
    ]
    setup.answers(*left)
    assert setup.pagerduty.list_all("/services", "services").items == [
        {"id": "A"},
        {"id": "B"},
        {"id": "C"},
        {"no": "id"},
        {"no": "id"},
    ]


@pytest.mark.parametrize("body", [{}, {"services": None}, {"services": {"id": "P1"}}])
def test_a_list_that_is_none_is_no_answer(setup: Setup, body: Any) -> None:
    setup.answers(HttpAnswer(200, body))
    with pytest.raises(RetryLater, match="holds no list 'services'"):
        setup.pagerduty.page("/services", "services")
