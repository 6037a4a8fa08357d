"""Incident and IncidentEvent: the two values everything else speaks of.

Made from PagerDuty's REST objects (`incident_from_rest`), carried in the payload of the trigger
`pagerduty.incident` (`to_payload`, `from_payload`). Immutable, plain text only (normalised once,
`text.clean`), no nulls: StackStorm turns a null into the string "None" on its way through a
rule. NamedTuple and not dataclass: importing `dataclasses` costs an action more than its whole
run.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.core.json_values import to_json

OPEN_STATUSES = ("triggered", "acknowledged")
ROOM_NOTE = "Room in Mattermost: "
"""Begins the note by which the pack says where an incident's room is. Cards lead there anyway, and
do not show it."""


class Person(NamedTuple):
    """A user, or whatever else acted (a service, an integration), with the time if one belongs to
    it."""

    id: str = ""
    name: str = ""
    at: str = ""
    """ISO 8601 in UTC; empty where no time belongs to it."""


class Link(NamedTuple):
    """A link or a picture that came with an alert."""

    href: str
    text: str = ""
    image: str = ""
    """Address of a picture when the context is an image (a graph)."""


class Incident(NamedTuple):
    """An incident as the card shows it. Times are ISO 8601 in UTC as PagerDuty gives them; unknown
    is empty."""

    id: str
    number: int = 0
    title: str = ""
    incident_key: str = ""
    """PagerDuty's key of the alert that triggered it: what triggers with the same key is the same
    trouble."""
    url: str = ""
    status: str = "triggered"
    """triggered, acknowledged or resolved; also the pack's own `merged` and `deleted`: PagerDuty
    calls a merged one resolved."""
    urgency: str = ""
    priority: str = ""
    """Name of the priority (P1 …) or empty."""
    priority_id: str = ""
    service: str = ""
    service_id: str = ""
    teams: Tuple[Person, ...] = ()
    escalation_policy: str = ""
    escalation_policy_id: str = ""
    assignees: Tuple[Person, ...] = ()
    acknowledgers: Tuple[Person, ...] = ()
    resolved_by: str = ""
    resolved_by_id: str = ""
    created_at: str = ""
    updated_at: str = ""
    resolved_at: str = ""
    merged_into: str = ""
    """Id of the incident this one was merged into."""
    merged_title: str = ""
    """Number and title of it (`#2 Disk full`), where they are known."""
    snoozed_until: str = ""
    help_asked: str = ""
    """Whom somebody asked for help: names, comma separated."""
    alerts_total: int = 0
    alerts_triggered: int = 0
    alerts_resolved: int = 0
    conference_url: str = ""
    conference_number: str = ""
    note: str = ""
    note_by: str = ""
    note_at: str = ""
    summary: str = ""
    """Free text details of the first alert, or of the incident's body."""
    details: Tuple[Tuple[str, str], ...] = ()
    """Custom details of the first alert: name, value; in their order."""
    details_left: int = 0
    """How many more details the alert has than stand there."""
    links: Tuple[Link, ...] = ()
    incident_type: str = ""
    """The type's name in words; empty where PagerDuty did not say it."""

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


class IncidentEvent(NamedTuple):
    """One change of an incident.

    `event_id` is the log entry's id, or one derived from the snapshot that found the difference
    (`snap-…`): the same whoever derives it. `event_type` is PagerDuty's webhook word
    (`incident.acknowledged`), or one in its style where PagerDuty has none
    (`incident.urgency_updated`, `incident.title_updated`, `incident.snoozed`, `incident.merged`,
    `incident.updated` for entry types nobody knows yet).
    """

    event_id: str
    event_type: str
    occurred_at: str = ""
    agent: Person = Person()
    changes: Tuple[Tuple[str, str], ...] = ()
    """What changed, as text: see CHANGE_KEYS."""

    def change(self, key: str) -> str:
        return dict(self.changes).get(key, "")


CHANGE_KEYS = {
    "summary": "PagerDuty's own sentence for the log entry",
    "note": "text of the note, or of the note given on resolve",
    "from": "old value of what changed (priority, urgency, title)",
    "to": "new value of what changed; the names assigned or escalated to, comma separated",
    "to_ids": "ids of the users assigned or escalated to, comma separated",
    "until": "end of a snooze",
    "message": "text of a status update or a responder request",
    "merged_into": "id of the incident this one was merged into",
    "reopened_at": "of a resolve that came late: when what was posted before had reopened it",
    "not_reopened_at": "of a reopening that came late: when what was posted as one was none",
    "task": "name of a task of the incident",
    "task_status": "how far the task is",
    "channel": "how the act came: website, api, sms, phone, auto, timeout …",
    "log_entry_type": "type of the log entry",
}
"""The keys `IncidentEvent.changes` may hold, all text, with their meaning (in the payload schema
as well)."""


