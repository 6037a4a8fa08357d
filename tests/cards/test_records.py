"""What is remembered of an incident's cards, as it is written and as it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from datastore_double import Service
from posts_world import ACKED, TRIGGERED

from pagerduty_mattermost.cards.incident_memory import UNSEEN, CardRecord, as_seen, same
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.cards.route import Route, make_route
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import from_payload, to_payload

RECORD = CardRecord(
    "c" * 26, "key", 7.0, make_route("p1", ["triggered"], mention="oncall"), "~p1", "p" * 26, True
)
NAME = f"pagerduty.incident.PINC1.card.{'c' * 26}"


def written(service: Service, record: CardRecord = RECORD) -> Any:
    IncidentRecords(Store(service), "PINC1").save_card(record)
    return json.loads(service.items[NAME])


def read(service: Service, data: Any) -> CardRecord:
    service.items[NAME] = json.dumps({**written(service), "data": data})
    return IncidentRecords(Store(service), "PINC1").load().cards["c" * 26]


def test_a_record_comes_back_as_it_was() -> None:
    service = Service()
    assert read(service, written(service)["data"]) == RECORD


def test_a_record_of_an_older_version_reads() -> None:
    service = Service()
    data = written(service, RECORD._replace(route=Route()))["data"]
    data["route"] = {}
    del data["bot"], data["asked"]
    assert read(service, data) == RECORD._replace(route=Route())


@pytest.mark.parametrize(
    "odd", [None, [], "x", {"post_id": 7}, {"at": None}, {"route": {"start_on": 3}}]
)
def test_a_record_that_is_odd_is_an_intent_of_unknown_time(odd: Any) -> None:
    assert read(Service(), odd) == CardRecord("c" * 26, "", 0.0)


def test_a_state_whose_names_come_back_in_another_order_is_the_same() -> None:
    event = ACKED.events[0]._replace(changes=(("to", "Ann"), ("from", "Bob")))
    change = ACKED._replace(events=(event,))
    again = from_payload(json.loads(json.dumps(to_payload(change), sort_keys=True)))
    assert again != change
    assert same(again, change)
    assert not same(again, ACKED)


def test_what_is_not_read_is_told_from_what_is_not_there() -> None:
    service = Service()
    books = IncidentRecords(Store(service), "PINC1")
    books.save_state(as_seen(TRIGGERED, 0.0), UNSEEN)
    assert books.load().is_first_of(ACKED)
    assert not books.load().is_first_of(TRIGGERED)
    (key,) = service.items
    service.items[key] = "garbage"
    assert books.load().unread
    assert not books.load().is_first_of(ACKED)
