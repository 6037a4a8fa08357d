"""Values of older versions are read as today's; what can't be is kept aside, told, and not written
over."""

# flake8: noqa: E501

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from datastore_double import Service
from posts_world import ACKED, TRIGGERED, Log

from pagerduty_mattermost.cards.incident_memory import OVER, CardRecord, as_seen
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.gateways.stackstorm import migrations
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store, opened
from pagerduty_mattermost.incidents.state_store import StateStore

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "datastore"


def of_version_1() -> Service:
    """As version 1 wrote it: a sensor that knew of no conference bridge, and cards whose states
    told no expiry."""
    service = Service()
    for path in sorted(FIXTURES.glob("*.json")):
        for name, value in json.loads(path.read_text(encoding="utf-8")).items():
            service.items[name] = json.dumps(value)
    return service


def test_the_sensor_goes_on_where_version_1_was() -> None:
    service = of_version_1()
    found = StateStore(Store(service)).load()
    assert found.broken == ()
    assert found.state is not None
    assert found.state.cycle == 412
    assert {id: known.bridge for id, known in found.state.known.items()} == {
        "PT4KHLK": "",
        "Q1DEADBEEF0001": "",
    }
    assert found.state.known["PT4KHLK"].status == "acknowledged"
    assert found.state.doubtful == set(range(32)) - {27}
    StateStore(Store(service)).compact(found.state)
    again = StateStore(Store(service)).load()
    assert again.state is not None
    assert again.state.known == found.state.known
    assert {
        json.loads(service.items[name])["v"] for name in service.items if ".shard." in name
    } == {4}


def test_the_cards_of_version_1_are_known() -> None:
    service = of_version_1()
    books = IncidentRecords(Store(service), "PINC1", Log())
    snapshot = books.load()
    (record,) = snapshot.cards.values()
    assert (record.post_id, record.label, record.closed) == ("p" * 26, "~incidents", False)
    (state,) = snapshot.states
    (first,) = TRIGGERED.events
    then = first._replace(agent=first.agent._replace(id="PSVC"))
    assert (state.change, state.life) == (TRIGGERED._replace(events=(then,)), "")
    books.save_state(state, OVER)
    assert books.load().states[0].life == OVER


@pytest.mark.parametrize("name", ["sensor.shard.01", "sensor.head", "incident.P1.state.x"])
@pytest.mark.parametrize("data", [None, 1, [], "x"])
def test_what_no_step_understands_does_not_read(name: str, data: Any) -> None:
    raw = json.dumps({"v": 1, "data": data})
    with pytest.raises(BrokenValue, match="no value of version 1") as broken:
        opened(name, raw)
    assert broken.value.raw == raw


@pytest.mark.parametrize("found", [0, -1, 5, 2.0001, True, None, "1", [1]])
def test_another_version_does_not_read(found: Any) -> None:
    with pytest.raises(BrokenValue, match="instead of 4"):
        opened("sensor.head", json.dumps({"v": found, "data": {}}))


def test_each_step_brings_the_version_before_to_the_next() -> None:
    assert migrations.version("sensor.head") == 4
    assert migrations.version("message.abc") == 1
    assert migrations.migrate("message.abc", {"at": 1}, 1) == {"at": 1}
    row: List[Any] = [0] * 11
    assert migrations.migrate("sensor.shard.00", {"P1": row}, 1) == {"P1": [*row, "", "", "", ""]}
    assert migrations.migrate("sensor.shard.00", {"P1": [0] * 15}, 3) == {"P1": [0] * 15}
    assert migrations.migrate("sensor.head", {"cursor": 1}, 3) == {"cursor": 1, "sent": []}


def test_a_card_that_does_not_read_is_kept_before_it_is_written_over() -> None:
    service = Service()
    name = "pagerduty.incident.PINC1.card." + "c" * 26
    kept: Dict[str, str] = {}
    for raw in ("{half", '{"v": 9, "data": {"post_id": "of a newer version"}}'):
        service.items[name] = raw
        log = Log()
        books = IncidentRecords(Store(service), "PINC1", log)
        (record,) = books.load().cards.values()
        books.save_card(record)
        books.load()
        (line,) = log.lines
        assert "does not read" in line
        kept[raw] = line.rsplit(" ", 1)[1]
    for raw, aside in kept.items():
        assert json.loads(service.items[aside])["data"]["raw"] == raw
        assert service.ttls[aside] == 90 * 86400


def test_nothing_is_written_over_what_could_not_be_kept() -> None:
    service = Service()
    service.items["pagerduty.incident.PINC1.card.x"] = "{half"
    service.set_value = lambda *args, **more: (_ for _ in ()).throw(ConnectionError())  # type: ignore[assignment]
    with pytest.raises(Exception, match="datastore failed"):
        IncidentRecords(Store(service, sleep=lambda _: None), "PINC1").load()


def test_a_record_is_written_as_the_newest_version() -> None:
    service = Service()
    books = IncidentRecords(Store(service), "PINC1")
    books.save_card(CardRecord("c" * 26, "key", 1.0))
    books.save_state(as_seen(ACKED, 1.0), "open")
    assert {json.loads(value)["v"] for value in service.items.values()} == {2}
