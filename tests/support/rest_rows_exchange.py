"""Rows of the 65 actions of the Exchange pack that are plain REST calls."""

from __future__ import annotations

from typing import Dict

from actions_world import ActionsTestCase
from rest_rows import (
    DELETED,
    SUCCESS,
    Row,
    alone,
    contact_method,
    entry,
    fixed,
    incident,
    integration,
    key,
    listed,
    new_policy,
    new_schedule,
    nobody,
    notification_rule,
    one,
    policy,
    schedule,
    service,
    team,
    user,
    window,
)

IN = "2026-11-22T09:00:00Z"
OUT = "2026-11-22T11:00:00Z"


def nobody_in_team(test: ActionsTestCase) -> str:
    id = nobody(test)
    test.done("team.add_user", entity_id=team(test), user=id)
    return id


TABLE: Dict[str, Row] = {
    "escalation_policy.create": Row(new_policy, key(name="Night", type="escalation_policy")),
    "escalation_policy.delete": Row(one(alone), DELETED),
    "escalation_policy.find": Row(fixed(query="Payments", include=["teams"]), listed),
    "escalation_policy.find_services": Row(
        one(policy), lambda r: listed(r) and r[0]["type"] == "service"
    ),
    "escalation_policy.get": Row(one(policy), key(name="Payments escalation")),
    "incident.acknowledge": Row(
        one(incident), lambda r: r["incident"]["status"] == "acknowledged"
    ),
    "incident.create.rest_v2": Row(
        lambda t: {"data": {"title": "Slow", "service": service(t), "urgency": "low"}},
        key(title="Slow", urgency="low", type="incident"),
    ),
    "incident.create.rest_v2.simple": Row(
        lambda t: {"title": "Slow", "service_id": service(t)}, key(title="Slow")
    ),
    "incident.create_note": Row(one(incident, content="Looking"), key(content="Looking")),
    "incident.find": Row(
        lambda t: {"statuses": ["triggered"], "user_ids": incident(t) and []}, listed
    ),
    "incident.find_alerts": Row(one(incident), listed),
    "incident.find_log_entries": Row(one(incident), listed),
    "incident.find_notes": Row(one(incident), lambda r: r == []),
    "incident.get": Row(one(incident), key(title="Disk full", type="incident")),
    "incident.merge": Row(
        lambda t: {"entity_id": incident(t), "source_incidents": [incident(t, "Disk fuller")]},
        lambda r: r["type"] == "incident_reference" and r["summary"].endswith("] Disk full"),
    ),
    "incident.reassign": Row(
        lambda t: {"entity_id": incident(t), "user_ids": [t.id("users", "Mei Tanaka")]},
        lambda r: (
            [a["assignee"]["summary"] for a in r["incident"]["assignments"]] == ["Mei Tanaka"]
        ),
    ),
    "incident.resolve": Row(one(incident), lambda r: r["incident"]["status"] == "resolved"),
    "incident.snooze": Row(
        lambda t: {
            "entity_id": t.done("incident.acknowledge", entity_id=incident(t))["incident"]["id"]
        },
        key(status="acknowledged"),
    ),
    "integration.get": Row(integration, lambda r: r["id"].startswith("P")),
    "log_entry.find": Row(lambda t: {"since": "1h" if incident(t) else ""}, listed),
    "log_entry.get": Row(one(entry), lambda r: r["type"].endswith("log_entry")),
    "maintenance_window.create": Row(
        lambda t: {"data": {"start_time": IN, "end_time": OUT, "services": [service(t)]}},
        key(type="maintenance_window"),
    ),
    "maintenance_window.create.simple": Row(
        lambda t: {"start_time": IN, "end_time": OUT, "service_id": service(t)},
        key(type="maintenance_window"),
    ),
    "maintenance_window.delete": Row(one(window), DELETED),
    "maintenance_window.find": Row(lambda t: {"filter": "open" if window(t) else ""}, listed),
    "maintenance_window.get": Row(one(window), key(description="x")),
    "notification.find": Row(
        lambda t: {"include": ["users"] if incident(t) else []}, lambda r: isinstance(r, list)
    ),
    "on_call.find": Row(lambda t: {"schedule_ids": [schedule(t)]}, listed),
    "schedule.create": Row(new_schedule, key(name="Nights", time_zone="Europe/Berlin")),
    "schedule.delete": Row(
        lambda t: {"entity_id": t.done("schedule.create", **new_schedule(t))["id"]}, DELETED
    ),
    "schedule.find": Row(fixed(query="platform"), listed),
    "schedule.get": Row(one(schedule), key(name="Platform rotation")),
    "schedule.get_on_call": Row(one(schedule), lambda r: len(r["users"]) == 1),
    "service.create": Row(
        lambda t: {"data": {"name": "New", "escalation_policy": policy(t)}},
        key(name="New", type="service"),
    ),
    "service.create.simple": Row(
        lambda t: {"name": "New", "escalation_policy_id": policy(t)},
        lambda r: r["description"] != "None" and r["auto_resolve_timeout"] == 14400,
    ),
    "service.delete": Row(one(service), DELETED),
    "service.find": Row(fixed(query="store"), listed),
    "service.find_integrations": Row(
        lambda t: {"entity_id": integration(t)["entity_id"]},
        lambda r: listed(r) and "integration_key" in r[0],
    ),
    "service.get": Row(one(service), key(name="Storefront")),
    "service.get_integrations": Row(integration, lambda r: r["id"].startswith("P")),
    "team.add_escalation_policy": Row(
        lambda t: {"entity_id": team(t), "escalation_policy": alone(t)}, SUCCESS
    ),
    "team.add_user": Row(
        lambda t: {"entity_id": team(t), "user": t.id("users", "Mei Tanaka")}, SUCCESS
    ),
    "team.create": Row(fixed(data={"name": "Blue"}), key(name="Blue", type="team")),
    "team.create.simple": Row(fixed(name="Blue"), key(name="Blue", description=None)),
    "team.delete": Row(
        lambda t: {"entity_id": t.done("team.create.simple", name="Blue")["id"]}, DELETED
    ),
    "team.find": Row(fixed(query="pay"), listed),
    "team.get": Row(one(team), key(name="Payments")),
    "team.remove_escalation_policy": Row(
        lambda t: {"entity_id": team(t), "escalation_policy": policy(t)}, SUCCESS
    ),
    "team.remove_user": Row(
        lambda t: {
            "entity_id": team(t),
            "user": nobody_in_team(t),
        },
        SUCCESS,
    ),
    "user.create": Row(
        fixed(data={"name": "Eve", "email": "eve@example.com"}), key(name="Eve", type="user")
    ),
    "user.create.simple": Row(
        fixed(name="Eve", email="eve@example.com"), key(email="eve@example.com")
    ),
    "user.create_contact_method": Row(
        lambda t: {
            "entity_id": user(t),
            "data": {
                "type": "sms_contact_method",
                "label": "Mobile",
                "address": "1701234567",
                "country_code": 49,
            },
        },
        lambda r: r["contact_method"]["label"] == "Mobile",
    ),
    "user.create_contact_method.simple": Row(
        lambda t: {
            "entity_id": user(t),
            "type": "phone_contact_method",
            "label": "Mobile",
            "address": "1701234567",
            "country_code": 49,
        },
        lambda r: r["contact_method"]["country_code"] == 49,
    ),
    "user.create_notification_rule": Row(
        lambda t: {
            "entity_id": user(t),
            "data": {
                "start_delay_in_minutes": 5,
                "urgency": "high",
                "contact_method": {
                    "id": contact_method(t)["resource_id"],
                    "type": "email_contact_method_reference",
                },
            },
        },
        lambda r: r["notification_rule"]["start_delay_in_minutes"] == 5,
    ),
    "user.create_notification_rule.simple": Row(
        lambda t: {
            "entity_id": user(t),
            "contact_method_id": contact_method(t)["resource_id"],
            "contact_method_type": "email_contact_method",
        },
        lambda r: r["notification_rule"]["urgency"] == "high",
    ),
    "user.delete": Row(one(nobody), DELETED),
    "user.delete_contact_method": Row(contact_method, SUCCESS),
    "user.delete_notification_rule": Row(notification_rule, SUCCESS),
    "user.find": Row(fixed(query="Ada"), listed),
    "user.find_contact_methods": Row(
        lambda t: {"entity_id": contact_method(t)["entity_id"]}, listed
    ),
    "user.find_notification_rules": Row(
        lambda t: {"entity_id": notification_rule(t)["entity_id"]}, listed
    ),
    "user.get": Row(one(user), key(name="Ada Lovelace")),
    "user.get_contact_method": Row(contact_method, key(label="Home")),
    "user.get_notification_rule": Row(notification_rule, key(urgency="high")),
}
