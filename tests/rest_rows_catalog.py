"""Rows of what the account holds: overrides, priorities, tags, webhooks, extensions, status pages."""

from __future__ import annotations

from typing import Any, Dict

from actions_world import ActionsTestCase
from rest_rows import DELETED, SUCCESS, Parameters, Row, fixed, key, listed, one, schedule, service, team, user


def business(test: ActionsTestCase) -> str:
    return test.id("business_services", "Shopping")


def tag(test: ActionsTestCase) -> str:
    return str(test.done("tag.create", label="night")["id"])


def override(test: ActionsTestCase) -> Parameters:
    body = {"start": "2026-11-22T09:00:00Z", "end": "2026-11-22T11:00:00Z", "user": {"id": user(test)}}
    body["user"]["type"] = "user_reference"  # type: ignore[index]
    made = _post(test, f"/schedules/{schedule(test)}/overrides", {"overrides": [body]})
    return {"entity_id": schedule(test), "resource_id": made[0]["override"]["id"]}


def subscription(test: ActionsTestCase) -> str:
    method = {"type": "http_delivery_method", "url": "https://example.com/hook"}
    made = _post(
        test,
        "/webhook_subscriptions",
        {
            "webhook_subscription": {
                "type": "webhook_subscription",
                "delivery_method": method,
                "events": ["incident.triggered"],
                "filter": {"type": "account_reference"},
            }
        },
    )
    return str(made["webhook_subscription"]["id"])


def extension(test: ActionsTestCase) -> str:
    kind = {"id": test.id("extension_schemas", "Generic V2 Webhook"), "type": "extension_schema_reference"}
    fields = {
        "type": "extension",
        "name": "Hook",
        "endpoint_url": "https://example.com/hook",
        "extension_schema": kind,
        "extension_objects": [{"id": service(test), "type": "service_reference"}],
    }
    return str(_post(test, "/extensions", {"extension": fields})["extension"]["id"])


def _post(test: ActionsTestCase, path: str, body: Any) -> Any:
    """What no action makes yet."""
    import requests

    headers = {"Authorization": f"Token token={test.settings['api_key']}", "From": test.settings["from_email"]}
    answer = requests.post(test.server.url + path, json=body, headers=headers, timeout=5)
    assert answer.status_code < 300, answer.text
    return answer.json()


TABLE: Dict[str, Row] = {
    "override.find": Row(lambda t: {"entity_id": override(t)["entity_id"]}, listed),
    "override.delete": Row(override, DELETED),
    "priority.find": Row(fixed(), lambda r: [row["name"] for row in r][:2] == ["P1", "P2"]),
    "vendor.find": Row(fixed(maximum=2), listed),
    "vendor.get": Row(one(lambda t: t.id("vendors", "Nagios")), key(name="Nagios")),
    "ability.find": Row(fixed(), lambda r: isinstance(r, list) and "teams" in r),
    "tag.find": Row(lambda t: {"query": "night" if tag(t) else ""}, listed),
    "tag.create": Row(fixed(label="night"), key(label="night", type="tag")),
    "tag.delete": Row(one(tag), DELETED),
    "tag.change": Row(
        lambda t: {"entity_type": "users", "entity_id": user(t), "add": ["night", "day"], "remove": [tag(t)]}, SUCCESS
    ),
    "business_service.find": Row(fixed(), listed),
    "business_service.get": Row(one(business), key(name="Shopping")),
    "business_service.create": Row(lambda t: {"name": "Paying", "team_id": team(t)}, key(name="Paying")),
    "business_service.update": Row(one(business, description="All of it"), key(description="All of it")),
    "business_service.delete": Row(one(business), DELETED),
    "team.find_members": Row(one(team), lambda r: len(r) == 2 and all("role" in row for row in r)),
    "webhook_subscription.find": Row(lambda t: {"filter_type": "account" if subscription(t) else ""}, listed),
    "webhook_subscription.get": Row(one(subscription), key(active=True)),
    "webhook_subscription.enable": Row(one(subscription), key(active=True)),
    "webhook_subscription.ping": Row(one(subscription), SUCCESS),
    "webhook_subscription.delete": Row(one(subscription), DELETED),
    "extension_schema.find": Row(fixed(), listed),
    "extension.find": Row(lambda t: {"query": "hook" if extension(t) else ""}, listed),
    "extension.get": Row(one(extension), key(name="Hook")),
    "extension.enable": Row(one(extension), key(name="Hook")),
    "extension.delete": Row(one(extension), DELETED),
    "status_page.find": Row(fixed(status_page_type="public"), listed),
    "status_page.find_posts": Row(one(lambda t: t.id("status_pages", "Acme status")), lambda r: isinstance(r, list)),
}
