"""What a schedule itself says: who is on call by it, whom its layers name, its overrides; so why
somebody is on call.

    found = read(pagerduty, ["PSCHED1"], since, until)["PSCHED1"]
    reason(found, spell, at)       # Reason(kind="override", of="Ann", until=…), "swap", or "" for
    an ordinary turn

An override is a swap when the one it stands in for stands in for its user elsewhere in the span.
Whose turn it would have been is only told when the layers agree: which of two overlapping layers
wins, the API does not say.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.oncall.handoffs import Spell
from pagerduty_mattermost.oncall.rotation import stretches

SINGLY = 5
"""Up to so many schedules are asked for one by one; more are looked for in the list of all."""
PARTS = ("schedule_layers", "overrides_subschedule", "final_schedule")
OVERRIDE, SWAP = "override", "swap"


class Rendered(NamedTuple):
    used: bool
    """Whether an escalation policy uses it."""
    final: List[Spell]
    overrides: List[Spell]
    layers: List[List[Spell]]


class Reason(NamedTuple):
    kind: str = ""
    """`override`, `swap`, or empty."""
    of: str = ""
    """Name of whose turn it would have been; empty when it is not certain."""
    until: float = 0.0
    """End of the override, seconds since the epoch."""


def read(
    pagerduty: PagerDuty, ids: Sequence[str], since: float, until: float
) -> Dict[str, Rendered]:
    """Those that exist. One request each, or the list of all schedules where that takes fewer.
    Raises the gateway's errors (API: GET /schedules/{id}, GET /schedules)."""
    span = {"since": times.iso(since), "until": times.iso(until)}
    if len(ids) <= SINGLY:
        asked = {**span, "overflow": True}
        rows = []
        for id in ids:
            with suppress(NotFound):
                rows.append(pagerduty.get(fill("/schedules/{id}", id=id), asked).get("schedule"))
    else:
        rows = list(
            pagerduty.list_all("/schedules", "schedules", {**span, "include": list(PARTS)}).items
        )
    return {
        str(row["id"]): rendered(row)
        for row in rows
        if isinstance(row, dict) and row.get("id") in ids
    }


def rendered(row: Mapping[str, Any]) -> Rendered:
    """Of PagerDuty's object."""
    id = str(row.get("id") or "")
    layers = row.get("schedule_layers")
    return Rendered(
        bool(row.get("escalation_policies")),
        _spells(row.get("final_schedule"), id),
        _spells(row.get("overrides_subschedule"), id),
        [_spells(layer, id) for layer in (layers if isinstance(layers, list) else ())],
    )


def reason(found: Optional[Rendered], spell: Spell, at: float) -> Reason:
    """Why the person is on call at that time."""
    if found is None:
        return Reason()
    ours = _covering(found.overrides, at, spell.user.id)
    if ours is None:
        return Reason()
    turn = _turn(found, at)
    if turn is None or turn.user.id == spell.user.id:
        return Reason(OVERRIDE, "", ours.end or 0.0)
    for other in found.overrides:
        theirs = _turn(found, other.start or 0.0) if other.user.id == turn.user.id else None
        if theirs is not None and theirs.user.id == spell.user.id:
            return Reason(SWAP, turn.user.name, ours.end or 0.0)
    return Reason(OVERRIDE, turn.user.name, ours.end or 0.0)


def ended(found: Optional[Rendered], user: str, at: float) -> bool:
    """Whether an override of the person ends there."""
    return found is not None and any(
        one.user.id == user and one.end is not None and abs(one.end - at) <= 1
        for one in found.overrides
    )


def _turn(found: Rendered, at: float) -> Optional[Spell]:
    """Whose turn it is by the layers, where they agree."""
    turns = {spell.user.id: spell for layer in found.layers for spell in layer if spell.covers(at)}
    return next(iter(turns.values())) if len(turns) == 1 else None


def _covering(spells: Sequence[Spell], at: float, user: str) -> Optional[Spell]:
    return next((one for one in spells if one.user.id == user and one.covers(at)), None)


def _spells(part: Any, schedule: str) -> List[Spell]:
    entries = part.get("rendered_schedule_entries") if isinstance(part, dict) else None
    return [Spell(one.user, one.start, one.end, schedule) for one in stretches(entries or ())]
