"""The incident sensor with one incident that it stumbles over in a way nobody foresaw: the others
are told, the log names it, and it comes when it reads again."""

from __future__ import annotations

from typing import Any, Dict, List
from unittest import mock

from sensor_world import SensorWorld

from pagerduty_mattermost.core import set_aside
from pagerduty_mattermost.incidents import reader
from pagerduty_mattermost.noise.storm_detection import StormDetector
from pagerduty_mattermost.sensor import change_dispatch
from pagerduty_mattermost.sensor.change_dispatch import ChangeDispatch


class StumblingTestCase(SensorWorld):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        set_aside._logged.clear()
        self.poll()

    def three(self) -> List[Any]:
        return [self.account.trigger("Checkout API", f"Disk {number}") for number in range(3)]

    def told_of(self) -> Dict[str, str]:
        """Titles of incidents by their ids."""
        return {one["incident"]["id"]: one["incident"]["title"] for one in self.payloads()}

    def test_one_that_can_not_be_taken_over_leaves_the_others(self) -> None:
        odd, *others = self.three()
        original = ChangeDispatch._enriched

        def enriched(run: Any, step: Any) -> Any:
            return {}["x"] if step.incident_id == odd.id else original(run, step)

        with mock.patch.object(ChangeDispatch, "_enriched", enriched), self.assertLogs(
            set_aside.LOG, "WARNING"
        ) as log:
            self.poll(times=3)
        assert set(self.told_of()) == {one.id for one in others}
        (line,) = log.output
        assert f"Set aside, the others go on: a change of {odd.id} (KeyError in" in line
        self.poll(times=12)
        assert odd.id in self.told_of(), "the snapshot brings it"
        assert self.events(odd).count("incident.triggered") == 1

    def test_one_whose_payload_can_not_be_made_leaves_the_others(self) -> None:
        odd, *others = self.three()
        original = change_dispatch.payload

        def payload(change: Any, *more: Any, **named: Any) -> Any:
            return [][1] if change.incident.id == odd.id else original(change, *more, **named)

        with mock.patch.object(change_dispatch, "payload", payload):
            self.poll()
        assert set(self.told_of()) == {one.id for one in others}

    def test_one_that_does_not_read_by_itself_stops_no_log_and_no_snapshot(self) -> None:
        odd, *others = self.three()
        self.poll()
        original, entry = reader.incident_from_rest, reader.parse_entry

        def from_rest(row: Any) -> Any:
            return None if row.get("id") == odd.id else original(row)

        def reference(row: Any) -> Any:
            found = entry(row)
            return found and found._replace(whole=found.incident.id != odd.id)

        with mock.patch.multiple(reader, incident_from_rest=from_rest, parse_entry=reference):
            reading = reader.SnapshotReading(self.sensor._cycle._pagerduty, lambda row: False)
            found = reading.looked_up([odd.id, "PGONE"], (), (), None).found
            assert (found.changed, found.gone) == ((), ("PGONE",))
            self.account.acknowledge(odd, "ada@example.com")
            self.poll(times=12)
            self.account.acknowledge(others[0], "ada@example.com")
            self.poll(times=12)
        assert {one.id for one in others} <= set(self.told_of())
        assert "incident.acknowledged" in self.events(others[0])
        assert self.payloads("pagerduty.sensor_health") == []

    def test_storms_that_stumble_let_each_incident_pass(self) -> None:
        raw = self.config()
        del raw["noise"]
        self.sensor = self.start_sensor(raw)
        with mock.patch.object(StormDetector, "judge", side_effect=KeyError("x")):
            made = self.three()
            self.poll()
        assert set(self.told_of()) == {one.id for one in made}

    def test_one_storms_card_that_stumbles_stops_no_cycle(self) -> None:
        raw = {**self.config(), "noise": {"storm_incidents": 3}}
        self.sensor = self.start_sensor(raw)
        self.poll()
        self.three()
        with mock.patch.object(StormDetector, "card_was_sent", side_effect=KeyError("x")):
            self.poll(times=3)
            other = self.account.trigger("Storefront", "Other")
            self.poll(times=3)
        assert other.id in self.told_of()
        assert self.payloads("pagerduty.sensor_health") == []
