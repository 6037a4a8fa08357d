"""What the incident sensor survives: nothing lost, nothing twice, nothing leaves poll()."""

from __future__ import annotations

import contextlib
from typing import Any
from unittest.mock import Mock

import pytest
from sensor_world import Killed, SensorWorld, Strict

QUIET_FAULTS = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "drop"},
    {"kind": "lost"},
    {"kind": "truncate"},
    {"kind": "html"},
    {"kind": "bad_json"},
    {"kind": "empty"},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 404},
]


class PagerDutyFaultTestCase(SensorWorld):
    def test_each_kind_of_trouble_is_survived_and_told_once(self) -> None:
        self.poll()
        for number, terms in enumerate(QUIET_FAULTS):
            incident = self.account.trigger("Checkout API", f"During trouble {number}")
            rule = self.server.faults.add(**terms)
            self.poll(times=5)
            self.account.resolve(incident)
            assert self.server.faults.hits(rule) > 0
            self.server.faults.clear()
            self.poll(times=2)
        assert self.event_ids() == self.told()
        states = [p["state"] for p in self.payloads("pagerduty.sensor_health")]
        assert states == ["failing", "recovered"] * len(QUIET_FAULTS)

    def test_down_and_slow(self) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "While down")
        self.server.stop()
        self.poll(times=4)
        self.account.acknowledge(incident)
        self.server.start()
        self.poll()
        slow = self.server.faults.add("delay", seconds=2.0, times=3)
        self.account.resolve(incident)
        self.poll()
        assert self.server.faults.hits(slow)
        self.server.faults.clear()
        self.poll(times=2)
        assert self.event_ids() == self.told()
        health = self.payloads("pagerduty.sensor_health")
        assert [p["state"] for p in health] == ["failing", "recovered"]
        assert health[0]["since"].startswith("2027-01-15T08:00")

    def test_a_problem_that_came_back_within_the_hour_is_told_by_each_new_process(self) -> None:
        """None of the processes that fail had a good cycle, so none knows since when."""
        self.poll()
        keys = []
        for _ in range(2):
            self.server.faults.add("status", status=401)
            for _ in range(2):
                self.sensor = self.start_sensor()
                self.poll(times=3)
            failing = self.payloads("pagerduty.sensor_health")[-1]
            assert (failing["state"], failing["since"]) == ("failing", "")
            keys.append(failing["key"])
            self.server.faults.clear()
            self.sensor = self.start_sensor()
            self.poll(times=3)
            assert self.payloads("pagerduty.sensor_health")[-1]["state"] == "recovered"
        assert len(set(keys)) == 2
        states = [payload["state"] for payload in self.payloads("pagerduty.sensor_health")]
        assert states == ["failing", "recovered"] * 2, "a second process that fails adds nothing"

    def test_a_rate_limit_is_waited_for_without_asking(self) -> None:
        self.poll()
        self.server.faults.add("status", status=429, retry_after=100)
        self.poll()
        asked = self.requests()
        incident = self.account.trigger("Checkout API", "Meanwhile")
        self.poll(times=3)
        assert self.requests() == asked
        self.server.faults.clear()
        self.poll()
        assert self.events(incident) == ["incident.triggered"]

    def test_regular_jobs_go_on_while_pagerduty_asks_for_patience(self) -> None:
        self.poll()
        pulse = Mock()
        self.sensor._cycle._trigger_heartbeat = pulse
        self.server.faults.add("status", status=429, retry_after=100)
        self.poll(times=4)
        assert self.requests() > 0
        assert pulse.beat.call_count == 4

    def test_what_is_left_of_the_rate_limit_is_for_the_log(self) -> None:
        self.account.set_options(rate_limit=40)
        self.poll()
        self.poll(seconds=1, times=34)
        incident = self.account.trigger("Checkout API", "At the limit")
        self.poll(seconds=1)
        assert self.events(incident) == ["incident.triggered"]
        assert self.requests("^/incidents/Q") == 0

    def test_trouble_in_the_middle_of_a_long_log_or_a_snapshot_loses_nothing(self) -> None:
        self.account.storm(120)
        self.poll()
        start = len(self.journal.facts)
        ids = self.account.storm(80)
        self.server.faults.add("status", status=500, path="offset=100", times=9)
        self.poll()
        assert self.payloads() == []
        for id in ids[:20]:
            self.account.resolve(id)
        self.server.faults.add("drop", path="^/incidents.*offset=100")
        self.poll(times=3)
        self.server.faults.clear()
        self.poll(times=12)
        assert sorted(self.event_ids()) == sorted(self.told(start))

    def test_a_clock_that_jumps_moves_nothing(self) -> None:
        self.poll(times=3)
        incident = self.account.trigger("Checkout API", "Before the jump")
        wrong = 0.0
        self.sensor._cycle._monotonic = lambda: self.clock() - wrong
        for jump in (86400 * 365, -86400 * 365):
            self.clock.advance(jump)
            wrong = jump
            self.sensor.poll()
            self.clock.advance(-jump)
            wrong = 0.0
            self.sensor.poll()
            self.account.annotate(incident, f"after a jump of {jump}")
            self.poll(times=4)
        assert sorted(self.event_ids()) == sorted(self.told())
        assert abs(self.sensor._cycle.state.cursor - self.clock()) < 120

    def test_a_wrong_key_is_told_at_once_and_the_process_lives(self) -> None:
        config = self.config()
        config["api_key"] = "wrong"
        self.sensor = self.start_sensor(config)
        self.poll(times=4)
        (health,) = self.payloads("pagerduty.sensor_health")
        assert "401" in health["reason"]
        assert "api_key" in health["reason"]


