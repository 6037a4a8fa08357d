"""Answers to commands as Markdown: tables of incidents, what is still open. Pure; outside text is
escaped here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, List, Sequence

from pagerduty_mattermost.cards.card import headline, state_of
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.markdown import MAX_CELL_CHARACTERS, MAX_ROWS, cell, table
from pagerduty_mattermost.core.text import markdown_link
from pagerduty_mattermost.incidents.incident import Incident


def incidents(found: Sequence[Incident], zone: tzinfo, more: int = 0) -> str:
    """The first `MAX_ROWS` of them, and how many there are beyond; `more` were not even read."""
    rows = [
        [
            markdown_link(headline(one, MAX_CELL_CHARACTERS), one.url),
            f"{state_of(one).emoji} {cell(state_of(one).word, 40)}",
            cell(one.priority or one.urgency, 20),
            cell(one.service, 40),
            cell(", ".join(person.name for person in one.assignees), 60),
            cell(times.stamp(one.created_at, zone), 40),
        ]
        for one in found[:MAX_ROWS]
    ]
    text = table(("incident", "state", "priority", "service", "assigned to", "since"), rows)
    hidden = len(found) - len(rows)
    if hidden or more:
        text += f"\n… and {'at least ' if more else ''}{hidden + more} more."
    return text


def line(one: Incident, zone: tzinfo) -> str:
    """An incident in one line of Markdown."""
    parts = [
        f"{state_of(one).emoji} {markdown_link(headline(one, MAX_CELL_CHARACTERS), one.url)}",
        cell(one.priority or one.urgency, 20),
        cell(one.service, 40),
        cell(", ".join(person.name for person in one.assignees), 60),
        cell(times.stamp(one.created_at, zone), 40),
    ]
    return " · ".join(part for part in parts if part.strip())


def counted(found: Sequence[Incident]) -> str:
    """ "3 open: 2 triggered, 1 acknowledged"."""
    states = {
        word: sum(one.status == word for one in found) for word in ("triggered", "acknowledged")
    }
    parts = [f"{number} {word}" for word, number in states.items() if number]
    return f"{len(found)} open" + (": " + ", ".join(parts) if parts else "")


def still_open(found: Sequence[Incident], zone: tzinfo, *, truncated: bool = False) -> str:
    """What is left after an act."""
    if not found:
        return "Nothing is open any more."
    return (
        f"Still {counted(found)}{' (and more)' if truncated else ''}.\n\n{incidents(found, zone)}"
    )


def notes(rows: Sequence[Mapping[str, Any]], zone: tzinfo) -> str:
    """An incident's notes, newest first."""
    lines: List[Sequence[str]] = []
    for row in rows[:MAX_ROWS]:
        user = row.get("user")
        who = user.get("summary") or user.get("name") if isinstance(user, Mapping) else ""
        when = times.stamp(str(row.get("created_at") or ""), zone)
        lines.append((cell(when, 40), cell(who, 60), cell(row.get("content"), 500)))
    return table(("when", "who", "note"), lines)
