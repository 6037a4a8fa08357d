"""How many executions a day takes on which nothing happens, with the rules as they are shipped.

Each job had a rule by a timer and most one by the sensor's heartbeat, whether configured or not:
7,344 a day.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any, Dict, List

import pytest
from pack_files import files, load
from test_upkeep_due import MATTERMOST, Keys

from pagerduty_mattermost.core.config import settings as pack_config
from pagerduty_mattermost.gateways.stackstorm.rule_criteria import matches
from pagerduty_mattermost.sensor.health import SensorHealth
from pagerduty_mattermost.sensor.heartbeat import Heartbeat
from pagerduty_mattermost.sensor.upkeep_due import UpkeepDue

DAY_SECONDS, POLL_SECONDS = 86400, 10
UNIT_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}
RULES = [rule for rule in map(load, files("rules")) if rule["enabled"]]


class QuietDay:
    """A sensor's heartbeats and timers' ticks, and which rules they fire."""

    def __init__(self, settings: Dict[str, Any]) -> None:
        self.now = 0.0
        self.minutes: Counter[int] = Counter()
        config = pack_config.load({"mattermost": MATTERMOST, **settings})
        log = logging.getLogger("quiet")
        heartbeat = Heartbeat(
            self,  # type: ignore[arg-type]
            self,  # type: ignore[arg-type]
            SensorHealth(),
            log,
            UpkeepDue(config, Keys(), log),  # type: ignore[arg-type]
            clock=lambda: self.now,
            monotonic=lambda: self.now,
        )
        while self.now < DAY_SECONDS:
            heartbeat.beat(1, "", {})
            self.now += POLL_SECONDS
        for rule in RULES:
            if rule["trigger"]["type"] == "core.st2.IntervalTimer":
                given = rule["trigger"]["parameters"]
                for at in range(0, DAY_SECONDS, given["delta"] * UNIT_SECONDS[given["unit"]]):
                    self.minutes[at // 60] += 1

    def read(self, name: str) -> Any:
        return {"at": self.now}

    def dispatch(self, trigger: str, payload: Any, **more: Any) -> None:
        fired: List[str] = [
            rule["name"]
            for rule in RULES
            if rule["trigger"]["type"] == trigger and matches(rule.get("criteria") or {}, payload)
        ]
        self.minutes[int(self.now) // 60] += len(fired)


@pytest.mark.parametrize(
    ("settings", "most"),
    [
        ({}, 194),
        ({"oncall": {"channels": {"A": "b"}, "headers": {"c": "A"}}}, 1008),
        ({"quiet_hours": {"hours": "22:00-07:00"}, "reminders": {"repeat": 5}}, 194),
        ({"upkeep": {"without": ["reconcile"]}}, 144),
    ],
)
def test_a_quiet_day(settings: Dict[str, Any], most: int) -> None:
    found = sum(QuietDay(settings).minutes.values())
    assert found <= most
    assert found <= 1500


def test_it_is_no_more_than_one_a_minute_over_any_hour() -> None:
    minutes = QuietDay({"oncall": {"channels": {"A": "b"}}}).minutes
    assert all(
        sum(minutes[minute] for minute in range(hour * 60, hour * 60 + 60)) <= 60
        for hour in range(24)
    )
