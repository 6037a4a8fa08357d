"""A process of the pack that is killed at a given moment: before or after each request, and each
call of the datastore that changes something.

    total = moments(run)            # how many there are
    killed_at(3, run)               # True: it was killed at the fourth
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import get_ident
from typing import Any, Callable, Iterator
from unittest.mock import patch

from pagerduty_mattermost.gateways.http.client import BoundedAdapter
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


class Killed(BaseException):
    """The process ends here."""


class MomentCount:
    """The moments that passed in this thread; at `at` the process is killed."""

    def __init__(self, at: int = -1) -> None:
        self.at, self.seen, self._thread = at, 0, get_ident()

    def passes(self) -> None:
        if get_ident() != self._thread:
            return
        if self.seen == self.at:
            raise Killed
        self.seen += 1


@contextmanager
def counted(count: MomentCount) -> Iterator[None]:
    send, call = BoundedAdapter.send, Store._call

    def sending(self: Any, *args: Any, **more: Any) -> Any:
        count.passes()
        answer = send(self, *args, **more)
        count.passes()
        return answer

    def calling(self: Any, doing: str, work: Any, writes: str = "") -> Any:
        if not writes:
            return call(self, doing, work, writes)
        count.passes()
        done = call(self, doing, work, writes)
        count.passes()
        return done

    with patch.object(BoundedAdapter, "send", sending), patch.object(Store, "_call", calling):
        yield


def moments(run: Callable[[], Any]) -> int:
    """At how many it can be killed."""
    count = MomentCount()
    with counted(count):
        run()
    return count.seen


def killed_at(moment: int, run: Callable[[], Any]) -> bool:
    """Whether it came so far."""
    with counted(MomentCount(moment)):
        try:
            run()
        except Killed:
            return True
    return False
