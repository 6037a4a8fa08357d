"""The incident sensor in a storm: what it dispatches, holds back and releases, also when it fails
or is killed."""

# flake8: noqa: W503

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, List, Tuple

import pytest
from sensor_world import Killed, SensorWorld, Strict
from webhook_world import WebhookWorld

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.noise.storm_gate import remembered

SERVICES = ("Checkout API", "Billing Jobs", "Database", "Kubernetes", "Storefront")


class StormCase(SensorWorld):
    def config(self, **watch: Any) -> Dict[str, Any]:
        return {key: value for key, value in super().config(**watch).items() if key != "noise"}

    def setUp(self) -> None:
        super().setUp()
        self.strict = Strict(self.sensor_service)
        self.sensor_service._trigger_dispatcher_service = self.strict

    def held(self) -> Dict[str, str]:
        return remembered(Store(self.sensor_service)).held

    def cards(self) -> Counter[str]:
        """Dispatches of incidents that can give birth to a card, by service."""
        births = {
            (p["incident"]["service"], p["incident"]["id"])
            for p in self.payloads()
            if not p["incident"]["priority"]
        }
        return Counter(service for service, _ in births)

    def storms(self) -> List[str]:
        """Keys of all storms that were told of."""
        return sorted({payload["key"] for payload in self.payloads("pagerduty.storm")})

    def polled(self, seconds: float) -> None:
        """So long as the sensor itself would be polled."""
        until = self.clock() + seconds
        while self.clock() < until:
            self.poll(self.sensor.get_poll_interval())


