"""Asks whether a server is back while something waits for it, and has that carried out then: one
for all, so that no action waits in a runner.

    back = MattermostReturn(settings, store, dispatcher, log)
    back.start(); back.stop()       # a thread of its own: PagerDuty's trouble must not delay it
    back.expect()                   # something may be kept soon
    back.trouble                    # why it can't be asked, when that does not pass by itself

`return_watch` decides; this carries it out, `mattermost_return` and `pagerduty_return` know their
server.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, List, Optional

from pagerduty_mattermost.core.config.connections import Http
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.gateways.stackstorm import outage
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.gateways.stackstorm.outage import Outage, Outages
from pagerduty_mattermost.sensor.health import fault
from pagerduty_mattermost.sensor.return_watch import LOOK, PROBE, QUIET_LOOK_SECONDS, ReturnWatch

PROBE_TIMEOUT_SECONDS = 3.0
TROUBLE_SECONDS = 60.0
"""So long it may pass by itself: while a server starts, a proxy may answer anything."""
FAULT_PAUSE_SECONDS = 30.0


def asked_shortly(http: Http) -> Http:
    """The same with the patience of a probe."""
    waits = http.timeouts
    short = waits._replace(
        connect=min(waits.connect, PROBE_TIMEOUT_SECONDS),
        read=min(waits.read, PROBE_TIMEOUT_SECONDS),
    )
    return http._replace(timeouts=short)


class ServiceReturn:
    """`dispatcher` and `store` are its own: neither is for several threads."""

    NAME = ""
    TRIGGER = ""
    """Dispatched when the server answers again."""
    WAITS = ""
    """What waits for it, in words."""
    QUIET_SECONDS = QUIET_LOOK_SECONDS
    """Between two looks while nothing waits."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        log: Any,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._dispatcher, self._log = store, dispatcher, log
        self._monotonic, self._clock = monotonic, clock
        self._watch = ReturnWatch(monotonic(), quiet=self.QUIET_SECONDS)
        self._problem, self._problem_since = "", 0.0
        self._called = threading.Event()
        self._news = False
        self._stopped = False
        self._thread: Optional[threading.Thread] = None
        self.listeners: List[Callable[[Outages], None]] = []
        """Given what each look found."""

    def ask(self) -> None:
        """One short request. Raises RetryLater while the server is away, and the PackError that
        keeps it from being asked."""
        raise NotImplementedError

    def part(self, found: Outages) -> Outage:
        """What of it waits for this server."""
        raise NotImplementedError

    @property
    def trouble(self) -> str:
        """Why the server can't be asked, if that lasts and will not pass by itself (a certificate,
        an address); empty when it can, or is merely away."""
        lasts = self._monotonic() - self._problem_since >= TROUBLE_SECONDS
        return self._problem if lasts else ""

    def start(self) -> None:
        """Begin to watch."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._live, name=f"pagerduty-{self.NAME.lower()}-return", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End after what it does now; does not wait."""
        self._stopped = True
        self._called.set()

    def expect(self) -> None:
        """Look soon: something may be kept."""
        self._news = True
        self._called.set()

    def step(self) -> float:
        """Do what it is time for; seconds until the next step. Raises nothing but what ends the
        process."""
        try:
            return self._step()
        except Exception as error:  # noqa: BLE001 - the thread must not die of it
            self._log.error("Polling %s failed: %s", self.NAME, fault(self._log, error))
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
            self._watch.expect(now)
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
            found = outage.read(self._store)
        except PackError as error:
            self._log.info("Whether %s for %s can't be read: %s", self.WAITS, self.NAME, error)
            return None
        for listener in self.listeners:
            listener(found)
        return self.part(found)

    def _answers(self) -> bool:
        was_away = self._watch.is_away
        try:
            self.ask()
        except PackError as error:
            if not was_away:
                line = "%s for %s, which is asked often now: %s"
                self._log.warning(line, self.WAITS.capitalize(), self.NAME, error)
            self._note_problem("" if isinstance(error, RetryLater) else str(error))
            return False
        self._note_problem("")
        return True

    def _note_problem(self, problem: str) -> None:
        if problem and not self._problem:
            self._problem_since = self._monotonic()
        if problem and problem != self._problem:
            self._log.error("%s can't be asked: %s", self.NAME, problem)
        self._problem = problem

    def _tell(self) -> bool:
        key = f"{self.NAME.lower()}-back-{int(self._clock())}"
        try:
            self._dispatcher.dispatch(self.TRIGGER, {"key": key}, trace_tag=key)
        except PackError as error:
            self._log.warning("That %s answers could not be reported: %s", self.NAME, error)
            return False
        self._log.info("%s answers: what waits for it follows now", self.NAME)
        return True
