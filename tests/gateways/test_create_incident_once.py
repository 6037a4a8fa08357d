"""An incident is created once at PagerDuty, whatever became of the answer."""

from __future__ import annotations

import time
from typing import Any, Dict, List

import pytest
from pagerduty_double import Setup, trouble

from pagerduty_mattermost.core.errors import (
    RejectedInput,
)
from sandbox.clock import iso
from sandbox.server import HttpAnswer, HttpRequest

# Creating an incident once


class Account:
    """An account that refuses a second open incident with the same key, as PagerDuty does."""

    def __init__(self) -> None:
        self.incidents: List[Dict[str, Any]] = []

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        if request.method == "GET":
            found = [
                i for i in self.incidents if i["incident_key"] == request.param("incident_key")
            ]
            assert request.param("date_range") == "all"
            return HttpAnswer(200, {"incidents": found[::-1], "more": False})
        sent = request.json()["incident"]
        if any(
            i["incident_key"] == sent.get("incident_key") and i["status"] != "resolved"
            for i in self.incidents
        ):
            return trouble(
                400,
                message="Arguments Caused Error",
                code=2002,
                errors=["Open incident with matching dedup key already exists on this service"],
            )
        made = {
            "id": f"P{len(self.incidents)}",
            "status": "triggered",
            "created_at": iso(time.time()),
            "incident_key": sent.get("incident_key"),
            "service": sent["service"],
        }
        self.incidents.append(made)
        return HttpAnswer(201, {"incident": made})


NEW = {
    "title": "Down",
    "incident_key": "key",
    "service": {"id": "PSERVICE", "type": "service_reference"},
}


def test_a_lost_answer_to_a_create_makes_one_incident(setup: Setup) -> None:
    account = Account()
    setup.handler = account
    setup.double.faults.add("lost", method="POST", times=1)
    assert setup.pagerduty.create_incident(NEW)["id"] == "P0"
    assert len(account.incidents) == 1


def test_an_incident_that_was_resolved_meanwhile_is_not_made_again(setup: Setup) -> None:
    account = Account()

    def handler(request: HttpRequest) -> HttpAnswer:
        answer = account(request)
        for incident in account.incidents:
            incident["status"] = "resolved"
        return answer

    setup.handler = handler
    setup.double.faults.add("lost", method="POST", times=1)
    assert setup.pagerduty.create_incident(NEW)["id"] == "P0"
    assert len(account.incidents) == 1


def test_an_older_resolved_incident_with_the_key_is_not_taken_for_the_new_one(
    setup: Setup,
) -> None:
    account = Account()
    setup.handler = account
    account.incidents.append(
        {
            **NEW,
            "id": "POLD",
            "status": "resolved",
            "created_at": "2001-01-01T00:00:00Z",
        }  # seven months earlier
    )
    setup.double.faults.add("drop", method="POST", times=1)
    assert setup.pagerduty.create_incident(NEW)["id"] == "P1"


def test_one_that_already_exists_is_returned(setup: Setup) -> None:
    account = Account()
    setup.handler = account
    first = setup.pagerduty.create_incident(NEW)
    assert setup.pagerduty.create_incident(NEW) == first
    assert len(account.incidents) == 1


def test_another_refusal_stays_a_refusal(setup: Setup) -> None:
    setup.answers(trouble(400, message="Invalid Input Provided", errors=["Title can't be blank."]))
    with pytest.raises(RejectedInput, match="Title can't be blank"):
        setup.pagerduty.create_incident(NEW)


def test_without_a_key_it_goes_out_under_one_of_its_own(setup: Setup) -> None:
    account = Account()
    setup.handler = account
    setup.double.faults.add("lost", method="POST", times=1)
    made = setup.pagerduty.create_incident({"title": "Down", "service": {"id": "P1"}})
    assert made["id"] == "P0"
    assert len(account.incidents) == 1
