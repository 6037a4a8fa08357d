"""The server's rate limit: so many requests a second, a burst before that, for each address over
everything."""

from __future__ import annotations

from typing import Callable, Dict, NamedTuple


class LimitVerdict(NamedTuple):
    allowed: bool
    headers: Dict[str, str]
    """X-Ratelimit-*, and Retry-After on a refusal; all seconds are relative."""


class Limiter:
    """A leaky bucket of `burst` requests that empties `per_second` of them; `clock` gives
    seconds."""

    def __init__(self, clock: Callable[[], float], per_second: float, burst: int) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._levels: Dict[str, float] = {}
        self._seen: Dict[str, float] = {}

    def take(self, address: str) -> LimitVerdict:
        now = self._clock()
        leaked = max(0.0, now - self._seen.get(address, now)) * self._per_second
        level = max(0.0, self._levels.get(address, 0.0) - leaked)
        allowed = level + 1 <= self._burst
        if allowed:
            level += 1
        self._levels[address], self._seen[address] = level, now
        headers = limit_headers(self._burst, int(self._burst - level), level / self._per_second)
        if not allowed:
            headers["Retry-After"] = _seconds((level + 1 - self._burst) / self._per_second)
        return LimitVerdict(allowed, headers)


def limit_headers(limit: int, remaining: int, reset: float) -> Dict[str, str]:
    return {
        "X-Ratelimit-Limit": str(limit),
        "X-Ratelimit-Remaining": str(remaining),
        "X-Ratelimit-Reset": _seconds(reset),
    }


def _seconds(value: float) -> str:
    """Whole seconds, rounded up: who waits that long gets through."""
    return str(int(value) + (value > int(value)))
