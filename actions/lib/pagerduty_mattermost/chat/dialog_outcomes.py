"""What came of an order that was given in a dialog: the dialog stays open until that is known, and
shows it.

    waiting = WaitingDialogs(store, log)           # the chat sensor's
    later = waiting.expect(order_id, ended)        # a LaterAnswer; None: as many wait as may
    report(store, order, clock, DialogOutcome(errors={"user": "…"}))     # the action's

An action in the sensor's own process (the embedded default) tells it directly; another one writes
a datastore key, which one thread looks for as long as any dialog waits, in one request for all of
them. Nothing else waits in a thread. What comes too late is told otherwise by the action, which
knows the dialog's end: never both, never neither.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Sequence

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.core.markdown import shown_in_dialog
from pagerduty_mattermost.gateways.http.later_answer import LaterAnswer
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEY_PREFIX = "outcome."
KEPT_SECONDS = 60
WAIT_SECONDS = 7.5
"""How long a dialog stays open, and a look at the datastore more. Mattermost itself waits 30 s
for the answer."""
LAST_SECONDS = 1.0
"""Before its end, in which an action reports nothing more: it may not be read in time."""
FIRST_LOOK_SECONDS, LOOK_SECONDS = 0.15, 0.3
"""After which the datastore is looked at, first and again: an act takes half a second or more."""
MAX_WAITING = 150
"""Dialogs at once; the listener takes 192 connections of one address."""


class DialogOutcome(NamedTuple):
    """Without an error the dialog closes."""

    error: str = ""
    """Of the whole, as Markdown."""
    errors: Mapping[str, str] = {}
    """The same by field."""
    form: Mapping[str, Any] = {}
    """The dialog that follows it, where the server can show one (`DialogAbilities.pickers`)."""

    def answer(self) -> Dict[str, Any]:
        """The answer to a submitted dialog, as Mattermost takes it."""
        if self.form:
            return {"type": "form", "form": dict(self.form)}
        errors = {name: shown_in_dialog(text) for name, text in self.errors.items()}
        found = {"errors": errors, "error": shown_in_dialog(self.error)}
        return {name: value for name, value in found.items() if value}

    @property
    def is_open(self) -> bool:
        """Whether the dialog stays, so that the same one may be sent again."""
        return bool(self.error or self.errors)


NOT_KNOWN = DialogOutcome(
    ":warning: What came of it is not known, StackStorm does not answer: check the card first."
)


class _Waiting(NamedTuple):
    later: LaterAnswer
    until: float
    ended: Callable[[DialogOutcome], None]


_HERE: Dict[str, Callable[[DialogOutcome], bool]] = {}
"""The dialogs that wait in this process, by order."""


def report(
    store: Store, order: Mapping[str, Any], clock: Callable[[], float], outcome: DialogOutcome
) -> bool:
    """Tell the dialog that waits for this order. False where none does, or not for long enough:
    then it has to be told otherwise."""
    end = float(order.get("awaited_until") or 0) - LAST_SECONDS
    if clock() > end:
        return False
    here = _HERE.get(str(order.get("id")))
    if here is not None:
        return here(outcome)
    try:
        store.write(f"{KEY_PREFIX}{order['id']}", to_json(outcome), KEPT_SECONDS)
    except PackError:
        return False
    return clock() <= end


class WaitingDialogs:
    """For use by several threads."""

    def __init__(self, store: Store, log: Any, most: int = MAX_WAITING) -> None:
        self.seconds = WAIT_SECONDS
        """How long a dialog waits; 0: none does."""
        self._store, self._log, self._most = store, log, most
        self._lock = threading.Lock()
        self._waiting: Dict[str, _Waiting] = {}
        self._looks = False

    def expect(
        self, order_id: str, ended: Callable[[DialogOutcome], None]
    ) -> Optional[LaterAnswer]:
        """The answer that the order's dialog gets. `ended`: called before it is given; None where
        as many wait as may. To be called before the order is dispatched."""
        with self._lock:
            if self.seconds <= 0 or len(self._waiting) >= self._most:
                return None
            later = LaterAnswer()
            until = time.monotonic() + self.seconds
            self._waiting[order_id] = _Waiting(later, until, ended)
            _HERE[order_id] = lambda outcome: self.end(order_id, outcome)
            if not self._looks:
                self._looks = True
                threading.Thread(target=self._look, name="pagerduty-dialogs", daemon=True).start()
        return later

    def end(self, order_id: str, outcome: DialogOutcome = DialogOutcome()) -> bool:  # noqa: B008
        """Answer the dialog. False where it does not wait any more."""
        with self._lock:
            found = self._waiting.pop(order_id, None)
            _HERE.pop(order_id, None)
        if found is None:
            return False
        found.ended(outcome)
        return found.later.give(200, outcome.answer())

    def _look(self) -> None:
        """Until nobody waits."""
        time.sleep(FIRST_LOOK_SECONDS)
        while True:
            with self._lock:
                if not self._waiting:
                    self._looks = False
                    return
                asked = list(self._waiting)
            now, found = time.monotonic(), self._read(asked)
            for order_id, outcome in (found or {}).items():
                self.end(order_id, outcome)
            with self._lock:
                late = [id for id, one in self._waiting.items() if one.until <= now]
            for order_id in late:
                self.end(order_id, DialogOutcome() if found is not None else NOT_KNOWN)
            time.sleep(LOOK_SECONDS)

    def _read(self, asked: Sequence[str]) -> Optional[Dict[str, DialogOutcome]]:
        """What is reported of those; None where the datastore does not tell."""
        try:
            found = self._store.read_prefix(KEY_PREFIX, on_broken=lambda broken: None)
        except PackError as error:
            self._log.info("What came of a dialog could not be read: %s", error)
            return None
        kept = {id: found[KEY_PREFIX + id] for id in asked if KEY_PREFIX + id in found}
        return {
            id: record_or_none(DialogOutcome, value) or DialogOutcome()
            for id, value in kept.items()
        }
