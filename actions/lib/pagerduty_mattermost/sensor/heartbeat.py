"""The incident sensor's own clock for the rest of the pack, since StackStorm's timers can stop for
good: `pagerduty.heartbeat` when one of the pack's regular jobs is due, once a minute at most, and
every half hour in any case; and a check whether the timers stopped.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Mapping, Optional

from pagerduty_mattermost.core.config.settings import Config
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher, UnfitPayload
from pagerduty_mattermost.incidents.known_states import KnownIncident, SensorState
from pagerduty_mattermost.incidents.state_store import last_heartbeat
from pagerduty_mattermost.sensor.health import SensorHealth
from pagerduty_mattermost.sensor.upkeep_due import UpkeepDue

HEARTBEAT_TRIGGER, HEALTH_TRIGGER = "pagerduty.heartbeat", "pagerduty.sensor_health"
EVERY_SECONDS = 1800.0
TIMERS_CHECKED_SECONDS = 300.0
"""Between two looks whether timers fire."""
APART_SECONDS = 55.0
"""Between two of them, a little less than a minute: cycles do not come to the second."""
TIMER_KEY = "reconcile.timer"
"""The datastore key in which a timer's run of `health.upkeep` leaves its time."""
RUN_KEY = "upkeep.run"
"""The datastore key in which a run of `health.upkeep` for the sensor leaves its time."""
_TIMER_KEPT_SECONDS = 86400.0
TIMERS_DEAD_SECONDS = 1500.0
"""Seconds without such a run, which comes every ten minutes, after which StackStorm's timers count
as dead."""
TIMERS_DEAD_PROBLEM = (
    "StackStorm's timers do not fire: restart st2timersengine (or is the rule "
    "pagerduty.upkeep_by_timer disabled?); "
    "all goes on by the sensor's heartbeat, but nobody watches the sensor"
)


class Heartbeat:
    """Says at its times that the sensor lives, and which jobs are due."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        store: Store,
        health: SensorHealth,
        log: Any,
        due: UpkeepDue,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dispatcher, self._store, self._health, self._log = dispatcher, store, health, log
        self._due = due
        self._clock, self._monotonic = clock, monotonic
        self._looked_at: Optional[float] = None
        self._at: Optional[float] = None
        self._timers_at: Optional[float] = None

    def beat(self, cycle: int, last_good: str, known: Mapping[str, KnownIncident]) -> None:
        """`known`: incidents as the sensor knows them. Raises nothing; the next cycle tries
        again."""
        now = self._monotonic()
        if self._looked_at is not None and now - self._looked_at < APART_SECONDS:
            return
        jobs = self._due.jobs(known, now, self._clock())
        if self._timers_at is None or now - self._timers_at >= TIMERS_CHECKED_SECONDS:
            self._timers_at = now
            self._check_timers(now)
        if not jobs and self._at is not None and now - self._at < EVERY_SECONDS:
            self._looked_at = now
            return
        key = f"heartbeat-{int(self._clock())}"
        payload = {
            "state": "failing" if self._health.is_grave else "ok",
            "last_good": last_good,
            "cycle": cycle,
            "key": key,
            "due": jobs,
        }
        try:
            self._dispatcher.dispatch(HEARTBEAT_TRIGGER, payload, trace_tag=key, ids=(key,))
        except PackError as error:
            self._log.warning("No heartbeat was dispatched: %s", error)
            return
        self._at = self._looked_at = now
        self._due.begun(jobs, now)

    def _check_timers(self, now: float) -> None:
        """Only where they have been seen to work: a rule that was never registered is no
        failure."""
        try:
            at = timer_seen_at(self._store)
        except PackError as error:
            self._log.info("Whether timers fire is not known: %s", error)
            return
        if at is not None and self._clock() - at > TIMERS_DEAD_SECONDS:
            self._health.failed("timers", TIMERS_DEAD_PROBLEM, now, at_once=True)
        else:
            self._health.good("timers")


def note_sensor_run(store: Store, now: float) -> None:
    """`health.upkeep` runs because the sensor said so. `now`: seconds since the epoch. Raises
    StoreUnreachable."""
    store.write(RUN_KEY, {"at": now}, _TIMER_KEPT_SECONDS)


def sensor_run_at(store: Store) -> Optional[float]:
    """When that was last, seconds since the epoch; None when it has not been for a day. Raises the
    store's errors."""
    return _at(store.read(RUN_KEY))


def note_timer(store: Store, now: float) -> None:
    """A timer has run `health.upkeep`. `now`: seconds since the epoch. Raises
    StoreUnreachable."""
    store.write(TIMER_KEY, {"at": now}, _TIMER_KEPT_SECONDS)


def timer_seen_at(store: Store) -> Optional[float]:
    """When a timer last ran `health.upkeep`, seconds since the epoch; None when none has lately.
    Raises StoreUnreachable."""
    return _at(store.read(TIMER_KEY))


def _at(seen: Any) -> Optional[float]:
    at = seen.get("at") if isinstance(seen, dict) else None
    return float(at) if isinstance(at, (int, float)) else None


def started_at(store: Store) -> Optional[float]:
    """When the incident sensor's process began, seconds since the epoch; None where it is not
    known. Raises the store's errors."""
    started = (last_heartbeat(store) or {}).get("started")
    return float(started) if isinstance(started, (int, float)) else None


def longest_interval(settings: Config) -> float:
    """Seconds between two cycles of the sensor while all is well: by which a silent sensor is
    known from one that waits."""
    watch = settings.watch
    with_webhook = watch.poll_interval_with_webhook if settings.webhook.port else 0
    return float(max(watch.poll_interval, with_webhook))


def heartbeat_record(
    state: SensorState,
    health: SensorHealth,
    pagerduty: PagerDuty,
    last_good: str,
    since_good: Optional[float],
) -> Dict[str, Any]:
    """Content of the datastore's `sensor.heartbeat`. `since_good`: seconds since the last cycle
    that came to its end."""
    open_ones, reported = state.counts()
    rate = pagerduty.last_rate
    return {
        "cursor": state.cursor,
        "origin": state.origin,
        "cycle": state.cycle,
        "started": health.started,
        "server_time": pagerduty.last_server_time,
        "last_good": last_good,
        "well_at": health.before if since_good is None else str(pagerduty.last_server_time),
        "seconds_since_good": since_good,
        "open": open_ones,
        "reported": reported,
        "rate_left": None if rate is None else rate.remaining,
        "state": "failing" if health.is_grave else "ok",
        "reason": health.reason,
        "told": {kind: to_json(told) for kind, told in health.told.items()},
    }


def report_health(
    health: SensorHealth,
    dispatcher: Dispatcher,
    log: Any,
    monotonic: Callable[[], float] = time.monotonic,
    clock: Callable[[], float] = time.time,
) -> bool:
    """Dispatch what is to be reported about a sensor itself, and whether that was anything; what
    could not be dispatched the next run tries again."""
    told = False
    for notice in health.due(monotonic(), clock()):
        try:
            dispatcher.dispatch(
                HEALTH_TRIGGER, to_json(notice), trace_tag=notice.key, ids=(notice.key,)
            )
        except PackError as error:
            log.warning("The sensor's health could not be reported: %s", error)
            if isinstance(error, UnfitPayload):
                continue
            break
        health.mark_reported(notice, clock())
        told = True
    return told
