"""What became of a change to many incidents, a note that is not written twice, and one incident
read."""

from __future__ import annotations

import time
from typing import Any, Dict, Iterator, List

import pytest
from http_double import Double

from pagerduty_mattermost.core.config.connections import Http, PagerDutyConfig, Timeouts
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.errors import NotFound, RetryLater, Unauthorized
from pagerduty_mattermost.gateways.http.client import RetryPolicy
from pagerduty_mattermost.gateways.pagerduty import notes
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident
from pagerduty_mattermost.gateways.pagerduty.incident_updates import MAX_BULK, manage
from pagerduty_mattermost.gateways.pagerduty.time_slices import TimeSlices
from sandbox.clock import iso
from sandbox.server import HttpAnswer, HttpRequest

NOW = 1795232710.0
ADA = "ada@example.com"


class Account:
    """Takes changes and notes."""

    def __init__(self) -> None:
        self.notes: List[Dict[str, Any]] = []
        self.refuse_after = 9999
        self.changed: List[str] = []

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        if request.path == "/incidents/PGONE00":
            return HttpAnswer(404, {"error": {"message": "Not Found", "code": 2100}})
        if request.path.endswith("/notes"):
            return self._notes(request)
        if request.method == "PUT":
            if len(self.changed) >= self.refuse_after:
                return HttpAnswer(403, {"error": {"message": "Access Denied", "code": 2010}})
            ids = [row["id"] for row in request.json()["incidents"]]
            self.changed += ids
            return HttpAnswer(200, {"incidents": [{"id": id, "status": "resolved"} for id in ids]})
        return HttpAnswer(200, {"incident": {"id": "P1"} if request.path.endswith("P1") else {}})

    def _notes(self, request: HttpRequest) -> HttpAnswer:
        if request.method == "GET":
            return HttpAnswer(200, {"notes": self.notes})
        text = request.json()["note"]["content"]
        note = {"id": f"N{len(self.notes)}", "content": text, "created_at": iso(time.time())}
        self.notes.append(note)
        return HttpAnswer(201, {"note": note})


class Site:
    def __init__(self, double: Double, account: Account) -> None:
        self.double, self.account = double, account
        self.pagerduty = PagerDuty(
            PagerDutyConfig(
                api_key=Secret("u+AbCdEfGh"),
                api_url=double.url,
                http=Http(timeouts=Timeouts(5.0, 10.0)),
            ),
            policy=RetryPolicy(attempts=1),
            sleep=lambda seconds: None,
            clock=lambda: NOW,
        )

    def sent(self) -> List[str]:
        return [f"{one.method} {one.path}" for one in self.double.requests]


@pytest.fixture
def site() -> Iterator[Site]:
    account = Account()
    with Double(account) as double:
        yield Site(double, account)


IDS = [f"P{number:06}" for number in range(2 * MAX_BULK + 1)]


def test_all_of_a_bulk_change_is_done(site: Site) -> None:
    outcome = manage(
        site.pagerduty, [*IDS, IDS[0]], {"status": "resolved"}, from_email=ADA
    ).whole()
    assert (list(outcome.done), outcome.not_done, outcome.error) == (IDS, (), None)
    assert [row["id"] for row in outcome.after] == IDS
    assert site.sent() == ["PUT /incidents"] * 3


def test_what_is_done_and_what_is_not_is_told_when_a_later_request_fails(site: Site) -> None:
    site.account.refuse_after = MAX_BULK
    outcome = manage(site.pagerduty, IDS, {"status": "resolved"}, from_email=ADA)
    assert list(outcome.done) == IDS[:MAX_BULK] == site.account.changed
    assert list(outcome.not_done) == IDS[MAX_BULK:]
    assert isinstance(outcome.error, Unauthorized)
    assert [row["id"] for row in outcome.after] == IDS[:MAX_BULK]
    with pytest.raises(Unauthorized, match=f"the first {MAX_BULK} of {len(IDS)} incidents"):
        outcome.whole()


def test_a_first_request_that_fails_has_changed_nothing(site: Site) -> None:
    site.account.refuse_after = 0
    with pytest.raises(Unauthorized):
        manage(site.pagerduty, IDS, {"status": "resolved"}, from_email=ADA)


def test_a_note_whose_answer_was_lost_is_looked_for_and_not_repeated(site: Site) -> None:
    site.double.faults.add("lost", method="POST", times=1)
    note = notes.write_note(site.pagerduty, "PT4KHLK", "The disk was full", from_email=ADA)
    assert note == notes.WrittenNote("N0", True)
    assert len(site.account.notes) == 1
    site.double.faults.add("drop", method="POST", times=1)
    with pytest.raises(RetryLater) as caught:
        notes.write_note(site.pagerduty, "PT4KHLK", "The disk is full again", from_email=ADA)
    assert caught.value.maybe_done
    assert len(site.account.notes) == 1


def test_a_note_with_this_first_line_stands_once(site: Site) -> None:
    first, second = (
        notes.ensure_note(site.pagerduty, "PT4KHLK", "Closed.", text, from_email=ADA)
        for text in ("One", "Two")
    )
    assert (first.is_new, second.is_new, first.id) == (True, False, second.id)
    assert [row["content"] for row in site.account.notes] == ["Closed.\nOne"]
    assert notes.has_note(site.pagerduty, "PT4KHLK", "Closed.\nOne")
    assert not notes.has_note(site.pagerduty, "PT4KHLK", "Closed.")


def test_one_incident_is_read(site: Site) -> None:
    assert get_incident(site.pagerduty, "P1", ["conference_bridge"]) == {"id": "P1"}
    assert site.double.requests[0].param("include[]") == "conference_bridge"
    with pytest.raises(NotFound):
        get_incident(site.pagerduty, "PGONE00")
    with pytest.raises(RetryLater, match="no incident"):
        get_incident(site.pagerduty, "PODD000")


def test_slices_of_time_come_in_order_and_are_halved() -> None:
    slices = TimeSlices(0.0, 25.0, 10.0)
    seen = []
    for span in slices:
        if span != (10.0, 20.0) or not slices.halve(*span):
            seen.append(span)
    assert seen == [(0.0, 10.0), (10.0, 15.0), (15.0, 20.0), (20.0, 25.0)]
    newest = TimeSlices(0.0, 25.0, 10.0, newest_first=True)
    assert next(iter(newest)) == (20.0, 25.0)
    assert newest.halve(20.0, 25.0)
    assert list(newest) == [(22.0, 25.0), (20.0, 22.0), (10.0, 20.0), (0.0, 10.0)]
    assert not newest.halve(3.0, 4.0), "a second is not divided"
