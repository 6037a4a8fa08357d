"""Asks whether Mattermost is back while posts wait for it, and has them posted then: one for all,
so that no action waits in a runner.

    back = MattermostReturn(settings, store, dispatcher, log)
    back.start(); back.stop()       # a thread of its own: PagerDuty's trouble must not delay it
    back.dispatched()               # the sensor sent a trigger: its action may fail soon
    back.trouble                    # why it can't be asked, when that does not pass by itself

`return_watch` decides; this carries it out. When Mattermost answers, `pagerduty.mattermost_back`
is dispatched, whose rule runs `mattermost.catch_up`.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Optional

from pagerduty_mattermost.core.config.connections import MattermostConfig
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.gateways.mattermost import outage
from pagerduty_mattermost.gateways.mattermost.outage import Outage
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.sensor.health import fault
from pagerduty_mattermost.sensor.return_watch import LOOK, PROBE, ReturnWatch

BACK_TRIGGER = "pagerduty.mattermost_back"
PROBE_TIMEOUT_SECONDS = 3.0
TROUBLE_SECONDS = 60.0
"""So long it may pass by itself: while a server starts, a proxy may answer anything."""
FAULT_PAUSE_SECONDS = 30.0


class MattermostReturn:
    """`dispatcher` and `store` are its own: neither is for several threads."""

    def __init__(
        self,
        settings: MattermostConfig,
        store: Store,
        dispatcher: Dispatcher,
        log: Any,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        waits = settings.http.timeouts
        timeouts = waits._replace(
            connect=min(waits.connect, PROBE_TIMEOUT_SECONDS),
            read=min(waits.read, PROBE_TIMEOUT_SECONDS),
        )
        self._settings = settings._replace(http=settings.http._replace(timeouts=timeouts))
        self._store, self._dispatcher, self._log = store, dispatcher, log
        self._monotonic, self._clock = monotonic, clock
        self._watch = ReturnWatch(monotonic())
        self._mattermost: Any = None
        self._problem, self._problem_since = "", 0.0
        self._called = threading.Event()
        self._news = False
        self._stopped = False
        self._thread: Optional[threading.Thread] = None

    @property
    def trouble(self) -> str:
        """Why Mattermost can't be asked, if that lasts and will not pass by itself (a certificate,
        an address); empty when it can, or is merely away."""
        lasts = self._monotonic() - self._problem_since >= TROUBLE_SECONDS
        return self._problem if lasts else ""

    def start(self) -> None:
        """Begin to watch."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._live, name="pagerduty-mattermost-return", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End after what it does now; does not wait."""
        self._stopped = True
        self._called.set()

    def dispatched(self) -> None:
        """The sensor sent a trigger."""
        self._news = True
        self._called.set()

    def step(self) -> float:
        """Do what it is time for; seconds until the next step. Raises nothing but what ends the
        process."""
        try:
            return self._step()
        except Exception as error:  # noqa: BLE001 - the thread must not die of it
            self._log.error("Polling Mattermost failed: %s", fault(self._log, error))
            return FAULT_PAUSE_SECONDS

    def _live(self) -> None:
        while not self._stopped:
            wait = self.step()
            self._called.wait(wait)
            self._called.clear()

    def _step(self) -> float:
        now = self._monotonic()
        if self._news:
            self._news = False
            self._watch.dispatched(now)
        what, at = self._watch.next
        if at <= now:
            if what == LOOK:
                found = self._look()
                self._watch.looked(self._monotonic(), found)
            elif what == PROBE:
                answers = self._answers()
                self._watch.probed(now, self._monotonic(), answers)
            else:
                dispatched = self._tell()
                self._watch.told(self._monotonic(), dispatched)
        return max(0.0, self._watch.next[1] - self._monotonic())

    def _look(self) -> Optional[Outage]:
        try:
            return outage.read(self._store)
        except PackError as error:
            self._log.info("Whether posts wait for Mattermost can't be read: %s", error)
            return None

    def _answers(self) -> bool:
        was_away = self._watch.is_away
        try:
            self._client().ping()
        except PackError as error:
            if error.status == 429:  # it answers
                return True
            if not was_away:
                self._log.warning("Posts wait for Mattermost, which is asked often now: %s", error)
            self._note_problem("" if isinstance(error, RetryLater) else str(error))
            return False
        self._note_problem("")
        return True

    def _note_problem(self, problem: str) -> None:
        if problem and not self._problem:
            self._problem_since = self._monotonic()
        if problem and problem != self._problem:
            self._log.error("Mattermost can't be asked: %s", problem)
        self._problem = problem

    def _tell(self) -> bool:
        key = f"mattermost-back-{int(self._clock())}"
        try:
            self._dispatcher.dispatch(BACK_TRIGGER, {"key": key}, trace_tag=key)
        except PackError as error:
            self._log.warning("That Mattermost answers could not be reported: %s", error)
            return False
        self._log.info("Mattermost answers: what waits for it is posted now")
        return True

    def _client(self) -> Any:
        """Made when it is first needed: quiet sensors do not import it."""
        if self._mattermost is None:
            from pagerduty_mattermost.gateways.http.client import RetryPolicy
            from pagerduty_mattermost.gateways.mattermost.directory import MattermostDirectory

            self._mattermost = MattermostDirectory(
                self._settings, policy=RetryPolicy(attempts=1), monotonic=self._monotonic
            )
        return self._mattermost
