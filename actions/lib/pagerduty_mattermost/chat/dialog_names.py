"""Names that dialogs offer, read in the background: a dialog must be opened within 3 s."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, List, Mapping

from pagerduty_mattermost.core.errors import PackError

NAMES_KEPT_SECONDS = 600.0
"""Seconds that names of priorities and workflows are offered before they are read again."""


class DialogNames:
    def __init__(self, read: Callable[[], Mapping[str, List[str]]], log: Any) -> None:
        self._read, self._log = read, log
        self._names: Mapping[str, List[str]] = {}
        self._at = 0.0
        self._busy = threading.Lock()

    def known(self) -> Mapping[str, List[str]]:
        if time.monotonic() - self._at > NAMES_KEPT_SECONDS:
            self.refresh()
        return self._names

    def refresh(self) -> None:
        if self._busy.acquire(blocking=False):
            threading.Thread(target=self._work, name="pagerduty-choices", daemon=True).start()

    def _work(self) -> None:
        try:
            self._names = self._read()
            self._at = time.monotonic()
        except PackError as error:
            self._log.info("Dialogs offer no names for now: %s", error)
        finally:
            self._busy.release()
