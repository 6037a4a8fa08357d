"""In which order dead letters are carried out again in one run, and what waits for what. Pure.

    order = ReplayOrder(letters, now)
    while (one := order.next()) is not None:
        order.done() or order.failed(kind, down=...)

Dead letters of one incident go in the order of their changes: while one waits for the other side
to be back, later ones wait with it; one whose channel is closed holds up its channel alone. After
three failures in a row of the kind "down" the run ends: nobody is helped by asking on. A success
says that the other side is back, so what has to wait longer is tried at once.
"""

from __future__ import annotations

from collections import deque
from typing import Deque, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from pagerduty_mattermost.core.errors import FAILURES_IN_A_ROW
from pagerduty_mattermost.operations.dead_letters import (
    ACT,
    BLOCKED,
    PERMANENT,
    RETRYABLE,
    TRIED_SECONDS,
    DeadLetter,
)

FIRST_WAIT_SECONDS = 60.0
LONGEST_WAIT_SECONDS = {RETRYABLE: 600.0, BLOCKED: 3600.0}
"""Between two tries of the same thing: doubled from the first to the longest."""


class ReplayOrder:
    """One run. `by_hand`: everything is tried, whatever its kind and however short ago it was.
    `is_back`: the other side answers again, so what waits for that is tried at once."""

    def __init__(
        self,
        letters: Sequence[DeadLetter],
        now: float,
        *,
        by_hand: bool = False,
        is_back: bool = False,
    ) -> None:
        self._now = now
        self._by_hand = by_hand
        self._is_back = is_back
        self._in_a_row = 0
        self._queues: Deque[_Queue] = deque(
            _queues([one for one in letters if by_hand or is_tried(one, now)])
        )
        self._postponed: List[_Queue] = []
        self._queue: Optional[_Queue] = None
        self._closed: Set[str] = set()
        self._current: Optional[DeadLetter] = None

    def next(self) -> Optional[DeadLetter]:
        """The failed post that is next; None when that was all for this run."""
        self._current = None
        while self._in_a_row < FAILURES_IN_A_ROW:
            if self._queue is None or not self._queue.left:
                if not self._queues:
                    return None
                self._queue = self._queues.popleft()
            one = self._queue.left[0]
            where = channel_of(one)
            if where in self._queue.closed or where in self._closed:
                self._queue.left.popleft()
                self._queue.closed.add(where)
            elif self._is_due(one):
                self._queue.left.popleft()
                self._current = one
                return one
            elif one.kind == RETRYABLE:
                self._postponed.append(self._queue)
                self._queue = None
            else:
                self._queue.left.popleft()
                self._queue.closed.add(where)
        return None

    def done(self) -> None:
        """The one that was next went through."""
        self._in_a_row = 0
        if not self._is_back:
            self._is_back = True
            self._queues.extend(self._postponed)
            self._postponed.clear()

    def failed(self, kind: str, *, down: bool) -> None:
        """The one that was next failed as `kind`; `down`: the other side as a whole takes
        nothing."""
        assert self._current is not None
        assert self._queue is not None
        self._in_a_row = self._in_a_row + 1 if down else 0
        where = channel_of(self._current)
        if kind == RETRYABLE:
            self._queue.left.clear()
        elif kind == BLOCKED:
            self._queue.closed.add(where)
            if one_place(where):
                self._closed.add(where)

    def _is_due(self, one: DeadLetter) -> bool:
        return (
            self._by_hand or one.next_at <= self._now or (self._is_back and one.kind == RETRYABLE)
        )


class _Queue:
    """The dead letters of one incident, or one that is of none."""

    def __init__(self, letters: Sequence[DeadLetter]) -> None:
        self.left: Deque[DeadLetter] = deque(sorted(letters, key=lambda one: one.order))
        self.closed: Set[str] = set()
        self.since: Tuple[float, str] = min((one.first_at, one.id) for one in letters)


def _queues(letters: Sequence[DeadLetter]) -> List[_Queue]:
    """Oldest first."""
    groups: Dict[str, List[DeadLetter]] = {}
    for one in letters:
        groups.setdefault(one.incident or f"?{one.id}", []).append(one)
    return sorted((_Queue(group) for group in groups.values()), key=lambda one: one.since)


def is_tried(one: DeadLetter, now: float) -> bool:
    """Whether it is tried again without a hand."""
    return one.kind not in (PERMANENT, ACT) and now - one.first_at < TRIED_SECONDS


def some_wait(letters: Iterable[DeadLetter], now: float) -> bool:
    """Whether any of them waits for the other side to be back."""
    return any(one.kind == RETRYABLE and is_tried(one, now) for one in letters)


def channel_of(one: DeadLetter) -> str:
    """What a closed channel holds up: what goes to that channel, else what does the same."""
    return str(one.params.get("channel") or f"?{one.action}")


def postponed(one: DeadLetter, kind: str, reason: str, now: float) -> DeadLetter:
    """The failed post after one more failure."""
    wait = min(
        LONGEST_WAIT_SECONDS.get(kind, 0.0),
        FIRST_WAIT_SECONDS * 2.0 ** min(max(0, one.attempts - 1), 10),
    )
    return one._replace(
        kind=kind, reason=reason, last_at=now, attempts=one.attempts + 1, next_at=now + wait
    )


def one_place(where: str) -> bool:
    """Whether it is the same place for every dead letter."""
    return not where.startswith("?") and where != ":service"
