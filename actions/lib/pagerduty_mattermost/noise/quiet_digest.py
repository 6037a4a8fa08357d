"""The digest of what quiet hours held back: how the incidents do now, and what is told of them.

states = present(pagerduty, held)              # {incident id: Incident, or None for one that is no
more} message(open_ones, over, zone)                 # pure; Markdown
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Dict, Iterable, List, Mapping, Optional, Sequence

from pagerduty_mattermost.cards import incident_tables as chat_tables
from pagerduty_mattermost.cards.held_cards import Held
from pagerduty_mattermost.core import times
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from pagerduty_mattermost.incidents.reader import read_incident

ONE_BY_ONE = 3
"""So many incidents or fewer are asked for by their ids; more by the time of their creation, 100
in a request."""
LATELY = 14 * 86400.0
"""Seconds before the end of the quiet hours. Older ones are asked for by their ids, whatever their
number: an account has few that are so old and without a card, and many between."""
LISTED = 30


def present(pagerduty: PagerDuty, held: Iterable[Held]) -> Dict[str, Optional[Incident]]:
    """The incidents as PagerDuty has them now; None for one that it has no longer. Raises the
    gateway's errors.

    GET /incidents takes no ids. Rows can be skipped while the account changes between two pages
    (facts/pagerduty.md), so what is in no page is asked for by its id before it counts as over.
    """
    wanted = {one.incident_id: one for one in held}
    found: Dict[str, Optional[Incident]] = {}
    created = [
        at
        for at, until in ((times.seconds(one.created_at), one.until) for one in wanted.values())
        if at is not None and at > until - LATELY
    ]
    if len(created) > ONE_BY_ONE:
        span = {"since": times.iso(min(created)), "until": times.iso(max(created) + 1)}
        for row in pagerduty.list_all("/incidents", "incidents", span).items:
            incident = incident_from_rest(row) if row.get("id") in wanted else None
            if incident is not None:
                found[incident.id] = incident
    for incident_id in wanted:
        if incident_id not in found:
            found[incident_id] = read_incident(pagerduty, incident_id)
    return found


def message(open_ones: Sequence[Incident], over: int, zone: tzinfo) -> str:
    """What is still open, oldest first, and how many are over."""
    ordered = sorted(open_ones, key=lambda one: (one.created_at, one.number))
    counted = chat_tables.counted(ordered).replace(" open", " of low urgency still open", 1)
    lines = [
        f"**Quiet hours are over**: {counted}" + (f"; {over} more came and went." if over else ".")
    ]
    lines += [f"- {chat_tables.line(one, zone)}" for one in ordered[:LISTED]]
    if len(ordered) > LISTED:
        lines.append(f"- … and {len(ordered) - LISTED} more.")
    return "\n".join(lines)


def named(props: Mapping[str, object]) -> List[str]:
    """The incidents that a digest's post tells of, by its props."""
    return str(props.get("incidents") or "").split()
