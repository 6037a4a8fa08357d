"""The values of the sandbox's PagerDuty account. Times are whole seconds since the epoch, as
PagerDuty shows no finer.

Incidents, log entries and alerts change often and have classes; catalog things (users, services,
teams ...) are dicts in the shape the REST API shows, with references as ids
(`escalation_policy_id`, `team_ids`), rendered by `render.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

Thing = Dict[str, Any]

OPEN = ("triggered", "acknowledged")
STATUSES = (*OPEN, "resolved")
URGENCIES = ("high", "low")


class Agent(NamedTuple):
    """Who acted: kind is user, service or integration."""

    kind: str
    id: str


@dataclass
class Options:
    """What can be chosen about the account: its limits, and types of entries that are published
    nowhere. What else PagerDuty leaves open is in `switches.Switches`."""

    title_entry: str = "field_value_change"
    """Type of a title change's entry; empty: a title change leaves no entry, only the incident
    shows it."""
    merge_entry: str = "link"
    """Type of the entry on the target of a merge."""
    workflow_entry: str = "incident_workflow_start"
    """Type of the entry of a workflow's run; published nowhere."""
    notes_touch: bool = False
    """Whether a note moves the incident's `updated_at` (undocumented)."""
    automatic_escalation: bool = False
    """Escalate by itself after the delays of the policy; off, so that a clock moved by days floods
    nobody."""
    notify: bool = True
    """Write assign and notify entries after a trigger, as PagerDuty does at the same second."""
    rate_limit: Optional[int] = 960
    """REST requests a minute for a key; None: no limit."""
    rate_headers: bool = True
    """Whether answers carry ratelimit-* headers ("sometimes absent")."""
    events_limit: Optional[int] = 120
    """Events a minute for an integration key; None: no limit."""
    note_offset_hours: int = -5
    """Notes and status updates show their times in the account's zone, as in PagerDuty's own
    examples."""


@dataclass(eq=False)
class Alert:
    id: str
    key: str
    summary: str
    severity: str
    created_at: int
    status: str = "triggered"
    resolved_at: Optional[int] = None
    integration_id: str = ""
    details: Any = field(default_factory=dict)
    contexts: List[Thing] = field(default_factory=list)
    entry: Optional[LogEntry] = None


@dataclass(eq=False)
class Note:
    id: str
    content: str
    user_id: str
    created_at: int
    updated_at: int


@dataclass(eq=False)
class Responder:
    user_id: str
    requester_id: str
    message: str
    requested_at: int
    updated_at: int
    state: str = "pending"


@dataclass(eq=False)
class Incident:
    id: str
    number: int
    title: str
    key: str
    service_id: str
    policy_id: str
    created_at: int
    urgency: str = "high"
    status: str = "triggered"
    priority_id: str = ""
    updated_at: int = 0
    changed_at: int = 0
    """When the status last changed."""
    changed_by: Agent = Agent("service", "")
    resolved_at: Optional[int] = None
    assignees: List[Tuple[str, int]] = field(default_factory=list)
    """User ids with the time of the assignment."""
    acknowledgers: List[Tuple[Agent, int]] = field(default_factory=list)
    assigned_via: str = "escalation_policy"
    level: int = 1
    team_ids: Tuple[str, ...] = ()
    alerts: List[Alert] = field(default_factory=list)
    notes: List[Note] = field(default_factory=list)
    entries: List[LogEntry] = field(default_factory=list, repr=False)
    status_updates: List[Thing] = field(default_factory=list)
    responders: List[Responder] = field(default_factory=list)
    subscribers: List[Tuple[str, str]] = field(default_factory=list)
    custom_fields: Dict[str, Any] = field(default_factory=dict)
    merged_into: str = ""
    impacted: Set[str] = field(default_factory=set)
    """Ids of business services."""
    conference: Dict[str, str] = field(default_factory=dict)
    body: Any = ""
    incident_type: str = "incident_default"
    pending: Dict[str, int] = field(default_factory=dict)
    """Kind of a timed action (unacknowledge, escalate, resolve) and when it is due."""

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def first_trigger(self) -> LogEntry:
        return self.entries[0]


@dataclass(eq=False)
class LogEntry:
    id: str
    type: str
    """Without `_log_entry`."""
    created_at: int
    visible_at: float
    agent: Agent
    incident: Incident
    summary: str
    channel: Thing
    extra: Thing = field(default_factory=dict)
    """More fields of the entry; lists of user ids under `assignees`, one under `user`."""
    team_ids: Tuple[str, ...] = ()
    webhook: str = ""
    """The type of its webhook's event, where the entry's own type does not tell it."""


class RequestRefused(Exception):
    """What PagerDuty refuses: HTTP status, its code, message and list of errors."""

    def __init__(self, status: int, code: int, message: str, *errors: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = list(errors)

    def body(self) -> Thing:
        error: Thing = {"message": self.message, "code": self.code}
        if self.errors:
            error["errors"] = self.errors
        return {"error": error}


def invalid(*errors: str) -> RequestRefused:
    return RequestRefused(400, 2001, "Invalid Input Provided", *errors)


STATE_CODES = (1001, 1002, 1019)
"""Of refusals for what the incident is already."""
_TEXTS = {
    1001: "Incident Already Resolved",
    1002: "Incident Already Acknowledged",
    1003: "Invalid Status Provided",
    1006: "Cannot Escalate",
    1007: "Assigned To User Not Found",
    1008: "Requester User Not Found",
    1013: "Snooze Duration is Invalid",
    1014: "Escalation Policy Not Found",
    1019: "Incident Already Merged",
    1020: "Invalid Priority",
    2004: "Invalid time values in 'since' and/or 'until' parameters",
    2005: "Invalid Query Date Range",
}
"""PagerDuty's documentation, Errors, "PagerDuty Error Codes"."""


def refusal(code: int, *errors: str) -> RequestRefused:
    """400 with PagerDuty's own code and text."""
    return RequestRefused(400, code, _TEXTS[code], *(errors or (_TEXTS[code],)))


def not_found() -> RequestRefused:
    return RequestRefused(404, 2100, "Not Found")


_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Ids:
    """Makes ids that look like PagerDuty's, the same ones in every run, in no order that could be
    relied on."""

    def __init__(self) -> None:
        self._count = 0

    def make(self, prefix: str, length: int) -> str:
        self._count += 1
        digits = length - len(prefix)
        number = self._count * 2654435761 % 36**6 + 36**6 * (self._count // 36**6 + 1)
        text = ""
        while number:
            number, rest = divmod(number, 36)
            text = _ALPHABET[rest] + text
        return prefix + text.rjust(digits, "0")[-digits:]
