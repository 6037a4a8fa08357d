"""Until when an acknowledged incident is quiet, and why: somebody snoozed it, or its
acknowledgement ends by itself.

    quiet_until(pagerduty, row, timeout, shift_begins)     # QuietUntil(at, SNOOZED), or None

PagerDuty's `pending_actions` say when it is triggered again, not why. An acknowledgement that ends
then lasts as long as its service says, so that is told from the two times alone; else the newest
entry of the incident's own log that set the time says it, for one request (API: Incident,
acknowledge_log_entry, snooze_log_entry).
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, StoreUnreachable
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.rows import id_of, rows_of

SNOOZED, ACKNOWLEDGED, NOT_KNOWN = "snoozed", "acknowledged", "not known"
SLACK_SECONDS = 1.0
"""PagerDuty's times are of whole seconds."""
_BY_ENTRY = {
    "snooze_log_entry": SNOOZED,
    "acknowledge_log_entry": ACKNOWLEDGED,
    "acknowledgement_log_entry": ACKNOWLEDGED,
}
"""Types of log entries that set the time; the OpenAPI names the second one otherwise than its
examples do."""


class QuietUntil(NamedTuple):
    """When an acknowledged incident is triggered again."""

    at: str
    """ISO 8601."""
    why: str
    """SNOOZED, ACKNOWLEDGED or NOT_KNOWN."""


def quiet_until(
    pagerduty: PagerDuty, row: Mapping[str, Any], timeout: Any, begun: float
) -> Optional[QuietUntil]:
    """None where it is not triggered again, or before `begun` (seconds since the epoch). `row`:
    the incident as PagerDuty gives it; `timeout`: its service's acknowledgement_timeout, seconds.
    Where the log can't be read the reason is NOT_KNOWN. Raises StoreUnreachable."""
    ends = [
        times.seconds(str(one.get("at")))
        for one in rows_of(row, "pending_actions")
        if one.get("type") == "unacknowledge"
    ]
    end = next((one for one in ends if one is not None and one > begun), None)
    if end is None:
        return None
    if _is_end_of_acknowledgement(row, timeout, end):
        return QuietUntil(times.iso(end), ACKNOWLEDGED)
    return QuietUntil(times.iso(end), _by_log(pagerduty, id_of(row)))


def _is_end_of_acknowledgement(row: Mapping[str, Any], timeout: Any, end: float) -> bool:
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        return False
    begins = (times.seconds(str(one.get("at"))) for one in rows_of(row, "acknowledgements"))
    return any(at is not None and abs(at + timeout - end) <= SLACK_SECONDS for at in begins)


def _by_log(pagerduty: PagerDuty, incident_id: str) -> str:
    """What the newest hundred entries of its log say."""
    try:
        path = fill("/incidents/{id}/log_entries", id=incident_id)
        rows = pagerduty.page(path, "log_entries", {}).items
    except StoreUnreachable:
        raise
    except PackError:
        return NOT_KNOWN
    kinds = (_BY_ENTRY.get(str(row.get("type"))) for row in rows)
    return next((kind for kind in kinds if kind), NOT_KNOWN)
