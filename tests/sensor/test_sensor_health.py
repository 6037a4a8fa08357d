"""When a sensor's problems are told: each kind on its own."""

from __future__ import annotations

import logging
from typing import Any, Dict, List, Tuple

from datastore_double import Service

from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.sensor.health import (
    KEY_SECONDS,
    REPEAT_SECONDS,
    SensorHealth,
    kept_told,
)
from pagerduty_mattermost.sensor.kept_health import CHAT_KEY, KeptHealth

GOOD = "2027-01-15T08:00:00Z"
AT = 1_000_000_800.0


def told(health: SensorHealth, now: float = 0.0, at: float = AT) -> List[Tuple[str, str]]:
    """What is told now, as (state, kind)."""
    notices = health.due(now, at)
    for notice in notices:
        health.mark_reported(notice, at)
    return [(notice.state, notice.kind) for notice in notices]


def test_health_is_told_after_three_failures_or_two_minutes_and_once() -> None:
    health = SensorHealth()
    for now in (0, 10):
        health.failed("pagerduty", "down", now, last_good=GOOD)
        assert told(health, now) == []
    health.failed("pagerduty", "down", 20)
    (notice,) = health.due(20, AT)
    assert (notice.state, notice.since) == ("failing", GOOD)
    health.mark_reported(notice, AT)
    health.failed("pagerduty", "down", 30)
    assert told(health, 30) == []
    health.good("pagerduty")
    (notice,) = health.due(40, AT)
    assert (notice.state, notice.since) == ("recovered", GOOD)
    health.mark_reported(notice, AT)
    assert told(health, 50) == []
    health.failed("pagerduty", "slow", 60)
    health.good("pagerduty")
    assert told(health, 600) == []


def test_what_comes_back_after_it_was_over_is_told_again_within_the_hour() -> None:
    """Its key is another one: a notice is posted once by its key."""
    health = SensorHealth()
    keys = []
    for number in range(3):
        health.stands("chat", {"port": "taken"}, 0)
        (failing,) = health.due(0, AT + 10 * number)
        health.mark_reported(failing, AT + 10 * number)
        health.stands("chat", {}, 0)
        (recovered,) = health.due(0, AT + 10 * number + 5)
        health.mark_reported(recovered, AT + 10 * number + 5)
        keys += [failing.key, recovered.key]
    assert len(set(keys)) == 6


def test_what_comes_back_in_another_process_is_told_again_within_the_hour() -> None:
    """The chat sensor finds its port taken, is started anew with the port free, and again."""
    store, sent = Store(Service()), []

    class Dispatched:
        def dispatch(self, trigger: str, payload: Any, **more: Any) -> None:
            sent.append((payload["state"], payload["key"]))

    def started(problems: Dict[str, str], at: float) -> None:
        health = SensorHealth()
        kept = KeptHealth(health, store, CHAT_KEY, logging.getLogger("test"))
        kept.load()
        health.stands("chat", problems, 0)
        kept.report(Dispatched(), clock=lambda: at)  # type: ignore[arg-type]

    for number in range(3):
        started({"port": "taken"}, AT + 10 * number)
        started({"port": "taken"}, AT + 10 * number + 2)
        started({}, AT + 10 * number + 5)
    assert [state for state, _ in sent] == ["failing", "recovered"] * 3
    assert len({key for _, key in sent}) == 6


def test_while_another_problem_stands_nobody_is_told_that_all_works() -> None:
    health = SensorHealth()
    health.stands("chat", {"settings": "chat.public_url is not set"}, 0)
    told(health)
    health.stands("chat", {"port": "the port is taken"}, 0)
    recovered, failing = health.due(0, AT)
    assert (recovered.state, failing.state) == ("recovered", "failing")
    assert "are heard again" not in recovered.text
    assert "Over: chat.public" in recovered.text
    assert recovered.text.endswith("Still: the port is taken")
    health.mark_reported(recovered, AT)
    health.mark_reported(failing, AT)
    health.stands("chat", {}, 0)
    (recovered,) = health.due(0, AT)
    assert "Buttons and /pd are heard again" in recovered.text


