"""Which test incidents are made: names and times by a seed. Pure.

    planned(10, 3, begin, end, seed=2)    # 13 of them, 3 of which are over

The same numbers give the same incidents, whichever version of Python draws them.
"""

from __future__ import annotations

import hashlib
import random
from typing import List, NamedTuple, Sequence

from pagerduty_mattermost.core.errors import RejectedInput

MAX_INCIDENTS = 50
"""Open ones at once, those that were made before counted."""
TEST_MARK = "[test]"
"""With what the title of a test incident begins."""
SHORTEST_SECONDS, LONGEST_SECONDS = 600.0, 6 * 3600.0
"""Of one that is over."""
_WHAT = ("Checkout", "Search", "Login", "Payments", "Mail", "Database", "Reports", "Mobile app")
_TROUBLE = (
    "is slow",
    "answers with errors",
    "can't be reached",
    "loses messages",
    "shows old data",
    "refuses logins",
    "runs out of disk",
    "restarts by itself",
)


class PlannedIncident(NamedTuple):
    """One incident of many, as it is to be."""

    title: str
    begun_at: float
    """Seconds since the epoch, as its run says; PagerDuty knows when it was really made."""
    lasted_seconds: float = 0.0
    """Of one that is over; 0: it goes on."""

    @property
    def is_over(self) -> bool:
        return self.lasted_seconds > 0


def planned(
    ongoing: int, ended: int, begin: float, end: float, seed: int
) -> List[PlannedIncident]:
    """`begin` and `end`: between which they began, seconds since the epoch. Those that are over
    come last. Raises RejectedInput."""
    if ongoing < 0 or ended < 0 or not 0 < ongoing + ended <= MAX_INCIDENTS:
        raise RejectedInput(f"1 to {MAX_INCIDENTS} test incidents in all, not {ongoing + ended}")
    if begin > end:
        raise RejectedInput("the second date is before the first")
    drawn = random.Random(seed)
    return [
        _draw(drawn, begin, end, is_over=number >= ongoing) for number in range(ongoing + ended)
    ]


def _draw(drawn: random.Random, begin: float, end: float, *, is_over: bool) -> PlannedIncident:
    title = f"{TEST_MARK} {_one(drawn, _WHAT)} {_one(drawn, _TROUBLE)}"
    begun_at = begin + float(int(drawn.random() * (end - begin)))
    share = drawn.random()
    lasted = SHORTEST_SECONDS + float(int(share * (LONGEST_SECONDS - SHORTEST_SECONDS)))
    return PlannedIncident(title, begun_at, lasted if is_over else 0.0)


def _one(drawn: random.Random, words: Sequence[str]) -> str:
    """`random.choice` draws otherwise in other versions of Python; `random.random` does not."""
    return words[int(drawn.random() * len(words))]


def key_of(order_id: str, number: int) -> str:
    """The key of an order's incident: PagerDuty makes no second one with it."""
    return "test-" + hashlib.sha256(f"{order_id} {number}".encode()).hexdigest()[:24]
