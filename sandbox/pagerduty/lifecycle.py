"""An incident's life: triggered, acknowledged, escalated, resolved; each step writes the entries
PagerDuty writes."""

# flake8: noqa: W503

from __future__ import annotations

import hashlib
from typing import Any, Dict, List, Optional, Sequence

from .incident_steps import IncidentSteps, Which
from .model import Agent, Alert, Incident, Note, Thing, invalid, refusal
from .switches import REFUSED, TAKEN

WEBSITE = {"type": "website"}
SNOOZE_SECONDS = range(1, 604801)


class Lifecycle(IncidentSteps):
    # Birth

    def trigger(
        self,
        service: str,
        title: str,
        *,
        urgency: str = "high",
        priority: str = "",
        details: Any = None,
        links: Sequence[Thing] = (),
        images: Sequence[Thing] = (),
        severity: str = "critical",
        key: str = "",
        user: str = "",
        channel: str = "website",
        body: Any = "",
        policy: str = "",
        assignees: Sequence[str] = (),
        conference: Optional[Dict[str, str]] = None,
        incident_type: str = "incident_default",
    ) -> Incident:
        """A new incident: by the service's integration, with one alert; with `user` by hand,
        without an alert.

        `links` are `{"href", "text"}`, `images` `{"src", "href", "text"}`.
        """
        with self.lock:
            self.run_due()
            home = self.find("services", service)
            if self.is_silent(home["id"]):
                raise invalid("Service is disabled or under maintenance")
            level_policy = self.find("escalation_policies", policy or home["escalation_policy_id"])
            agent = (
                Agent("user", self.find("users", user)["id"])
                if user
                else Agent("service", home["id"])
            )
            id = self.new_id("Q", 14)
            now = self.now()
            incident = Incident(
                id,
                len(self.by_number) + 1,
                title,
                key or hashlib.md5(id.encode()).hexdigest(),
                home["id"],
                level_policy["id"],
                now,
                urgency,
                priority_id=self.find("priorities", priority)["id"] if priority else "",
                updated_at=now,
                changed_at=now,
                changed_by=agent,
                team_ids=self.team_ids(home["id"], level_policy["id"]),
                conference=dict(conference or {}),
                body=body,
                incident_type=incident_type,
            )
            if assignees:
                self._assign(
                    incident, [self.find("users", a)["id"] for a in assignees], direct=True
                )
            else:
                self._assign(incident, self.on_call(level_policy["id"], 1))
            self.enter(incident)
            home["last_incident_at"] = now
            contexts = [{"type": "link", **link} for link in links] + [
                {"type": "image", **image} for image in images
            ]
            if user:
                summary, told = (
                    f"Triggered by {self._name(agent)}",
                    {"type": channel, "summary": title},
                )
            else:
                summary = "Triggered through the API"
                told = {
                    "type": "api",
                    "summary": title,
                    "description": title,
                    "incident_key": incident.key,
                }
            told["details"] = details if details is not None else {}
            entry = self.write(
                incident,
                "trigger",
                agent,
                summary,
                told,
                contexts=contexts,
                event_details={"description": title},
            )
            if not user:
                self._add_alert(
                    incident, title, severity, details, contexts, incident.key
                ).entry = entry
            if self.options.notify:
                self._tell_assignment(incident)
            self._plan_timers(incident)
            return incident

    def storm(self, count: int, service: str = "", title: str = "Alert storm") -> List[str]:
        """Many incidents at once; returns their ids."""
        name = service or next(iter(self.catalog["services"].values()))["id"]
        with self.lock:
            return [self.trigger(name, f"{title} {n + 1}").id for n in range(count)]

    def add_alert(
        self,
        incident: Which,
        summary: str,
        *,
        severity: str = "critical",
        details: Any = None,
        links: Sequence[Thing] = (),
        key: str = "",
    ) -> Alert:
        """Another alert is grouped into the incident (no log entry of the incident tells of
        it)."""
        with self.lock:
            found = self._open(incident)
            contexts = [{"type": "link", **link} for link in links]
            self._touch(found)
            return self._add_alert(found, summary, severity, details, contexts, key)

    def resolve_alert(self, incident: Which, alert_id: str) -> Incident:
        """One alert is over; with the last one the incident is, too."""
        with self.lock:
            found = self._open(incident)
            for alert in found.alerts:
                if alert.id == alert_id and alert.status == "triggered":
                    alert.status, alert.resolved_at = "resolved", self.now()
                    self._touch(found)
            if all(a.status == "resolved" for a in found.alerts):
                agent = Agent("service", found.service_id)
                self._close(found, agent, {"type": "api"}, "Resolved through the API")
            return found

    # What responders do

    def acknowledge(
        self, incident: Which, user: str = "", *, channel: Optional[Thing] = None
    ) -> Incident:
        """A second one acknowledges beside the first; of a second time see `Switches`."""
        with self.lock:
            found = self._open(incident)
            return self.acknowledge_by(found, self._agent(found, user), channel or WEBSITE)

    def acknowledge_by(self, incident: Which, agent: Agent, channel: Thing) -> Incident:
        """By whoever it is: a monitoring service can acknowledge as well."""
        with self.lock:
            found = self._open(incident)
            if agent in [a for a, _ in found.acknowledgers]:
                if self.switches.second_acknowledge == REFUSED:
                    raise refusal(1002)
                if self.switches.second_acknowledge == TAKEN:
                    return found
                found.acknowledgers = [a for a in found.acknowledgers if a[0] != agent]
            found.acknowledgers.append((agent, self.now()))
            was = found.status
            found.status = "acknowledged"
            self._touch(found, agent if was != "acknowledged" else None)
            found.pending.pop("escalate", None)
            timeout = self.known("services", found.service_id).get("acknowledgement_timeout")
            if timeout:
                self.plan(found, "unacknowledge", self.now() + int(timeout))
            summary = f"Acknowledged by {self._name(agent)}"
            extra: Thing = {"acknowledgement_timeout": int(timeout)} if timeout else {}
            self.write(found, "acknowledge", agent, summary, dict(channel), **extra)
            return found

    def unacknowledge(self, incident: Which, user: str = "") -> Incident:
        """Back to triggered; without a user it is the acknowledgement's timeout."""
        with self.lock:
            found = self._open(incident)
            agent = self._agent(found, user) if user else Agent("service", found.service_id)
            found.acknowledgers.clear()
            found.status = "triggered"
            self._touch(found, agent)
            channel = WEBSITE if user else {"type": "timeout"}
            self.write(
                found, "unacknowledge", agent, "Unacknowledged due to timeout", dict(channel)
            )
            self._tell_notifications(found)
            self._plan_timers(found)
            return found

    def escalate(
        self, incident: Which, user: str = "", *, level: Optional[int] = None
    ) -> Incident:
        """To the next level (or that one); without a user it is the policy's timeout."""
        with self.lock:
            found = self._open(incident)
            agent = self._agent(found, user) if user else Agent("service", found.service_id)
            wanted = level if level is not None else found.level + 1
            rules = self.known("escalation_policies", found.policy_id)["rules"]
            if not 1 <= wanted <= len(rules):
                raise refusal(1006, "Escalation level is not valid for the escalation policy")
            found.level = wanted
            self._assign(found, self.on_call(found.policy_id, wanted))
            self._back_to_triggered(found, agent)
            who = self._names([u for u, _ in found.assignees])
            channel = WEBSITE if user else {"type": "timeout"}
            summary = f"Escalated to {who}" + (
                f" by {self._name(agent)}" if user else " due to timeout"
            )
            self.write(
                found,
                "escalate",
                agent,
                summary,
                dict(channel),
                assignees=[u for u, _ in found.assignees],
            )
            self._tell_notifications(found)
            self._plan_timers(found)
            return found

    def reassign(self, incident: Which, assignees: Sequence[str], user: str = "") -> Incident:
        """To these users directly."""
        with self.lock:
            found, agent = self._open(incident), self._agent(incident, user)
            self._assign(found, [self.find("users", a)["id"] for a in assignees], direct=True)
            self._back_to_triggered(found, agent)
            ids = [u for u, _ in found.assignees]
            summary = f"Reassigned to {self._names(ids)} by {self._name(agent)}"
            self.write(found, "assign", agent, summary, dict(WEBSITE), assignees=ids)
            self._tell_notifications(found)
            return found

    def delegate(self, incident: Which, policy: str, user: str = "") -> Incident:
        """To another escalation policy."""
        with self.lock:
            found, agent = self._open(incident), self._agent(incident, user)
            target = self.find("escalation_policies", policy)
            found.policy_id, found.level = target["id"], 1
            found.team_ids = tuple(dict.fromkeys([*found.team_ids, *target.get("team_ids", ())]))
            self._assign(found, self.on_call(target["id"], 1))
            self._back_to_triggered(found, agent)
            summary = f"Delegated to {target['name']} by {self._name(agent)}"
            ids = [u for u, _ in found.assignees]
            self.write(found, "delegate", agent, summary, dict(WEBSITE), assignees=ids)
            self._tell_notifications(found)
            return found

    def annotate(self, incident: Which, content: str, user: str = "") -> Note:
        with self.lock:
            self.run_due()
            found, agent = self.incident(incident), self._agent(incident, user)
            note = Note(self.new_id("P", 7), content, agent.id, self.now(), self.now())
            found.notes.append(note)
            if self.options.notes_touch:
                self._touch(found)
            summary = f"Note added by {self._name(agent)}"
            self.write(found, "annotate", agent, summary, {"type": "note", "summary": content})
            return note

    def resolve(
        self,
        incident: Which,
        user: str = "",
        *,
        resolution: str = "",
        channel: Optional[Thing] = None,
    ) -> Incident:
        with self.lock:
            found = self._open(incident)
            agent = self._agent(found, user)
            extra = {"note": resolution} if resolution else {}
            self._close(
                found, agent, channel or WEBSITE, f"Resolved by {self._name(agent)}", **extra
            )
            return found

    def reopen(self, incident: Which, user: str = "", *, acknowledged: bool = False) -> Incident:
        """Resolved incidents only; acknowledged: it is assigned to the user, else to the policy's
        first level."""
        with self.lock:
            self.run_due()
            found = self.incident(incident)
            if found.is_open:
                raise invalid("Incident is not resolved")
            agent = self._agent(found, user)
            found.status, found.resolved_at, found.level = "triggered", None, 1
            found.merged_into = ""
            if acknowledged:
                self._assign(found, [agent.id], direct=True)
            else:
                self._assign(found, self.on_call(found.policy_id, 1))
            self._touch(found, agent)
            self.index_status(found, was_open=False)
            self._tell_reopen(found, agent)
            if acknowledged:
                self.acknowledge(found, agent.id)
            else:
                self._plan_timers(found)
            return found

    def _tell_reopen(self, incident: Incident, agent: Agent) -> None:
        kind, webhook = self.switches.reopen, "incident.reopened"
        if kind == "assign":
            ids = [u for u, _ in incident.assignees]
            summary = f"Assigned to {self._names(ids)} by {self._name(agent)}"
            self.write(
                incident, kind, agent, summary, dict(WEBSITE), webhook=webhook, assignees=ids
            )
            return
        word = "Triggered" if kind == "trigger" else "Reopened"
        summary = f"{word} by {self._name(agent)}"
        self.write(incident, kind, agent, summary, dict(WEBSITE), webhook=webhook)
        if self.options.notify:
            self._tell_assignment(incident)

    def snooze(self, incident: Which, seconds: int, user: str = "") -> Incident:
        """Acknowledged for that long, then triggered again. Raises `RequestRefused` outside
        of 1 to 604800 s."""
        with self.lock:
            found, agent = self._open(incident), self._agent(incident, user)
            if (
                isinstance(seconds, bool)
                or not isinstance(seconds, int)
                or seconds not in SNOOZE_SECONDS
            ):
                raise refusal(1013)
            if found.status == "triggered":
                self.acknowledge(found, agent.id)
            at = self.now() + seconds
            self._touch(found)
            self.plan(found, "unacknowledge", at)
            summary = f"Snoozed by {self._name(agent)}"
            actions = [{"type": "unacknowledge", "at": at}]
            channel = {"type": "website", "duration": seconds}
            self.write(found, "snooze", agent, summary, channel, changed_actions=actions)
            return found

    def merge(self, target: Which, sources: Sequence[Which], user: str = "") -> Incident:
        """The sources' alerts move to the target, which must be open; the sources are resolved."""
        with self.lock:
            self.run_due()
            found = self.incident(target)
            if not found.is_open:
                raise refusal(1001, "Target incident must be open")
            agent = self._agent(found, user)
            those = [self.incident(s) for s in sources]
            if found in those:
                raise invalid("An incident cannot be merged into itself")
            if any(source.merged_into for source in those):
                raise refusal(1019)
            for source in those:
                found.alerts.extend(source.alerts)
                source.alerts = []
                source.merged_into = found.id
                if source.is_open:
                    self._close(
                        source,
                        agent,
                        WEBSITE,
                        f"Merged into [#{found.number}] by {self._name(agent)}",
                    )
                self._touch(found)
                summary = f"[#{source.number}] merged into this incident by {self._name(agent)}"
                self.write(found, self.options.merge_entry, agent, summary, dict(WEBSITE))
            return found

    # By themselves

    def happen(self, incident: Incident, kind: str) -> None:
        """What was planned for now takes place."""
        if not incident.is_open:
            return
        if kind == "unacknowledge" and incident.status == "acknowledged":
            self.unacknowledge(incident)
        elif kind == "escalate" and incident.status == "triggered":
            policy = self.known("escalation_policies", incident.policy_id)
            if incident.level < len(policy["rules"]):
                self.escalate(incident)
        elif kind == "resolve":
            agent = Agent("service", incident.service_id)
            self._close(incident, agent, {"type": "timeout"}, "Resolved due to timeout")
