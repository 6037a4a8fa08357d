"""What the headers of an answer say of time: how long to wait, and the server's clock."""

from __future__ import annotations

import math
import time
from typing import Callable, Mapping, Optional


def asked_wait(
    headers: Mapping[str, str], *, limited: bool, now: Callable[[], float] = time.time
) -> Optional[float]:
    """Seconds the answer asks to wait, or None. Reads `Retry-After` (seconds or an HTTP date), and
    for a rate-limited answer (429) also `ratelimit-reset` (PagerDuty) and `X-Ratelimit-Reset`
    (Mattermost), both relative seconds; those two stand in every answer and mean nothing in the
    others. An unreadable value counts as absent."""
    asked = headers.get("Retry-After")
    if asked is not None:
        seconds = _seconds(asked)
        if seconds is None:
            until = http_date(asked)
            # The other side's own clock where it tells it: this machine's may be wrong.
            present = http_date(headers.get("Date"))
            if until is not None:
                seconds = max(0.0, until - (now() if present is None else present))
        if seconds is not None:
            return seconds
    if limited:
        for name in ("ratelimit-reset", "X-Ratelimit-Reset"):
            seconds = _seconds(headers.get(name))
            if seconds is not None:
                return seconds
    return None


def _seconds(text: Optional[str]) -> Optional[float]:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None


def http_date(text: Optional[str]) -> Optional[float]:
    """An HTTP date (header `Date`) as seconds since the epoch, or None when absent or
    unreadable."""
    from email.utils import mktime_tz, parsedate_tz

    if not text:
        return None
    try:
        parts = parsedate_tz(text)
        return None if parts is None else float(mktime_tz(parts))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
