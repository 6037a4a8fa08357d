"""Pure: an incident's events as lines of text, for a note."""

from __future__ import annotations

from datetime import tzinfo
from typing import Iterable, List

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.incidents.incident import IncidentEvent


def timeline(events: Iterable[IncidentEvent], zone: tzinfo) -> List[str]:
    """What happened and when, a line an event, the oldest first."""
    lines = []
    for event in sorted(events, key=lambda one: one.occurred_at):
        what = event.event_type.split(".")[-1].replace("_", " ")
        by = f" by {event.agent.name}" if event.agent.name else ""
        lines.append(one_line(f"{times.stamp(event.occurred_at, zone)} {what}{by}", 200))
    return lines
