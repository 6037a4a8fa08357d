"""Changes of incidents as they come in a storm, and what is judged of each."""

from __future__ import annotations

from typing import Any, List

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent
from pagerduty_mattermost.noise.storm_detection import (
    StormDetector,
)

NOW = 1_760_000_000.0


def change(number: int, *kinds: str, status: str = "triggered", **fields: Any) -> Change:
    given = {
        "title": f"Alert {number}",
        "service_id": "PSVC",
        "service": "Checkout",
        "created_at": times.iso(NOW),
    }
    at = fields.pop("at", "") or fields.get("created_at", times.iso(NOW))
    incident = Incident(id=f"PINC{number:04}", number=number, status=status, **{**given, **fields})
    events = tuple(IncidentEvent(f"R{number}{kind}", f"incident.{kind}", at) for kind in kinds)
    return Change(incident, events, 1)


def new(number: int, **fields: Any) -> Change:
    return change(number, "triggered", **fields)


def verdicts(
    noise: StormDetector, *changes: Change, now: float = NOW, fails: bool = False
) -> List[str]:
    """`fails`: nothing of it was dispatched."""
    found = noise.judge(changes, now)
    if not fails:
        noise.settle()
    return [found[one.incident.id] for one in changes]


def over(number: int, at: float, title: str = "Disk full") -> Change:
    return change(number, "resolved", status="resolved", title=title, at=times.iso(at))
