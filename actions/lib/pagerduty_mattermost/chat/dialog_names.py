"""Names that dialogs offer, read in the background: a dialog must be opened within 3 s."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional

from pagerduty_mattermost.chat.dialogs import names
from pagerduty_mattermost.core.errors import PackError

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

NAMES_KEPT_SECONDS = 600.0
"""Seconds that names of priorities and workflows are offered before they are read again."""


LISTS: Mapping[str, str] = {
    "service": "services",
    "priority": "priorities",
    "workflow": "incident_workflows",
}
"""What dialogs offer, and PagerDuty's list of it."""
MAX_NAMES = 100


def read_names(pagerduty: PagerDuty, log: Any) -> Dict[str, List[str]]:
    """Names by kind. A list that is refused (the token lacks a right, the plan the feature) takes
    no other with it: there people type. Raises the last PackError where none could be read."""
    found: Dict[str, List[str]] = {}
    failed: Optional[PackError] = None
    for kind, plural in LISTS.items():
        try:
            rows = pagerduty.list_all(f"/{plural}", plural, None, MAX_NAMES).items
        except PackError as error:
            failed = error
            log.info("Dialogs let people type the %s: %s", kind, error)
            continue
        found[kind] = names(rows)
    if failed is not None and not found:
        raise failed
    return found


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
            self._names = {**self._names, **self._read()}
            self._at = time.monotonic()
        except PackError as error:
            self._log.info("Dialogs offer no names for now: %s", error)
        finally:
            self._busy.release()
