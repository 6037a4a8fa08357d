"""Pure: PagerDuty's clock, and the cursor that follows it, never the local time of day."""

from __future__ import annotations

from typing import Optional, Tuple

from pagerduty_mattermost.incidents.known_states import OVERLAP_SECONDS

TOLERANCE_SECONDS = 60.0
"""Seconds that the server's clock and the local one may differ about how much time passed between
two answers."""


class ServerClock:
    """The server's time, believed only when two answers agree about how much time passed: one
    insane `Date` moves nothing. So the believed time is that of the answer before the last."""

    def __init__(self) -> None:
        self._last: Optional[Tuple[float, float]] = None

    def confirmed(self, date: Optional[float], monotonic: float) -> Optional[float]:
        """The time of the answer before this one, if this one (header Date, None when absent)
        bears it out."""
        if date is None:
            return None
        last, self._last = self._last, (date, monotonic)
        if last is None or abs((date - last[0]) - (monotonic - last[1])) > TOLERANCE_SECONDS:
            return None
        return last[0]


def moved(
    cursor: float, upto: Optional[float], confirmed: Optional[float], newest: Optional[float]
) -> float:
    """The cursor after a read of the log.

    `upto`: where a partial read ended, None after a whole one. `confirmed`: the believed server
    time, None when there is none yet. `newest`: creation of the newest entry listed, the server's
    own word as well, used where a partial read needs one or the answers carry no time. It goes
    back only when the server's clock did: reading a little again costs nothing, since entries are
    known by their ids.
    """
    if upto is not None:
        limit = confirmed if confirmed is not None else newest
        return max(
            cursor, upto + OVERLAP_SECONDS if limit is None else min(upto + OVERLAP_SECONDS, limit)
        )
    if confirmed is None:
        return cursor
    return confirmed if confirmed > cursor or cursor - confirmed > TOLERANCE_SECONDS else cursor
