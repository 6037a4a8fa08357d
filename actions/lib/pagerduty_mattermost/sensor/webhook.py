"""PagerDuty's webhook (v3): which calls are genuine, what is answered, when the log is read next.
Pure.

    judge(secrets, headers, body)      # GENUINE, UNFIT or UNSIGNED
    webhook = WebhookState(ReadPace(10.0, 60.0)).called(now, delivery)
    webhook.due(now)                   # when to read the log next
    webhook = webhook.reading(now)     # before a read, and after it:
    webhook = webhook.read(now, ok)

What a call says decides at most when the log is read: at once, and again while the log lacks what
the call told (`webhook_deliveries`). The log stays the one source of events. So a forged call can
do no more than be counted. Times are monotonic seconds.

The webhook works while a verified call came within `TRUSTED_SECONDS` and no change is known that a
call should have come for and none did. A change that a read finds is accounted for when any
verified call came at or after it (the clocks may differ by `CLOCK_SLACK_SECONDS`), or comes within
`LATE_CALL_SECONDS` of the finding, since the log can be faster than the call. It works again with
the next verified call. Changes that PagerDuty sends no call for (a changed title, what a snapshot
found, what happened before the listener stood) are left out of account.
"""

# flake8: noqa: W503

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Dict, FrozenSet, Iterable, Mapping, NamedTuple, Optional

from pagerduty_mattermost.core.times import seconds
from pagerduty_mattermost.incidents.event_types import WEBHOOK_ONLY_EVENTS
from pagerduty_mattermost.incidents.log_entries import LogEntry
from pagerduty_mattermost.sensor.webhook_deliveries import Deliveries, Delivery

GENUINE, UNFIT, UNSIGNED = "genuine", "unfit", "unsigned"
ANSWER_STATUS: Dict[str, int] = {GENUINE: 202, UNFIT: 202, UNSIGNED: 401}
"""Answers. PagerDuty signs all it sends: what bears no signature is a stranger's. To any other
call a 4xx would lose the event for good and after three in a row disable the subscription, when
all that is wrong may be the secret that the pack knows."""

