"""What the incident sensor survives on StackStorm's side: a datastore that is down or broken,
triggers that do not go out, kills between dispatch and commit."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from sensor_world import Killed, SensorWorld, Strict


class DatastoreFaultTestCase(SensorWorld):
    def break_store(self) -> None:
        def broken(*args: Any, **more: Any) -> Any:
            raise ConnectionError("no datastore")

        self.originals = (self.sensor_service.list_values, self.sensor_service.set_value)
        self.sensor_service.list_values = self.sensor_service.set_value = broken
        self.sensor_service.get_value = lambda *args, **more: None

    def mend_store(self) -> None:
        self.sensor_service.list_values, self.sensor_service.set_value = self.originals
        del self.sensor_service.get_value

    def test_a_datastore_that_is_down_at_the_start_is_no_first_start(self) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "Reported")
        self.poll()
        self.sensor = self.start_sensor()
        self.break_store()
        self.account.acknowledge(incident)
        asked = self.requests()
        self.poll(times=2)
        assert self.requests() == asked
        self.mend_store()
        self.poll(times=2)
        assert self.event_ids() == self.told()
        assert len(self.payloads("pagerduty.open_summary")) == 1

    def test_incidents_go_on_while_the_datastore_is_down(self) -> None:
        self.poll()
        self.break_store()
        incident = self.account.trigger("Checkout API", "No datastore")
        self.poll()
        self.account.resolve(incident)
        self.poll(times=3)
        assert self.event_ids() == self.told()
        assert [p["state"] for p in self.payloads("pagerduty.sensor_health")] == ["failing"]
        self.mend_store()
        self.poll(times=2)
        assert [p["state"] for p in self.payloads("pagerduty.sensor_health")] == [
            "failing",
            "recovered",
        ]
        self.sensor = self.start_sensor()
        self.poll(times=12)
        assert self.event_ids() == self.told()

    def test_broken_values_are_kept_aside_and_made_anew_without_a_flood(self) -> None:
        self.poll()
        followed = self.account.trigger("Checkout API", "Followed")
        for id in self.account.storm(30):
            self.account.acknowledge(id)
        self.poll(times=3)
        for name in ("sensor.head", "sensor.shard.00", "sensor.shard.07", "sensor.heartbeat"):
            for garbage in (
                "not json",
                '{"v": 1, "data": [1]}',
                '{"v": 1, "data": {"cursor": "x"}}',
                '{"v": 9}',
            ):
                self.sensor_service.set_value("pagerduty." + name, garbage, local=False)
                before = len(self.payloads())
                self.sensor = self.start_sensor()
                self.poll(times=15)
                again = self.payloads()[before:]
                assert {e["event_id"] for p in again for e in p["events"]} <= set(self.told()), (
                    name
                )
                assert len(again) <= 31, name
                assert self.stored("sensor.head")["journal"] is not None
        kept = [
            item.name
            for item in self.sensor_service.list_values(
                local=False, prefix="pagerduty.quarantine.sensor.head."
            )
        ]
        assert len(kept) == 4, "each as it stood, none over another"
        before = len(self.payloads())
        self.account.resolve(followed)
        self.poll()
        assert [p["event_types"] for p in self.payloads()[before:]] == [["incident.resolved"]]
        assert len(self.payloads("pagerduty.open_summary")) == 1

    def test_a_lost_shard_makes_no_news(self) -> None:
        self.poll()
        self.account.storm(40)
        self.poll()
        self.sensor._cycle._states.compact(self.sensor._cycle.state)
        for number in range(0, 32, 2):
            self.sensor_service.delete_value(f"pagerduty.sensor.shard.{number:02d}", local=False)
        before = len(self.payloads())
        self.sensor = self.start_sensor()
        self.poll(times=15)
        assert self.payloads()[before:] == []


class DispatchFaultTestCase(SensorWorld):
    def setUp(self) -> None:
        super().setUp()
        self.strict = Strict(self.sensor_service)
        self.sensor_service._trigger_dispatcher_service = self.strict
        self.sensor = self.start_sensor()
        self.sensor._dispatcher._deadline = 0.2

    def revive(self) -> None:
        """As `TriggerDispatcherService(logger=…)` would be."""
        self.strict = Strict(self.sensor_service)
        self.sensor_service._trigger_dispatcher_service = self.strict

    def test_the_strict_form_is_used(self) -> None:
        self.poll()
        self.account.trigger("Checkout API", "Strict")
        self.poll()
        assert self.strict.calls > 0
        assert len(self.payloads()) == 1

    def test_what_was_not_dispatched_is_dispatched_later_in_order(self) -> None:
        self.poll()
        incidents = [self.account.trigger("Checkout API", f"N {n}") for n in range(4)]
        self.strict.fail_after = self.strict.calls + 2
        self.poll()
        assert len(self.payloads()) == 2
        self.revive()
        for incident in incidents:
            self.account.acknowledge(incident)
        self.poll(times=3)
        assert sorted(self.event_ids()) == sorted(self.told())
        assert len(self.event_ids()) == 8

    def test_a_restart_after_a_failure_loses_nothing(self) -> None:
        self.poll()
        for number in range(4):
            self.account.trigger("Checkout API", f"N {number}")
        self.strict.fail_after = self.strict.calls + 2
        self.poll()
        self.revive()
        self.sensor = self.start_sensor()
        self.poll(times=12)
        assert self.event_ids() == self.told()

    def test_a_frozen_queue_delays_and_nothing_comes_twice(self) -> None:
        self.poll()
        self.account.trigger("Checkout API", "Frozen")
        self.strict.thaw.clear()
        frozen = self.strict
        self.poll()
        assert self.payloads() == []
        frozen.thaw.set()
        for thread, _ in list(self.sensor._dispatcher._hanging):
            thread.join(60)
        self.revive()
        self.poll(times=3)
        assert self.event_ids() == self.told()

    def test_health_is_told_once_when_dispatching_works_again(self) -> None:
        self.poll()
        self.account.trigger("Checkout API", "Queue down")
        self.strict.fail_after = 0
        self.poll(times=5)
        self.revive()
        self.poll(times=3)
        assert self.event_ids() == self.told()
        assert self.payloads("pagerduty.sensor_health") == []

    def test_a_crash_between_dispatch_and_commit_repeats_the_same_ids(self) -> None:
        self.poll()
        self.account.trigger("Checkout API", "Crash")
        self.sensor._cycle._states.commit = _die
        with pytest.raises(Killed):
            self.poll()
        self.sensor = self.start_sensor()
        self.poll(times=3)
        assert set(self.event_ids()) == set(self.told())
        assert len(self.payloads()) == 2

    def test_a_kill_at_any_write_loses_nothing(self) -> None:
        self.poll()
        for write in range(12):
            incident = self.account.trigger("Checkout API", f"Killed at write {write}")
            self.sensor._cycle._states._journal_bytes = 200
            self.kill_at(write % 6)
            with contextlib.suppress(Killed):
                self.poll()
            self.sensor = self.start_sensor()
            self.account.resolve(incident)
            self.poll()
        self.poll(times=12)
        assert set(self.event_ids()) == set(self.told())

    def kill_at(self, number: int) -> None:
        store = self.sensor._cycle._states._store
        original, writes = store.write, []

        def write(name: str, value: Any, ttl: Any = None) -> None:
            writes.append(name)
            if len(writes) > number:
                raise Killed
            original(name, value, ttl)

        store.write = write


def _die(state: Any) -> None:
    raise Killed
