"""The steps that the changes of an incident's life are made of: who acts, who is assigned and
notified, what is planned, what being resolved means. Each writes the entries PagerDuty writes.
"""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Union

from .book import Book
from .model import Agent, Alert, Incident, Thing, refusal
from .rota import on_calls

Which = Union[Incident, str, int]
"""An incident, its id or its number."""


class IncidentSteps(Book):
    def on_call(self, policy_id: str, level: int) -> List[str]:
        """Ids of the users on call now at that level of the policy."""
        policies, now = {policy_id: self.known("escalation_policies", policy_id)}, self.now()
        found = on_calls(policies, self.catalog["schedules"], now, now, level)
        return list(dict.fromkeys(o.user_id for o in found))

    def _open(self, which: Which) -> Incident:
        self.run_due()
        found = self.incident(which)
        if not found.is_open:
            raise refusal(1001)
        return found

    def _agent(self, which: Which, user: str) -> Agent:
        """The user who acts: the one named, else who is assigned, else anybody."""
        if user:
            return Agent("user", self.find("users", user)["id"])
        assigned = [u for u, _ in self.incident(which).assignees]
        return Agent("user", assigned[0] if assigned else next(iter(self.catalog["users"])))

    def _name(self, agent: Agent) -> str:
        return str(self.known(agent.kind + "s", agent.id)["name"])

    def _names(self, user_ids: Sequence[str]) -> str:
        return ", ".join(self.known("users", u)["name"] for u in user_ids) or "nobody"

    def _touch(self, incident: Incident, changed_by: Optional[Agent] = None) -> None:
        """The incident was modified; with an agent, its status changed."""
        self.touched(incident)
        incident.updated_at = self.now()
        if changed_by is not None:
            incident.changed_at, incident.changed_by = self.now(), changed_by

    def _assign(self, incident: Incident, user_ids: Sequence[str], direct: bool = False) -> None:
        incident.assignees = [(u, self.now()) for u in dict.fromkeys(user_ids)]
        incident.assigned_via = "direct_assignment" if direct else "escalation_policy"

    def _back_to_triggered(self, incident: Incident, agent: Agent) -> None:
        changed = incident.status != "triggered"
        incident.status = "triggered"
        incident.acknowledgers.clear()
        incident.pending.pop("unacknowledge", None)
        self._touch(incident, agent if changed else None)

    def _close(
        self, incident: Incident, agent: Agent, channel: Thing, summary: str, **extra: Any
    ) -> None:
        incident.status, incident.resolved_at = "resolved", self.now()
        incident.assignees, incident.acknowledgers = [], []
        incident.pending.clear()
        for alert in incident.alerts:
            if alert.status == "triggered":
                alert.status, alert.resolved_at = "resolved", self.now()
        self._touch(incident, agent)
        self.index_status(incident, was_open=True)
        self.write(incident, "resolve", agent, summary, dict(channel), **extra)

    def _add_alert(
        self,
        incident: Incident,
        summary: str,
        severity: str,
        details: Any,
        contexts: List[Thing],
        key: str,
    ) -> Alert:
        id = self.new_id("Q", 14)
        alert = Alert(
            id,
            key or id.lower(),
            summary,
            severity,
            self.now(),
            details=details or {},
            contexts=contexts,
        )
        incident.alerts.append(alert)
        return alert

    def _tell_assignment(self, incident: Incident) -> None:
        agent, ids = Agent("service", incident.service_id), [u for u, _ in incident.assignees]
        self.write(
            incident,
            "assign",
            agent,
            f"Assigned to {self._names(ids)}",
            {"type": "auto"},
            assignees=ids,
        )
        self._tell_notifications(incident)

    def _tell_notifications(self, incident: Incident) -> None:
        if not self.options.notify or incident.status != "triggered":
            return
        for user_id, _ in incident.assignees:
            user = self.known("users", user_id)
            notification = {
                "type": "email_notification",
                "address": user["email"],
                "status": "success",
            }
            channel = {"type": "auto", "notification": notification}
            summary = f"Notified {user['name']} by email"
            self.write(
                incident,
                "notify",
                Agent("service", incident.service_id),
                summary,
                channel,
                user=user_id,
            )

    def _plan_timers(self, incident: Incident) -> None:
        service = self.known("services", incident.service_id)
        rules = self.known("escalation_policies", incident.policy_id)["rules"]
        if self.options.automatic_escalation and incident.level < len(rules):
            self.plan(
                incident, "escalate", self.now() + 60 * int(rules[incident.level - 1]["delay"])
            )
        if service.get("auto_resolve_timeout") and "resolve" not in incident.pending:
            self.plan(incident, "resolve", self.now() + int(service["auto_resolve_timeout"]))
