"""PagerDuty's webhook (v3) as a doorbell: which calls are genuine, what is answered, when the log
is read next. Pure.

    judge(secrets, headers, body) -> GENUINE, UNFIT or UNSIGNED
    bell = Bell(Pace(10.0, 60.0)).ring(now)
    bell.due(now) -> when to read; bell.reading(now), bell.read(now, ok) around each read

What a call says is never looked at: verified, it only rings, and the log stays the one source of
events (facts/pagerduty.md, Webhooks v3). So a forged call can't do more than be counted. Times are
monotonic seconds.

**Does the bell work?** Yes, while a verified call came within `TRUSTED` seconds and no change is
known that it should
have told of and did not. A change that a read finds is told of when any verified call came at or
after the change
(`SLACK` seconds of difference between the clocks are allowed), or comes within `GRACE` seconds of
the finding: the log
can be faster than the call. It works again with the next verified call. What no call tells of by
design
(a title changed, what a snapshot found, changes from before the listener stood) is not looked at.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Dict, Iterable, Mapping, NamedTuple, Optional

from pagerduty_mattermost.core.times import seconds

GENUINE, UNFIT, UNSIGNED = "genuine", "unfit", "unsigned"
STATUS: Dict[str, int] = {GENUINE: 202, UNFIT: 202, UNSIGNED: 401}
"""Answers. PagerDuty signs all it sends: what bears no signature is a stranger's. To any other
call a 4xx would lose the event for good and after three in a row disable the subscription, when
all that is wrong may be our secret."""

EVENTS = (
    "incident.acknowledged",
    "incident.annotated",
    "incident.custom_field_values.updated",
    "incident.delegated",
    "incident.escalated",
    "incident.priority_updated",
    "incident.reassigned",
    "incident.reopened",
    "incident.resolved",
    "incident.responder.added",
    "incident.responder.replied",
    "incident.service_updated",
    "incident.status_update_published",
    "incident.triggered",
    "incident.unacknowledged",
)
"""What is subscribed to: the webhook's event types that the log tells of in words of ours
(`entries.EVENT_TYPES`)."""

GAP = 1.0
"""Seconds between the beginnings of two reads, however often it rings."""
GAP_AFTER_FAILURE = 5.0
AGAIN = 3.0
"""Seconds after the last ring at which the log is read once more: an entry may come into sight
after its call."""
TRUSTED = 86400.0
GRACE = 30.0
SLACK = 5.0
MAX_SIGNATURES = 10
"""Of one call; PagerDuty sends one for each secret it still holds."""
SIGNATURE = "x-pagerduty-signature"


def judge(secrets: Iterable[str], headers: Mapping[str, str], body: bytes) -> str:
    """GENUINE, UNFIT (a signature that fits no secret) or UNSIGNED. `headers`: names in lower
    case."""
    given = [part.strip() for part in headers.get(SIGNATURE, "").split(",") if part.strip()][
        :MAX_SIGNATURES
    ]
    if not given:
        return UNSIGNED
    fits = False
    for secret in secrets:
        wanted = b"v1=" + hmac.new(
            secret.encode("utf-8"), body, hashlib.sha256
        ).hexdigest().encode("ascii")
        for one in given:
            # All are compared, each in constant time: how long it takes tells nothing.
            fits |= bool(secret) and hmac.compare_digest(wanted, one.encode("utf-8", "replace"))
    return GENUINE if fits else UNFIT


class Pace(NamedTuple):
    """Seconds from the end of one read to the next, when nothing rings."""

    polling: float
    """While the bell does not work, or the last read failed."""
    ringing: float


class Bell(NamedTuple):
    pace: Pace
    since: float = 0.0
    """When calls could first arrive."""
    began: Optional[float] = None
    """The newest read's beginning and end."""
    ended: Optional[float] = None
    failed: bool = False
    """The newest read failed: what rang before it is still to be read."""
    wanted: bool = False
    """It has rung since the newest read began."""
    again: Optional[float] = None
    """When the log is to be read once more."""
    heard: Optional[float] = None
    """The newest verified call."""
    missed: Optional[float] = None
    """When the first change was found that no call has told of yet."""

    def ring(self, now: float) -> Bell:
        """A verified call, a ping included."""
        return self._replace(wanted=True, again=now + AGAIN, heard=now, missed=None)

    def reading(self, now: float) -> Bell:
        """A read begins."""
        over = self.again is not None and self.again <= now
        return self._replace(began=now, wanted=False, again=None if over else self.again)

    def read(self, now: float, ok: bool) -> Bell:
        """It ended."""
        return self._replace(ended=now, failed=not ok)

    def found(self, now: float, happened: float) -> Bell:
        """A read found a change that a call should tell of; `happened`: when it took place."""
        told = self.heard is not None and self.heard >= happened - SLACK
        if told or happened < self.since or self.missed is not None:
            return self
        return self._replace(missed=now)

    def is_silent(self, now: float) -> bool:
        """Changes are found that no call tells of."""
        return self.missed is not None and now - self.missed > GRACE

    def works(self, now: float) -> bool:
        return self.heard is not None and now - self.heard <= TRUSTED and not self.is_silent(now)

    def interval(self, now: float) -> float:
        """Seconds from the end of the newest read to the next when nothing rings."""
        return self.pace.ringing if self.works(now) and not self.failed else self.pace.polling

    def due(self, now: float) -> float:
        """When to read next; in the past: now."""
        if self.began is None:
            return now
        earliest = self.began + (GAP_AFTER_FAILURE if self.failed else GAP)
        times = [
            max(earliest, (self.began if self.ended is None else self.ended) + self.interval(now))
        ]
        if self.wanted:
            times.append(earliest)
        if self.again is not None:
            times.append(max(earliest, self.again))
        return min(times)


def happened(payload: Mapping[str, Any], server_now: float, now: float) -> Optional[float]:
    """When (monotonic) the newest event of a `pagerduty.incident` payload took place that a call
    should tell of; None when there is none. `server_now` and `now`: the same moment by PagerDuty's
    clock and by the monotonic one."""
    times = [
        seconds(event["occurred_at"])
        for event in payload["events"]
        if event["event_type"] in EVENTS and not event["event_id"].startswith("snap-")
    ]
    known = [at for at in times if at is not None]
    return now - max(0.0, server_now - max(known)) if known else None
