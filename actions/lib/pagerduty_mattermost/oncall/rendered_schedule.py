"""Why somebody is on call by a schedule: by an ordinary turn, or by an override. Pure.

    found = schedules.read_many(pagerduty, ["PSCHED1"], since, until)["PSCHED1"]
    reason(found, span, at)    # OnCallReason(kind="override", of="Ann", until=…), "swap", or ""
                               # for an ordinary turn

An override is a swap when the one it stands in for stands in for its user elsewhere in the span of
time. Whose turn it would have been is only named when the layers agree: which of two overlapping
layers wins, the API does not say.
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional

from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.pagerduty.schedules import Schedule, ScheduleOverride
from pagerduty_mattermost.oncall.handoffs import OnCallSpan

OVERRIDE, SWAP = "override", "swap"


class OnCallReason(NamedTuple):
    """Why somebody is on call: an ordinary turn, or an override."""

    kind: str = ""
    """`override`, `swap`, or empty."""
    of: str = ""
    """Name of whose turn it would have been; empty when it is not certain."""
    until: float = 0.0
    """End of the override, seconds since the epoch."""


def reason(found: Optional[Schedule], span: OnCallSpan, at: float) -> OnCallReason:
    """Why the person is on call at that time."""
    if found is None:
        return OnCallReason()
    user = span.user.id
    override = next(
        (one for one in found.overrides if one.user.id == user and one.start <= at < one.end),
        None,
    )
    if override is None:
        return OnCallReason()
    turn = _stood_in_for(found, override, at)
    if turn is None or turn.id == user:
        return OnCallReason(OVERRIDE, "", override.end)
    for other in found.overrides:
        if other.user.id == turn.id:
            theirs = _stood_in_for(found, other, other.start)
            if theirs is not None and theirs.id == user:
                return OnCallReason(SWAP, turn.name, override.end)
    return OnCallReason(OVERRIDE, turn.name, override.end)


def ended(found: Optional[Schedule], user: str, at: float) -> bool:
    """Whether an override of the person ends there."""
    return found is not None and any(
        one.user.id == user and abs(one.end - at) <= 1 for one in found.overrides
    )


def spans(found: Schedule) -> List[OnCallSpan]:
    """Who is on call by it, its overrides included."""
    return [OnCallSpan(one.user, one.start, one.end, found.id) for one in found.final]


def _stood_in_for(found: Schedule, override: ScheduleOverride, at: float) -> Optional[Reference]:
    """Whose turn it would have been: PagerDuty says so of a shift-based schedule; of a layer-based
    one where the layers agree."""
    if override.of is not None:
        return override.of
    turns = {
        shift.user.id: shift.user
        for layer in found.layers
        for shift in layer
        if shift.start <= at < shift.end
    }
    return next(iter(turns.values())) if len(turns) == 1 else None
