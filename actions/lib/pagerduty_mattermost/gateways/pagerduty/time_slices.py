"""A long span of time in slices, for lists of which PagerDuty gives only 10,000 rows at once.

slices = TimeSlices(since, until, 30 * 86400.0)
for begin, end in slices:
    if too_many(begin, end) and slices.halve(begin, end):
        continue        # its halves come next
    ...
"""

from __future__ import annotations

from typing import Iterator, List, Tuple

Span = Tuple[float, float]
"""Seconds since the epoch: begin and end."""


class TimeSlices:
    """Slices of `seconds` from `begin` to `end`, the oldest first unless `newest_first`."""

    def __init__(
        self, begin: float, end: float, seconds: float, *, newest_first: bool = False
    ) -> None:
        self._newest_first = newest_first
        self._left: List[Span] = []
        """The next one last."""
        while begin < end:
            self._left.append((begin, min(begin + seconds, end)))
            begin += seconds
        if not newest_first:
            self._left.reverse()

    def __iter__(self) -> Iterator[Span]:
        while self._left:
            yield self._left.pop()

    def halve(self, begin: float, end: float) -> bool:
        """Put the two halves of a slice in its place. False for one of a second or less, which is
        not divided any more."""
        if end - begin <= 1:
            return False
        middle = float(int((begin + end) / 2))
        halves = [(begin, middle), (middle, end)]
        self._left.extend(halves if self._newest_first else reversed(halves))
        return True
