"""One run through the dead letters: which is next, and what waits for what. Pure.

    round = Round(letters, now)
    while (one := round.next()) is not None:
        round.done() or round.failed(kind, down=...)

Letters of one incident go in the order of their changes: while one waits for the other side to be
back, later ones wait with it; one whose channel is closed holds up its channel alone. After three
failures in a row of the kind "down" the run ends: nobody is helped by asking on. A success says
that the other side is back, so what has to wait longer is tried at once.
"""

from __future__ import annotations

from collections import deque
from typing import Deque, Dict, List, Optional, Sequence, Set, Tuple

from pagerduty_mattermost.operations.dead_letters import (
    ACT,
    BLOCKED,
    PERMANENT,
    RETRYABLE,
    TRIED,
    Letter,
)

GIVE_UP_AFTER = 3
FIRST_WAIT = 60.0
LAST_WAIT = {RETRYABLE: 600.0, BLOCKED: 3600.0}
"""Seconds between two tries of the same thing: doubled from the first to the last."""


class Round:
    """`by_hand`: everything is tried, whatever its kind and however short ago it was."""

    def __init__(self, letters: Sequence[Letter], now: float, *, by_hand: bool = False) -> None:
        self._now = now
        self._by_hand = by_hand
        self._back = False
        self._in_a_row = 0
        self._lanes: Deque[_Lane] = deque(
            _lanes([one for one in letters if by_hand or is_tried(one, now)])
        )
        self._asleep: List[_Lane] = []
        self._lane: Optional[_Lane] = None
        self._shut: Set[str] = set()
        self._current: Optional[Letter] = None

    def next(self) -> Optional[Letter]:
        """None: that was all, for this run."""
        self._current = None
        while self._in_a_row < GIVE_UP_AFTER:
            if self._lane is None or not self._lane.left:
                if not self._lanes:
                    return None
                self._lane = self._lanes.popleft()
            one = self._lane.left[0]
            where = channel_of(one)
            if where in self._lane.closed or where in self._shut:
                self._lane.left.popleft()
                self._lane.closed.add(where)
            elif self._is_due(one):
                self._lane.left.popleft()
                self._current = one
                return one
            elif one.kind == RETRYABLE:
                self._asleep.append(self._lane)
                self._lane = None
            else:
                self._lane.left.popleft()
                self._lane.closed.add(where)
        return None

    def done(self) -> None:
        """The letter went through."""
        self._in_a_row = 0
        if not self._back:
            self._back = True
            self._lanes.extend(self._asleep)
            self._asleep.clear()

    def failed(self, kind: str, *, down: bool) -> None:
        """The letter failed as `kind`; `down`: the other side as a whole takes nothing."""
        assert self._current is not None
        assert self._lane is not None
        self._in_a_row = self._in_a_row + 1 if down else 0
        where = channel_of(self._current)
        if kind == RETRYABLE:
            self._lane.left.clear()
        elif kind == BLOCKED:
            self._lane.closed.add(where)
            if one_place(where):
                self._shut.add(where)

    def _is_due(self, one: Letter) -> bool:
        return self._by_hand or one.next_at <= self._now or (self._back and one.kind == RETRYABLE)


class _Lane:
    """The letters of one incident, or one that is of none."""

    def __init__(self, letters: Sequence[Letter]) -> None:
        self.left: Deque[Letter] = deque(sorted(letters, key=lambda one: one.order))
        self.closed: Set[str] = set()
        self.since: Tuple[float, str] = min((one.first_at, one.id) for one in letters)


def _lanes(letters: Sequence[Letter]) -> List[_Lane]:
    """Oldest first."""
    groups: Dict[str, List[Letter]] = {}
    for one in letters:
        groups.setdefault(one.incident or f"?{one.id}", []).append(one)
    return sorted((_Lane(group) for group in groups.values()), key=lambda lane: lane.since)


def is_tried(one: Letter, now: float) -> bool:
    """Whether it is tried again without a hand."""
    return one.kind not in (PERMANENT, ACT) and now - one.first_at < TRIED


def channel_of(one: Letter) -> str:
    """What a closed channel holds up: what goes to that channel, else what does the same."""
    return str(one.params.get("channel") or f"?{one.action}")


def postponed(one: Letter, kind: str, reason: str, now: float) -> Letter:
    """The letter after one more failure."""
    wait = min(LAST_WAIT.get(kind, 0.0), FIRST_WAIT * 2.0 ** min(max(0, one.attempts - 1), 10))
    return one._replace(
        kind=kind, reason=reason, last_at=now, attempts=one.attempts + 1, next_at=now + wait
    )


def one_place(where: str) -> bool:
    """Whether it is the same place for every letter."""
    return not where.startswith("?") and where != ":service"
