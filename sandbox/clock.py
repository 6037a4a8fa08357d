"""The sandbox's clock: one for both servers, so that a test can live through days in a second.

`Clock()` runs with the real time and can be shifted (`advance`, `set`). `Clock(start)` stands
still at `start` and moves only when told. Calling it gives seconds since the epoch. Safe to use
from any thread.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from email.utils import formatdate
from typing import Callable, Optional


class Clock:
    def __init__(
        self, start: Optional[float] = None, real: Callable[[], float] = time.time
    ) -> None:
        self._real = real
        self._lock = threading.Lock()
        self._fixed = start
        self._offset = 0.0

    def __call__(self) -> float:
        """Seconds since the epoch."""
        fixed = self._fixed
        return fixed if fixed is not None else self._real() + self._offset

    def advance(self, seconds: float) -> float:
        """Move by that many seconds (backwards when negative: clocks that jump); returns the new
        time."""
        with self._lock:
            if self._fixed is not None:
                self._fixed += seconds
            else:
                self._offset += seconds
        return self()

    def set(self, epoch: float) -> float:
        """Make it that time; a running clock goes on from there."""
        with self._lock:
            if self._fixed is not None:
                self._fixed = float(epoch)
            else:
                self._offset = epoch - self._real()
        return self()


def iso(epoch: float) -> str:
    """UTC with whole seconds as PagerDuty writes it: 2026-01-02T03:04:05Z."""
    return datetime.fromtimestamp(int(epoch), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(epoch: float) -> str:
    """The value of an HTTP `Date` header."""
    return formatdate(epoch, usegmt=True)
