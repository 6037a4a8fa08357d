"""Who gives way while PagerDuty's rate limit runs out: what only tells waits or is left out, acts
of people are never held.

    is_low(pagerduty.last_rate)                   # by the newest answer of this process; pure
    RateNote(pagerduty, store, clock).write()     # the incident sensor, which always knows
    seconds = left_until_reset(store, now)        # other processes: 0.0 when all may ask
    pagerduty.before_read = RateBrake(pagerduty, store, clock)
    if gives_way(store, "oncall.sync", now, 600.0): …     # a job that comes again by itself

The limit is the key's, so what one process sees concerns all. The sensor is the only writer of
`pagerduty.rate` itself, and only while less than LOW_SHARE is left; it says until when, a minute
at most.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.gateways.pagerduty.connection import RateLimit
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

KEY = "rate"
LOW_SHARE = 0.2
"""Less than this share of the limit is left for acts of people."""
AMPLE_SHARE = 0.5
"""While more than this share is left, what only tells may ask often."""
WAY_PREFIX = "rate.way."
"""Of the keys that say since when a job gives way."""
KEPT_SECONDS = 300.0
"""How long it is believed, beyond what it may give way, that this is still the same shortage."""
LONGEST_SECONDS = 60.0
"""The limit is by the minute: whatever is told, it starts anew by then."""


def is_low(rate: Optional[RateLimit]) -> bool:
    """Where the answers tell no limit nothing is known, and nobody gives way."""
    return rate is not None and rate.limit > 0 and rate.remaining < LOW_SHARE * rate.limit


def is_ample(rate: Optional[RateLimit]) -> bool:
    """Where the answers tell no limit there is none."""
    return rate is None or rate.limit <= 0 or rate.remaining > AMPLE_SHARE * rate.limit


def note(store: Store, rate: RateLimit, now: float) -> None:
    """That it is low, until it starts anew. `now`: seconds since the epoch. Raises
    StoreUnreachable."""
    left = _bounded(rate.reset)
    store.write(KEY, {"until": now + left, "remaining": rate.remaining}, left)


class RateNote:
    """The sensor's: after each look."""

    def __init__(self, pagerduty: Any, store: Store, clock: Callable[[], float]) -> None:
        self._pagerduty, self._store, self._clock = pagerduty, store, clock
        self._noted: Optional[RateLimit] = None

    def is_ample(self) -> bool:
        """Whether the rate limit is ample by the newest answer."""
        return is_ample(self._pagerduty.last_rate)

    def write(self) -> None:
        """Note it when it is low, each answer once. Raises StoreUnreachable."""
        rate = self._pagerduty.last_rate
        if is_low(rate) and rate is not self._noted:
            note(self._store, rate, self._clock())
            self._noted = rate


def left_until_reset(store: Store, now: float) -> float:
    """Seconds for which it is known to be low, LONGEST_SECONDS at most; 0.0 when it is not. What
    does not read is nothing."""
    try:
        found = store.read(KEY)
    except PackError:
        return 0.0
    until = found.get("until") if isinstance(found, dict) else None
    return _bounded(float(until) - now) if isinstance(until, (int, float)) else 0.0


def gives_way(store: Store, job: str, now: float, longest: float) -> bool:
    """Whether a job that only tells waits for its next run: while the limit is low, but not for
    more than `longest` seconds since it first did. The datastore is written only then. Raises
    StoreUnreachable."""
    if left_until_reset(store, now) <= 0.0:
        return False
    key = f"{WAY_PREFIX}{job}"
    try:
        found = store.read(key)
    except BrokenValue:
        found = None
    since = found.get("since") if isinstance(found, dict) else None
    if not isinstance(since, (int, float)):
        store.write(key, {"since": now}, longest + KEPT_SECONDS)
        return True
    return 0.0 <= now - since < longest


class RateBrake:
    """Called before each read of a client whose reads give way. The datastore is read once."""

    def __init__(self, pagerduty: Any, store: Store, clock: Callable[[], float]) -> None:
        self._pagerduty, self._store, self._clock = pagerduty, store, clock
        self._until: Optional[float] = None
        self._seen: Optional[RateLimit] = None

    def __call__(self) -> None:
        """Raises RetryLater while the limit is low, with what is left until it starts anew."""
        now = self._clock()
        if self._until is None:
            self._until = now + left_until_reset(self._store, now)
        rate = self._pagerduty.last_rate
        if rate is not self._seen:
            self._seen = rate
            if is_low(rate):
                self._until = now + _bounded(rate.reset)
        if self._until > now:
            raise RetryLater(
                "PagerDuty's rate limit runs out: this read gives way to what people do",
                retry_after=self._until - now,
            )


def _bounded(seconds: float) -> float:
    return min(LONGEST_SECONDS, max(0.0, seconds))