class Version(NamedTuple):
    """Orders two states of one incident: the newest wins. Equal versions may paint over each
    other."""

    updated_at: str
    entry_at: str
    cycle: int


class Change(NamedTuple):
    """Payload of one `pagerduty.incident` trigger: an incident as it now is, and its new events,
    oldest first."""

    incident: Incident
    events: Tuple[IncidentEvent, ...] = ()
    cycle: int = 0
    """Number of the sensor's cycle that read it; only breaks ties of times with a resolution of
    one second."""
    read_at: str = ""
    """Of an incident that was asked for by itself: PagerDuty's time then. It is the newer of two
    states of one second. Not part of the payload."""
    complete: bool = False
    """Whether the incident was read with its first alert and conference bridge: what is empty of
    these is empty at PagerDuty, and need not be asked for."""

    @property
    def version(self) -> Version:
        return Version(
            self.incident.updated_at,
            max([e.occurred_at for e in self.events] + [self.read_at]),
            self.cycle,
        )

    @property
    def event_types(self) -> List[str]:
        return sorted({e.event_type for e in self.events})


def incident_to_dict(incident: Incident) -> Dict[str, Any]:
    """The incident as JSON values; `incident_from_dict` is its inverse."""
    data: Dict[str, Any] = to_json(incident)
    return data


def incident_from_dict(data: Mapping[str, Any]) -> Incident:
    """Inverse of `incident_to_dict`. Unlike `from_json` it takes what comes close: nulls are
    missing, numbers may be texts, since a payload goes through rules, templates and people."""
    known = {k: v for k, v in data.items() if k in Incident._fields and v is not None}
    for key in ("teams", "assignees", "acknowledgers"):
        known[key] = tuple(_record(Person, p) for p in known.get(key) or ())
    known["links"] = tuple(_record(Link, link) for link in known.get("links") or ())
    known["details"] = tuple((str(pair[0]), str(pair[1])) for pair in known.get("details") or ())
    for key in ("number", "alerts_total", "alerts_triggered", "alerts_resolved", "details_left"):
        known[key] = int(known.get(key) or 0)
    return Incident(**known)


def _record(cls: Any, data: Mapping[str, Any]) -> Any:
    return cls(**{k: str(v) for k, v in data.items() if k in cls._fields and v is not None})


def events_to_json(events: Iterable[IncidentEvent]) -> List[Dict[str, Any]]:
    """Events as JSON values; `events_from_json` is its inverse."""
    return [
        {
            "event_id": e.event_id,
            "event_type": e.event_type,
            "occurred_at": e.occurred_at,
            "agent": to_json(e.agent),
            "changes": dict(e.changes),
        }
        for e in events
    ]


def events_from_json(given: Any) -> Tuple[IncidentEvent, ...]:
    """Inverse of `events_to_json`. Raises KeyError, ValueError, TypeError or AttributeError."""
    return tuple(
        IncidentEvent(
            event_id=str(e["event_id"]),
            event_type=str(e["event_type"]),
            occurred_at=str(e.get("occurred_at") or ""),
            agent=_record(Person, e.get("agent") or {}),
            changes=tuple(
                (str(k), str(v)) for k, v in (e.get("changes") or {}).items() if v is not None
            ),
        )
        for e in given or ()
    )


def to_payload(change: Change) -> Dict[str, Any]:
    """What happened, as the trigger's payload has it; `trigger_payload` says what goes with it."""
    return {
        "incident": incident_to_dict(change.incident),
        "events": events_to_json(change.events),
        "event_types": change.event_types,
        "cycle": change.cycle,
        "complete": change.complete,
    }


def from_payload(payload: Mapping[str, Any]) -> Change:
    """Inverse of `to_payload`. Raises KeyError or ValueError when it is no such payload."""
    return Change(
        incident_from_dict(payload["incident"]),
        events_from_json(payload.get("events")),
        int(payload.get("cycle") or 0),
        complete=payload.get("complete") is True,
    )
