"""What a schedule itself says: who is on call by it, whom its layers name, its overrides; so why
somebody is on call.

    found = read(pagerduty, ["PSCHED1"], since, until)["PSCHED1"]
    reason(found, span, at)    # OnCallReason(kind="override", of="Ann", until=…), "swap", or ""
                               # for an ordinary turn

An override is a swap when the one it stands in for stands in for its user elsewhere in the span of
time. Whose turn it would have been is only named when the layers agree: which of two overlapping
layers wins, the API does not say.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.oncall.handoffs import OnCallSpan
from pagerduty_mattermost.oncall.rotation import schedule_entries

MAX_ASKED_SINGLY = 5
"""More schedules are looked for in the list of all."""
PARTS = ("schedule_layers", "overrides_subschedule", "final_schedule")
OVERRIDE, SWAP = "override", "swap"


class RenderedSchedule(NamedTuple):
    """A schedule as PagerDuty works it out for a span of time."""

    used: bool
    """Whether an escalation policy uses it."""
    final: List[OnCallSpan]
    overrides: List[OnCallSpan]
    layers: List[List[OnCallSpan]]


class OnCallReason(NamedTuple):
    """Why somebody is on call: an ordinary turn, or an override."""

    kind: str = ""
    """`override`, `swap`, or empty."""
    of: str = ""
    """Name of whose turn it would have been; empty when it is not certain."""
    until: float = 0.0
    """End of the override, seconds since the epoch."""


def read(
    pagerduty: PagerDuty, ids: Sequence[str], since: float, until: float
) -> Dict[str, RenderedSchedule]:
    """Those that exist. One request each, or the list of all schedules where that takes fewer.
    Raises the gateway's errors (API: GET /schedules/{id}, GET /schedules)."""
    asked = {"since": times.iso(since), "until": times.iso(until)}
    if len(ids) <= MAX_ASKED_SINGLY:
        one_schedule = {**asked, "overflow": True}
        rows = []
        for id in ids:
            with suppress(NotFound):
                rows.append(
                    pagerduty.get(fill("/schedules/{id}", id=id), one_schedule).get("schedule")
                )
    else:
        rows = list(
            pagerduty.list_all("/schedules", "schedules", {**asked, "include": list(PARTS)}).items
        )
    return {
        str(row["id"]): rendered(row)
        for row in rows
        if isinstance(row, dict) and row.get("id") in ids
    }


def rendered(row: Mapping[str, Any]) -> RenderedSchedule:
    """Of PagerDuty's object."""
    id = str(row.get("id") or "")
    layers = row.get("schedule_layers")
    return RenderedSchedule(
        bool(row.get("escalation_policies")),
        _spans(row.get("final_schedule"), id),
        _spans(row.get("overrides_subschedule"), id),
        [_spans(layer, id) for layer in (layers if isinstance(layers, list) else ())],
    )


def reason(found: Optional[RenderedSchedule], span: OnCallSpan, at: float) -> OnCallReason:
    """Why the person is on call at that time."""
    if found is None:
        return OnCallReason()
    override = _covering(found.overrides, at, span.user.id)
    if override is None:
        return OnCallReason()
    turn = _turn(found, at)
    if turn is None or turn.user.id == span.user.id:
        return OnCallReason(OVERRIDE, "", override.end or 0.0)
    for other in found.overrides:
        their_turn = _turn(found, other.start or 0.0) if other.user.id == turn.user.id else None
        if their_turn is not None and their_turn.user.id == span.user.id:
            return OnCallReason(SWAP, turn.user.name, override.end or 0.0)
    return OnCallReason(OVERRIDE, turn.user.name, override.end or 0.0)


def ended(found: Optional[RenderedSchedule], user: str, at: float) -> bool:
    """Whether an override of the person ends there."""
    return found is not None and any(
        one.user.id == user and one.end is not None and abs(one.end - at) <= 1
        for one in found.overrides
    )


def _turn(found: RenderedSchedule, at: float) -> Optional[OnCallSpan]:
    """Whose turn it is by the layers, where they agree."""
    turns = {span.user.id: span for layer in found.layers for span in layer if span.covers(at)}
    return next(iter(turns.values())) if len(turns) == 1 else None


def _covering(spans: Sequence[OnCallSpan], at: float, user: str) -> Optional[OnCallSpan]:
    return next((one for one in spans if one.user.id == user and one.covers(at)), None)


def _spans(part: Any, schedule: str) -> List[OnCallSpan]:
    entries = part.get("rendered_schedule_entries") if isinstance(part, dict) else None
    return [
        OnCallSpan(one.user, one.start, one.end, schedule)
        for one in schedule_entries(entries or ())
    ]
