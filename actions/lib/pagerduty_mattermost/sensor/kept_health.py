"""What was told of a sensor's health, kept over restarts: a process that is started over and over
tells a standing problem once a day, and the next one tells that it is over.

    kept = KeptHealth(health, store, "chat.health", log)
    kept.load()                  # what an earlier process told; again where that failed
    kept.report(dispatcher)      # what is due, and what was told is kept
"""

from __future__ import annotations

import time
from typing import Any, Callable

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.sensor.health import SensorHealth, kept_told
from pagerduty_mattermost.sensor.heartbeat import report_health

CHAT_KEY = "chat.health"
KEPT_SECONDS = 30 * 86400.0


def kept_problem(store: Store) -> str:
    """What the chat sensor told last that is not over; empty for nothing. Raises the store's
    errors."""
    kept = store.read(CHAT_KEY)
    told = kept_told(kept.get("told"), "") if isinstance(kept, dict) else {}
    return "; ".join(one.reason for one in told.values() if one.reason)


class KeptHealth:
    """Raises nothing: without the datastore a problem may be told once more."""

    def __init__(self, health: SensorHealth, store: Store, key: str, log: Any) -> None:
        self._health, self._store, self._key, self._log = health, store, key, log
        self._loaded = False

    def load(self) -> bool:
        """Whether what was told before became known by this call."""
        if self._loaded:
            return False
        try:
            kept = self._store.read(self._key)
        except BrokenValue:
            kept = None
        except PackError as error:
            self._log.info("What was reported of this sensor is not known yet: %s", error)
            return False
        told = kept_told(kept.get("told"), "") if isinstance(kept, dict) else {}
        self._health.told.update({k: v for k, v in told.items() if k not in self._health.told})
        well_at = kept.get("well_at") if isinstance(kept, dict) else ""
        self._health.before = self._health.before or str(well_at or "")
        self._loaded = True
        return True

    def report(self, dispatcher: Dispatcher, clock: Callable[[], float] = time.time) -> None:
        """Dispatch what is due, and keep what was told."""
        if not report_health(self._health, dispatcher, self._log, clock=clock):
            return
        told = {kind: to_json(one) for kind, one in self._health.told.items()}
        try:
            kept = {"told": told, "well_at": self._health.before}
            self._store.write(self._key, kept, KEPT_SECONDS)
        except PackError as error:
            self._log.info("What was reported of this sensor is not kept: %s", error)
