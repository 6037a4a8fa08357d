"""Incidents in answers and summaries as lines of Markdown, in the one order of the pack; what is
still open; an incident's notes. Pure; outside text is made safe here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Iterable, List, Sequence, Tuple

from pagerduty_mattermost.cards.card import headline, state_of
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.markdown import MAX_CELL_CHARACTERS, MAX_ROWS, cell, table
from pagerduty_mattermost.core.text import escape, markdown_link, one_line
from pagerduty_mattermost.incidents.incident import Incident

MAX_WORD_CHARACTERS = 40
"""Code points of a service's or a person's name in a line."""
NO_PRIORITY = "\uffff"
"""Sorts after every name of a priority."""


def order_of(incident: Incident) -> Tuple[bool, Tuple[Any, ...], bool, int, str]:
    """The sort key of every list: what is open first, then by priority (P1 before P2, none last),
    high urgency before low, the newest first."""
    return (
        not incident.is_open,
        priority_order(incident.priority),
        incident.urgency != "high",
        -incident.number,
        incident.id,
    )


def priority_order(name: str) -> Tuple[Any, ...]:
    """Sorts names of priorities: P2 before P10, no priority last."""
    if not name:
        return (NO_PRIORITY, 0)
    found = re.match(r"(\D{0,50})(\d{0,9})", one_line(name).lower())
    word, number = found.groups() if found else ("", "")
    return (word, int(number or 0))


def in_order(incidents: Iterable[Incident]) -> List[Incident]:
    """The incidents as people want to read them: `order_of`."""
    return sorted(incidents, key=order_of)


def incidents(found: Sequence[Incident], zone: tzinfo, more: int = 0, *, now: str = "") -> str:
    """The first `MAX_ROWS` of them, a line each, and how many there are beyond; `more` were not
    even read. `now`: ISO 8601; the day of then is not said."""
    lines = [f"- {line(one, zone, now)}" for one in found[:MAX_ROWS]]
    hidden = len(found) - len(lines)
    if hidden or more:
        lines.append(f"\n… and {'at least ' if more else ''}{hidden + more} more.")
    return "\n".join(lines)


def line(one: Incident, zone: tzinfo, now: str = "") -> str:
    """An incident in one line of Markdown, which fits a telephone: state and priority, title,
    urgency, service, who it is assigned to, since when. `now`: ISO 8601; of that day the time
    alone is said."""
    state = state_of(one)
    priority = (
        f" **{escape(one_line(one.priority, MAX_WORD_CHARACTERS))}**" if one.priority else ""
    )
    people = [
        one_line(person.name, MAX_WORD_CHARACTERS) for person in one.assignees if person.name
    ]
    named = ", ".join(people[:3]) + (f" and {len(people) - 3} more" if len(people) > 3 else "")
    parts = [
        f"{state.emoji}{priority} {markdown_link(headline(one, MAX_CELL_CHARACTERS), one.url)}",
        "" if one.is_open else escape(state.word),
        escape(one_line(one.urgency, MAX_WORD_CHARACTERS)),
        escape(one_line(one.service, MAX_WORD_CHARACTERS)),
        escape(named),
        times.clock(one.created_at, zone, now),
    ]
    return " · ".join(part for part in parts if part.strip())


def counted(found: Sequence[Incident]) -> str:
    """ "3 open: 2 triggered, 1 acknowledged"."""
    states = {
        word: sum(one.status == word for one in found) for word in ("triggered", "acknowledged")
    }
    parts = [f"{number} {word}" for word, number in states.items() if number]
    return f"{len(found)} open" + (": " + ", ".join(parts) if parts else "")


def still_open(found: Sequence[Incident], *, truncated: bool = False) -> str:
    """What is left after an act, in one line."""
    if not found:
        return "Nothing is open any more."
    return f"{len(found)}{' or more' if truncated else ''} still open: `/pd list`"


def notes(rows: Sequence[Mapping[str, Any]], zone: tzinfo) -> str:
    """An incident's notes, newest first."""
    lines: List[Sequence[str]] = []
    for row in rows[:MAX_ROWS]:
        user = row.get("user")
        who = user.get("summary") or user.get("name") if isinstance(user, Mapping) else ""
        when = times.stamp(str(row.get("created_at") or ""), zone)
        lines.append((cell(when, 40), cell(who, 60), cell(row.get("content"), 500)))
    return table(("when", "who", "note"), lines)
