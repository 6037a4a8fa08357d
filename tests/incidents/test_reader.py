"""Reading more than PagerDuty lists at once: windows of the log and of open incidents, nothing
left out."""

# flake8: noqa: E203,E501

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Dict, List, Mapping, Set

import pytest

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.gateways.pagerduty.client import MAX_RECORDS, Page
from pagerduty_mattermost.incidents import reader

START = 1_800_000_000


class Listing:
    """GET /log_entries and GET /incidents of one account, with the API's limits; counts
    requests."""

    def __init__(
        self, ats: List[int], *, totals: bool = True, until_inclusive: bool = False
    ) -> None:
        self.ats = sorted(ats)
        self.totals, self.until_inclusive = totals, until_inclusive
        self.requests = 0
        self.now = self.ats[-1] + 1 if self.ats else START
        self.references_only: Set[str] = set()

    def page(self, path: str, key: str, params: Mapping[str, Any]) -> Page:
        self.requests += 1
        offset, limit = params.get("offset", 0), params["limit"]
        if offset + limit > MAX_RECORDS:
            raise RejectedInput("Offset plus limit is over 10000")
        low, high = 0, len(self.ats)
        if params.get("since") and not params.get("date_range"):
            low = bisect_left(self.ats, times.seconds(params["since"]))
        if params.get("until") and not params.get("date_range"):
            high = bisect_left(
                self.ats, (times.seconds(params["until"]) or 0) + self.until_inclusive
            )
        if params.get("statuses") == ["resolved"]:
            low = high
        numbers = list(range(low, max(low, high)))
        if key == "log_entries":
            numbers.reverse()
        rows = [getattr(self, key)(number) for number in numbers[offset : offset + limit]]
        more = offset + limit < len(numbers)
        return Page(
            rows, more, len(numbers) if self.totals else None, float(self.now), None, limit
        )

    def get(self, path: str, params: Any = None) -> Dict[str, Any]:
        self.requests += 1
        return {"incident": {"id": path.rsplit("/", 1)[1], "status": "triggered"}}

    def log_entries(self, number: int) -> Dict[str, Any]:
        incident = (
            {"id": f"P{number}"}
            if f"R{number}" in self.references_only
            else {"id": "P1", "status": "triggered"}
        )
        at = times.iso(self.ats[number])
        return {
            "id": f"R{number}",
            "type": "annotate_log_entry",
            "created_at": at,
            "incident": incident,
        }

    def incidents(self, number: int) -> Dict[str, Any]:
        return {
            "id": f"P{number}",
            "status": "triggered",
            "created_at": times.iso(self.ats[number]),
        }


def read_whole_log(listing: Any, since: float) -> Set[str]:
    seen: Set[str] = set()
    for _ in range(100):
        read = reader.read_log(listing, since, None, lambda entry_id: entry_id not in seen)  # noqa: B023
        assert not read.truncated
        seen |= {entry.id for entry in read.entries}
        if read.upto is None:
            return seen
        assert read.upto > since, "reading on must get somewhere"
        since = read.upto
    raise AssertionError("never finished")


@pytest.mark.parametrize("until_inclusive", [True, False])
@pytest.mark.parametrize("totals", [True, False])
def test_a_long_log_is_read_in_windows(totals: bool, until_inclusive: bool) -> None:
    ats = [START + n // 7 for n in range(9000)] + [START + 5000 + n // 900 for n in range(9000)]
    listing = Listing(ats, totals=totals, until_inclusive=until_inclusive)
    assert read_whole_log(listing, START - 10) == {f"R{n}" for n in range(18000)}
    assert listing.requests < 600


def test_a_short_log_is_one_request() -> None:
    listing = Listing([START, START + 1])
    read = reader.read_log(listing, START - 10, None, lambda entry_id: True)  # type: ignore[arg-type]
    assert (listing.requests, len(read.entries), read.upto) == (1, 2, None)


def test_more_in_a_second_than_can_be_listed_is_told() -> None:
    listing = Listing([START] * 12000)
    read = reader.read_log(listing, START - 1, None, lambda entry_id: True)  # type: ignore[arg-type]
    assert read.truncated
    assert len(read.entries) == MAX_RECORDS


def test_a_mere_reference_is_looked_up_once() -> None:
    listing = Listing([START, START + 1])
    listing.references_only = {"R0"}
    read = reader.read_log(listing, START - 10, None, lambda entry_id: True)  # type: ignore[arg-type]
    assert all(entry.whole for entry in read.entries)
    assert listing.requests == 2


@pytest.mark.parametrize(
    ("count", "spread", "most"),
    [(0, 1, 2), (250, 10, 4), (10000, 3600, 101), (12000, 86400 * 400, 200), (12000, 86400, 200)],
)
def test_a_snapshot_finds_every_open_incident(count: int, spread: int, most: int) -> None:
    listing = Listing([START - 86400 * 400 + spread * n // max(1, count) for n in range(count)])
    listing.now = START
    read = reader.read_snapshot(listing, None, None, lambda row: True, ())  # type: ignore[arg-type]
    assert read.listed == {f"P{n}" for n in range(count)}
    assert read.requests == listing.requests <= most
    assert read.found.changed == ()


def test_known_incidents_that_are_not_listed_are_looked_up_a_few_at_a_time() -> None:
    listing = Listing([])
    wanted = [f"P{n}" for n in range(40)]
    read = reader.read_snapshot(listing, None, None, lambda row: False, wanted)  # type: ignore[arg-type]
    assert [incident.id for incident in read.found.changed] == wanted[:25]
    assert list(read.vanished) == wanted[25:]


def test_what_pagerduty_has_no_longer_is_gone() -> None:
    class Deleted(Listing):
        def get(self, path: str, params: Any = None) -> Dict[str, Any]:
            raise NotFound("PagerDuty GET /incidents/P1: not found (404)")

    read = reader.read_snapshot(Deleted([]), None, None, lambda row: False, ["P1"])  # type: ignore[arg-type]
    assert read.found.gone == ("P1",)
    assert read.found.changed == ()
