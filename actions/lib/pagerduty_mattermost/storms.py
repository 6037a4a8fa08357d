"""Pure: which changes are told one by one, and which together: storms of one service, and alerts that flap.

    noise = Noise(Terms(), data)                   # data: as `kept()` gave it, None for nothing
    verdicts = noise.judge(changes, now)           # {incident id: PASS | HOLD | RELEASE}
    for group in noise.due(now): dispatch group.payload(now), then noise.told(group, now)

A storm: more than `incidents` new ones of a service within `window` seconds. Flapping: from the round after the
`rounds`th of the same title and service within `flap_window`. Both hold the incidents back that are new then; one card
counts them. An incident gets its own card after all when its priority is high, when somebody acts on it, or when few
are left open at the end. `now`: PagerDuty's clock, seconds since the epoch.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from . import times
from .incident import Change, Incident
from .text import cut, one_line

PASS, HOLD, RELEASE = "pass", "hold", "release"
"""Dispatch it; don't; dispatch it with all that was held of it before."""
STORM, FLAPPING = "storm", "flapping"
TRIGGERED = "incident.triggered"
MOVES = frozenset(
    (
        "incident.acknowledged",
        "incident.annotated",
        "incident.reassigned",
        "incident.delegated",
        "incident.responder.added",
        "incident.status_update_published",
        "incident.priority_updated",
    )
)
"""What somebody does to an incident that is theirs now. A resolve is none: it ends by itself in the count."""
TELL_EVERY = 30.0
"""Seconds between two repaintings of a group's card."""
RELEASED_AT_ONCE = 5
"""Incidents of a group that somebody acts on within one look and that get their own cards; more are done in bulk."""
SHOWN = 10


class Terms(NamedTuple):
    incidents: int = 10
    """0: no storms."""
    window: float = 120.0
    quiet: float = 300.0
    """Seconds without a new one after which it is over."""
    priorities: Tuple[str, ...] = ("P1", "P2")
    rounds: int = 3
    """0: nothing flaps."""
    flap_window: float = 1800.0


class Group:
    """One storm, or one alert that flaps."""

    def __init__(self, kind: str, service_id: str, service: str, title: str, began: float) -> None:
        self.kind, self.service_id, self.service, self.title = kind, service_id, service, title
        self.began = self.last = began
        self.statuses: Dict[str, str] = {}
        """Of each incident in it."""
        self.released: List[str] = []
        self.shown: List[Dict[str, Any]] = []
        """The newest ones, high urgency first."""
        self.sequence = 0
        """Of its newest state."""
        self.told_sequence = 0
        self.told_at = 0.0
        self.ended = False

    @property
    def key(self) -> str:
        return (
            f"{self.kind}-{self.service_id}-{int(self.began)}-{zlib.crc32(self.title.encode('utf-8', 'replace')):08x}"
        )

    def count(self, *statuses: str) -> int:
        return sum(status in statuses for status in self.statuses.values())

    def take(self, incident: Incident) -> None:
        if self.statuses.get(incident.id) == incident.status:
            return
        self.statuses[incident.id] = incident.status
        row = {
            "id": incident.id,
            "number": incident.number,
            "title": cut(one_line(incident.title), 120),
            "url": cut(incident.url, 200),
            "status": incident.status,
            "urgency": incident.urgency,
        }
        rows = [row, *(one for one in self.shown if one["id"] != incident.id)]
        rows.sort(key=lambda one: (one["status"] not in ("triggered", "acknowledged"), one["urgency"] != "high"))
        self.shown = rows[:SHOWN]
        self.sequence += 1

    def payload(self, now: float) -> Dict[str, Any]:
        """Of the trigger `pagerduty.storm`."""
        return {
            "key": self.key,
            "kind": self.kind,
            "state": "ended" if self.ended else "ongoing",
            "service_id": self.service_id,
            "service": self.service,
            "title": self.title,
            "started_at": times.iso(self.began),
            "at": times.iso(now),
            "sequence": self.sequence,
            "total": len(self.statuses),
            "triggered": self.count("triggered"),
            "acknowledged": self.count("acknowledged"),
            "closed": len(self.statuses) - self.count("triggered", "acknowledged"),
            "incidents": [dict(one) for one in self.shown],
        }

    def kept(self) -> Dict[str, Any]:
        return dict(self.__dict__)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Group:
        """Raises KeyError, TypeError or ValueError when it is none."""
        kind, service_id, service, title = (str(data[name]) for name in ("kind", "service_id", "service", "title"))
        made = cls(kind, service_id, service, title, float(data["began"]))
        made.last, made.told_at = float(data["last"]), float(data["told_at"])
        made.statuses = {str(id): str(status) for id, status in data["statuses"].items()}
        made.released = [str(id) for id in data["released"]]
        made.shown = [dict(one) for one in data["shown"]]
        made.sequence, made.told_sequence = int(data["sequence"]), int(data["told_sequence"])
        made.ended = data["ended"] is True
        return made


