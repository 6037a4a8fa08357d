"""Pure: the text and the fields of a card's attachment. Outside text is cut, then escaped; links
are web links only."""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import cut, escape, markdown_link, one_line, web_link
from pagerduty_mattermost.incidents.incident import Incident, Link, Person

MAX_NAME = 60
"""Code points of a person's, service's or team's name on a card."""
MAX_LINES = 12

_LIKE_AN_ADDRESS = re.compile(r"://|\w\.[a-z]{2,}", re.IGNORECASE)


class CardLimits(NamedTuple):
    """How much of each part is shown: code points, or how many of them."""

    title: int
    summary: int
    note: int
    details: int
    detail: int
    links: int
    people: int
    url: int
    """Longer addresses are left out: cut ones lead nowhere."""


def state_text(incident: Incident, state: str, zone: tzinfo, limits: CardLimits) -> str:
    """The attachment's text: the state with its time and people, then what the alert said. `state`
    is Markdown."""
    line = state
    if incident.status == "merged" and incident.merged_into:
        line += f" into {another_incident(incident)}"
    if not incident.is_open:
        if incident.resolved_by:
            line += f" by {escape(one_line(incident.resolved_by, MAX_NAME))}"
        stamp = times.stamp(incident.resolved_at, zone)
        line += f", {stamp}" if stamp else ""
    elif incident.status == "acknowledged" and incident.acknowledgers:
        line += f" by {people(incident.acknowledgers, limits.people, zone, incident.updated_at)}"
    summary = paragraph(incident.summary, limits.summary)
    return f"{line}\n{summary}" if summary else line


def draw_fields(incident: Incident, zone: tzinfo, limits: CardLimits) -> List[Dict[str, Any]]:
    """The fields that have something to say, most important first."""
    acknowledged = people(incident.acknowledgers, limits.people, zone, incident.created_at)
    shown: List[Tuple[str, str, bool]] = [
        ("Urgency", _word(incident.urgency).capitalize(), True),
        ("Priority", _word(incident.priority), True),
        ("Service", _word(incident.service), True),
        ("Assigned to", people(incident.assignees, limits.people), True),
        ("Since", times.stamp(incident.created_at, zone), True),
        ("Duration", _duration(incident), True),
        ("Acknowledged by", "" if incident.status == "acknowledged" else acknowledged, True),
        (
            "Team" if len(incident.teams) < 2 else "Teams",
            people(incident.teams, limits.people),
            True,
        ),
        ("Escalation policy", _word(incident.escalation_policy), True),
        ("Alerts", _alerts(incident), True),
        ("Conference bridge", _bridge(incident, limits), False),
        ("Latest note", _note(incident, zone, limits), False),
        ("Details", _details(incident, limits), False),
        ("Links", " · ".join(_links(incident.links, limits)), False),
    ]
    return [
        {"title": title, "value": value, "short": short} for title, value, short in shown if value
    ]


def people(
    persons: Iterable[Person], limit: int, zone: Optional[tzinfo] = None, near: str = ""
) -> str:
    """Names, comma separated, with their times when a zone is given; "and 3 more" where there are
    too many."""
    every = [person for person in persons if person.name or person.id]
    named = []
    for person in every[:limit]:
        at = times.clock(person.at, zone, near) if zone else ""
        named.append(
            escape(one_line(person.name or person.id, MAX_NAME)) + (f" ({at})" if at else "")
        )
    if len(every) > limit:
        named.append(f"and {len(every) - limit} more")
    return ", ".join(named)


def paragraph(text: str, limit: int) -> str:
    """Some lines of outside text, escaped; empty lines fall away."""
    lines = [line.rstrip() for line in cut(text, limit).split("\n") if line.strip()]
    if len(lines) > MAX_LINES:
        lines = [*lines[: MAX_LINES - 1], "…"]
    return escape("\n".join(lines)).strip("\u2002")


def link_markdown(link: Link, limits: CardLimits) -> str:
    """A web link with its text; a text that looks like an address gives way to the true host: no
    disguise."""
    address = web_link(link.href) or web_link(link.image)
    if not address or len(address) > limits.url:
        return ""
    label = one_line(link.text, MAX_NAME) or ("Graph" if link.image else "")
    if not label or _LIKE_AN_ADDRESS.search(label):
        label = one_line(urlsplit(address).netloc, MAX_NAME)
    return markdown_link(label, address)


def _links(links: Iterable[Link], limits: CardLimits) -> List[str]:
    shown = [markdown for markdown in (link_markdown(link, limits) for link in links) if markdown]
    return shown[: limits.links]


def _word(text: str) -> str:
    return escape(one_line(text, MAX_NAME))


def _duration(incident: Incident) -> str:
    return "" if incident.is_open else times.between(incident.created_at, incident.resolved_at)


def _alerts(incident: Incident) -> str:
    if not incident.alerts_total:
        return ""
    parts = []
    if incident.alerts_triggered:
        parts.append(f"{incident.alerts_triggered} triggered")
    if incident.alerts_resolved:
        parts.append(f"{incident.alerts_resolved} resolved")
    return f"{incident.alerts_total} ({', '.join(parts)})" if parts else str(incident.alerts_total)


def _bridge(incident: Incident, limits: CardLimits) -> str:
    address = web_link(incident.conference_url)
    parts = [
        markdown_link("Join the call", address) if address and len(address) <= limits.url else "",
        _word(incident.conference_number),
    ]
    return " · ".join(part for part in parts if part)


def _note(incident: Incident, zone: tzinfo, limits: CardLimits) -> str:
    text = paragraph(incident.note, limits.note)
    if not text:
        return ""
    by = _word(incident.note_by)
    signed = ", ".join(
        part for part in (by, times.clock(incident.note_at, zone, incident.created_at)) if part
    )
    return f"{text}\n— {signed}" if signed else text


def _details(incident: Incident, limits: CardLimits) -> str:
    lines = []
    for name, value in incident.details[: limits.details]:
        label, shown = _word(name), escape(one_line(value, limits.detail))
        if label and shown:
            lines.append(f"**{label}**: {shown}")
    left = len(incident.details) - limits.details
    if lines and left > 0:
        lines.append(f"and {left} more in PagerDuty")
    return "\n".join(lines)


def another_incident(incident: Incident) -> str:
    """The incident this one was merged into, of which only the id is known: a link."""
    site, slash, _ = incident.url.rpartition("/")
    id_ = incident.merged_into
    url = f"{site}/{id_}" if slash and id_.isascii() and id_.isalnum() else ""
    return markdown_link("another incident", url)
