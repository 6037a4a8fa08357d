"""Rows of webhooks, extensions, analytics and status pages."""

from __future__ import annotations

from typing import Any, Dict

from actions_world import ActionsTestCase
from rest_rows import DELETED, Parameters, Row, incident, key, listed, one, service

URL = "https://example.com/hook"


def subscription(test: ActionsTestCase) -> str:
    made = test.done("webhook_subscription.create", url=URL, events=["incident.triggered"])
    return str(made["id"])


def new_extension(test: ActionsTestCase) -> Parameters:
    kind = test.id("extension_schemas", "Generic V2 Webhook")
    return {
        "name": "Hook",
        "endpoint_url": URL,
        "service_ids": [service(test)],
        "extension_schema_id": kind,
    }


def extension(test: ActionsTestCase) -> str:
    return str(test.done("extension.create", **new_extension(test))["id"])


def page(test: ActionsTestCase) -> str:
    return test.id("status_pages", "Acme status")


def update(test: ActionsTestCase) -> Parameters:
    known = test.account.find("status_pages", "Acme status")
    return {
        "message": "We are on it",
        "status_id": known["statuses"][0]["id"],
        "severity_id": known["severities"][0]["id"],
    }


def new_post(test: ActionsTestCase) -> Parameters:
    return {"entity_id": page(test), "title": "Slow", "post_type": "incident", **update(test)}


def post(test: ActionsTestCase, **more: Any) -> Parameters:
    return {
        "entity_id": page(test),
        "resource_id": test.done("status_page.create_post", **new_post(test))["id"],
        **more,
    }


def counted(result: Any) -> bool:
    return isinstance(result, list)


TABLE: Dict[str, Row] = {
    "webhook_subscription.create": Row(
        lambda t: {
            "url": URL,
            "events": "incident.triggered,incident.resolved",
            "filter_type": "service_reference",
            "filter_id": service(t),
            "custom_headers": [{"name": "X-Key", "value": "sesame"}],
        },
        lambda r: len(r["delivery_method"]["secret"]) == 64,
    ),
    "webhook_subscription.update": Row(one(subscription, active=False), key(active=False)),
    "extension.create": Row(new_extension, key(name="Hook")),
    "extension.update": Row(
        lambda t: {"entity_id": extension(t), **new_extension(t), "name": "Other"},
        key(name="Other"),
    ),
    "analytics.incidents": Row(lambda t: {"since": "30d" if incident(t) else ""}, listed),
    "analytics.services": Row(lambda t: {"urgency": "high" if incident(t) else ""}, listed),
    "analytics.teams": Row(
        lambda t: {"since": "30d" if incident(t) else "", "aggregate_unit": "day"}, counted
    ),
    "analytics.raw_incidents": Row(
        lambda t: {"since": "30d" if incident(t) else "", "limit": 10, "order": "desc"},
        lambda r: len(r["data"]) == 1,
    ),
    "status_page.find_statuses": Row(one(page), listed),
    "status_page.find_severities": Row(one(page), listed),
    "status_page.find_services": Row(one(page), listed),
    "status_page.create_post": Row(new_post, key(title="Slow")),
    "status_page.get_post": Row(post, key(title="Slow")),
    "status_page.delete_post": Row(post, DELETED),
    "status_page.find_post_updates": Row(post, listed),
    "status_page.create_post_update": Row(
        lambda t: post(t, **update(t)), key(message="We are on it")
    ),
}
