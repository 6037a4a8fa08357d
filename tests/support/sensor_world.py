"""A local PagerDuty, the incident sensor on its clock, and ways for StackStorm to fail it."""

from __future__ import annotations

import json
import threading
from typing import Any, Dict, List, Optional

from incident_sensor import IncidentSensor
from st2tests.base import BaseSensorTestCase

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer

START = 1_800_000_000.0
SILENT = {"notify"}


class SensorWorld(BaseSensorTestCase):
    """A local PagerDuty on a clock of its own, and a sensor whose monotonic clock is the same
    one."""

    sensor_cls = IncidentSensor
    watch: Dict[str, Any] = {}

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock(START)
        self.journal = SandboxJournal(self.clock)
        self.server = PagerDutyServer(self.journal, self.clock)
        self.account = self.server.account
        self.server.start()
        self.addCleanup(self.server.stop)
        self.sensor = self.start_sensor()

    def config(self, **watch: Any) -> Dict[str, Any]:
        return {
            "api_key": API_KEY,
            "api_url": self.server.url,
            "timeouts": {"connect": 5, "read": 10},
            "watch": {"snapshot_every": 10, **self.watch, **watch},
            "noise": {"storm_incidents": 0, "flapping_rounds": 0},
        }

    def start_sensor(self, config: Optional[Dict[str, Any]] = None) -> Any:
        """A new process's sensor over the same datastore and the same StackStorm."""
        sensor = self.get_sensor_instance(config=config or self.config())
        sensor.setup()
        if sensor._cycle is not None:
            cycle = sensor._cycle
            cycle._monotonic = cycle._scope._monotonic = self.clock
            cycle._pagerduty._sleep = lambda seconds: None
            cycle._states._store._sleep = lambda seconds: None
        return sensor

    def poll(self, seconds: float = 30, times: int = 1) -> None:
        for _ in range(times):
            self.clock.advance(seconds)
            self.sensor.poll()

    def payloads(self, trigger: str = "pagerduty.incident") -> List[Dict[str, Any]]:
        return [
            one["payload"] for one in self.get_dispatched_triggers() if one["trigger"] == trigger
        ]

    def events(self, incident: Any = None) -> List[str]:
        """Event types dispatched, in order; of one incident or all."""
        return [
            event["event_type"]
            for payload in self.payloads()
            for event in payload["events"]
            if incident is None or payload["incident"]["id"] == incident.id
        ]

    def event_ids(self) -> List[str]:
        return [event["event_id"] for payload in self.payloads() for event in payload["events"]]

    def told(self, since: int = 0) -> List[str]:
        """Entry ids that are news: all but notifications and the assignment that belongs to a
        trigger; `since` that number of facts."""
        told, assigned = [], set()
        for fact in self.journal.facts_of("pagerduty", since=since):
            if fact.kind in SILENT:
                continue
            if fact.kind == "assign" and fact.subject not in assigned:
                assigned.add(fact.subject)
                continue
            told.append(fact.id)
        return told

    def stored(self, name: str) -> Any:
        raw = self.sensor_service.get_value("pagerduty." + name, local=False)
        return None if raw is None else json.loads(raw)["data"]

    def requests(self, path: str = "") -> int:
        return self.journal.count("GET", path)


class Killed(BaseException):
    """As `kill -9` ends a process: no handler sees it."""


class Strict:
    """StackStorm's dispatcher: fails for ever once it failed, or does not answer."""

    def __init__(self, service: Any) -> None:
        self._service = service
        self.calls = 0
        self.fail_after = 10**9
        self.thaw = threading.Event()
        self.thaw.set()
        self.tags: List[str] = []

    def dispatch(
        self, trigger: str, payload: Any, trace_tag: str, throw_on_validation_error: bool
    ) -> None:
        assert throw_on_validation_error is True
        json.dumps(payload)
        if self.calls >= self.fail_after:
            raise AttributeError("'NoneType' object has no attribute 'channel'")
        self.calls += 1
        assert self.thaw.wait(60)
        self._service.dispatch(trigger, payload=payload, trace_tag=trace_tag)