class FaultOfThisPackTestCase(SensorWorld):
    def test_it_is_one_line_and_the_trace_is_there_for_who_wants_it(self) -> None:
        self.poll()
        log = self.sensor_service._logger
        for debug in (False, True):
            self.sensor = self.start_sensor({**self.config(), "debug": debug})
            self.sensor._cycle._scope.watch = _broken
            log.reset_mock()
            self.poll()
            lines = [call.args[0] % call.args[1:] for call in log.warning.call_args_list]
            (line,) = [line for line in lines if "A fault of this pack" in line]
            assert "KeyError: 'nonsense' (" in line
            assert ".py:" in line
            assert "\n" not in line
            traced = log.error if debug else log.debug
            assert [
                one
                for one in traced.call_args_list
                if isinstance(one.kwargs.get("exc_info"), KeyError)
            ]

    def test_nothing_leaves_poll_wherever_it_breaks(self) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "Broken inside")
        for place in (
            "_look",
            "_save_heartbeat",
            "_load",
            "_commit",
            "_follow_log",
            "_take_snapshot",
            "_dispatch",
        ):
            for error in (
                KeyError("k"),
                RecursionError(),
                MemoryError(),
                OSError(28, "No space left on device"),
            ):
                self.sensor = self.start_sensor()
                setattr(self.sensor._cycle, place, _raiser(error))
                self.poll()
        self.sensor = self.start_sensor()
        self.poll(times=2)
        assert self.events(incident) == ["incident.triggered"]


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
                local=False, prefix="pagerduty.aside.sensor.head."
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


class BadConfigurationTestCase(SensorWorld):
    def test_it_stays_alive_and_tells_it_once(self) -> None:
        for config in (
            {"api_key": None, "debug": True},
            {"api_key": "k", "watch": {"poll_interval": "soon"}},
        ):
            self.sensor_service.dispatched_triggers.clear()
            self.sensor = self.start_sensor(config)
            self.poll(times=3)
            (health,) = self.payloads("pagerduty.sensor_health")
            assert health["state"] == "failing"
            assert "api_key" in health["reason"] or "poll_interval" in health["reason"]

    def test_an_exchange_configuration_works_and_says_once_what_is_missing(self) -> None:
        warnings = [
            str(call)
            for call in self.sensor_service._logger.warning.mock_calls
            if "lacks" in str(call)
        ]
        assert len(warnings) == 1
        assert "mattermost.url, mattermost.token" in warnings[0]
        self.poll(times=2)
        assert self.sensor.get_poll_interval() == 10

    def test_what_is_not_protected_on_the_way_is_logged_once(self) -> None:
        self.sensor = self.start_sensor({**self.config(), "tls": {"verify": False}})
        self.poll(times=3)
        said = [call.args for call in self.sensor_service._logger.warning.mock_calls]
        lines = [str(args[1]) for args in said if args[0] == "Not protected: %s"]
        assert sum(line.startswith("tls.verify: false: ") for line in lines) == 1
        assert len(lines) == len(set(lines))


def _broken() -> Any:
    return {}["nonsense"]


def _raiser(error: Exception) -> Any:
    def fail(*args: Any, **more: Any) -> Any:
        raise error

    return fail


def _die(state: Any) -> None:
    raise Killed
