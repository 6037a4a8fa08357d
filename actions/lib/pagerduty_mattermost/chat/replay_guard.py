"""A call counts once: what Mattermost sends bears something that the same call alone would bear
again.

    used = Used()
    one = mark("trigger", body.get("trigger_id"), now)
    used.take(one, now)        # True; the second time False
    used.give_back(one)        # it was not taken after all: may come again

A dialog's state and a confirmation's token are good for one order. A click's or a command's
`trigger_id` and a webhook's `post_id` are Mattermost's own and new each time. In memory alone: a
restarted sensor does not know what came before it.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Any, NamedTuple

KEPT = 3700.0
"""Seconds: longer than a dialog or a confirmation holds."""
MOST = 20000


class Mark(NamedTuple):
    digest: str = ""
    """Empty: the call bears nothing of that kind."""
    until: float = 0.0
    """Seconds since the epoch."""


def mark(kind: str, value: Any, now: float) -> Mark:
    if not isinstance(value, str) or not value:
        return Mark()
    return Mark(
        hashlib.sha256(f"{kind} {value}".encode("utf-8", "replace")).hexdigest(), now + KEPT
    )


class Used:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: OrderedDict[str, float] = OrderedDict()

    def take(self, one: Mark, now: float) -> bool:
        """False when it was taken before."""
        if not one.digest:
            return True
        with self._lock:
            if self._until.get(one.digest, 0.0) > now:
                return False
            self._until[one.digest] = one.until
            self._until.move_to_end(one.digest)
            while len(self._until) > MOST or next(iter(self._until.values())) <= now:
                self._until.popitem(last=False)
            return True

    def give_back(self, one: Mark) -> None:
        with self._lock:
            self._until.pop(one.digest, None)