def test_a_problem_that_stands_hides_no_other_and_each_ends_on_its_own() -> None:
    health = SensorHealth()
    health.stands("names", {"service.Chekout": "there is no service 'Chekout'"}, 0)
    assert told(health) == [("failing", "names.service.Chekout")]
    health.failed("key", "PagerDuty does not accept the key", 1, at_once=True)
    health.stands("webhook", {"port": "taken"}, 1)
    assert told(health) == [("failing", "key"), ("failing", "webhook.port")]
    health.stands("names", {"service.Chekout": "…", "team.Opps": "there is no team"}, 2)
    health.good("key")
    assert told(health) == [("recovered", "key"), ("failing", "names.team.Opps")]
    health.stands("names", {}, 3)
    assert told(health) == [
        ("recovered", "names.service.Chekout"),
        ("recovered", "names.team.Opps"),
    ]
    assert health.reason == "taken"
    assert told(health) == []


def test_what_lasts_is_told_again_each_day() -> None:
    health = SensorHealth()
    health.failed("key", "refused", 0, at_once=True)
    (first,) = health.due(0, AT)
    health.mark_reported(first, AT)
    assert health.due(0, AT + REPEAT_SECONDS - 1) == []
    (again,) = health.due(0, AT + REPEAT_SECONDS)
    assert again.key != first.key


def test_the_same_news_has_the_same_key_for_an_hour() -> None:
    keys = []
    for at in (AT, AT + 60, AT + KEY_SECONDS):
        health = SensorHealth()
        health.failed("configuration", "api_key is missing", 0, at_once=True)
        keys += [notice.key for notice in health.due(0, at)]
    assert keys[0] == keys[1] != keys[2]


def test_what_comes_back_in_a_new_process_is_news_after_all_was_well_between() -> None:
    def key(before: str, at: float = AT) -> str:
        health = SensorHealth()
        health.before = before
        health.failed("pagerduty", "wrong key", 0, at_once=True)
        (notice,) = health.due(0, at)
        return str(notice.key)

    assert key(GOOD) == key(GOOD), "a process that starts and fails again and again says it once"
    assert key(GOOD) != key("2027-01-15T08:20:00Z")


def test_a_restart_ends_nothing_and_repeats_nothing() -> None:
    before = SensorHealth()
    before.failed("key", "refused", 0, last_good=GOOD, at_once=True)
    before.failed("timers", "dead", 0, at_once=True)
    told(before)
    health = SensorHealth()
    health.told.update(kept_told({kind: to_json(one) for kind, one in before.told.items()}, ""))
    assert told(health) == []
    health.failed("key", "refused", 0, at_once=True)
    assert told(health) == []
    health.good("key", "timers")
    assert told(health) == [("recovered", "key"), ("recovered", "timers")]


def test_what_an_older_version_told_ends_with_a_good_cycle() -> None:
    health = SensorHealth()
    health.told.update(kept_told(True, GOOD))
    health.good("sensor")
    (notice,) = health.due(0, AT)
    assert (notice.state, notice.since) == ("recovered", GOOD)


def test_a_kept_value_of_another_shape_is_as_if_nothing_had_been_told() -> None:
    values: List[Any] = [None, False, "x", 5, [], {"key": 5}, {"key": {"since": 3}}, {"key": None}]
    for value in values:
        assert kept_told(value, None) == {}


def test_only_what_stops_reports_of_incidents_is_grave() -> None:
    health = SensorHealth()
    health.stands("names", {"service.X": "unknown"}, 0)
    health.stands("webhook", {"port": "taken"}, 0)
    assert not health.is_grave
    health.failed("key", "refused", 0)
    assert health.is_grave


def test_the_reason_is_inert_markdown_also_when_it_is_over() -> None:
    health = SensorHealth()
    health.stands("names", {"service.@channel": "there is no service '@channel'"}, 0)
    (notice,) = health.due(0, AT)
    health.mark_reported(notice, AT)
    health.stands("names", {}, 0)
    (over,) = health.due(0, AT)
    assert "@channel" not in notice.text + over.text
    assert "there is no service" in over.text
