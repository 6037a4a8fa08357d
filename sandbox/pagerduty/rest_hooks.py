"""REST: webhook subscriptions (v3), extension schemas and extensions."""

# flake8: noqa: W503

from __future__ import annotations

import hashlib
from typing import Any, Optional

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .forms import BodyForm, Field, Problem, flag, many, mapping, nested, refer, text, texts, url
from .model import Thing, invalid
from .render_catalog import CatalogRenderer, shows
from .resource import filtered, serve_showing, serve_writing, taken

routes = Routes()

EVENTS = (
    *(
        "incident.acknowledged",
        "incident.annotated",
        "incident.conference_bridge.updated",
        "incident.delegated",
    ),
    *(
        "incident.custom_field_values.updated",
        "incident.escalated",
        "incident.incident_type.changed",
    ),
    *(
        "incident.priority_updated",
        "incident.reassigned",
        "incident.reopened",
        "incident.resolved",
    ),
    *(
        "incident.responder.added",
        "incident.responder.replied",
        "incident.role.assigned",
        "incident.role.unassigned",
    ),
    *("incident.service_updated", "incident.status_update_published", "incident.task.created"),
    *(
        "incident.task.completed",
        "incident.task.updated",
        "incident.triggered",
        "incident.unacknowledged",
        "incident.action_invocation.created",
    ),
    *(
        "incident.workflow.completed",
        "incident.workflow.started",
        "service.created",
        "service.deleted",
    ),
    *("service.updated", "service.custom_field_values.updated", "pagey.ping"),
)
_HEADER = BodyForm(name=Field(text(), required=True), value=Field(text(), required=True))
_DELIVERY = BodyForm(
    "http_delivery_method",
    url=Field(url, required=True),
    custom_headers=Field(many(nested(_HEADER))),
)


def _filter(call: PagerDutyCall, value: Any) -> Thing:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "account_reference":
        return {"type": kind}
    if kind not in ("service_reference", "team_reference"):
        raise Problem("type must be account_reference, service_reference or team_reference")
    return {"type": kind, "id": refer(kind.replace("_reference", "s"))(call, value)}


SUBSCRIPTION = BodyForm(
    "webhook_subscription",
    active=Field(flag),
    delivery_method=Field(nested(_DELIVERY), required=True),
    description=Field(text(blank=True)),
    events=Field(texts(EVENTS), required=True),
    filter=Field(_filter, required=True),
)


@shows("webhook_subscriptions")
def subscription(render: CatalogRenderer, subscription: Thing, shown: Thing) -> Thing:
    """The secret is shown once, when it is made; what custom headers hold never."""
    method = subscription["delivery_method"]
    headers = [
        {"name": h["name"], "value": "<redacted>"} for h in method.get("custom_headers", ())
    ]
    return {
        "id": subscription["id"],
        "type": "webhook_subscription",
        "active": subscription["active"],
        "delivery_method": {
            "id": method["id"],
            "type": "http_delivery_method",
            "url": method["url"],
            "secret": None,
            "temporarily_disabled": method["temporarily_disabled"],
            "custom_headers": headers,
        },
        "description": subscription["name"],
        "events": subscription["events"],
        "filter": subscription["filter"],
    }


@routes.add("GET", "/webhook_subscriptions")
def subscriptions(call: PagerDutyCall) -> HttpAnswer:
    kind = (call.chosen("filter_type", ("account", "service", "team")) or [""])[0]
    id, render = call.param("filter_id"), call.renderer()
    rows = [
        row
        for row in call.account.catalog["webhook_subscriptions"].values()
        if (not kind or row["filter"]["type"] == f"{kind}_reference")
        and (not id or row["filter"].get("id") == id)
    ]
    return call.page(
        "webhook_subscriptions", rows, lambda row: render.thing("webhook_subscriptions", row)
    )


@routes.add("POST", "/webhook_subscriptions")
def subscribe(call: PagerDutyCall) -> HttpAnswer:
    """200, as the document has it."""
    fields, account = SUBSCRIPTION.read(call, call.body("webhook_subscription")), call.account
    id = account.new_id("P", 7)
    secret = hashlib.sha256(id.encode()).hexdigest()
    method = {
        **fields["delivery_method"],
        "id": id,
        "secret": secret,
        "temporarily_disabled": False,
    }
    own = {
        "active": True,
        **fields,
        "name": fields.pop("description", ""),
        "delivery_method": method,
    }
    own.pop("description", None)
    made = account.create("webhook_subscriptions", own)
    shown = call.renderer().thing("webhook_subscriptions", made)
    shown["delivery_method"].update(secret=secret, custom_headers=method.get("custom_headers", []))
    return HttpAnswer(200, {"webhook_subscription": shown}, effect=made["id"])


serve_showing(routes, "webhook_subscriptions", "webhook_subscription")


def _answer(call: PagerDutyCall, subscription: Thing) -> HttpAnswer:
    shown = call.renderer().thing("webhook_subscriptions", subscription)
    return HttpAnswer(200, {"webhook_subscription": shown}, effect=subscription["id"])