class StormTestCase(StormCase):
    def rage(self, number_of_incidents: int, interval: int, first: float) -> None:
        """Incidents of five services, evenly, a thousand a minute; the first cycle comes after so
        many seconds."""
        self.sensor = self.start_sensor(self.config(poll_interval=interval))
        self.account.set_options(rate_limit=None)
        self.poll(times=2)
        next_poll = self.clock() + first
        for number in range(number_of_incidents):
            urgent = number % (number_of_incidents // 4) == 7
            self.account.trigger(
                SERVICES[number % 5], f"Alert {number}", priority="P1" if urgent else ""
            )
            self.clock.advance(0.06)
            if self.clock() >= next_poll:
                self.sensor.poll()
                next_poll = self.clock() + self.sensor.get_poll_interval()
        self.polled(400)

    def test_incidents_of_five_services_at_the_pace_of_a_storm_are_one_card_a_service(
        self,
    ) -> None:
        self.storm_of(120, intervals=((4, 1.5), (30, 2.5)))

    @pytest.mark.soak
    def test_a_thousand_incidents_in_a_minute_are_one_card_a_service(self) -> None:
        self.storm_of(1000, intervals=((4, 1.5), (30, 2.5)))

    def storm_of(self, number: int, intervals: Tuple[Tuple[int, float], ...]) -> None:
        for interval, first in intervals:
            self.sensor_service.dispatched_triggers.clear()
            self.rage(number, interval, first)
            assert len(self.storms()) == 5
            assert max(self.cards().values(), default=0) <= 1, self.cards()
            high = [
                p["incident"]["id"] for p in self.payloads() if p["incident"]["priority"] == "P1"
            ]
            assert len(high) == len(set(high)) == 4
            last = {payload["key"]: payload for payload in self.payloads("pagerduty.storm")}
            assert {payload["state"] for payload in last.values()} == {"ended"}
            told = (
                sum(payload["total"] for payload in last.values())
                + sum(self.cards().values())
                + len(high)
            )
            assert told == number
            assert max(Counter(p["key"] for p in self.payloads("pagerduty.storm")).values()) <= 6
            self.poll(100, times=24)  # until they are told no more

    def test_two_at_once_wait_some_seconds_and_one_does_not(self) -> None:
        self.poll()
        one = self.account.trigger("Database", "Disk full")
        self.poll(1)
        assert self.events(one) == ["incident.triggered"]
        pair = [self.account.trigger("Checkout API", title) for title in ("Slow", "Down")]
        self.poll(1)
        assert self.events(pair[0]) == self.events(pair[1]) == []
        assert self.sensor.get_poll_interval() == 5
        self.polled(15)
        assert self.events(pair[0]) == self.events(pair[1]) == ["incident.triggered"]
        assert self.sensor.get_poll_interval() == 10
        assert self.event_ids() == self.told()

    def test_nothing_is_read_for_what_gets_no_card_of_its_own(self) -> None:
        self.poll(times=2)
        self.account.set_options(rate_limit=None)
        for service in SERVICES:
            self.account.storm(400, service)
        before = len(self.journal.entries)
        self.poll()
        paths = Counter(entry.path for entry in self.journal.entries[before:])
        assert len(self.storms()) == 5
        assert self.payloads() == []
        assert set(paths) <= {"/log_entries", "/incidents"}, paths

    def test_who_acts_on_a_held_one_gets_its_whole_story(self) -> None:
        self.poll()
        ids = self.account.storm(40)
        self.poll()
        assert self.payloads() == []
        assert set(self.held()) == set(ids)
        self.account.acknowledge(ids[3], "ada@example.com")
        self.account.resolve(ids[4], "ada@example.com")
        self.server.faults.add(kind="status", status=500, path=f"/incidents/{ids[3]}/log_entries")
        self.poll()
        assert self.payloads() == []
        self.server.faults.clear()
        self.poll(times=2)
        (payload,) = self.payloads()
        assert [event["event_type"] for event in payload["events"]] == [
            "incident.triggered",
            "incident.acknowledged",
        ]
        assert set(self.held()) == set(ids) - {ids[3]}


class StormFaultTestCase(StormCase):
    def test_one_incident_while_stackstorm_takes_nothing_is_no_storm_and_does_not_flap(
        self,
    ) -> None:
        self.poll()
        for number in range(5):
            self.account.trigger("Checkout API", f"Trouble {number}")
            self.clock.advance(20)
        self.strict.fail_after = 0
        self.poll(times=8)
        self.sensor_service._trigger_dispatcher_service = Strict(self.sensor_service)
        self.poll(times=3)
        assert sorted(self.event_ids()) == sorted(self.told())
        assert self.storms() == []

    def test_killed_at_any_write_what_has_a_card_is_followed_and_a_storm_is_one(self) -> None:
        for write in range(6):
            self.sensor = self.start_sensor()
            self.poll(100, times=24)  # until the last one is told no more
            self.sensor_service.dispatched_triggers.clear()
            early = [self.account.trigger("Checkout API", f"Early {n} {write}") for n in range(3)]
            self.clock.advance(14)
            self.kill_at(write)
            try:
                self.poll()
                self.account.storm(30)
                self.poll()
            except Killed:
                self.account.storm(30)
            self.sensor = self.start_sensor()
            self.poll(times=2)
            assert len(self.storms()) == 1
            for one in early:
                self.account.resolve(one)
            self.poll(times=2)
            for one in early:
                born = "incident.triggered" in self.events(one)
                assert ("incident.resolved" in self.events(one)) == born, write
                assert (one.id in self.held()) != born
            self.polled(400)

    def kill_at(self, number: int) -> None:
        store = self.sensor._cycle._states._store
        original, writes = store.write, []

        def write(name: str, value: Any, ttl: Any = None, **more: Any) -> None:
            writes.append(name)
            if len(writes) > number:
                raise Killed
            original(name, value, ttl, **more)

        store.write = write


class WebhookStormTestCase(WebhookWorld):
    """With a webhook the sensor reads when it is called, and else once a minute."""

    def config(self, **watch: Any) -> Dict[str, Any]:
        return {key: value for key, value in super().config(**watch).items() if key != "noise"}

    def test_who_waits_whether_a_storm_begins_waits_no_longer_than_without_one(self) -> None:
        self.poll()
        self.call()
        self.poll(0)
        began = self.clock()
        both = [self.account.trigger("Checkout API", f"Disk {number}") for number in (1, 2)]
        self.call()
        while self.clock() <= began + 15 and not all(self.events(one) for one in both):
            self.poll(self.sensor.get_poll_interval())
        assert self.clock() <= began + 15
        assert [self.events(one) for one in both] == [["incident.triggered"]] * 2
        assert self.sensor.get_poll_interval() == 60, "now it has time again"
