"""Pure: the summary of what is open when the sensor starts for the first time, and what happened
since to the incidents that it lists.

    kept = begun(summary(incidents, origin, zone))
    kept = followed(kept, incident_id, events) or kept      # None: it says nothing else
    edited(kept, zone)                                      # the payload as it is now
"""

# flake8: noqa: E203,W503

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Dict, Iterable, List, Mapping, Optional

from pagerduty_mattermost.cards.card import STATES
from pagerduty_mattermost.cards.incident_lists import in_order, line
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.settings import Config, is_mattermost_absent
from pagerduty_mattermost.core.text import cut, escape, one_line
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent

MAX_LISTED = 20
"""Incidents that the summary lists."""
MARKS = {
    "incident.acknowledged": "acknowledged",
    "incident.unacknowledged": "no longer acknowledged",
    "incident.resolved": "resolved",
    "incident.merged": "merged",
    "incident.reopened": "reopened",
}
"""Events that the summary tells of its incidents."""
NOW = {
    "incident.acknowledged": "acknowledged",
    "incident.unacknowledged": "triggered",
    "incident.resolved": "resolved",
    "incident.merged": "merged",
    "incident.reopened": "triggered",
}
"""The state that an incident has after each."""
OVER = ("incident.resolved", "incident.merged")
MAX_URL_CHARACTERS = 300
"""Longer addresses are left out."""


def summary(incidents: Iterable[Incident], origin: float, zone: tzinfo) -> Dict[str, Any]:
    """Payload of `pagerduty.open_summary` for the incidents open at the first start."""
    listed = in_order(incidents)
    statuses = _counts(incident.status for incident in listed)
    urgencies = _counts(incident.urgency for incident in listed if incident.urgency)
    services: Dict[str, List[Incident]] = {}
    for incident in listed:
        services.setdefault(incident.service_id, []).append(incident)
    largest = sorted(services.items(), key=lambda item: (-len(item[1]), item[1][0].service))[:10]
    since = times.iso(origin)
    lines = [f"**PagerDuty's incidents are watched from now on** ({times.stamp(since, zone)})."]
    if not listed:
        lines.append("None is open.")
    else:
        parts = [f"{count} {escape(name)}" for name, count in statuses.items()]
        parts += [f"{count} of {_short(name)} urgency" for name, count in urgencies.items()]
        verb = "incident is" if len(listed) == 1 else "incidents are"
        lines.append(
            f"{len(listed)} {verb} open: {', '.join(parts)}. Changes of them are posted as "
            "they come."
        )
        if len(largest) > 1:
            lines.append(
                "By service: "
                + ", ".join(f"{_short(one[0].service)} {len(one)}" for _, one in largest)
                + "."
            )
        for incident in listed[:MAX_LISTED]:
            url = incident.url if len(incident.url) <= MAX_URL_CHARACTERS else ""
            lines.append(f"- {line(incident._replace(url=url), zone, since)}")
        if len(listed) > MAX_LISTED:
            lines.append(f"- and {len(listed) - MAX_LISTED} more: `/pd list`")
    return {
        "text": "\n".join(lines),
        "key": f"open-summary-{since}",
        "revision": 0,
        "since": since,
        "total": len(listed),
        "by_status": statuses,
        "by_urgency": urgencies,
        "by_service": [
            {"id": ident, "name": one[0].service, "total": len(one)} for ident, one in largest
        ],
        "newest": [
            {
                "id": incident.id,
                "number": incident.number,
                "title": cut(incident.title, 80),
                "status": incident.status,
                "urgency": incident.urgency,
                "service": incident.service,
                "url": incident.url,
                "created_at": incident.created_at,
            }
            for incident in listed[:MAX_LISTED]
        ],
    }


def begun(payload: Mapping[str, Any]) -> Dict[str, Any]:
    """What the sensor remembers of a summary, as JSON."""
    return {"payload": dict(payload), "marks": {}, "revision": 0}


def dispatched(kept: Mapping[str, Any], config: Config) -> Dict[str, Any]:
    """After it was dispatched: remembered as owed where no Mattermost is configured yet."""
    left = {name: value for name, value in kept.items() if name != "owed"}
    return {**left, "owed": True} if is_mattermost_absent(config) else left


def is_owed(kept: Mapping[str, Any], config: Config) -> bool:
    """Whether it was dispatched while nothing could be posted, and now it can."""
    return bool(kept.get("owed")) and not is_mattermost_absent(config)


def followed(
    kept: Mapping[str, Any], incident_id: str, events: Iterable[IncidentEvent]
) -> Optional[Dict[str, Any]]:
    """With what happened to an incident, oldest first; None where the summary does not list it or
    says the same."""
    if not any(row["id"] == incident_id for row in kept.get("payload", {}).get("newest", ())):
        return None
    told = [event for event in events if event.event_type in MARKS]
    before = kept["marks"].get(incident_id)
    if not told or (before and told[-1].occurred_at < before[2]):
        return None
    mark = [told[-1].event_type, told[-1].agent.name, told[-1].occurred_at]
    if mark == before:
        return None
    marks = {**kept["marks"], incident_id: mark}
    return {**kept, "marks": marks, "revision": kept["revision"] + 1}


def edited(kept: Mapping[str, Any], zone: tzinfo) -> Dict[str, Any]:
    """The payload, its text with who did what to the incidents and when; those that are over are
    struck through."""
    payload = kept["payload"]
    lines = payload["text"].split("\n")
    first = next((place for place, line in enumerate(lines) if line.startswith("- ")), 0)
    for place, row in enumerate(payload["newest"], first):
        if row["id"] in kept["marks"]:
            event_type, who, at = kept["marks"][row["id"]]
            by = f" by {_short(who)}" if who else ""
            said = _marked(lines[place][2:], row["status"], event_type)
            said = f"~~{said}~~" if event_type in OVER else said
            lines[place] = (
                f"- {said} · {MARKS[event_type]}{by}, {times.clock(at, zone, payload['since'])}"
            )
    return {**payload, "text": "\n".join(lines), "revision": kept["revision"]}


def _marked(line: str, before: str, event_type: str) -> str:
    """A listed incident's line with the mark of the state that it has now."""
    mark = STATES[before].emoji if before in STATES else ""
    if not mark or not line.startswith(mark):
        return line
    return STATES[NOW[event_type]].emoji + line[len(mark) :]


def _short(name: str) -> str:
    """A name, cut: the whole must fit into one message of 16,383 characters."""
    return escape(one_line(name, 60))


def _counts(words: Iterable[str]) -> Dict[str, int]:
    counts: Dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items()))