@routes.add("PUT", "/webhook_subscriptions/{id}")
def change(call: PagerDutyCall) -> HttpAnswer:
    found = call.named("webhook_subscriptions")
    fields = SUBSCRIPTION.read(call, call.body("webhook_subscription"), partial=True)
    fields.pop("delivery_method", None)
    if "description" in fields:
        fields["name"] = fields.pop("description")
    call.account.change("webhook_subscriptions", found, fields)
    return _answer(call, found)


@routes.add("DELETE", "/webhook_subscriptions/{id}")
def unsubscribe(call: PagerDutyCall) -> HttpAnswer:
    found = call.named("webhook_subscriptions")
    call.account.remove("webhook_subscriptions", found)
    return HttpAnswer(204, None, effect=found["id"])


@routes.add("POST", "/webhook_subscriptions/{id}/enable")
def enable(call: PagerDutyCall) -> HttpAnswer:
    """After the endpoint refused too often."""
    found = call.named("webhook_subscriptions")
    method = {**found["delivery_method"], "temporarily_disabled": False}
    call.account.change("webhook_subscriptions", found, {"delivery_method": method})
    return _answer(call, found)


@routes.add("POST", "/webhook_subscriptions/{id}/ping")
def ping(call: PagerDutyCall) -> HttpAnswer:
    """Sends `pagey.ping`: whoever delivers is told (`Book.on_ping`)."""
    found, account = call.named("webhook_subscriptions"), call.account
    id = account.new_id("0", 26)
    account.pings.append({"id": id, "subscription_id": found["id"], "occurred_at": account.now()})
    for tell in account.on_ping:
        tell(account.pings[-1])
    account.journal.fact("pagerduty", "webhook_pinged", found["id"], id)
    return HttpAnswer(202, None, effect=id)


# Extensions


@shows("extension_schemas")
def extension_schema(render: CatalogRenderer, schema: Thing, shown: Thing) -> Thing:
    place = f"https://extensions.example.com/{schema['key']}"
    shown.update(
        html_url=None,
        label=schema["name"],
        key=schema["key"],
        description=f"Sends to {schema['name']}",
        icon_url=f"{place}/icon.png",
        logo_url=f"{place}/logo.png",
        guide_url=f"{place}/guide",
        send_types=[
            "trigger",
            "acknowledge",
            "resolve",
            "delegate",
            "escalate",
            "unacknowledge",
            "assign",
        ],
        url=f"{place}/hook",
    )
    return shown


@shows("extensions")
def extension(render: CatalogRenderer, extension: Thing, shown: Thing) -> Thing:
    shown.update(
        html_url=None,
        name=extension["name"],
        endpoint_url=extension.get("endpoint_url"),
        extension_objects=[
            render.either("extension_objects", "services", s) for s in extension["service_ids"]
        ],
        extension_schema=render.either(
            "extension_schemas", "extension_schemas", extension["schema_id"]
        ),
        temporarily_disabled=extension["temporarily_disabled"],
        config=extension.get("config") or {},
    )
    return shown


EXTENSION = BodyForm(
    name=Field(text(255), required=True),
    endpoint_url=Field(url, null=True),
    extension_objects=Field(many(refer("services"), least=1), required=True, store="service_ids"),
    extension_schema=Field(refer("extension_schemas"), required=True, store="schema_id"),
    config=Field(mapping, null=True),
)


def _settle(call: PagerDutyCall, fields: Thing, extension: Optional[Thing]) -> None:
    taken(call, "extensions", fields, extension)
    schema = call.account.catalog["extension_schemas"].get(fields.get("schema_id", ""))
    if extension is None and schema is not None and schema["key"] == "slack":
        raise invalid("Slack extensions can't be created through the API")
    if extension is None:
        fields["temporarily_disabled"] = False


@routes.add("GET", "/extension_schemas")
def schemas(call: PagerDutyCall) -> HttpAnswer:
    render = call.renderer()
    rows = list(call.account.catalog["extension_schemas"].values())
    return call.page("extension_schemas", rows, lambda row: render.thing("extension_schemas", row))


serve_showing(routes, "extension_schemas", "extension_schema")


@routes.add("GET", "/extensions")
def extensions(call: PagerDutyCall) -> HttpAnswer:
    render, service, schema = (
        call.renderer(),
        call.param("extension_object_id"),
        call.param("extension_schema_id"),
    )
    rows = [
        row
        for row in filtered(call, "extensions")
        if (not service or service in row["service_ids"])
        and (not schema or row["schema_id"] == schema)
    ]
    return call.page("extensions", rows, lambda row: render.thing("extensions", row))


serve_showing(routes, "extensions", "extension")
serve_writing(routes, "extensions", "extension", EXTENSION, settle=_settle)


@routes.add("POST", "/extensions/{id}/enable")
def enable_extension(call: PagerDutyCall) -> HttpAnswer:
    found = call.named("extensions")
    call.account.change("extensions", found, {"temporarily_disabled": False})
    return HttpAnswer(
        200, {"extension": call.renderer().thing("extensions", found)}, effect=found["id"]
    )
