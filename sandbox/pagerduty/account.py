"""The account: what people, monitoring and time itself do in PagerDuty, as Python calls.

    incident = account.trigger("Checkout API", "Disk full", priority="P1")
    account.acknowledge(incident, "ada@example.com")

Things are named by id, name or e-mail, incidents by object, id or number; an unknown one raises
KeyError, what PagerDuty would refuse raises `RequestRefused`. Each change writes the log entries
PagerDuty writes. Who acts is the user named, else the first one assigned. The same by HTTP (`DO`
lists the words), answered as the REST API shows things:

    POST /_sandbox/account
    {"do": "acknowledge", "args": {"incident": 3, "user": "Ada Lovelace"}}
"""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, Optional, Sequence, Tuple

from . import shift_rota
from .lifecycle import WEBSITE, Lifecycle, Which
from .model import URGENCIES, Agent, Alert, Incident, LogEntry, Options, Responder, Thing, invalid

DO = {
    *(
        "trigger",
        "storm",
        "add_alert",
        "resolve_alert",
        "acknowledge",
        "unacknowledge",
        "escalate",
        "reassign",
    ),
    *(
        "delegate",
        "annotate",
        "resolve",
        "reopen",
        "snooze",
        "merge",
        "set_priority",
        "set_urgency",
        "set_title",
    ),
    *(
        "set_service",
        "set_conference",
        "set_custom_fields",
        "status_update",
        "add_responder",
        "respond",
        "odd_entry",
    ),
    *(
        "log_late",
        "hide",
        "set_options",
        "set_switches",
        "truth",
        "maintain",
        "cover",
        "deploy",
        "upgrade",
    ),
}
"""What `call` carries out."""