class Noise:
    def __init__(self, terms: Terms, data: Any = None) -> None:
        self._terms = terms
        self.groups: Dict[str, Group] = {}
        """By what they are about."""
        self._recent: Dict[str, List[float]] = {}
        """When new incidents came, by the same."""
        self.left: Dict[str, str] = {}
        """Open incidents without a card whose group is over, and that group's key."""
        self.changed = False
        """Whether something has to be kept."""
        if isinstance(data, Mapping):
            self._read(data)

    def _read(self, data: Mapping[str, Any]) -> None:
        """What does not read is forgotten: then changes are told one by one."""
        try:
            groups = {str(about): Group.of(one) for about, one in data["groups"].items()}
            recent = {str(about): [float(at) for at in moments] for about, moments in data["recent"].items()}
            left = {str(id): str(key) for id, key in data["left"].items()}
        except (KeyError, TypeError, ValueError, AttributeError):
            return
        self.groups, self._recent, self.left = groups, recent, left

    def kept(self) -> Dict[str, Any]:
        groups = {about: group.kept() for about, group in self.groups.items()}
        return {"groups": groups, "recent": self._recent, "left": self.left}

    @property
    def held(self) -> Dict[str, str]:
        """Incidents without a card on purpose, and why."""
        found = {id: f"{group.kind} of {group.service}" for group in self.groups.values() for id in group.statuses}
        released = {id for group in self.groups.values() for id in group.released}
        left = dict.fromkeys(self.left, "its storm is over")
        return {id: why for id, why in {**left, **found}.items() if id not in released}

    def judge(self, changes: Sequence[Change], now: float) -> Dict[str, str]:
        """All changes of one look, since a storm may come within it."""
        fresh = [one.incident for one in changes if self._is_new(one)]
        for incident in fresh:
            self._count(incident, now)
        for incident in fresh:
            self._begin(incident, now)
        acted: Dict[str, int] = {}
        return {one.incident.id: self._verdict(one, now, acted) for one in changes}

    def _is_new(self, change: Change) -> bool:
        id = change.incident.id
        known = id in self.left or any(id in group.statuses for group in self.groups.values())
        return not known and any(event.event_type == TRIGGERED for event in change.events)

    def _about(self, incident: Incident) -> List[Tuple[str, str, int, float]]:
        """(kind, about, how many are too many, within) of what the incident counts for."""
        terms = self._terms
        title = zlib.crc32(one_line(incident.title).casefold().encode("utf-8", "replace"))
        found = []
        if terms.incidents:
            found.append((STORM, incident.service_id, terms.incidents, terms.window))
        if terms.rounds:
            found.append((FLAPPING, f"{incident.service_id}/{title:08x}", terms.rounds, terms.flap_window))
        return found

    def _count(self, incident: Incident, now: float) -> None:
        at = times.seconds(incident.created_at) or now
        for _, about, _, within in self._about(incident):
            moments = [one for one in self._recent.get(about, []) if at - one <= within]
            self._recent[about] = [*moments, at][-1000:]
        self.changed = True

    def _begin(self, incident: Incident, now: float) -> None:
        for kind, about, many, within in self._about(incident):
            moments = [one for one in self._recent.get(about, []) if now - one <= within + 60]
            if about not in self.groups and len(moments) > many:
                title = one_line(incident.title) if kind == FLAPPING else ""
                self.groups[about] = Group(kind, incident.service_id, incident.service, cut(title, 120), now)

    def _group_of(self, incident: Incident) -> Optional[Group]:
        return next((group for group in self.groups.values() if incident.id in group.statuses), None)

    def _verdict(self, change: Change, now: float, acted: Dict[str, int]) -> str:
        incident = change.incident
        if incident.id in self.left:
            del self.left[incident.id]
            self.changed = True
            return RELEASE if incident.is_open else HOLD
        group = self._group_of(incident)
        if group is None:
            if not self._is_new(change) or incident.priority in self._terms.priorities:
                return PASS
            group = next((self.groups[about] for _, about, _, _ in self._about(incident) if about in self.groups), None)
            if group is None:
                return PASS
            group.last = now
        self.changed = True
        group.take(incident)
        if incident.id in group.released:
            return PASS
        if not self._has_moved(change):
            return HOLD
        acted[group.key] = acted.get(group.key, 0) + 1
        if incident.priority not in self._terms.priorities and acted[group.key] > RELEASED_AT_ONCE:
            return HOLD
        group.released.append(incident.id)
        return RELEASE

    def _has_moved(self, change: Change) -> bool:
        by_priority = change.incident.priority in self._terms.priorities
        return change.incident.is_open and (by_priority or any(one.event_type in MOVES for one in change.events))

    def due(self, now: float) -> List[Group]:
        """Groups whose card is to be painted; those that are over are marked so."""
        for group in self.groups.values():
            if not group.ended and now - group.last > self._terms.quiet:
                group.ended, group.sequence, self.changed = True, group.sequence + 1, True
        news = [one for one in self.groups.values() if one.sequence > one.told_sequence]
        return [one for one in news if one.ended or now - one.told_at >= TELL_EVERY]

    def told(self, group: Group, now: float) -> List[str]:
        """Incidents to be dispatched now with all that was held: of a group that is over and few are left of."""
        group.told_sequence, group.told_at, self.changed = group.sequence, now, True
        if not group.ended:
            return []
        self.groups = {about: one for about, one in self.groups.items() if one is not group}
        open_ones = [
            id
            for id, status in group.statuses.items()
            if status in ("triggered", "acknowledged") and id not in group.released
        ]
        few = len(open_ones) <= max(1, self._terms.incidents)
        if not few:
            self.left.update((id, group.key) for id in open_ones)
        return open_ones if few else []

    def forget(self, now: float, open_ids: Any) -> None:
        """What counts no longer: times outside of every window, incidents that are not among `open_ids`."""
        longest = max(self._terms.window, self._terms.flap_window)
        self._recent = {
            about: moments for about, moments in self._recent.items() if moments and now - moments[-1] <= longest
        }
        self.left = {id: key for id, key in self.left.items() if id in open_ids}
