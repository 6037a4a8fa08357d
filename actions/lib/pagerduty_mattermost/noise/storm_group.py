"""Pure: one storm, or one alert that flaps: what is counted on one card, and its payload for
the trigger."""

from __future__ import annotations

import zlib
from bisect import insort
from collections.abc import Mapping
from typing import Any, Dict, List

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import cut, one_line
from pagerduty_mattermost.incidents.incident import OPEN_STATUSES, Incident

STORM, FLAPPING = "storm", "flapping"
PAINT_EVERY_SECONDS = 30.0
"""Seconds between two repaintings of a group's card."""
MAX_SHOWN, MAX_SHOWN_AT_END, MAX_REMEMBERED = 10, 20, 60
"""Incidents that the card lists, and that are known well enough to move up when others are over.
"""
MAX_ASSIGNEES = 3
"""Of an incident, whom the card may mention."""


class StormGroup:
    """Its attributes are what is kept of it (`to_data`): their names stand in the datastore."""

    def __init__(self, kind: str, about: str, first: Incident, title: str, began: float) -> None:
        """`kind`: STORM or FLAPPING. `about`: what an incident must share with the group to belong
        to it: of a storm the id of the service, of a flapping alert one of `flapping.abouts_of`.
        `began`: seconds since the epoch, taken from the incidents' own times and not from a clock,
        so that a cycle which is repeated makes the same group with the same key."""
        self.kind, self.about, self.title = kind, about, title
        self.service_id, self.service = first.service_id, first.service
        self.team_ids = [team.id for team in first.teams]
        self.escalation_policy_id = first.escalation_policy_id
        self.began = self.last = began
        self.before = 0
        """Rounds that were dispatched one by one, before it began."""
        self.arrivals: List[float] = []
        """Times of the newest of its incidents, in order."""
        self.statuses: Dict[str, str] = {}
        """Of each incident in it."""
        self.released: List[str] = []
        self.shown: List[Dict[str, Any]] = []
        """The newest ones, open and of high urgency first."""
        self.sequence = 1
        """Of its newest state."""
        self.told_sequence = 0
        self.told_at = 0.0
        self.ended = False

    @property
    def key(self) -> str:
        title = zlib.crc32(self.title.encode("utf-8", "replace"))
        return f"{self.kind}-{self.service_id}-{int(self.began)}-{title:08x}"

    def count(self, *statuses: str) -> int:
        return sum(status in statuses for status in self.statuses.values())

    def open_ones(self) -> List[str]:
        """Ids of its open incidents that have no card of their own."""
        return [
            id
            for id, status in self.statuses.items()
            if status in OPEN_STATUSES and id not in self.released
        ]

    def arrived(self, at: float, remember: int) -> None:
        insort(self.arrivals, at)
        del self.arrivals[:-remember]
        self.last = max(self.last, at)

    def is_due(self, now: float) -> bool:
        """Whether its card is to be painted. An alert that flaps has none until its next round
        comes."""
        news = bool(self.statuses) and self.sequence > self.told_sequence
        return news and (self.ended or now - self.told_at >= PAINT_EVERY_SECONDS)

    def take(self, incident: Incident) -> bool:
        """Take over the incident's state; False when it is known."""
        if self.statuses.get(incident.id) == incident.status:
            return False
        self.statuses[incident.id] = incident.status
        row = {
            "id": incident.id,
            "number": incident.number,
            "title": cut(one_line(incident.title), 120),
            "url": cut(incident.url, 200),
            "status": incident.status,
            "urgency": incident.urgency,
            "assignee_ids": [one.id for one in incident.assignees if one.id][:MAX_ASSIGNEES],
        }
        rows = [row, *(one for one in self.shown if one["id"] != incident.id)]
        rows.sort(
            key=lambda one: (
                one["status"] not in OPEN_STATUSES,
                one["urgency"] != "high",
                -one["number"],
            )
        )
        self.shown = rows[:MAX_REMEMBERED]
        self.sequence += 1
        return True

    def payload(self, now: float) -> Dict[str, Any]:
        """The payload of the trigger `pagerduty.storm`."""
        return {
            "key": self.key,
            "kind": self.kind,
            "state": "ended" if self.ended else "ongoing",
            "service_id": self.service_id,
            "service": self.service,
            "team_ids": list(self.team_ids),
            "escalation_policy_id": self.escalation_policy_id,
            "title": self.title,
            "started_at": times.iso(self.began),
            "at": times.iso(now),
            "sequence": self.sequence,
            "total": len(self.statuses) + self.before,
            "triggered": self.count("triggered"),
            "acknowledged": self.count("acknowledged"),
            "closed": len(self.statuses) + self.before - self.count(*OPEN_STATUSES),
            "incidents": [
                dict(one) for one in self.shown[: MAX_SHOWN_AT_END if self.ended else MAX_SHOWN]
            ],
        }

    def to_data(self) -> Dict[str, Any]:
        return {**self.__dict__, "statuses": by_value(self.statuses)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> StormGroup:
        """Raises KeyError, TypeError or ValueError when it is none."""
        kind, about, service_id, service, title = (
            str(data[name]) for name in ("kind", "about", "service_id", "service", "title")
        )
        first = Incident("", service_id=service_id, service=service)
        made = cls(kind, about, first, title, float(data["began"]))
        made.last, made.told_at, made.before = (
            float(data["last"]),
            float(data["told_at"]),
            int(data["before"]),
        )
        made.team_ids = [str(id) for id in data["team_ids"]]
        made.arrivals = [float(at) for at in data["arrivals"]]
        made.statuses = by_id(data["statuses"])
        made.released = [str(id) for id in data["released"]]
        made.escalation_policy_id = str(data.get("escalation_policy_id") or "")
        made.shown = [{"assignee_ids": [], **one} for one in data["shown"]]
        made.sequence, made.told_sequence = int(data["sequence"]), int(data["told_sequence"])
        made.ended = data["ended"] is True
        return made


def by_value(texts: Mapping[str, str]) -> Dict[str, str]:
    """{id: text} as {text: "id id id"}: half as long where there are many ids and few texts."""
    found: Dict[str, List[str]] = {}
    for id, text in texts.items():
        found.setdefault(text, []).append(id)
    return {text: " ".join(ids) for text, ids in found.items()}


def by_id(kept: Any) -> Dict[str, str]:
    """The same back. Raises AttributeError when it is none."""
    return {id: str(text) for text, ids in kept.items() for id in ids.split()}
