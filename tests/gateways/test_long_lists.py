"""Lists beyond the 10,000 records PagerDuty gives for one question are read in slices of time,
never cut silently."""

# flake8: noqa: E501

from __future__ import annotations

from typing import Any, Dict, List

import pytest

from pagerduty_mattermost.core import times
from pagerduty_mattermost.gateways.pagerduty.client import Listing
from pagerduty_mattermost.gateways.pagerduty.long_lists import BEGINNING_SECONDS, read_list

NOW = 1795232710.0


class Log:
    """Answers `list_all` as the gateway does over rows created at these times; at most `cap` a
    question."""

    def __init__(self, created: List[float], cap: int, newest: bool) -> None:
        self.rows = [{"id": str(number), "at": at} for number, at in enumerate(created)]
        self.rows.sort(key=lambda row: row["at"], reverse=newest)  # type: ignore[arg-type,return-value]
        self.cap = cap
        self.asked: List[Dict[str, Any]] = []

    def list_all(
        self, path: str, key: str, params: Dict[str, Any], maximum: int = 10000
    ) -> Listing:
        self.asked.append(dict(params))
        low = times.seconds(params.get("since", "")) or (
            NOW - 30 * 86400 if "date_range" not in params else 0.0
        )
        high = times.seconds(params.get("until", "")) or NOW
        found = [row for row in self.rows if low <= row["at"] <= high]  # type: ignore[operator]
        limit = min(maximum, self.cap)
        return Listing(found[:limit], len(found) > limit)


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_long_list_comes_whole_in_its_order_and_each_row_once(order: str) -> None:
    log = Log([NOW - 600 * number for number in range(4000)], cap=100, newest=order == "newest")
    found = read_list(
        log, "/x", "rows", {"since": times.iso(NOW - 40 * 86400)}, None, order=order, now=NOW
    )  # type: ignore[arg-type]
    assert found.truncated is False
    assert [row["id"] for row in found.items] == [row["id"] for row in log.rows]


def test_of_all_times_begins_with_pagerdutys_first_day() -> None:
    log = Log(
        [BEGINNING_SECONDS + 86400 * 400 * number for number in range(12)], cap=5, newest=False
    )
    found = read_list(log, "/x", "rows", {"date_range": "all"}, 20000, order="oldest", now=NOW)  # type: ignore[arg-type]
    assert [row["id"] for row in found.items] == [str(number) for number in range(12)]
    assert all("date_range" not in asked for asked in log.asked[1:])


def test_maximum_ends_it_and_says_that_there_is_more() -> None:
    log = Log([NOW - 600 * number for number in range(1000)], cap=100, newest=True)
    found = read_list(log, "/x", "rows", {}, 250, order="newest", now=NOW)  # type: ignore[arg-type]
    assert (len(found.items), found.truncated) == (250, True)
    assert [row["id"] for row in found.items] == [str(number) for number in range(250)]


def test_more_in_one_second_than_can_be_asked_for_is_told() -> None:
    log = Log([NOW - 5.0] * 300, cap=100, newest=True)
    found = read_list(log, "/x", "rows", {}, None, order="newest", now=NOW)  # type: ignore[arg-type]
    assert found.truncated is True


def test_without_since_and_until_the_list_ends_where_the_api_ends() -> None:
    log = Log([NOW - 5.0] * 300, cap=100, newest=True)
    found = read_list(log, "/x", "rows", {}, None, now=NOW)  # type: ignore[arg-type]
    assert (len(found.items), found.truncated, len(log.asked)) == (100, True, 1)
