"""What the incident sensor survives at PagerDuty, in this pack and in its configuration: nothing
lost, nothing twice, nothing leaves poll()."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

from sensor_world import SensorWorld

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
