"""Several incident sensors over one datastore: one reads PagerDuty, the others stand by."""

from __future__ import annotations

import threading
from typing import Any, List
from unittest import mock

import requests
from sensor_world import SensorWorld

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.sensor import election
from pagerduty_mattermost.sensor.election import (
    LEADS,
    LOOK_SECONDS,
    SETTLE_SECONDS,
    SILENT_SECONDS,
    STANDS_BY,
    UNSURE,
)
from pagerduty_mattermost.sensor.leadership import STUCK_SECONDS, standing
from sandbox.ports import free_port


class LeadershipTestCase(SensorWorld):
    watch = {"leader_election": True}

    def setUp(self) -> None:
        super().setUp()
        self.port = free_port()
        self.sensors: List[Any] = [self.sensor]

    def start_sensor(self, config: Any = None) -> Any:
        sensor = super().start_sensor(config)
        if sensor._leadership is not None:
            sensor._leadership._monotonic = self.clock
            sensor._leadership._election._good_at = self.clock()
        self.addCleanup(sensor.cleanup)
        return sensor

    def another(self, **config: Any) -> Any:
        sensor = self.start_sensor({**self.config(), **config})
        self.sensors.append(sensor)
        return sensor

    def live(self, seconds: float, *, dead: Any = ()) -> None:
        """All look and poll as their threads would, for so long."""
        for _ in range(int(seconds / LOOK_SECONDS)):
            self.clock.advance(LOOK_SECONDS)
            for sensor in self.sensors:
                if sensor not in dead:
                    sensor._leadership.look()
                    sensor.poll()

    def roles(self) -> List[str]:
        return [sensor._leadership.role for sensor in self.sensors]

    def test_one_reads_and_the_other_asks_pagerduty_for_nothing(self) -> None:
        other = self.another()
        self.live(SETTLE_SECONDS + 2 * LOOK_SECONDS)
        assert self.roles() == [LEADS, STANDS_BY]
        incident = self.account.trigger("Checkout API", "Disk full")
        before = self.requests("^/log_entries$")
        self.live(60)
        assert self.events(incident) == ["incident.triggered"]
        assert self.requests("^/log_entries$") - before == 60 / LOOK_SECONDS
        assert other._cycle is None

    def test_the_other_goes_on_where_one_that_was_killed_stopped(self) -> None:
        self.another()
        self.live(20)
        incident = self.account.trigger("Checkout API", "Disk full")
        self.live(10)
        self.account.acknowledge(incident, "Ada Lovelace")
        self.live(20, dead=[self.sensor])
        self.account.resolve(incident)
        self.live(10, dead=[self.sensor])
        assert self.sensors[1]._leadership.role == LEADS
        assert self.events(incident) == [
            "incident.triggered",
            "incident.acknowledged",
            "incident.resolved",
        ]
        assert self.event_ids() == self.told()

    def test_one_that_stood_still_stands_by_and_has_forgotten_what_it_knew(self) -> None:
        self.another()
        self.live(20)
        self.live(30, dead=[self.sensor])
        assert self.sensors[1]._leadership.role == LEADS
        self.live(4)
        assert self.roles() == [STANDS_BY, LEADS]
        assert self.sensor._cycle is None
        self.live(30, dead=[self.sensors[1]])
        assert self.sensor._leadership.role == LEADS
        incident = self.account.trigger("Checkout API", "News")
        self.live(4, dead=[self.sensors[1]])
        assert self.events(incident) == ["incident.triggered"]

    def test_one_that_does_not_come_back_from_a_cycle_is_replaced(self) -> None:
        self.another()
        self.live(20)
        first = self.sensor._leadership
        first._working_since = self.clock()
        self.sensors = [self.sensors[1]]
        for _ in range(int((STUCK_SECONDS + 30) / LOOK_SECONDS)):
            first.look()
            self.live(LOOK_SECONDS)
        assert self.sensors[0]._leadership.role == LEADS
        assert first.role == STANDS_BY

    def test_the_webhook_is_listened_for_by_who_leads_alone(self) -> None:
        config = {"webhook": {"port": self.port, "secrets": ["s" * 64]}}
        self.sensors = [self.start_sensor({**self.config(), **config})]
        self.another(**config)
        self.live(20)
        first, second = self.sensors
        assert (first._endpoint is not None, second._endpoint) == (True, None)
        url = f"http://127.0.0.1:{self.port}/"
        assert requests.post(url, data=b"{}", timeout=5).status_code == 401
        first._leadership._election._leads = False  # another has taken over
        self.sensors = [second]
        first.poll()
        assert first._endpoint is None
        self.live(20)
        assert second._endpoint is not None
        assert second._endpoint.address.endswith(str(self.port))

    def test_while_the_datastore_is_away_nobody_reads_and_afterwards_the_same_one_goes_on(
        self,
    ) -> None:
        self.another()
        self.live(20)
        cycle, reads = self.sensor._cycle, self.requests("^/log_entries$")
        with mock.patch.object(
            self.sensor_service, "list_values", side_effect=OSError("connection refused")
        ), mock.patch("time.sleep"):
            for sensor in self.sensors:
                sensor._leadership._store._sleep = lambda seconds: None
            for _ in range(int((SILENT_SECONDS + 4) / LOOK_SECONDS)):
                self.clock.advance(LOOK_SECONDS)
                for sensor in self.sensors:
                    sensor._leadership.look()
            assert self.roles() == [UNSURE, STANDS_BY]
            self.sensor.poll()
            assert self.requests("^/log_entries$") == reads
        self.live(LOOK_SECONDS)
        assert self.roles() == [LEADS, STANDS_BY]
        assert self.sensor._cycle is cycle

    def test_a_key_that_does_not_read_is_written_over(self) -> None:
        self.sensor_service.set_value("pagerduty.sensor.leader", "{broken", local=False)
        self.live(10)
        assert self.roles() == [LEADS]

    def test_a_configuration_that_does_not_do_is_reported_by_who_leads(self) -> None:
        self.sensors = [self.start_sensor({**self.config(), "api_key": ""})]
        self.live(10)
        (payload,) = self.payloads("pagerduty.sensor_health")
        assert "api_key" in payload["reason"]

    def test_a_thread_of_its_own_finds_out_and_wakes_the_sensor(self) -> None:
        with mock.patch.multiple(election, LOOK_SECONDS=0.05, SETTLE_SECONDS=0.05):
            sensor = self.get_sensor_instance(config=self.config())
            sensor.setup()
            self.addCleanup(sensor.cleanup)
            woken = threading.Event()
            sensor.wake_by(woken.set)
            sensor.begin_watching()
            assert woken.wait(60)
            assert sensor._leadership.role == LEADS
            sensor.poll()
            assert self.requests("^/log_entries$") == 1
            sensor.cleanup()
            sensor._leadership._thread.join(60)
            assert not sensor._leadership._thread.is_alive()

    def test_people_are_told_who_leads_and_who_stands_by(self) -> None:
        self.another()
        self.live(20)
        found = standing(Store(self.sensor_service))
        assert found.leader.endswith(")")
        assert len(found.standing_by) == 1
        self.live(30, dead=[self.sensor])
        assert self.sensors[1]._leadership.role == LEADS
        assert standing(Store(self.sensor_service)).standing_by == []
