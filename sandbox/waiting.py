"""Waits for what another thread or process does."""

from __future__ import annotations

import time
from typing import Any, Callable

PAUSE_SECONDS = 0.02


def until(done: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What `done` gives once that is true. Raises AssertionError after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(PAUSE_SECONDS)
    raise AssertionError("it did not come in time")
