"""REST: services and their integrations."""

from __future__ import annotations

from typing import Any, Optional

from ..server import HttpAnswer, Routes
from . import render_services
from .call import PagerDutyCall
from .forms import (
    BodyForm,
    Field,
    Problem,
    email,
    many,
    mapping,
    nested,
    number,
    one_of,
    refer,
    text,
    zone,
)
from .model import Thing, invalid, not_found
from .resource import serve_reading, serve_writing, taken

routes = Routes()


def _timeout(call: PagerDutyCall, value: Any) -> Optional[int]:
    """0 switches it off, as null does."""
    return number(0)(call, value) or None


_CONSTANT = BodyForm(
    type=Field(one_of("constant"), required=True),
    urgency=Field(one_of("low", "high", "severity_based")),
)


def _urgency_rule(call: PagerDutyCall, value: Any) -> Thing:
    if not isinstance(value, dict) or value.get("type") not in ("constant", "use_support_hours"):
        raise Problem("type must be constant or use_support_hours")
    if value["type"] == "constant":
        if value.get("urgency") not in ("low", "high", "severity_based"):
            raise Problem("urgency must be low, high or severity_based")
        return {"type": "constant", "urgency": value["urgency"]}
    hours = BodyForm(
        during_support_hours=Field(nested(_CONSTANT), required=True),
        outside_support_hours=Field(nested(_CONSTANT), required=True),
    )
    return {"type": "use_support_hours", **hours.fields(call, value)}


_HOURS = BodyForm(
    "fixed_time_per_day",
    time_zone=Field(zone, required=True),
    days_of_week=Field(many(number(1, 7), least=1, most=7), required=True),
    start_time=Field(text(), required=True),
    end_time=Field(text(), required=True),
)
SERVICE = BodyForm(
    "service",
    name=Field(text(255), required=True),
    description=Field(text(1024, blank=True), null=True),
    auto_resolve_timeout=Field(_timeout, null=True),
    acknowledgement_timeout=Field(_timeout, null=True),
    status=Field(one_of("active", "warning", "critical", "maintenance", "disabled")),
    escalation_policy=Field(
        refer("escalation_policies"), required=True, store="escalation_policy_id"
    ),
    incident_urgency_rule=Field(_urgency_rule),
    support_hours=Field(nested(_HOURS), null=True),
    scheduled_actions=Field(many(mapping)),
    alert_creation=Field(one_of("create_incidents", "create_alerts_and_incidents")),
    alert_grouping=Field(one_of("time", "intelligent"), null=True),
    alert_grouping_timeout=Field(number(0), null=True),
    alert_grouping_parameters=Field(mapping, null=True),
    auto_pause_notifications_parameters=Field(mapping),
)


def _settle(call: PagerDutyCall, fields: Thing, service: Optional[Thing]) -> None:
    taken(call, "services", fields, service)
    whole: Thing = {**(service or {}), **fields}
    rule = whole.get("incident_urgency_rule", {})
    if rule.get("type") == "use_support_hours" and not whole.get("support_hours"):
        raise invalid("Support hours can't be blank when the urgency rule uses them")
    if "status" in fields:
        fields["status"] = "disabled" if fields["status"] == "disabled" else "active"
        if service is None and fields["status"] != "active":
            raise invalid("Status must be active")
    if rule.get("urgency") in ("low", "high"):
        fields["urgency"] = rule["urgency"]
    now = call.account.now()
    fields["updated_at"] = now
    if service is None:
        fields.setdefault("created_at", now)
        fields.setdefault("support_hours", None)


serve_reading(routes, "services", "service")
serve_writing(routes, "services", "service", SERVICE, settle=_settle)

# Integrations

_TYPES = (
    *(
        "aws_cloudwatch",
        "cloudkick",
        "event_transformer_api",
        "generic_email",
        "generic_events_api",
        "keynote",
    ),
    *("nagios", "pingdom", "sql_monitor", "events_api_v2"),
)
INTEGRATION = BodyForm(
    type=Field(one_of(*(t + "_inbound_integration" for t in _TYPES))),
    name=Field(text(255)),
    vendor=Field(refer("vendors"), store="vendor_id", null=True),
    integration_email=Field(email),
    **{
        name: Field(lambda call, value: value, null=True)
        for name in render_services.EMAIL_FIELDS[1:]
    },
)


def _shown(call: PagerDutyCall, status: int, integration: Thing, effect: str = "") -> HttpAnswer:
    return HttpAnswer(
        status, {"integration": call.renderer().thing("integrations", integration)}, effect=effect
    )


def _integration(call: PagerDutyCall) -> Thing:
    service, found = call.named("services"), call.named("integrations", "integration_id")
    if found["service_id"] != service["id"]:
        raise not_found()
    return found


@routes.add("POST", "/services/{id}/integrations")
def add_integration(call: PagerDutyCall) -> HttpAnswer:
    """By its type, or by the vendor's."""
    service, account = call.named("services"), call.account
    body = call.body("integration")
    kind = str(body.get("type") or "").replace("_reference", "")
    fields = INTEGRATION.read(call, {**body, "type": kind or None})
    if "type" not in fields and not fields.get("vendor_id"):
        raise invalid("Type or vendor can't be blank")
    fields.setdefault("type", "events_api_v2_inbound_integration")
    fields.setdefault("name", f"{service['name']} integration")
    own = [i for i in account.catalog["integrations"].values() if i["service_id"] == service["id"]]
    if any(i["name"].lower() == fields["name"].lower() for i in own):
        raise invalid("Name has already been taken")
    made = account.create(
        "integrations", {**fields, "service_id": service["id"], "created_at": account.now()}
    )
    made["key"] = account.integration_key(made["id"])
    if made["type"] == "generic_email_inbound_integration":
        made.setdefault("integration_email", f"{made['id'].lower()}@acme-sandbox.pagerduty.com")
    return _shown(call, 201, made, made["id"])


@routes.add("GET", "/services/{id}/integrations/{integration_id}")
def integration(call: PagerDutyCall) -> HttpAnswer:
    return _shown(call, 200, _integration(call))


@routes.add("PUT", "/services/{id}/integrations/{integration_id}")
def change_integration(call: PagerDutyCall) -> HttpAnswer:
    found = _integration(call)
    body = call.body("integration")
    fields = INTEGRATION.read(call, {**body, "type": None}, partial=True)
    call.account.change("integrations", found, fields)
    return _shown(call, 200, found, found["id"])
