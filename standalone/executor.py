"""The worker pool: runs what the journal holds, lane by lane, without polling.

Executions of one lane (an incident's trace tag) run one after the other in the order they were
planned; lanes run in parallel. A delayed retry does not hold up its lane: while one channel can't
be reached, the incident's other cards live.
"""

# flake8: noqa: W503

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections import deque
from typing import Callable, Deque, Dict, Iterable, List, Optional, Set, Tuple

from standalone.journal import WaitingExecution

LOG = logging.getLogger("standalone")


class Executor:
    """`run(waiting)` runs one execution to its recorded end and returns the work that follows from
    it (a retry).

    What `run` raises is logged, and the execution is run again after `PAUSE_SECONDS`: its end
    could not be recorded.
    """

    PAUSE_SECONDS = 5.0
    """Seconds."""
    LONGEST_DELAY_SECONDS = 300.0
    """Seconds; no policy delays longer, so what seems to wait for more has seen the clock jump
    back: it is due."""

    def __init__(
        self,
        run: Callable[[WaitingExecution], Iterable[WaitingExecution]],
        workers: int = 8,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._run = run
        self._workers = workers
        self._clock = clock
        self._condition = threading.Condition()
        self._ready: Deque[WaitingExecution] = deque()
        self._lanes: Dict[str, Deque[WaitingExecution]] = {}
        """Lanes at work, with what waits in each."""
        self._delayed: List[Tuple[float, int, WaitingExecution]] = []
        self._running: Set[int] = set()
        self._stopping = False
        self._threads: List[threading.Thread] = []

    def start(self) -> None:
        """Begins to work."""
        for number in range(self._workers):
            thread = threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def add(self, items: Iterable[WaitingExecution]) -> None:
        """More to do, from any thread."""
        with self._condition:
            for item in items:
                if item.not_before > self._clock():
                    heapq.heappush(self._delayed, (item.not_before, item.seq, item))
                else:
                    self._enqueue(item)
            self._condition.notify_all()

    def wake(self) -> None:
        """Look at the clock again: an injected one may have jumped."""
        with self._condition:
            self._condition.notify_all()

    def drain(self, timeout: float, delayed: bool = False) -> bool:
        """Waits until nothing runs or could run now (with `delayed`: nor later); False when it
        took longer, seconds."""
        until = time.monotonic() + timeout
        with self._condition:
            while self._ready or self._running or self._due() or (delayed and self._delayed):
                left = until - time.monotonic()
                if left <= 0 or self._stopping:
                    return False
                self._condition.wait(left)
            return True

    def stop(self, grace: float) -> bool:
        """Starts nothing more, waits so many seconds for what runs; True when all of it ended."""
        until = time.monotonic() + grace
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
            while self._running and time.monotonic() < until:
                self._condition.wait(max(0.0, until - time.monotonic()))
            return not self._running

    def _work(self) -> None:
        while True:
            with self._condition:
                item = self._next()
                if item is None:
                    return
                self._running.add(item.seq)
            try:
                follow_up = list(self._run(item))
            except Exception as error:  # noqa: BLE001 - a worker must never die
                LOG.error(
                    "Execution %s: its end could not be recorded (%s); it will be run again",
                    item.id,
                    error,
                )
                follow_up = [item._replace(not_before=self._clock() + self.PAUSE_SECONDS)]
            with self._condition:
                self._running.discard(item.seq)
                self._leave_lane(item)
                self.add(follow_up)

    def _next(self) -> Optional[WaitingExecution]:
        while not self._stopping:
            while self._due():
                self._enqueue(heapq.heappop(self._delayed)[2])
            if self._ready:
                return self._ready.popleft()
            left = self._delayed[0][0] - self._clock() if self._delayed else None
            self._condition.wait(left)
        return None

    def _due(self) -> bool:
        return (
            bool(self._delayed)
            and not 0 < self._delayed[0][0] - self._clock() <= self.LONGEST_DELAY_SECONDS
        )

    def _enqueue(self, item: WaitingExecution) -> None:
        if item.lane is None:
            self._ready.append(item)
        elif item.lane in self._lanes:
            self._lanes[item.lane].append(item)
        else:
            self._lanes[item.lane] = deque()
            self._ready.append(item)

    def _leave_lane(self, item: WaitingExecution) -> None:
        if item.lane is None:
            return
        if self._lanes[item.lane]:
            self._ready.append(self._lanes[item.lane].popleft())
        else:
            del self._lanes[item.lane]
