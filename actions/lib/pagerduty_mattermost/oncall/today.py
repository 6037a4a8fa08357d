"""The post "On-Call Today": for each service, escalation policy and schedule the primary, the
secondary, and who to escalate to. Pure; outside text is escaped here.

The escalation levels say who is what: level 1 is the primary, level 2 the secondary, all further
ones are escalated to.
"""

from __future__ import annotations

from datetime import date, tzinfo
from typing import Callable, Dict, List, NamedTuple, Sequence

from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.gateways.pagerduty.on_calls import Shift
from pagerduty_mattermost.gateways.pagerduty.references import Reference

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
AHEAD = 86400.0
"""Seconds in which a hand-over is told."""
PEOPLE = 10
"""Of one cell."""

Named = Callable[[Reference], str]
"""A person as Markdown."""


class Line(NamedTuple):
    name: str
    """Of the service, policy or schedule."""
    shifts: Sequence[Shift]
    levels: bool = True
    """False: a schedule's; whatever the level of the policies that use it, who is on call is the
    primary."""


def message(
    day: date, lines: Sequence[Line], shown: Named, now: float, where: tzinfo, zone: str
) -> str:
    """`shown`: for who is on call now; who comes next is told by the name of PagerDuty, who is not
    to be called yet."""
    rows: List[List[str]] = []
    for line in lines:
        cells: Dict[int, List[str]] = {}
        for shift in line.shifts:
            level = next(one.level for one in shift if one is not None) if line.levels else 1
            told = _told(shift, shown, now, where)
            if told not in cells.setdefault(level, []):
                cells[level].append(told)
        primary = _cell(cells.get(1, ())) or "nobody"
        further = [_cell(cells[level]) for level in sorted(cells) if level > 2]
        secondary = _cell(cells.get(2, ())) or " "
        rows.append([markdown.cell(line.name), primary, secondary, ", then ".join(further) or " "])
    head = (
        f"#### On-Call Today: {DAYS[day.weekday()]}, {day.day} "
        f"{times.MONTHS[day.month - 1]} {day.year}"
    )
    table = markdown.table(("for", "primary", "secondary", "escalate to"), rows)
    return f"{head}\n\n{table}\n\nTimes in {zone}."


def _told(shift: Shift, shown: Named, now: float, where: tzinfo) -> str:
    """ "@ada (until 17:00, then Grace Hopper)"."""
    present, coming = shift
    begins = times.seconds(coming.start) if coming else None
    soon = begins is not None and begins - now < AHEAD
    if present is None:
        if coming is None or not soon:
            return "nobody"
        return (
            f"nobody (from {_clock(coming.start, now, where)} {markdown.cell(coming.user.name)})"
        )
    ends = times.seconds(present.end)
    if ends is None or ends - now >= AHEAD:
        return shown(present.user)
    until = f"until {_clock(present.end, now, where)}"
    if coming is not None and soon and coming.user.id != present.user.id:
        at = "" if begins == ends else f" from {_clock(coming.start, now, where)}"
        until += f", then{at} {markdown.cell(coming.user.name)}"
    elif coming is not None and begins == ends:
        return shown(present.user)  # the next turn is the same person's
    return f"{shown(present.user)} ({until})"


def _clock(text: str, now: float, where: tzinfo) -> str:
    return times.clock(text, where, times.iso(now))


def _cell(told: Sequence[str]) -> str:
    more = f" and {len(told) - PEOPLE} more" if len(told) > PEOPLE else ""
    return ", ".join(told[:PEOPLE]) + more
