"""Rows of what the account holds: overrides, priorities, tags, webhooks, extensions, status
pages."""

from __future__ import annotations

from typing import Dict

from actions_world import ActionsTestCase
from rest_rows import (
    DELETED,
    SUCCESS,
    Parameters,
    Row,
    fixed,
    key,
    listed,
    one,
    schedule,
    team,
    user,
)
from rest_rows_hooks import extension, subscription


def business(test: ActionsTestCase) -> str:
    return test.id("business_services", "Shopping")


def tag(test: ActionsTestCase) -> str:
    return str(test.done("tag.create", label="night")["id"])


def override(test: ActionsTestCase) -> Parameters:
    made = test.done(
        "override.create", entity_id=schedule(test), start="1h", end="3h", user=user(test)
    )
    return {"entity_id": schedule(test), "resource_id": made["id"]}


def disabled_subscription(test: ActionsTestCase) -> str:
    """As PagerDuty leaves one after too many failures."""
    id = subscription(test)
    known = test.account.catalog["webhook_subscriptions"][id]
    known["delivery_method"]["temporarily_disabled"] = True
    return id


def disabled_extension(test: ActionsTestCase) -> str:
    id = extension(test)
    test.account.catalog["extensions"][id]["temporarily_disabled"] = True
    return id


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
        lambda t: {
            "entity_type": "users",
            "entity_id": user(t),
            "add": ["night", "day"],
            "remove": [tag(t)],
        },
        SUCCESS,
    ),
    "business_service.find": Row(fixed(), listed),
    "business_service.get": Row(one(business), key(name="Shopping")),
    "business_service.create": Row(
        lambda t: {"name": "Paying", "team_id": team(t)}, key(name="Paying")
    ),
    "business_service.update": Row(
        one(business, description="All of it"), key(description="All of it")
    ),
    "business_service.delete": Row(one(business), DELETED),
    "team.find_members": Row(one(team), lambda r: len(r) == 2 and all("role" in row for row in r)),
    "webhook_subscription.find": Row(
        lambda t: {"filter_type": "account" if subscription(t) else ""}, listed
    ),
    "webhook_subscription.get": Row(one(subscription), key(active=True)),
    "webhook_subscription.enable": Row(one(disabled_subscription), key(active=True)),
    "webhook_subscription.ping": Row(one(subscription), SUCCESS),
    "webhook_subscription.delete": Row(one(subscription), DELETED),
    "extension_schema.find": Row(fixed(), listed),
    "extension.find": Row(lambda t: {"query": "hook" if extension(t) else ""}, listed),
    "extension.get": Row(one(extension), key(name="Hook")),
    "extension.enable": Row(one(disabled_extension), key(name="Hook")),
    "extension.delete": Row(one(extension), DELETED),
    "status_page.find": Row(fixed(status_page_type="public"), listed),
    "status_page.find_posts": Row(
        one(lambda t: t.id("status_pages", "Acme status")), lambda r: isinstance(r, list)
    ),
}
