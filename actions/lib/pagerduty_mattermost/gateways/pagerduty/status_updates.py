"""Status updates of an incident, which go to its subscribers at PagerDuty (API reference, *Status
Updates*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.pagerduty.client import fill

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty


def publish(pagerduty: PagerDuty, incident_id: str, text: str, *, from_email: str) -> None:
    """Once. Raises NotKnown where its answer was lost and the log does not tell of it."""
    pagerduty.post(_path(incident_id), {"message": text}, from_email=from_email)


def was_published(
    pagerduty: PagerDuty, incident_id: str, text: str, *, from_email: str, passed: float
) -> bool:
    """Whether the log tells of one with these words. `passed`: seconds since it was first sent.
    False also where the log does not have it yet, or can't be read."""
    from pagerduty_mattermost.gateways.pagerduty.outcome_checks import check_of
    from pagerduty_mattermost.gateways.pagerduty.write_outcome import Write

    write = Write("POST", _path(incident_id), {"message": text}, from_email)
    try:
        return bool(check_of(write).read(pagerduty, write, lambda: max(0.0, passed)).is_done)
    except PackError:
        return False


def _path(incident_id: str) -> str:
    return fill("/incidents/{incident}/status_updates", incident=incident_id)
