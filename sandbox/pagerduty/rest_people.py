"""REST: users, their contact methods and notification rules."""

from __future__ import annotations

from typing import Any, Optional

from ..server import HttpAnswer, Routes
from . import render_people  # noqa: F401  (registers how they are shown)
from .call import PagerDutyCall
from .forms import BodyForm, Field, Problem, email, flag, number, one_of, text, zone
from .model import Thing, invalid, not_found
from .resource import in_use, serve_reading, serve_writing, taken
from .shift_rota import members

routes = Routes()

ROLES = (
    *("admin", "limited_user", "observer", "owner", "read_only_user", "restricted_access"),
    *("read_only_limited_user", "user"),
)
USER = BodyForm(
    "user",
    name=Field(text(100), required=True),
    email=Field(email, required=True),
    time_zone=Field(zone),
    color=Field(text()),
    role=Field(one_of(*ROLES)),
    description=Field(text(blank=True), null=True),
    job_title=Field(text(100, blank=True), null=True),
)


def _settle_user(call: PagerDutyCall, fields: Thing, user: Optional[Thing]) -> None:
    taken(call, "users", fields, user, by="email")
    if user is None:
        fields.update(
            {
                "role": "user",
                "time_zone": "Etc/UTC",
                "invitation_sent": True,
                "team_ids": [],
                **fields,
            }
        )


def _guard_user(call: PagerDutyCall, user: Thing) -> None:
    account, id = call.account, user["id"]
    if any(id == u for n in account.open_numbers for u, _ in account.by_number[n].assignees):
        raise in_use("The user cannot be deleted as they have incidents assigned")
    for policy in account.catalog["escalation_policies"].values():
        if any(("user", id) in map(tuple, rule["targets"]) for rule in policy["rules"]):
            raise in_use(
                f"The user cannot be deleted as they are on the escalation policy {policy['name']}"
            )
    for schedule in account.catalog["schedules"].values():
        if id in members(schedule) or any(
            id in layer["user_ids"] for layer in schedule.get("layers", ())
        ):
            raise in_use(
                f"The user cannot be deleted as they are on the schedule {schedule['name']}"
            )


@routes.add("GET", "/users/me")
def me(call: PagerDutyCall) -> HttpAnswer:
    if not call.own_user:
        raise invalid("Current user endpoint can only be used with a user token")
    user = call.account.catalog["users"][call.own_user]
    return HttpAnswer(200, {"user": call.renderer().thing("users", user)})


serve_reading(routes, "users", "user")
serve_writing(
    routes,
    "users",
    "user",
    USER,
    settle=_settle_user,
    born=lambda call, user: call.account.add_contact(user),
    guard=_guard_user,
    sender=True,
)

# Contact methods

_NUMBERED = ("phone_contact_method", "sms_contact_method", "whatsapp_contact_method")
_METHODS = ("email_contact_method", "push_notification_contact_method", *_NUMBERED)
METHOD = BodyForm(
    "",
    type=Field(one_of(*_METHODS), required=True),
    label=Field(text(), required=True, store="name"),
    address=Field(text(), required=True),
    country_code=Field(number(1, 1999)),
    send_short_email=Field(flag),
)


def _method(call: PagerDutyCall, method: Optional[Thing]) -> Thing:
    """The fields of the body, for a new one or for the one given."""
    fields = METHOD.read(call, call.body("contact_method"), partial=method is not None)
    whole: Thing = {**(method or {}), **fields}
    if method is not None and whole["type"] != method["type"]:
        raise invalid("Type can't be changed")
    address = str(whole["address"])
    if whole["type"] == "email_contact_method":
        METHOD_EMAIL.read(call, {"address": address})
    elif whole["type"] in _NUMBERED:
        if "country_code" not in whole:
            raise invalid("Country code can't be blank")
        if not address.isdigit() or not 4 <= len(address) <= 15:
            raise invalid("Address is invalid: only digits, without the country code")
    for other in call.account.catalog["contact_methods"].values():
        same = (other["user_id"], other["type"], other["address"]) == (
            call.names["id"],
            whole["type"],
            address,
        )
        if other is not method and same:
            raise invalid("User contact method must be unique")
    return fields


METHOD_EMAIL = BodyForm("", address=Field(email))


@routes.add("GET", "/users/{id}/contact_methods")
def methods(call: PagerDutyCall) -> HttpAnswer:
    render = call.renderer()
    found = [
        call.account.catalog["contact_methods"][m]
        for m in call.named("users").get("method_ids", ())
    ]
    return HttpAnswer(
        200, {"contact_methods": [render.thing("contact_methods", m) for m in found]}
    )


@routes.add("POST", "/users/{id}/contact_methods")
def add_method(call: PagerDutyCall) -> HttpAnswer:
    user = call.named("users")
    fields = _method(call, None)
    method = call.account.create(
        "contact_methods", {**fields, "user_id": user["id"], "created_at": call.account.now()}
    )
    user["method_ids"] = [*user.get("method_ids", ()), method["id"]]
    return _shown(call, 201, method)


