"""An override in words: one that is there, one that was made, and one that is asked for."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, List, Mapping, NamedTuple, Optional

from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.pagerduty import overrides, schedules
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.references import Reference


class Wanted(NamedTuple):
    """An override that is asked for; seconds since the epoch."""

    schedule: Reference
    person: Reference
    start: float
    end: float
    instead_of: Optional[Reference]
    add: bool


def row(row: Mapping[str, Any], zone: tzinfo) -> str:
    """Whose it is, from when until when, as Markdown."""
    start, end = (times.stamp(str(row.get(name)), zone) for name in ("start", "end"))
    return f"{markdown.cell((row.get('user') or {}).get('summary'))} from {start} until {end}"


def planned(pagerduty: PagerDuty, wanted: Wanted) -> str:
    """What it would be on a shift-based schedule: in whose place, or a custom shift; empty for a
    layer-based one, and where it is said by whom. Raises as `overrides.plan`."""
    schedule = wanted.schedule.id
    if wanted.instead_of is not None or not schedules.is_shift_based(pagerduty, schedule):
        return ""
    found = schedules.read(pagerduty, schedule, wanted.start, wanted.end)
    parts = overrides.plan(found, wanted.person.id, wanted.start, wanted.end, add=wanted.add)
    names = [one.of.name for one in parts if one.of is not None]
    return _in_place_of(names, added=any(one.of is None for one in parts))


def of_made(made: Mapping[str, Any]) -> str:
    """The same of one that was made."""
    parts = made.get("parts") or ()
    names = [str(one["instead_of"]["summary"]) for one in parts if one.get("instead_of")]
    return _in_place_of(names, added=any(not one.get("instead_of") for one in parts))


def _in_place_of(names: List[str], *, added: bool) -> str:
    replaced = escape(" and ".join(dict.fromkeys(names)))
    if replaced and added:
        return f", in place of {replaced}, and as a custom shift where nobody is on call"
    if replaced:
        return f", in place of {replaced}"
    return ", as a custom shift" if added else ""
