"""Spans of time, each [start, end) in seconds since the epoch. Pure.

gaps([(2, 3), (5, 9)], 0, 7)       # [(0, 2), (3, 5)]
joined([(5, 9), (1, 5), (12, 13)]) # [(1, 9), (12, 13)]
"""

from __future__ import annotations

from typing import Iterable, List, Tuple

Span = Tuple[float, float]


def gaps(spans: Iterable[Span], start: float, end: float) -> List[Span]:
    """What of [start, end) is in none of them, in order; they may overlap and come in any
    order."""
    found: List[Span] = []
    at = start
    for begin, stop in sorted(spans):
        if begin >= end:
            break
        if begin > at:
            found.append((at, begin))
        at = max(at, stop)
    return [*found, (at, end)] if at < end else found


def joined(spans: Iterable[Span]) -> List[Span]:
    """The spans in order, those that adjoin or overlap as one."""
    made: List[Span] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return made
