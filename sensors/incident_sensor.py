"""The sensor that sees every change of PagerDuty's incidents: a thin shell around
`sensor.cycle.Cycle`, and around `sensor.webhook_endpoint` where PagerDuty's webhook is set up."""

# flake8: noqa: E501

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Optional

# StackStorm puts only the folder of a sensor itself on its path.
_LIBRARY = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "actions", "lib"
)
if _LIBRARY not in sys.path:
    sys.path.append(_LIBRARY)

from st2reactor.sensor.base import PollingSensor  # noqa: E402

from pagerduty_mattermost.core import times  # noqa: E402
from pagerduty_mattermost.core.config import settings as pack_config  # noqa: E402
from pagerduty_mattermost.core.errors import PackError  # noqa: E402
from pagerduty_mattermost.gateways.pagerduty.rate_brake import RateNote  # noqa: E402
from pagerduty_mattermost.gateways.stackstorm.datastore import Store  # noqa: E402
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher  # noqa: E402
from pagerduty_mattermost.gateways.stackstorm.payload_schema import payload_schemas  # noqa: E402
from pagerduty_mattermost.incidents.state_store import StateStore  # noqa: E402
from pagerduty_mattermost.noise.storm_gate import StormGate  # noqa: E402
from pagerduty_mattermost.sensor import orphan_watch  # noqa: E402
from pagerduty_mattermost.sensor.cycle import Cycle  # noqa: E402
from pagerduty_mattermost.sensor.election import LEADS, STANDS_BY  # noqa: E402
from pagerduty_mattermost.sensor.health import SensorHealth, fault  # noqa: E402
from pagerduty_mattermost.sensor.heartbeat import Heartbeat, report_health  # noqa: E402
from pagerduty_mattermost.sensor.leadership import Leadership  # noqa: E402
from pagerduty_mattermost.sensor.mattermost_return import MattermostReturn  # noqa: E402
from pagerduty_mattermost.sensor.pagerduty_return import PagerDutyReturn  # noqa: E402
from pagerduty_mattermost.sensor.routing import Routing  # noqa: E402
from pagerduty_mattermost.sensor.upkeep_due import UpkeepDue  # noqa: E402
from pagerduty_mattermost.sensor.webhook import SOON_SECONDS  # noqa: E402
from pagerduty_mattermost.sensor.webhook_endpoint import WebhookEndpoint, open_endpoint  # noqa: E402

WAIT_SECONDS = 4.0
"""For the datastore where there is a way without its answer."""


