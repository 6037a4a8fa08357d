"""REST: teams, their members with roles, and their escalation policies."""

from __future__ import annotations

from typing import Optional

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .forms import BodyForm, Field, one_of, text
from .model import Thing, invalid, not_found
from .resource import in_use, serve_reading, serve_writing, taken

routes = Routes()

MEMBER_ROLES = ("observer", "responder", "manager")
TEAM = BodyForm(
    "team",
    name=Field(text(100), required=True),
    description=Field(text(1024, blank=True), null=True),
    default_role=Field(one_of("manager", "none")),
)


def _settle(call: PagerDutyCall, fields: Thing, team: Optional[Thing]) -> None:
    taken(call, "teams", fields, team)


def _guard(call: PagerDutyCall, team: Thing) -> None:
    account = call.account
    for kind, what in (("escalation_policies", "escalation policies"), ("schedules", "schedules")):
        if any(
            team["id"] in thing.get("team_ids", ()) for thing in account.catalog[kind].values()
        ):
            raise in_use(f"The team cannot be deleted as it has {what}")
    heir = call.param("reassignment_team")
    if heir and heir not in account.catalog["teams"]:
        raise invalid("Reassignment team could not be found")
    for user in account.catalog["users"].values():
        _leave(user, team["id"])
    for number in account.open_numbers:
        incident = account.by_number[number]
        if team["id"] in incident.team_ids:
            rest = [t for t in incident.team_ids if t != team["id"]]
            incident.team_ids = tuple(dict.fromkeys([*rest, heir] if heir else rest))


serve_reading(routes, "teams", "team")
serve_writing(routes, "teams", "team", TEAM, settle=_settle, guard=_guard)


@routes.add("GET", "/teams/{id}/members")
def members(call: PagerDutyCall) -> HttpAnswer:
    team, render = call.named("teams"), call.renderer()
    rows = [
        u for u in call.account.catalog["users"].values() if team["id"] in u.get("team_ids", ())
    ]

    def member(user: Thing) -> Thing:
        role = user.get("team_roles", {}).get(team["id"], "manager")
        return {"user": render.either("users", "users", user["id"]), "role": role}

    return call.page("members", rows, member)


@routes.add("PUT", "/teams/{id}/users/{user_id}")
def add_member(call: PagerDutyCall) -> HttpAnswer:
    team, user = call.named("teams"), call.named("users", "user_id")
    fields = ROLE.read(call, call.body()) if call.request.body else {}
    if user.get("role") in ("read_only_user", "read_only_limited_user"):
        raise invalid("User cannot be added to a team: it has a read-only role")
    teams = user.get("team_ids", [])
    roles = {**user.get("team_roles", {}), team["id"]: fields.get("role", "manager")}
    joined = teams if team["id"] in teams else [*teams, team["id"]]
    call.account.change("users", user, {"team_ids": joined, "team_roles": roles})
    return HttpAnswer(204, None, effect=user["id"])


ROLE = BodyForm("", role=Field(one_of(*MEMBER_ROLES)))


@routes.add("DELETE", "/teams/{id}/users/{user_id}")
def remove_member(call: PagerDutyCall) -> HttpAnswer:
    team, user = call.named("teams"), call.named("users", "user_id")
    if team["id"] not in user.get("team_ids", ()):
        raise not_found()
    for policy in call.account.catalog["escalation_policies"].values():
        on_it = any(
            ("user", user["id"]) in map(tuple, rule["targets"]) for rule in policy["rules"]
        )
        if on_it and team["id"] in policy.get("team_ids", ()):
            raise in_use(
                "User cannot be removed as they belong to an escalation policy on this team"
            )
    _leave(user, team["id"])
    call.account.change("users", user, {})
    return HttpAnswer(204, None, effect=user["id"])


def _leave(user: Thing, team_id: str) -> None:
    user["team_ids"] = [t for t in user.get("team_ids", ()) if t != team_id]
    user.get("team_roles", {}).pop(team_id, None)


@routes.add("PUT", "/teams/{id}/escalation_policies/{escalation_policy_id}")
def add_policy(call: PagerDutyCall) -> HttpAnswer:
    team, policy = call.named("teams"), call.named("escalation_policies", "escalation_policy_id")
    teams = list(dict.fromkeys([*policy.get("team_ids", ()), team["id"]]))
    call.account.change("escalation_policies", policy, {"team_ids": teams})
    return HttpAnswer(204, None, effect=policy["id"])


@routes.add("DELETE", "/teams/{id}/escalation_policies/{escalation_policy_id}")
def remove_policy(call: PagerDutyCall) -> HttpAnswer:
    team, policy = call.named("teams"), call.named("escalation_policies", "escalation_policy_id")
    teams = policy.get("team_ids", ())
    if team["id"] not in teams:
        raise not_found()
    call.account.change(
        "escalation_policies", policy, {"team_ids": [t for t in teams if t != team["id"]]}
    )
    return HttpAnswer(204, None, effect=policy["id"])
