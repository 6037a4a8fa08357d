"""How often an act from chat goes to PagerDuty, to Mattermost and to the datastore: counted over
the sandboxes' journal and the datastore double, not timed."""

from __future__ import annotations

import re
from typing import Iterator, List

import pytest
from chat_trips import Office, Trips
from identity_link import IdentityLink

from sandbox import Sandbox


@pytest.fixture
def office() -> Iterator[Office]:
    with Sandbox() as sandbox:
        yield Office(sandbox)


def check(trips: Trips, pagerduty: List[str], mattermost: int, datastore: int) -> None:
    """Exactly these requests to PagerDuty, at most so many of the others, and no key of the
    datastore is read twice but the incident's own, which is looked at again after the card was
    painted (docs/architecture.md, Newest wins)."""
    kinds = [re.sub(r"/[A-Z0-9]{7,}(?=/|$)", "/<id>", one) for one in trips.pagerduty]
    assert kinds == pagerduty
    assert len(trips.mattermost) <= mattermost, trips.mattermost
    assert len(trips.datastore) <= datastore, trips.datastore
    read = [one for one in trips.datastore if one.startswith("list ")]
    again = {one for one in read if read.count(one) > 1}
    assert all(one.startswith("list pagerduty.incident.") for one in again), read


FIND, CHANGE, ACT = "GET /incidents/<id>", "PUT /incidents/<id>", "PUT /incidents"


def test_a_click_asks_pagerduty_once_who_clicked_and_then_not_at_all(office: Office) -> None:
    first, second = office.incident(), office.incident()
    trips = office.order("click", verb="acknowledge", incident=first.id)
    check(trips, ["GET /users", FIND, ACT], mattermost=4, datastore=10)
    trips = office.order("click", verb="acknowledge", incident=second.id)
    check(trips, [FIND, ACT], mattermost=4, datastore=9)
    assert {first.status, second.status} == {"acknowledged"}


def test_a_linked_person_is_remembered_as_well(office: Office) -> None:
    grace = office.account.find("users", "Grace Hopper")
    office.run(IdentityLink, user="ada", pagerduty_user=grace["id"])
    incidents = [office.incident() for _ in range(2)]
    trips = office.order("click", verb="acknowledge", incident=incidents[0].id)
    check(trips, ["GET /users/<id>", FIND, ACT], mattermost=4, datastore=10)
    trips = office.order("click", verb="acknowledge", incident=incidents[1].id)
    check(trips, [FIND, ACT], mattermost=4, datastore=9)
    for one in incidents:
        assert [agent.id for agent, _ in one.acknowledgers] == [grace["id"]]


@pytest.mark.parametrize(
    ("before", "verb", "requests"),
    [
        ("", "escalate", [FIND, "GET /escalation_policies/<id>", "GET /oncalls", CHANGE]),
        ("acknowledge", "unacknowledge", [FIND, CHANGE]),
        ("resolve", "reopen", [FIND, CHANGE]),
        ("", "resolve", [FIND, ACT]),
        ("", "snooze1h", [FIND, "POST /incidents/<id>/snooze"]),
    ],
)
def test_no_click_reads_an_incident_twice(
    office: Office, before: str, verb: str, requests: List[str]
) -> None:
    incident = office.incident()
    office.order("click", verb=before or "escalate", incident=incident.id)
    if before:
        office.sandbox.clock.advance(60)
    else:
        incident = office.incident()
    trips = office.order("click", verb=verb, incident=incident.id)
    check(trips, requests, mattermost=4, datastore=11)


def test_rules_about_who_may_do_it_cost_one_request_however_many_they_are(office: Office) -> None:
    office.order("click", verb="acknowledge", incident=office.incident().id)
    rules = ["role:admin", "role:owner", "team:Platform", "team:Database", "@grace", "@ada"]
    office.config["chat"]["allowed"] = {"acknowledge": rules}
    trips = office.order("click", verb="acknowledge", incident=office.incident().id)
    check(trips, ["GET /users/<id>", FIND, ACT], mattermost=4, datastore=9)


def test_a_command_is_answered_by_its_own_way(office: Office) -> None:
    office.order("click", verb="acknowledge", incident=office.incident().id)
    number = office.incident().number
    trips = office.order("command", text=f"ack {number}", hook=office.hook())
    check(trips, ["GET /incidents", ACT], mattermost=5, datastore=9)


def test_acknowledging_by_number_costs_three_requests_in_an_account_of_5000_open_ones(
    office: Office,
) -> None:
    office.order("click", verb="acknowledge", incident=office.incident().id)
    office.account.set_options(rate_limit=None)
    office.account.storm(5000)
    trips = office.order("command", text="ack 4711", hook=office.hook())
    check(trips, ["GET /incidents", "GET /incidents", ACT], mattermost=5, datastore=9)
    sent = [e for e in office.sandbox.journal.entries if e.path.startswith("/hooks/")][-1]
    assert "Acknowledged [#4711" in sent.json()["text"]
    assert "100 or more still open: `/pd list`" in sent.json()["text"]


def test_what_is_open_is_read_once_for_all_numbers_and_for_what_is_left(office: Office) -> None:
    first, second, third = (office.incident() for _ in range(3))
    office.config["chat"]["confirm"] = []
    text = f"resolve {first.number} {third.number}"
    trips = office.order("command", text=text, hook=office.hook())
    kinds = ["GET /users", "GET /incidents", ACT]
    check(trips, kinds, mattermost=8, datastore=21)
    assert (first.status, second.status, third.status) == ("resolved", "triggered", "resolved")
    sent = [e for e in office.sandbox.journal.entries if e.path.startswith("/hooks/")][-1]
    assert sent.json()["text"].endswith("1 still open: `/pd list`")


def test_a_list_costs_the_list_and_its_answer(office: Office) -> None:
    office.incident()
    trips = office.order("command", text="list", hook=office.hook())
    check(trips, ["GET /incidents"], mattermost=1, datastore=1)


def test_who_asked_is_looked_up_once_to_find_the_incident_and_to_act(office: Office) -> None:
    office.incident()
    office.order("command", text="whoami", hook=office.hook())
    trips = office.order("command", text="show", hook=office.hook())
    check(trips, ["GET /incidents", FIND, FIND, f"{FIND}/notes"], mattermost=2, datastore=4)
