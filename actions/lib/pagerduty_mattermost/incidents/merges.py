"""What is said in the incident that another one was merged into: the other by number and title, as
everywhere. PagerDuty's own sentence may name it by its number alone. Pure.

    with_titles(entries)        # "#7 merged into …" -> "#7 Disk full merged into …"
"""

from __future__ import annotations

import re
from typing import Dict, List, Sequence

from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.incidents.incident import IncidentEvent
from pagerduty_mattermost.incidents.log_entries import LogEntry

MAX_TITLE_CHARACTERS = 120
_BARE = re.compile(r"#([0-9]{1,18}) (?=merged into this incident)")


def with_titles(entries: Sequence[LogEntry]) -> List[LogEntry]:
    """The entries of several incidents; the titles are those of the incidents among them, where
    the one that was merged has its own entry."""
    bare = [one for one in entries if one.event and _BARE.match(one.event.change("summary"))]
    if not bare:
        return list(entries)
    titles = {
        str(one.incident.number): one_line(one.incident.title, MAX_TITLE_CHARACTERS)
        for one in entries
        if one.incident.number and one.incident.title
    }
    return [
        one._replace(event=_titled(one.event, titles)) if one in bare and one.event else one
        for one in entries
    ]


def _titled(event: IncidentEvent, titles: Dict[str, str]) -> IncidentEvent:
    found = _BARE.match(event.change("summary"))
    title = titles.get(found.group(1), "") if found else ""
    if not found or not title:
        return event
    said = f"#{found.group(1)} {title} {event.change('summary')[found.end() :]}"
    changes = {**dict(event.changes), "summary": said}
    return event._replace(changes=tuple(changes.items()))