class PagerDutyAccount(Lifecycle):
    def set_priority(self, incident: Which, priority: str, user: str = "") -> Incident:
        """Empty takes the priority away."""
        with self.lock:
            found, agent = self._edit(incident, user)
            old = found.priority_id
            new = self.find("priorities", priority)["id"] if priority else ""
            if new == old:
                return found
            found.priority_id = new
            self._touch(found)
            names = self.catalog["priorities"]
            before, after = (names[p]["name"] if p else "none" for p in (old, new))
            summary = f"Priority changed from {before} to {after} by {self._name(agent)}"
            self.write(found, "priority_change", agent, summary, dict(WEBSITE))
            return found

    def set_urgency(self, incident: Which, urgency: str, user: str = "") -> Incident:
        with self.lock:
            found, agent = self._edit(incident, user)
            if urgency not in URGENCIES:
                raise invalid("Urgency is invalid")
            if found.urgency == urgency:
                return found
            found.urgency = urgency
            self._touch(found)
            self.write(
                found,
                "urgency_change",
                agent,
                f"Urgency changed to {urgency} by {self._name(agent)}",
                dict(WEBSITE),
            )
            return found

    def set_title(self, incident: Which, title: str, user: str = "") -> Incident:
        with self.lock:
            found, agent = self._edit(incident, user)
            old, found.title = found.title, title
            self._touch(found)
            if self.options.title_entry:
                self._field_change(found, agent, self.options.title_entry, "title", title, old)
            return found

    def set_service(self, incident: Which, service: str, user: str = "") -> Incident:
        with self.lock:
            found, agent = self._edit(incident, user)
            old, new = found.service_id, self.find("services", service)["id"]
            if self.open_keys.get((old, found.key)) is found:
                del self.open_keys[(old, found.key)]
                self.open_keys.setdefault((new, found.key), found)
            found.service_id = new
            found.team_ids = self.team_ids(new, found.policy_id)
            self._touch(found)
            self._field_change(found, agent, "field_value_change", "service", new, old)
            return found

    def set_conference(
        self, incident: Which, url: str = "", number: str = "", user: str = ""
    ) -> Incident:
        """The incident shows it with `include[]=conference_bridge`; of its log entry see
        `Switches`."""
        with self.lock:
            found, agent = self._edit(incident, user)
            given = (("conference_number", number), ("conference_url", url))
            found.conference = {k: v for k, v in given if v}
            self._touch(found)
            if self.switches.bridge_entry:
                self._tell_bridge(found, agent)
            return found

    def _tell_bridge(self, incident: Incident, agent: Agent) -> None:
        """As the entry of any field: it bears the field's name in the API, no words."""
        name, kind = "conference_bridge", self.switches.bridge_entry
        field = {"id": incident.id, "name": name, "namespace": "incidents", "old_value": None}
        value = " ".join(incident.conference.values())
        channel = {
            "type": "website",
            "changeset": {"application_fields": [{**field, "value": value}]},
        }
        webhook = "incident.conference_bridge.updated"
        self.write(incident, kind, agent, f"Updated {name}", channel, webhook=webhook)

    def set_custom_fields(
        self, incident: Which, values: Dict[str, Any], user: str = ""
    ) -> Incident:
        with self.lock:
            found, agent = self._edit(incident, user)
            found.custom_fields.update(values)
            self._touch(found)
            changes = [f"Updated {name} to {value}" for name, value in values.items()]
            summary = f"Custom fields changed by {self._name(agent)}"
            self.write(
                found,
                "custom_field_value_change",
                agent,
                summary,
                dict(WEBSITE),
                changeset=changes,
            )
            return found

    def status_update(self, incident: Which, message: str, user: str = "", **more: str) -> Thing:
        """`more`: subject, html_message."""
        with self.lock:
            found, agent = self._edit(incident, user)
            update: Thing = {
                "id": self.new_id("P", 7),
                "message": message,
                "user": agent.id,
                "at": self.now(),
                **more,
            }
            found.status_updates.append(update)
            summary = f"Status update sent by {self._name(agent)}"
            self.write(
                found, "status_update", agent, summary, {"type": "website", "summary": message}
            )
            return update

    def add_responder(
        self, incident: Which, users: Sequence[str], message: str = "Please help", user: str = ""
    ) -> List[Responder]:
        with self.lock:
            found, agent = self._edit(incident, user)
            asked = []
            for text in users:
                known = self.find("users", text)["id"]
                now = self.now()
                asked.append(Responder(known, agent.id, message, now, now))
            found.responders.extend(asked)
            who = self._names([r.user_id for r in asked])
            summary = f"{self._name(agent)} requested help from {who}"
            self.write(
                found, "responder_request", agent, summary, {"type": "website", "summary": message}
            )
            return asked

    def respond(self, incident: Which, user: str, accept: bool = True) -> Incident:
        """A responder joins or declines."""
        with self.lock:
            found, agent = self._edit(incident, user)
            for responder in found.responders:
                if responder.user_id == agent.id and responder.state == "pending":
                    responder.state, responder.updated_at = (
                        "joined" if accept else "declined",
                        self.now(),
                    )
            word = "accepted" if accept else "declined"
            summary = f"{self._name(agent)} {word} the request to respond"
            self.write(found, f"responder_{word}", agent, summary, dict(WEBSITE))
            return found

    def odd_entry(self, incident: Which, type: str, user: str = "", **fields: Any) -> LogEntry:
        """A log entry of a type nobody knows, or whose `fields` (null too) are as no document
        says; nothing changes."""
        with self.lock:
            found, agent = self._edit(incident, user)
            entry = self.write(found, type, agent, f"{type} by {self._name(agent)}", dict(WEBSITE))
            entry.extra.update(fields)
            return entry

    def maintain(self, service: str, seconds: int, description: str = "", user: str = "") -> Thing:
        """A maintenance window from now on: the service takes no incidents."""
        with self.lock:
            who = self.find("users", user)["id"] if user else next(iter(self.catalog["users"]))
            own = {"start": self.now(), "end": self.now() + seconds, "name": description}
            return self.open_window(
                {**own, "service_ids": [self.find("services", service)["id"]]}, who
            )

    def cover(self, schedule: str, user: str, seconds: int, start: Optional[int] = None) -> Thing:
        """Somebody takes over on a schedule, from now on unless `start` (seconds since the epoch)
        says otherwise. On a shift-based one whoever is on call by its first rotation is
        replaced."""
        with self.lock:
            found, begin = self.find("schedules", schedule), start or self.now()
            who, end = self.find("users", user)["id"], begin + seconds
            if found["type"] == shift_rota.SHIFT_BASED:
                id = self.new_id("A", 26)
                made = shift_rota.stand_ins(found, id, who, begin, end)
                found["shift_overrides"] += made
            else:
                made = [{"user_id": who, "start": begin, "end": end, "id": self.new_id("Q", 14)}]
                found["overrides"] += made
            self.change("schedules", found, {})
            return dict(made[-1])

    def upgrade(self, schedule: str) -> str:
        """A layer-based schedule becomes a shift-based one, under its id and name: whoever is on
        call by it stays so. Raises ValueError for one with more than one layer, restrictions, or
        turns of parts of days, which the sandbox does not upgrade."""
        with self.lock:
            found = self.find("schedules", schedule)
            ids = (self.new_id("A", 26), self.new_id("A", 26))
            shape = shift_rota.upgraded(found, ids, self.now())
            if shape is None:
                raise ValueError(f"the schedule {found['name']!r} can't be upgraded here")
            self.change("schedules", found, {**shape, "layers": [], "overrides": []})
            return str(found["id"])

    def deploy(self, service: str, summary: str, **fields: Any) -> Thing:
        """A change event of a service; `fields`: source, links, images, custom_details."""
        with self.lock:
            id = self.find("services", service)["id"]
            own = next(
                i["id"] for i in self.catalog["integrations"].values() if i["service_id"] == id
            )
            thing = {
                "name": summary,
                "at": self.now(),
                "service_id": id,
                "integration_id": own,
                **fields,
            }
            return self.create("change_events", thing)

    def move_alert(self, source: Incident, target: Incident, alert: Alert) -> None:
        """To another open incident."""
        with self.lock:
            source.alerts.remove(alert)
            target.alerts.append(alert)
            self._touch(target)
            self._touch(source)

    def home_of(self, alert: Alert, likely: Incident) -> Incident:
        """The incident an alert belongs to; looked for first where it was."""
        if alert in likely.alerts:
            return likely
        return next(i for i in self.incidents.values() if alert in i.alerts)

    def set_options(self, **options: Any) -> Thing:
        """Change fields of `Options`; returns all of them."""
        with self.lock:
            for name, value in options.items():
                if name not in {f.name for f in dataclasses.fields(Options)}:
                    raise KeyError(name)
                setattr(self.options, name, value)
            return dataclasses.asdict(self.options)

    def truth(self) -> List[Thing]:
        """Each incident as it truly is, in short, oldest first: what a test or the demo holds the
        posts against."""
        with self.lock:
            self.run_due()
            users, priorities = (
                {**self.deleted["users"], **self.catalog["users"]},
                self.catalog["priorities"],
            )
            return [
                {
                    "id": i.id,
                    "number": i.number,
                    "title": i.title,
                    "status": "merged" if i.merged_into else i.status,
                    "urgency": i.urgency,
                    "priority": priorities[i.priority_id]["name"] if i.priority_id else "",
                    "service": self.known("services", i.service_id)["name"],
                    "assignees": [users[u]["name"] for u, _ in i.assignees],
                    "acknowledgers": [
                        users[a.id]["name"] for a, _ in i.acknowledgers if a.kind == "user"
                    ],
                    "note": i.notes[-1].content if i.notes else "",
                    "updated_at": i.updated_at,
                    "entries": [[e.id, e.type, e.created_at, e.summary] for e in i.entries],
                }
                for i in self.by_number.values()
            ]

    def call(self, do: str, args: Dict[str, Any]) -> Any:
        """Carry out one of `DO` by name. Raises KeyError, ValueError, TypeError or
        `RequestRefused`."""
        if do not in DO:
            raise KeyError(f"account does not do {do!r}; it does {', '.join(sorted(DO))}")
        return getattr(self, do)(**args)

    def _edit(self, which: Which, user: str) -> Tuple[Incident, Agent]:
        self.run_due()
        found = self.incident(which)
        return found, self._agent(found, user)

    def _field_change(
        self, incident: Incident, agent: Agent, type: str, name: str, new: str, old: Optional[str]
    ) -> None:
        field = {
            "id": incident.id,
            "name": name,
            "value": new,
            "namespace": "incidents",
            "old_value": old,
        }
        channel = {"type": "website", "changeset": {"application_fields": [field]}}
        summary = f"{name.capitalize()} changed to {new} by {self._name(agent)}"
        self.write(incident, type, agent, summary, channel)
