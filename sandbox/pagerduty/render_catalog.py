"""The catalog (users, teams, services, policies, schedules, priorities, integrations) as the REST API shows it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Callable, Container, Dict, Iterable, Optional

from ..clock import iso
from .account import Account
from .model import Agent, Thing

API = "https://api.pagerduty.com"
WEB = "https://acme-sandbox.pagerduty.com"
_WEB_PATHS = {"services": "service-directory", "integrations": "services"}


class CatalogRenderer:
    def __init__(self, account: Account, include: Container[str] = (), zone: Optional[tzinfo] = None) -> None:
        self.account = account
        self.include = include
        self.zone = zone
        self._references: Dict[str, Thing] = {}

    def time(self, at: Optional[float]) -> Optional[str]:
        if at is None:
            return None
        if self.zone is None:
            return iso(at)
        return datetime.fromtimestamp(int(at), self.zone).isoformat()

    def local_time(self, at: float) -> str:
        """Notes and status updates show the account's own zone: 2013-03-06T15:28:51-05:00."""
        zone = timezone(timedelta(hours=self.account.options.note_offset_hours))
        return datetime.fromtimestamp(int(at), zone).isoformat()

    # References

    def reference(self, kind: str, id: str) -> Thing:
        """`{id, type, summary, self, html_url}` of a thing in the catalog."""
        known = self._references.get(id)
        if known is None:
            thing = self.account.catalog[kind].get(id)
            if thing is None:
                return {"id": id, "type": kind[:-1] + "_reference", "summary": None, "self": None, "html_url": None}
            known = {**self._head(kind, thing), "type": thing["type"] + "_reference"}
            self._references[id] = known
        return known

    def agent(self, agent: Agent) -> Thing:
        return self.reference(agent.kind + "s", agent.id)

    def _head(self, kind: str, thing: Thing) -> Thing:
        path = f"/{kind}/{thing['id']}"
        if kind == "integrations":
            path = f"/services/{thing['service_id']}{path}"
        return {
            "id": thing["id"],
            "type": thing["type"],
            "summary": thing["name"],
            "self": API + path,
            "html_url": None if kind == "priorities" else f"{WEB}/{_WEB_PATHS.get(kind, kind)}/{thing['id']}",
        }

    def _either(self, included: str, kind: str, id: str) -> Thing:
        """The whole thing (with references inside) when it is to be included, else a reference."""
        if included in self.include and id in self.account.catalog[kind]:
            return type(self)(self.account, (), self.zone).thing(kind, self.account.catalog[kind][id])
        return self.reference(kind, id)

    def _who(self, included: str, agent: Agent) -> Thing:
        return self._either(included, agent.kind + "s", agent.id)

    # The catalog

    def thing(self, kind: str, thing: Thing) -> Thing:
        """A user, team, service ... whole."""
        return _WHOLE[kind](self, thing, self._head(kind, thing))

    def _user(self, user: Thing, shown: Thing) -> Thing:
        shown.update(
            name=user["name"],
            email=user["email"],
            time_zone=user.get("time_zone", "Etc/UTC"),
            color="purple",
            avatar_url=f"https://secure.gravatar.com/avatar/{user['id'].lower()}.png",
            billed=True,
            role=user.get("role", "user"),
            description=user.get("description"),
            invitation_sent=False,
            job_title=user.get("job_title"),
            teams=[self._either("teams", "teams", t) for t in user.get("team_ids", ())],
            contact_methods=[],
            notification_rules=[],
            coordinated_incidents=[],
        )
        return shown

    def _team(self, team: Thing, shown: Thing) -> Thing:
        shown.update(name=team["name"], description=team.get("description"), default_role="manager", parent=None)
        return shown

    def _service(self, service: Thing, shown: Thing) -> Thing:
        account = self.account
        policy = service["escalation_policy_id"]
        own = [i for i in account.catalog["integrations"].values() if i["service_id"] == service["id"]]
        whole = "integrations" in self.include
        shown.update(
            name=service["name"],
            description=service.get("description", ""),
            created_at=self.time(service["created_at"]),
            updated_at=self.time(service["created_at"]),
            status=service.get("status", "active"),
            teams=[self._either("teams", "teams", t) for t in account.team_ids(service["id"], policy)],
            alert_creation="create_alerts_and_incidents",
            addons=[],
            scheduled_actions=[],
            support_hours=None,
            last_incident_timestamp=self.time(service.get("last_incident_at")),
            escalation_policy=self._either("escalation_policies", "escalation_policies", policy),
            incident_urgency_rule={"type": "constant", "urgency": service.get("urgency", "high")},
            acknowledgement_timeout=service.get("acknowledgement_timeout"),
            auto_resolve_timeout=service.get("auto_resolve_timeout"),
            integrations=[
                self.thing("integrations", i) if whole else self.reference("integrations", i["id"]) for i in own
            ],
            response_play=None,
        )
        return shown

    def _policy(self, policy: Thing, shown: Thing) -> Thing:
        services = [s for s in self.account.catalog["services"].values() if s["escalation_policy_id"] == policy["id"]]
        shown.update(
            name=policy["name"],
            description=policy.get("description", ""),
            num_loops=policy.get("num_loops", 0),
            on_call_handoff_notifications="if_has_services",
            escalation_rules=[
                {
                    "id": rule["id"],
                    "escalation_delay_in_minutes": rule["delay"],
                    "escalation_rule_assignment_strategy": "assign_to_everyone",
                    "targets": [self._either("targets", kind + "s", target) for kind, target in rule["targets"]],
                }
                for rule in policy["rules"]
            ],
            services=[self._either("services", "services", s["id"]) for s in services],
            teams=[self._either("teams", "teams", t) for t in policy.get("team_ids", ())],
            privilege=None,
        )
        return shown

    def _schedule(self, schedule: Thing, shown: Thing) -> Thing:
        policies = [
            p
            for p in self.account.catalog["escalation_policies"].values()
            if any(("schedule", schedule["id"]) in map(tuple, rule["targets"]) for rule in p["rules"])
        ]
        people: Iterable[str] = dict.fromkeys(u for layer in schedule.get("layers", ()) for u in layer["user_ids"])
        shown.update(
            name=schedule["name"],
            time_zone=schedule["time_zone"],
            description=schedule.get("description", ""),
            users=[self.reference("users", u) for u in people],
            teams=[self.reference("teams", t) for t in schedule.get("team_ids", ())],
            escalation_policies=[self.reference("escalation_policies", p["id"]) for p in policies],
        )
        return shown

    def _priority(self, priority: Thing, shown: Thing) -> Thing:
        shown.update(
            name=priority["name"],
            description=priority.get("description", ""),
            order=priority.get("order", 0),
            color="a8171c",
            schema_version=0,
        )
        return shown

    def _integration(self, integration: Thing, shown: Thing) -> Thing:
        shown.update(
            name=integration["name"],
            service=self.reference("services", integration["service_id"]),
            created_at=self.time(integration["created_at"]),
            integration_key=integration["key"],
            vendor=None,
        )
        return shown


_WHOLE: Dict[str, Callable[[CatalogRenderer, Thing, Thing], Any]] = {
    "users": CatalogRenderer._user,
    "teams": CatalogRenderer._team,
    "services": CatalogRenderer._service,
    "escalation_policies": CatalogRenderer._policy,
    "schedules": CatalogRenderer._schedule,
    "priorities": CatalogRenderer._priority,
    "integrations": CatalogRenderer._integration,
}
