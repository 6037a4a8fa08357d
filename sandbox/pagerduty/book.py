"""What the account holds, with indexes so that 10,000 open incidents and 100,000 log entries list
at once."""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import Any, Callable, Collection, Dict, List, Optional, Set, Tuple, Union

from ..clock import Clock
from ..journal import SandboxJournal
from .model import Agent, Ids, Incident, LogEntry, Options, Thing, invalid
from .switches import DEFAULTS, Switches
from .timed import TimedAccount

KINDS = {
    "users": ("user", "P", 7),
    "teams": ("team", "P", 7),
    "services": ("service", "P", 7),
    "escalation_policies": ("escalation_policy", "P", 7),
    "schedules": ("schedule", "P", 7),
    "priorities": ("priority", "P", 7),
    "integrations": ("integration", "P", 7),
    "contact_methods": ("contact_method", "P", 7),
    "notification_rules": ("assignment_notification_rule", "P", 7),
    "maintenance_windows": ("maintenance_window", "P", 7),
    "vendors": ("vendor", "P", 7),
    "tags": ("tag", "P", 7),
    "business_services": ("business_service", "P", 7),
    "change_events": ("change_event", "0", 26),
    "extension_schemas": ("extension_schema", "P", 7),
    "extensions": ("extension", "P", 7),
    "webhook_subscriptions": ("webhook_subscription", "P", 7),
    "incident_workflows": ("incident_workflow", "P", 7),
    "workflow_triggers": ("workflow_trigger", "P", 14),
    "status_pages": ("status_page", "P", 7),
    "status_page_posts": ("status_page_post", "P", 7),
    "templates": ("template", "P", 14),
    "incident_types": ("incident_type", "P", 7),
}
"""Kinds of things in the catalog: REST collection, type, and what their ids look like."""


@dataclass
class LogDelay:
    """Entries that come into sight late: that many seconds, for these types (all when empty), by
    chance, so often."""

    seconds: float
    types: Tuple[str, ...]
    probability: float
    times: Optional[int]
    rng: random.Random