def _shown(call: PagerDutyCall, status: int, method: Thing) -> HttpAnswer:
    shown = call.renderer().thing("contact_methods", method)
    return HttpAnswer(
        status, {"contact_method": shown}, effect="" if status == 200 else method["id"]
    )


def _owned(call: PagerDutyCall, kind: str, name: str) -> Thing:
    user, found = call.named("users"), call.named(kind, name)
    if found["user_id"] != user["id"]:
        raise not_found()
    return found


@routes.add("GET", "/users/{id}/contact_methods/{contact_method_id}")
def method(call: PagerDutyCall) -> HttpAnswer:
    return _shown(call, 200, _owned(call, "contact_methods", "contact_method_id"))


@routes.add("PUT", "/users/{id}/contact_methods/{contact_method_id}")
def change_method(call: PagerDutyCall) -> HttpAnswer:
    found = _owned(call, "contact_methods", "contact_method_id")
    call.account.change("contact_methods", found, _method(call, found))
    return _shown(call, 200, found)._replace(effect=found["id"])


@routes.add("DELETE", "/users/{id}/contact_methods/{contact_method_id}")
def remove_method(call: PagerDutyCall) -> HttpAnswer:
    """Its notification rules go with it; the e-mail somebody logs in with stays."""
    user, found, account = (
        call.named("users"),
        _owned(call, "contact_methods", "contact_method_id"),
        call.account,
    )
    if found["type"] == "email_contact_method" and found["address"] == user["email"]:
        raise in_use("The default contact method cannot be deleted")
    for rule in [account.catalog["notification_rules"][r] for r in user.get("rule_ids", ())]:
        if rule["method_id"] == found["id"]:
            user["rule_ids"].remove(rule["id"])
            account.remove("notification_rules", rule)
    user["method_ids"].remove(found["id"])
    account.remove("contact_methods", found)
    return HttpAnswer(204, None, effect=found["id"])


# Notification rules


def _own_method(call: PagerDutyCall, value: Any) -> str:
    id = value.get("id") if isinstance(value, dict) else None
    if id not in call.named("users").get("method_ids", ()):
        raise Problem("could not be found")
    return str(id)


RULE = BodyForm(
    "assignment_notification_rule",
    start_delay_in_minutes=Field(number(0), required=True),
    contact_method=Field(_own_method, required=True, store="method_id"),
    urgency=Field(one_of("high", "low"), required=True),
)


@routes.add("GET", "/users/{id}/notification_rules")
def rules(call: PagerDutyCall) -> HttpAnswer:
    render, wanted = (
        call.renderer(),
        (call.chosen("urgency", ("high", "low", "all")) or ["all"])[0],
    )
    found = [
        call.account.catalog["notification_rules"][r]
        for r in call.named("users").get("rule_ids", ())
    ]
    shown = [
        render.thing("notification_rules", r) for r in found if wanted in ("all", r["urgency"])
    ]
    return HttpAnswer(200, {"notification_rules": shown})


def _rule(call: PagerDutyCall, rule: Optional[Thing]) -> Thing:
    fields = RULE.read(call, call.body("notification_rule"), partial=rule is not None)
    whole: Thing = {**(rule or {}), **fields}
    for id in call.named("users").get("rule_ids", ()):
        other = call.account.catalog["notification_rules"][id]
        if other is not rule and all(
            other[n] == whole[n] for n in ("start_delay_in_minutes", "method_id", "urgency")
        ):
            raise invalid("Channel Start delay must be unique for a given contact method")
    return fields


def _rule_shown(call: PagerDutyCall, status: int, rule: Thing, effect: str = "") -> HttpAnswer:
    shown = call.renderer().thing("notification_rules", rule)
    return HttpAnswer(status, {"notification_rule": shown}, effect=effect)


@routes.add("POST", "/users/{id}/notification_rules")
def add_rule(call: PagerDutyCall) -> HttpAnswer:
    user = call.named("users")
    fields = _rule(call, None)
    own: Thing = {"name": f"{fields['start_delay_in_minutes']} minutes", "user_id": user["id"]}
    rule = call.account.create(
        "notification_rules", {**own, **fields, "created_at": call.account.now()}
    )
    user["rule_ids"] = [*user.get("rule_ids", ()), rule["id"]]
    return _rule_shown(call, 201, rule, rule["id"])


@routes.add("GET", "/users/{id}/notification_rules/{notification_rule_id}")
def rule(call: PagerDutyCall) -> HttpAnswer:
    return _rule_shown(call, 200, _owned(call, "notification_rules", "notification_rule_id"))


@routes.add("PUT", "/users/{id}/notification_rules/{notification_rule_id}")
def change_rule(call: PagerDutyCall) -> HttpAnswer:
    found = _owned(call, "notification_rules", "notification_rule_id")
    call.account.change("notification_rules", found, _rule(call, found))
    return _rule_shown(call, 200, found, found["id"])


@routes.add("DELETE", "/users/{id}/notification_rules/{notification_rule_id}")
def remove_rule(call: PagerDutyCall) -> HttpAnswer:
    user, found = call.named("users"), _owned(call, "notification_rules", "notification_rule_id")
    user["rule_ids"].remove(found["id"])
    call.account.remove("notification_rules", found)
    return HttpAnswer(204, None, effect=found["id"])