class IncidentSensor(PollingSensor):
    """Dispatches `pagerduty.incident`, `pagerduty.open_summary`, `pagerduty.sensor_health`,
    `pagerduty.heartbeat`, `pagerduty.storm`, `pagerduty.mattermost_back` and
    `pagerduty.pagerduty_back`."""

    def __init__(
        self,
        sensor_service: Any,
        config: Optional[Dict[str, Any]] = None,
        poll_interval: float = 10,
    ) -> None:
        super().__init__(sensor_service=sensor_service, config=config, poll_interval=poll_interval)
        self._log = sensor_service.get_logger(name="IncidentSensor")
        self._health = SensorHealth(time.time())
        self._dispatcher: Optional[Dispatcher] = None
        self._cycle: Optional[Cycle] = None
        self._endpoint: Optional[WebhookEndpoint] = None
        self._leadership: Optional[Leadership] = None
        self._term = 0
        self._return: Optional[MattermostReturn] = None
        self._pages: Optional[PagerDutyReturn] = None
        self._rate: Optional[RateNote] = None
        self._interval = poll_interval
        self._called = threading.Event()
        self._wake_up: Callable[[], None] = self._called.set
        self._runs_actions = False
        self._is_watching = False
        self._stopped = False
        self._debug = isinstance(config, dict) and config.get("debug") is True

    def setup(self) -> None:
        """Never raises: StackStorm abandons a sensor that fails here. What is wrong is logged and
        reported once."""
        orphan_watch.watch(self._log)
        try:
            if pack_config.load(self.config).watch.leader_election:
                self._leadership = Leadership(Store(self.sensor_service), self._log, self._wake)
        except PackError:
            self._log.debug("Without a configuration nobody leads: what follows says why")
        if self._leadership is None:
            self._begin()

    def poll(self) -> None:
        """One cycle, where this sensor is the one that reads PagerDuty. Never raises: StackStorm
        respawns a sensor that does only twice."""
        if self._leadership is None:
            self._work()
        elif self._follow(self._leadership):
            with self._leadership.working():
                self._work()

    def _work(self) -> None:
        try:
            if self._return is not None:
                self._note_trouble(self._return.trouble)
            if self._endpoint is not None:
                self._endpoint.run()
            elif self._cycle is not None:
                self._cycle.run()
            elif self._dispatcher is not None:
                report_health(self._health, self._dispatcher, self._log)
            if self._pages is not None and self._health.is_failing("pagerduty"):
                self._pages.failing()
            if self._rate is not None:
                self._rate.write()
        except Exception as error:  # noqa: BLE001
            self._log.error(
                "The incident sensor failed: %s", fault(self._log, error, whole=self._debug)
            )
        if self._endpoint is not None:
            self.set_poll_interval(self._endpoint.pause())
        elif self._cycle is not None:
            self.set_poll_interval(
                min(SOON_SECONDS, self._interval) if self._cycle.waits else self._interval
            )

    def run(self) -> None:
        """StackStorm's loop, but one whose wait a call of the webhook ends."""
        self.begin_watching()
        while not self._stopped:
            self.poll()
            self._called.wait(self.get_poll_interval())
            self._called.clear()

    def wake_by(self, wake: Callable[[], None]) -> None:
        """For who calls `poll` instead of `run`: how to be called before the interval is over. It
        runs actions in its own process, so reads may follow each other closely."""
        self._wake_up, self._runs_actions = wake, True
        self._let_read_closely()

    def begin_watching(self) -> None:
        """From now on, in threads of their own, look whether posts wait for Mattermost to be back
        and, where several sensors take turns, which of them leads."""
        self._is_watching = True
        self._start_watching()
        if self._leadership is not None:
            self._leadership.start()

    def cleanup(self) -> None:
        """Everything is committed as it happens, since StackStorm does not call this on a stop."""
        self._stopped = True
        self._called.set()
        if self._leadership is not None:
            self._leadership.stop()
        self._end()

    def add_trigger(self, trigger: Dict[str, Any]) -> None:
        """Rules come and go without the sensor."""

    def update_trigger(self, trigger: Dict[str, Any]) -> None:
        """Rules come and go without the sensor."""

    def remove_trigger(self, trigger: Dict[str, Any]) -> None:
        """Rules come and go without the sensor."""

    def _wake(self) -> None:
        self._wake_up()

    def _follow(self, leadership: Leadership) -> bool:
        """Whether this sensor reads PagerDuty now, out of several."""
        role, term = leadership.role, leadership.term
        if role == STANDS_BY or term != self._term:
            self._end()
        if role == LEADS and term != self._term:
            self._term = term
            self._begin()
        return role == LEADS

    def _begin(self) -> None:
        """Make the dispatcher and the cycle: what the sensor needs in order to read PagerDuty.
        What is wrong with the configuration is reported once, and the sensor then does nothing."""
        try:
            self._dispatcher = Dispatcher(self.sensor_service, _schemas(), self._log)
            self._cycle = self._make_cycle()
        except PackError as error:
            self._refuse(str(error))
        except Exception as error:  # noqa: BLE001 - a sensor that fails in setup() is gone for good
            self._refuse(fault(self._log, error, whole=self._debug))

    def _end(self) -> None:
        """Read no more. Nothing is lost: everything is committed as it happens."""
        if self._endpoint is not None:
            self._endpoint.close()
        for watched in (self._return, self._pages):
            if watched is not None:
                watched.stop()
        self._cycle = self._endpoint = self._return = self._pages = self._rate = None

    def _let_read_closely(self) -> None:
        if self._endpoint is not None and self._runs_actions and self._rate is not None:
            self._endpoint.is_ample = self._rate.is_ample

    def _make_cycle(self) -> Cycle:
        from pagerduty_mattermost.core.config.protection import unprotected
        from pagerduty_mattermost.gateways.http.client import RetryPolicy
        from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

        assert self._dispatcher is not None
        config = pack_config.load(self.config)
        pack_config.require_pagerduty(config)
        missing = pack_config.mattermost_missing(config)
        if missing:
            self._log.warning(
                "Incidents are read, but nothing is posted: the configuration lacks %s",
                ", ".join(missing),
            )
        for line in unprotected(config):
            self._log.warning("Not protected: %s", line)
        self._health.zone = times.zone(config.time_zone)
        self._interval = config.watch.poll_interval
        self.set_poll_interval(self._interval)
        # Few and short repetitions: the next cycle comes anyway, and a long wait is waited for
        # between cycles.
        pagerduty = PagerDuty(
            config.pagerduty,
            log=self._log if config.debug else None,
            policy=RetryPolicy(attempts=3, budget=8.0),
        )
        store = Store(self.sensor_service)
        self._rate = RateNote(pagerduty, store, time.time)
        quick_store = Store(self.sensor_service, deadline=WAIT_SECONDS)
        trigger_heartbeat = Heartbeat(
            self._dispatcher,
            store,
            self._health,
            self._log,
            UpkeepDue(config, quick_store, self._log),
        )
        noise = StormGate(
            config.noise, store, self._dispatcher, pagerduty, self._log, config.is_trial
        )
        states = StateStore(store)
        cycle = Cycle(
            config,
            pagerduty,
            states,
            self._dispatcher,
            self._log,
            self._health,
            trigger_heartbeat=trigger_heartbeat,
            noise=noise,
            routing=Routing(self.sensor_service, quick_store, self._log),
        )
        self._endpoint = open_endpoint(
            config, self.sensor_service, cycle, self._dispatcher, self._log
        )
        if self._endpoint is not None:
            self._endpoint.wake = self._wake
            self._let_read_closely()
        if not missing:
            self._watch_servers(config, self._dispatcher)
        return cycle

    def _watch_servers(self, config: pack_config.Config, dispatcher: Dispatcher) -> None:
        """What waits for one that is away is carried out when it is back; each has its own store
        and dispatcher, since neither is for several threads."""

        def own() -> Any:
            return (
                Store(self.sensor_service),
                Dispatcher(self.sensor_service, _schemas(), self._log),
                self._log,
            )

        back = self._return = MattermostReturn(config.mattermost, *own())
        pages = self._pages = PagerDutyReturn(config.pagerduty, *own())
        back.listeners.append(pages.seen)
        dispatcher.listeners.append(lambda trigger, payload: back.expect())
        if self._is_watching:
            self._start_watching()

    def _start_watching(self) -> None:
        for watched in (self._return, self._pages):
            if watched is not None:
                watched.start()

    def _note_trouble(self, trouble: str) -> None:
        """That Mattermost can't be asked whether it is back, until it can."""
        if trouble:
            self._health.failed("mattermost", trouble, time.monotonic(), at_once=True)
        else:
            self._health.good("mattermost")

    def _refuse(self, reason: str) -> None:
        """It stays alive and quiet: a changed configuration reaches it with a reload, which starts
        it anew."""
        self._log.error("The incident sensor does nothing: %s", reason)
        self._health.failed("configuration", reason, 0.0, at_once=True)


def _schemas() -> Dict[str, Any]:
    return payload_schemas(Path(__file__).with_suffix(".yaml"))