class Book(TimedAccount):
    def __init__(
        self, journal: SandboxJournal, clock: Clock, switches: Switches = DEFAULTS
    ) -> None:
        super().__init__(journal, clock, switches)
        self.options = Options()
        self.tokens: Dict[str, str] = {}
        """API keys and OAuth tokens, with the user's id when it is a user's own, else empty."""
        self.read_only: Set[str] = set()
        self.scopes: Dict[str, Collection[str]] = {}
        """What the token of an OAuth app was granted; all others may do everything."""
        self.catalog: Dict[str, Dict[str, Thing]] = {kind: {} for kind in KINDS}
        self.deleted: Dict[str, Dict[str, Thing]] = {kind: {} for kind in KINDS}
        """What was deleted: incidents and log entries still refer to it."""
        self.incidents: Dict[str, Incident] = {}
        self.by_number: Dict[int, Incident] = {}
        self.open_numbers: List[int] = []
        self.created: List[Tuple[int, int]] = []
        """(created_at, number) of every incident, in order."""
        self.open_keys: Dict[Tuple[str, str], Incident] = {}
        """Open incidents by service and incident key."""
        self.log: List[LogEntry] = []
        """By created_at, then as they were written."""
        self.log_times: List[int] = []
        self.log_by_id: Dict[str, LogEntry] = {}
        self.hidden_until = 0.0
        """When the last entry that is still out of sight comes into sight."""
        self.listing: Optional[Tuple[Any, List[Incident]]] = None
        """The last listing of incidents with what was asked, version included."""
        self.pings: List[Thing] = []
        """Pings asked for of webhook subscriptions: `id`, `subscription_id`, `occurred_at`."""
        self.on_ping: List[Callable[[Thing], None]] = []
        self.on_entry: List[Callable[[LogEntry], None]] = []
        """Told of each ping, and of each log entry once it is written; the lock is held."""
        self._busy: Optional[Tuple[int, Dict[str, str]]] = None
        """At a version, the status of each service with open incidents."""
        self._ids = Ids()
        self._delays: List[LogDelay] = []

    def new_id(self, prefix: str, length: int) -> str:
        return self._ids.make(prefix, length)

    # The catalog

    def add(self, kind: str, name: str, **fields: Any) -> Thing:
        """Add a thing to the catalog; `fields` are those of the REST object, references as ids."""
        with self.lock:
            type_, prefix, length = KINDS[kind]
            thing: Thing = {
                "id": self.new_id(prefix, length),
                "type": type_,
                "name": name,
                **fields,
            }
            self.catalog[kind][thing["id"]] = thing
            self.version += 1
            return thing

    def create(self, kind: str, fields: Thing) -> Thing:
        """Add a thing that somebody made through the API, and note it in the journal; so do
        `change` and `remove`."""
        thing = self.add(kind, **fields)
        self._tell("created", kind, thing)
        return thing

    def change(self, kind: str, thing: Thing, fields: Thing) -> None:
        thing.update(fields)
        self.version += 1
        self._tell("updated", kind, thing)

    def remove(self, kind: str, thing: Thing) -> None:
        self.deleted[kind][thing["id"]] = self.catalog[kind].pop(thing["id"])
        self.version += 1
        self._tell("deleted", kind, thing)

    def _tell(self, what: str, kind: str, thing: Thing) -> None:
        self.journal.fact(
            "pagerduty", f"{KINDS[kind][0]}_{what}", thing["id"], thing["id"], name=thing["name"]
        )

    def known(self, kind: str, id: str) -> Thing:
        """A thing that is or once was. Raises KeyError."""
        return self.catalog[kind].get(id) or self.deleted[kind][id]

    def find(self, kind: str, text: Union[str, Thing]) -> Thing:
        """A thing by id, name or e-mail. Raises KeyError."""
        if isinstance(text, dict):
            return self.catalog[kind][text["id"]]
        things = self.catalog[kind]
        if text in things:
            return things[text]
        for thing in things.values():
            if text and text in (thing["name"], thing.get("email")):
                return thing
        raise KeyError(f"no {KINDS[kind][0]} {text!r}")

    def team_ids(self, incident_service: str, policy: str) -> Tuple[str, ...]:
        """A service's teams are its escalation policy's; so are an incident's."""
        policies = self.catalog["escalation_policies"]
        own = self.catalog["services"].get(incident_service, {}).get("escalation_policy_id", "")
        found = [
            *policies.get(policy, {}).get("team_ids", ()),
            *policies.get(own, {}).get("team_ids", ()),
        ]
        return tuple(dict.fromkeys(found))

    def service_teams(self, service: str) -> Tuple[str, ...]:
        return self.team_ids(service, self.known("services", service)["escalation_policy_id"])

    def integration_key(self, id: str) -> str:
        return (id.lower() + "0123456789abcdef" * 2)[:32]

    def add_contact(self, user: Thing) -> None:
        """The e-mail a user begins with, and a rule that tells of urgent incidents there at
        once."""
        now, email = self.now(), "email_contact_method"
        own = {"user_id": user["id"], "created_at": now}
        method = self.add("contact_methods", "Default", type=email, address=user["email"], **own)
        rule = self.add(
            "notification_rules",
            "0 minutes",
            start_delay_in_minutes=0,
            method_id=method["id"],
            urgency="high",
            **own,
        )
        user.update(method_ids=[method["id"]], rule_ids=[rule["id"]])

    # Maintenance

    def open_window(self, fields: Thing, user_id: str) -> Thing:
        """A maintenance window (`start`, `end`, `service_ids`, `name`); one begun in the past
        begins now."""
        start = max(fields["start"], self.now())
        name = fields.get("name", "")
        number = (
            len(self.catalog["maintenance_windows"]) + len(self.deleted["maintenance_windows"]) + 1
        )
        own = {"sequence_number": number, "user_id": user_id, "description": name, "name": name}
        self.check_window({**fields, "start": start})
        return self.create("maintenance_windows", {**fields, **own, "start": start})

    def check_window(self, window: Thing) -> None:
        """Raises `RequestRefused` when it ends before it begins, or in the past."""
        if window["end"] <= window["start"]:
            raise invalid("End time must be after start time")
        if window["end"] <= self.now():
            raise invalid("End time must be in the future")

    def in_maintenance(self, service_id: str) -> bool:
        now = self.now()
        return any(
            window["start"] <= now < window["end"] and service_id in window["service_ids"]
            for window in self.catalog["maintenance_windows"].values()
        )

    def is_silent(self, service_id: str) -> bool:
        """Whether the service takes no new incidents: it is disabled or under maintenance."""
        disabled = self.known("services", service_id).get("status") == "disabled"
        return disabled or self.in_maintenance(service_id)

    def service_status(self, service: Thing) -> str:
        if service.get("status") == "disabled":
            return "disabled"
        if self.in_maintenance(service["id"]):
            return "maintenance"
        if self._busy is None or self._busy[0] != self.version:
            busy: Dict[str, str] = {}
            for number in self.open_numbers:
                incident = self.by_number[number]
                if busy.get(incident.service_id) != "critical":
                    busy[incident.service_id] = (
                        "critical" if incident.status == "triggered" else "warning"
                    )
            self._busy = (self.version, busy)
        return self._busy[1].get(service["id"], "active")

    # Incidents

    def incident(self, which: Union[Incident, str, int]) -> Incident:
        """An incident by id or number. Raises KeyError."""
        if isinstance(which, Incident):
            return which
        if which in self.incidents:
            return self.incidents[str(which)]
        if str(which).isdigit() and int(which) in self.by_number:
            return self.by_number[int(which)]
        raise KeyError(f"no incident {which!r}")

    def enter(self, incident: Incident) -> None:
        """Take a new, open incident in."""
        self.incidents[incident.id] = incident
        self.by_number[incident.number] = incident
        insort(self.created, (incident.created_at, incident.number))
        self.touched(incident)
        self.index_status(incident, was_open=False)

    def index_status(self, incident: Incident, was_open: bool) -> None:
        """Keep the indexes of what is open true after a status changed."""
        self.version += 1
        key = (incident.service_id, incident.key)
        if incident.is_open and not was_open:
            insort(self.open_numbers, incident.number)
            self.open_keys.setdefault(key, incident)
        elif was_open and not incident.is_open:
            del self.open_numbers[bisect_left(self.open_numbers, incident.number)]
            if self.open_keys.get(key) is incident:
                del self.open_keys[key]

    # The log

    def log_late(
        self,
        seconds: float,
        types: Tuple[str, ...] = (),
        probability: float = 1.0,
        times: Optional[int] = None,
        seed: int = 0,
    ) -> None:
        """From now on entries (of those types, by chance, so many) come into sight `seconds` late;
        0 ends all of it."""
        with self.lock:
            if seconds <= 0:
                self._delays.clear()
            else:
                self._delays.append(
                    LogDelay(seconds, tuple(types), probability, times, random.Random(seed))
                )

    def set_switches(self, **switches: Any) -> Thing:
        """Change fields of `Switches`; returns all of them. Raises KeyError for an unknown one."""
        with self.lock:
            shown = self.choose(switches)
            for incident in self.incidents.values():
                self.touched(incident)
            return shown

    def hide(self, entry_id: str, seconds: float) -> None:
        """Keep one entry out of sight for that long from now on."""
        with self.lock:
            self.log_by_id[entry_id].visible_at = self.clock() + seconds
            self.hidden_until = max(self.hidden_until, self.clock() + seconds)

    def visible(self, entry: LogEntry) -> bool:
        return entry.visible_at <= entry.created_at or entry.visible_at <= self.clock()

    def write(
        self,
        incident: Incident,
        type: str,
        agent: Agent,
        summary: str,
        channel: Thing,
        webhook: str = "",
        **extra: Any,
    ) -> LogEntry:
        """Write a log entry, now, after the incident was changed; and note it in the journal of
        what truly happened. `webhook`: see `LogEntry`."""
        now = self.now()
        lateness = self._lateness(type)
        visible_at = now + lateness
        if lateness:
            self.hidden_until = max(self.hidden_until, visible_at)
        id = self.new_id("R", 26)
        teams = incident.team_ids
        entry = LogEntry(
            id, type, now, visible_at, agent, incident, summary, channel, extra, teams, webhook
        )
        place = len(self.log)
        if self.log_times and self.log_times[-1] > now:
            place = bisect_left(self.log_times, now + 1)
        self.log.insert(place, entry)
        self.log_times.insert(place, now)
        self.log_by_id[id] = entry
        incident.entries.append(entry)
        self.version += 1
        self.journal.fact(
            "pagerduty",
            type,
            incident.id,
            id,
            number=incident.number,
            title=incident.title,
            status=incident.status,
            urgency=incident.urgency,
            agent=agent.id,
            summary=summary,
            created_at=now,
            visible_at=visible_at,
        )
        for tell in self.on_entry:
            tell(entry)
        return entry

    def _lateness(self, type: str) -> float:
        for delay in self._delays:
            if delay.types and type not in delay.types or delay.times == 0:
                continue
            if delay.probability < 1 and delay.rng.random() >= delay.probability:
                continue
            if delay.times is not None:
                delay.times -= 1
            return delay.seconds
        lag = self.switches.log_lag_seconds
        return self.chance.uniform(0, lag) if lag else 0.0

    # What happens by itself

    def plan(self, incident: Incident, kind: str, at: int) -> None:
        """Let `kind` happen to the incident at that time, unless its `pending` says otherwise by
        then."""
        incident.pending[kind] = at

        def fall_due() -> None:
            if incident.pending.get(kind) == at:
                del incident.pending[kind]
                self.happen(incident, kind)

        self.later(at, fall_due)

    def happen(self, incident: Incident, kind: str) -> None:
        """A timed action takes place."""
        raise NotImplementedError
