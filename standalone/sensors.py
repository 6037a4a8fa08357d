"""Runs sensors, each in a thread of its own.

A polling sensor's `poll` is called every `get_poll_interval()` seconds; one that has `wake_by` is
given a waker, and polls at once when it uses it; one that has `begin_watching` is told to begin
the threads that its own `run` would. StackStorm respawns a sensor that raised twice
and then drops it for good; here it is made anew each time, after a pause that grows up to a
minute.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Callable, Optional

LOG = logging.getLogger("standalone")

FIRST_PAUSE_SECONDS = 2.5
MAX_PAUSE_SECONDS = 60.0
HEALTHY_SECONDS = 10.0
"""Seconds alive after which the next failure counts as the first."""


class SensorThread:
    """One sensor. `make()` gives a fresh instance; `poll_interval` overrides the sensor's own, in
    seconds."""

    def __init__(
        self,
        name: str,
        make: Callable[[], Any],
        poll_interval: Optional[float] = None,
        monotonic: Callable[[], float] = time.monotonic,
        on_death: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._name = name
        self._on_death = on_death
        self._make = make
        self._poll_interval = poll_interval
        self._monotonic = monotonic
        self._condition = threading.Condition()
        self._stopping = False
        self._poked = False
        self._sensor: Any = None
        self._passive = False
        self.ready = threading.Event()
        """Set once it was set up."""
        self._thread = threading.Thread(target=self._live, name=f"sensor-{name}", daemon=True)

    def start(self) -> None:
        """Begins its life."""
        self._thread.start()

    def poke(self) -> None:
        """Ends the current wait: it polls now."""
        with self._condition:
            self._poked = True
            self._condition.notify_all()

    def stop(self) -> None:
        """Tells it to end after the current poll; does not wait. One with a `run` of its own ends
        by its cleanup, and is not begun where that came before."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
            runs = self._passive
        if runs:
            self._cleanup()

    def join(self, timeout: float) -> bool:
        """Waits so many seconds for its end; False when a poll still runs (it is left behind)."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _live(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping:
            born = self._monotonic()
            try:
                self._run_once()
            except BaseException as error:
                if self._monotonic() - born >= HEALTHY_SECONDS:
                    pause = FIRST_PAUSE_SECONDS
                line = " ".join(str(error).split())
                LOG.error(
                    "Sensor %s: %s: %s; restarts in %g s",
                    self._name,
                    type(error).__name__,
                    line,
                    pause,
                )
                LOG.debug("Sensor %s", self._name, exc_info=True)
                self._tell()
            else:
                if not self._stopping:
                    LOG.warning("Sensor %s stopped by itself; restarts in %g s", self._name, pause)
                    self._tell()
            self._wait(pause)
            pause = min(pause * 2, MAX_PAUSE_SECONDS)
        self._cleanup()

    def _run_once(self) -> None:
        from st2reactor.sensor.base import PollingSensor

        self._cleanup()
        sensor = self._sensor = self._make()
        sensor.setup()
        self.ready.set()
        if not isinstance(sensor, PollingSensor):
            self._run_by_itself(sensor)
            return
        if hasattr(sensor, "wake_by"):
            sensor.wake_by(self.poke)
        if hasattr(sensor, "begin_watching"):
            sensor.begin_watching()
        while not self._stopping:
            sensor.poll()
            self._wait(self._poll_interval or sensor.get_poll_interval())

    def _run_by_itself(self, sensor: Any) -> None:
        """Until it ends. `stop` finds it running and has it end, or comes before and it is not
        begun: between the two nobody would ever tell it."""
        with self._condition:
            if self._stopping:
                return
            self._passive = True
        try:
            sensor.run()
        finally:
            self._passive = False

    def _tell(self) -> None:
        try:
            self._on_death(self._name)
        except Exception as error:  # noqa: BLE001 - it starts anew all the same
            LOG.warning("Sensor %s: its death could not be reported: %s", self._name, error)

    def _cleanup(self) -> None:
        if self._sensor is None:
            return
        sensor, self._sensor = self._sensor, None
        try:
            sensor.cleanup()
        except Exception as error:  # noqa: BLE001 - its end must not be the end of the others
            LOG.warning("Sensor %s: cleanup failed: %s", self._name, error)

    def _wait(self, seconds: float) -> None:
        until = self._monotonic() + seconds
        with self._condition:
            while not self._stopping and not self._poked and self._monotonic() < until:
                self._condition.wait(until - self._monotonic())
            self._poked = False
