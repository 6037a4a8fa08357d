"""What PagerDuty itself knows beside an incident: earlier ones that were like it, others of now
that may belong to it, and what was changed shortly before.

API reference: Incidents, List Past Incidents, List Related Incidents, List Related Change Events.
They belong to plans of PagerDuty's that not every account has.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, Any, List, Mapping, NamedTuple, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import clean, escape, markdown_link, one_line
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.rows import rows_of

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

PAST, RELATED, CHANGES = "past", "related", "changes"
_PATHS: Mapping[str, str] = {
    PAST: "/incidents/{id}/past_incidents",
    RELATED: "/incidents/{id}/related_incidents",
    CHANGES: "/incidents/{id}/related_change_events",
}
_KEYS: Mapping[str, str] = {
    PAST: "past_incidents",
    RELATED: "related_incidents",
    CHANGES: "change_events",
}


HEADS: Mapping[str, str] = {
    PAST: "Was like this before",
    RELATED: "May belong together now",
    CHANGES: "Changed before",
}
_RELATIONS: Mapping[str, str] = {
    "machine_learning_inferred": "PagerDuty's own guess",
    "service_dependency": "by a dependency of services",
}
NOT_IN_PLAN = (400, 402, 403, 404)
"""What PagerDuty answers of what an account's plan does not have."""
MAX_LINES = 5


class Alike(NamedTuple):
    """An incident, or a change, that PagerDuty names beside another one. Plain texts."""

    title: str
    at: str
    """When it was created, ISO 8601."""
    url: str
    number: int = 0
    why: str = ""
    """Why PagerDuty thinks so, or what it comes from."""
    id: str = ""
    """Of an incident."""


def read(pagerduty: PagerDuty, incident_id: str, what: str) -> Optional[List[Alike]]:
    """One request. `what`: PAST, RELATED or CHANGES. None where the account's plan has no such
    thing. Raises the gateway's errors."""
    try:
        answer = pagerduty.get(fill(_PATHS[what], id=incident_id))
    except PackError as error:
        if getattr(error, "status", None) in NOT_IN_PLAN:
            return None
        raise
    rows = rows_of(answer, _KEYS[what])
    return [_change(row) if what == CHANGES else _incident(row) for row in rows]


def numbered(pagerduty: PagerDuty, found: Optional[List[Alike]]) -> Optional[List[Alike]]:
    """Incidents with their numbers, which PagerDuty leaves out there: those that are shown, one
    request each. What it does not answer stays as it is."""
    from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident

    made = []
    for place, one in enumerate(found or ()):
        if one.id and not one.number and place < MAX_LINES:
            try:
                row = get_incident(pagerduty, one.id)
            except PackError:
                row = {}
            number = row.get("incident_number")
            url = one.url or str(row.get("html_url") or "")
            one = one._replace(number=number if isinstance(number, int) else 0, url=url)
        made.append(one)
    return None if found is None else made


def as_lines(head: str, found: Optional[Sequence[Alike]], zone: tzinfo) -> List[str]:
    """Markdown below the heading; nothing for nothing."""
    if not found:
        return []
    lines = [f"**{head}**"]
    for one in found[:MAX_LINES]:
        which = f"#{one.number}" if one.number else one.id
        title = f"{which} {one.title}" if which != one.title else which
        parts = [
            markdown_link(title, one.url),
            times.stamp(one.at, zone),
            escape(one_line(one.why)),
        ]
        lines.append("- " + " · ".join(part for part in parts if part))
    if len(found) > MAX_LINES:
        lines.append(f"- … and {len(found) - MAX_LINES} more")
    return lines


def _incident(row: Mapping[str, Any]) -> Alike:
    found = row.get("incident")
    found = found if isinstance(found, dict) else {}
    types = [str(one.get("type") or "") for one in rows_of(dict(row), "relationships")]
    kinds = [_RELATIONS.get(one, one.replace("_", " ")) for one in types]
    number = found.get("incident_number")
    return Alike(
        _text(found.get("title") or found.get("summary") or found.get("id")),
        _text(found.get("created_at")),
        str(found.get("html_url") or ""),
        number if isinstance(number, int) else 0,
        ", ".join(dict.fromkeys(kind for kind in kinds if kind)),
        _text(found.get("id")),
    )


def _change(row: Mapping[str, Any]) -> Alike:
    links = [one for one in rows_of(dict(row), "links") if one.get("href")]
    why = row.get("correlation_reason")
    reason = str(why.get("reason") or "") if isinstance(why, dict) else ""
    said = {
        "most_recent": "the newest on the service",
        "related_service": "on a service that it depends on",
        "intelligent": "PagerDuty's own guess",
    }
    source = _text(row.get("source"))
    parts = [source, said.get(reason, reason.replace("_", " "))]
    url = str(links[0]["href"]) if links else str(row.get("html_url") or "")
    return Alike(
        _text(row.get("summary")),
        _text(row.get("timestamp")),
        url,
        why=", ".join(part for part in parts if part),
    )


def _text(value: Any) -> str:
    return one_line(clean(value, 300))
