"""Incidents, alerts, notes and log entries as PagerDuty's REST API shows them; only what is on a
page is rendered.

A `Renderer` is made for one request: it knows `include[]` and the time zone asked for.
"""

from __future__ import annotations

from typing import List, Optional

from ..clock import iso
from .model import Alert, Incident, LogEntry, Note, Responder, Thing
from .render_catalog import API, WEB, CatalogRenderer
from .rota import OnCallTurn


class Renderer(CatalogRenderer):
    def incident_reference(self, incident: Incident) -> Thing:
        return {**self._incident_head(incident), "type": "incident_reference"}

    def entry_reference(self, entry: LogEntry) -> Thing:
        return {**self._entry_head(entry), "type": entry.type + "_log_entry_reference"}

    def _incident_head(self, incident: Incident) -> Thing:
        return {
            "id": incident.id,
            "type": "incident",
            "summary": f"[#{incident.number}] {incident.title}",
            "self": f"{API}/incidents/{incident.id}",
            "html_url": f"{WEB}/incidents/{incident.id}",
        }

    def _entry_head(self, entry: LogEntry) -> Thing:
        return {
            "id": entry.id,
            "type": entry.type + "_log_entry",
            "summary": entry.summary,
            "self": f"{API}/log_entries/{entry.id}",
            "html_url": f"{WEB}/incidents/{entry.incident.id}/log_entries/{entry.id}",
        }

    def incident(self, incident: Incident) -> Thing:
        shown = self._incident_head(incident)
        pending = sorted(incident.pending.items(), key=lambda item: item[1])
        triggered = sum(a.status == "triggered" for a in incident.alerts)
        changed_at = incident.updated_at if incident.status == "triggered" else incident.changed_at
        shown.update(
            incident_number=incident.number,
            title=incident.title,
            description=incident.title,
            created_at=self.time(incident.created_at),
            updated_at=self.time(incident.updated_at),
            status=incident.status,
            incident_key=incident.key,
            service=self.either("services", "services", incident.service_id),
            assignments=[
                {"at": self.time(at), "assignee": self.either("assignees", "users", u)}
                for u, at in incident.assignees
            ],
            assigned_via=incident.assigned_via,
            last_status_change_at=self.time(changed_at),
            resolved_at=self.time(incident.resolved_at),
            first_trigger_log_entry=self._trigger(incident.first_trigger),
            alert_counts={
                "all": len(incident.alerts),
                "triggered": triggered,
                "resolved": len(incident.alerts) - triggered,
            },
            is_mergeable=incident.is_open,
            incident_type={"name": incident.incident_type},
            escalation_policy=self.either(
                "escalation_policies", "escalation_policies", incident.policy_id
            ),
            teams=[self.either("teams", "teams", t) for t in incident.team_ids],
            impacted_services=[self.reference("services", incident.service_id)],
            pending_actions=[{"type": kind, "at": self.time(at)} for kind, at in pending],
            acknowledgements=[
                {"at": self.time(at), "acknowledger": self._who("acknowledgers", a)}
                for a, at in incident.acknowledgers
            ],
            basic_alert_grouping=None,
            alert_grouping=None,
            last_status_change_by=self._who("agents", incident.changed_by),
            priority=self.thing(
                "priorities", self.account.catalog["priorities"][incident.priority_id]
            )
            if incident.priority_id
            else None,
            resolve_reason=self._resolve_reason(incident),
            incidents_responders=[self.responder(incident, r) for r in incident.responders],
            responder_requests=[],
            subscriber_requests=[],
            urgency=incident.urgency,
        )
        if "conference_bridge" in self.include:
            shown["conference_bridge"] = incident.conference or None
        if "body" in self.include:
            shown["body"] = {"type": "incident_body", "details": incident.body}
        if "custom_fields" in self.include:
            shown["custom_fields"] = self.custom_fields(incident)
        return shown

    def _resolve_reason(self, incident: Incident) -> Optional[Thing]:
        if not incident.merged_into:
            return None
        target = self.account.incidents[incident.merged_into]
        return {"type": "merge_resolve_reason", "incident": self.incident_reference(target)}

    def custom_fields(self, incident: Incident) -> List[Thing]:
        return [
            {
                "id": f"PT{number:05d}",
                "name": name,
                "display_name": name,
                "type": "field_value",
                "data_type": "string",
                "field_type": "single_value",
                "description": "",
                "value": value,
            }
            for number, (name, value) in enumerate(incident.custom_fields.items())
        ]

    def note(self, note: Note) -> Thing:
        return {
            "id": note.id,
            "user": self.reference("users", note.user_id),
            "channel": {"summary": "The PagerDuty website or APIs"},
            "content": note.content,
            "created_at": self.local_time(note.created_at),
            "updated_at": self.local_time(note.updated_at),
        }

    def alert(self, incident: Incident, alert: Alert) -> Thing:
        return {
            "id": alert.id,
            "type": "alert",
            "summary": alert.summary,
            "self": f"{API}/incidents/{incident.id}/alerts/{alert.id}",
            "html_url": f"{WEB}/alerts/{alert.id}",
            "created_at": self.time(alert.created_at),
            "status": alert.status,
            "resolved_at": self.time(alert.resolved_at),
            "alert_key": alert.key,
            "suppressed": False,
            "service": self.either("services", "services", incident.service_id),
            "severity": alert.severity,
            "incident": self.incident(incident)
            if "incidents" in self.include
            else self.incident_reference(incident),
            "first_trigger_log_entry": self._trigger(alert.entry)
            if alert.entry is not None
            else None,
            "body": {
                "type": "alert_body",
                "contexts": alert.contexts,
                "details": alert.details,
                "cef_details": {
                    "severity": alert.severity,
                    "description": alert.summary,
                    "details": alert.details,
                },
            },
            "integration": self.reference("integrations", alert.integration_id)
            if alert.integration_id
            else None,
            "privilege": None,
        }

    def _trigger(self, entry: LogEntry) -> Thing:
        if "first_trigger_log_entries" in self.include:
            return Renderer(self.account, ("channels",), self.zone).entry(entry)
        return self.entry_reference(entry)

    def responder(self, incident: Incident, responder: Responder) -> Thing:
        return {
            "state": responder.state,
            "user": self.reference("users", responder.user_id),
            "incident": self.incident_reference(incident),
            "updated_at": self.local_time(responder.updated_at),
            "message": responder.message,
            "requester": self.reference("users", responder.requester_id),
            "requested_at": iso(responder.requested_at),
            "escalation_policy_requests": [],
        }

    def status_update(self, update: Thing) -> Thing:
        shown = {
            "id": update["id"],
            "message": update["message"],
            "sender": self.reference("users", update["user"]),
            "created_at": self.local_time(update["at"]),
        }
        shown.update({k: update[k] for k in ("subject", "html_message") if k in update})
        return shown

    # The log

    def entry(self, entry: LogEntry) -> Thing:
        shown = self._entry_head(entry)
        incident = entry.incident
        shown.update(
            created_at=self.time(entry.created_at),
            agent=self.agent(entry.agent),
            channel=dict(entry.channel)
            if "channels" in self.include
            else {"type": entry.channel["type"]},
            service=self.either("services", "services", incident.service_id),
            incident=self.incident(incident)
            if "incidents" in self.include
            else self.incident_reference(incident),
            teams=[self.either("teams", "teams", t) for t in entry.team_ids],
            contexts=[],
        )
        for name, value in entry.extra.items():
            if value is None:
                pass
            elif name == "assignees":
                value = [self.reference("users", u) for u in value]
            elif name == "user":
                value = self.reference("users", value)
            elif name == "changed_actions":
                value = [{**action, "at": self.time(action["at"])} for action in value]
            shown[name] = value
        return shown

    def on_call(self, on_call: OnCallTurn) -> Thing:
        schedule = (
            self.either("schedules", "schedules", on_call.schedule_id)
            if on_call.schedule_id
            else None
        )
        return {
            "escalation_policy": self.either(
                "escalation_policies", "escalation_policies", on_call.policy_id
            ),
            "escalation_level": on_call.level,
            "schedule": schedule,
            "user": self.either("users", "users", on_call.user_id),
            "start": self.time(on_call.start),
            "end": self.time(on_call.end),
        }
