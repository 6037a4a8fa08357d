"""A call counts once: what Mattermost sends bears something that only the same call would bear
again.

    guard = ReplayGuard()
    mark = mark_of("trigger", body.get("trigger_id"), now)
    guard.take(mark, now)       # True; the second time False
    guard.give_back(mark)       # the call was not carried out after all: it may come again

A dialog's state and a confirmation's token are good for one order. A click's or a command's
`trigger_id` and a webhook's `post_id` are Mattermost's own and new each time. In memory alone: a
restarted sensor does not know what came before it; of what is good for one order the action does
(`begun_orders.first_entry`).
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Any, NamedTuple

KEPT_SECONDS = 3700.0
"""Longer than a dialog or a confirmation holds."""
MAX_CALLS = 20000


class CallMark(NamedTuple):
    """What a call is known again by."""

    digest: str = ""
    """Empty: the call bears nothing of that kind."""
    until: float = 0.0
    """Seconds since the epoch."""
    single: bool = False
    """Whether it is the pack's own word, good for one order: a second one is answered that it is
    done already."""


TOKEN = "token"  # noqa: S105 - no password
"""Of a confirmation or a dialog."""


def mark_of(kind: str, value: Any, now: float) -> CallMark:
    """By what a call is known when it comes again; empty where `value` is no text. `now`:
    seconds since the epoch."""
    if not isinstance(value, str) or not value:
        return CallMark()
    return CallMark(
        hashlib.sha256(f"{kind} {value}".encode("utf-8", "replace")).hexdigest(),
        now + KEPT_SECONDS,
        kind == TOKEN,
    )


class ReplayGuard:
    """The calls that were taken, the newest `MAX_CALLS` of them. For use by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: OrderedDict[str, float] = OrderedDict()

    def take(self, mark: CallMark, now: float) -> bool:
        """False when it was taken before."""
        if not mark.digest:
            return True
        with self._lock:
            if self._until.get(mark.digest, 0.0) > now:
                return False
            self._until[mark.digest] = mark.until
            self._until.move_to_end(mark.digest)
            while len(self._until) > MAX_CALLS or next(iter(self._until.values())) <= now:
                self._until.popitem(last=False)
            return True

    def give_back(self, mark: CallMark) -> None:
        """The same call may come again."""
        with self._lock:
            self._until.pop(mark.digest, None)