SUBSCRIBED_EVENTS = (
    "incident.acknowledged",
    "incident.annotated",
    "incident.conference_bridge.updated",
    "incident.custom_field_values.updated",
    "incident.delegated",
    "incident.escalated",
    "incident.incident_type.changed",
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
"""What is subscribed to: the webhook's event types that log entries become, too
(`incidents.event_types`)."""

ALL_EVENTS = (*SUBSCRIBED_EVENTS, *WEBHOOK_ONLY_EVENTS)
"""With those of which the calls' bodies alone tell (`sensor.body_events`)."""

GAP_SECONDS = 1.0
"""Between the beginnings of two reads, however many calls come: what happens to an incident within
it is one execution on StackStorm, where each is a process."""
QUICK_GAP_SECONDS = 0.2
"""The same where an execution is no process, while PagerDuty's rate limit is ample."""
GAP_AFTER_FAILURE_SECONDS = 5.0
SOON_SECONDS = 5.0
"""From the end of one read to the next at most, while changes wait whether a storm begins."""
READ_AGAIN_SECONDS = 3.0
"""After the last call that tells of no incident, when the log is read once more: what it is about
may come into sight after it."""
TRUSTED_SECONDS = 86400.0
"""How long after a verified call the webhook counts as working."""
LATE_CALL_SECONDS = 30.0
"""How long after the log showed a change its call may still come."""
CLOCK_SLACK_SECONDS = 5.0
"""By which PagerDuty's clock and the monotonic one may differ."""
MAX_SIGNATURES = 10
"""Of one call; PagerDuty sends one for each secret it still holds."""
SIGNATURE_HEADER = "x-pagerduty-signature"


def judge(secrets: Iterable[str], headers: Mapping[str, str], body: bytes) -> str:
    """GENUINE, UNFIT (a signature that fits no secret) or UNSIGNED. `headers`: names in lower
    case."""
    given = [
        part.strip() for part in headers.get(SIGNATURE_HEADER, "").split(",") if part.strip()
    ][:MAX_SIGNATURES]
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


class ReadPace(NamedTuple):
    """Seconds from the end of one read to the next, when no call comes."""

    polling: float
    """While the webhook does not work, or the last read failed."""
    with_calls: float
    """While it works."""
    gap: float = GAP_SECONDS
    """Between the beginnings of two reads."""

    def quick(self, ample: bool, took: float) -> ReadPace:
        """For who may read often. `ample`: the rate limit is; `took`: seconds of the newest read,
        so that reads take half the time at most."""
        gap = max(QUICK_GAP_SECONDS, 2 * took) if ample else GAP_SECONDS
        return self._replace(gap=min(gap, GAP_SECONDS))


class WebhookState(NamedTuple):
    """Calls and reads so far, and so when to read next and whether the webhook works."""

    pace: ReadPace
    since: float = 0.0
    """When calls could first arrive."""
    began: Optional[float] = None
    """The newest read's beginning and end."""
    ended: Optional[float] = None
    failed: bool = False
    """The newest read failed: what was called for before it is still to be read."""
    wanted: bool = False
    """A call came since the newest read began."""
    again: Optional[float] = None
    """When the log is to be read once more."""
    last_call: Optional[float] = None
    """The newest verified call."""
    missed: Optional[float] = None
    """When the first change was found that no call has come for yet."""
    deliveries: Deliveries = Deliveries()
    """What calls told, and the log may not have yet."""
    lost: FrozenSet[str] = frozenset()
    """Incidents of which calls told what the log has not got."""
    waits: bool = False
    """Changes that the newest read found wait whether a storm begins: that the log tells no more
    of them says so, too."""

    def called(self, now: float, delivery: Optional[Delivery] = None) -> WebhookState:
        """A verified call, a ping included; what it tells that the log may have."""
        heard = self._replace(last_call=now, missed=None)
        if delivery is None:
            return heard._replace(wanted=True, again=now + READ_AGAIN_SECONDS)
        if self.deliveries.has(delivery) and not self.failed:
            return heard
        return heard._replace(wanted=True, deliveries=self.deliveries.came(delivery))

    def reading(self, now: float) -> WebhookState:
        """The state while a read is under way."""
        over = self.again is not None and self.again <= now
        return self._replace(began=now, wanted=False, again=None if over else self.again)

    def read(self, now: float, ok: bool) -> WebhookState:
        """The state after a read has ended."""
        deliveries, lost = self.deliveries, self.lost
        if ok and self.began is not None:
            deliveries, given_up = deliveries.without_old(self.began)
            lost |= given_up
        return self._replace(ended=now, failed=not ok, deliveries=deliveries, lost=lost)

    def saw(self, entries: Iterable[LogEntry]) -> WebhookState:
        """A read brought these new entries of the log."""
        return self._replace(deliveries=self.deliveries.read(entries))

    def found(self, now: float, happened: float) -> WebhookState:
        """A read found a change that a call should come for; `happened`: when it took place."""
        in_time = self.last_call is not None and self.last_call >= happened - CLOCK_SLACK_SECONDS
        if in_time or happened < self.since or self.missed is not None:
            return self
        return self._replace(missed=now)

    def is_silent(self, now: float) -> bool:
        """Changes are found that no call comes for."""
        return self.missed is not None and now - self.missed > LATE_CALL_SECONDS

    def works(self, now: float) -> bool:
        return (
            self.last_call is not None
            and now - self.last_call <= TRUSTED_SECONDS
            and not self.is_silent(now)
        )

    def interval(self, now: float) -> float:
        """Seconds from the end of the newest read to the next when no call comes."""
        return self.pace.with_calls if self.works(now) and not self.failed else self.pace.polling

    def due(self, now: float) -> float:
        """When to read next; in the past: now."""
        if self.began is None:
            return now
        earliest = self.began + (GAP_AFTER_FAILURE_SECONDS if self.failed else self.pace.gap)
        pause = min(SOON_SECONDS, self.interval(now)) if self.waits else self.interval(now)
        times = [max(earliest, (self.began if self.ended is None else self.ended) + pause)]
        if self.wanted:
            times.append(earliest)
        if self.again is not None:
            times.append(max(earliest, self.again))
        look = self.deliveries.next_look(self.began)
        if look is not None:
            times.append(max(earliest, look))
        return min(times)


def happened(payload: Mapping[str, Any], server_now: float, now: float) -> Optional[float]:
    """When (monotonic) the newest event of a `pagerduty.incident` payload took place that a call
    should come for; None when there is none. `server_now` and `now`: the same moment by
    PagerDuty's clock and by the monotonic one."""
    times = [
        seconds(event["occurred_at"])
        for event in payload["events"]
        if event["event_type"] in SUBSCRIBED_EVENTS and not event["event_id"].startswith("snap-")
    ]
    known = [at for at in times if at is not None]
    return now - max(0.0, server_now - max(known)) if known else None
