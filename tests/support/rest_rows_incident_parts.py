"""Rows of what an incident has around it: responders, status updates, workflows, custom fields,
alerts, notes."""

from __future__ import annotations

from typing import Any, Callable, Dict

from actions_world import ActionsTestCase
from rest_rows import DELETED, Parameters, Row, fixed, incident, key, listed, one, team, user


def workflow(test: ActionsTestCase) -> str:
    return test.id("incident_workflows", "Major incident")


def alert(test: ActionsTestCase, **more: Any) -> Parameters:
    id = incident(test)
    return {
        "entity_id": id,
        "resource_id": test.done("incident.find_alerts", entity_id=id)[0]["id"],
        **more,
    }


def note(test: ActionsTestCase, **more: Any) -> Parameters:
    id = incident(test)
    made = test.done("incident.create_note", entity_id=id, content="Looking")
    return {"entity_id": id, "resource_id": made["id"], **more}


def asked(test: ActionsTestCase) -> Parameters:
    id = incident(test)
    mei = test.id("users", "Mei Tanaka")
    test.done(
        "incident.add_responders",
        entity_id=id,
        requester_id=user(test),
        message="Help",
        user_ids=[mei],
    )
    return {"entity_id": id, "requester_id": user(test), "user_ids": [mei]}


def subscribed(test: ActionsTestCase) -> Parameters:
    id = incident(test)
    test.done(
        "incident.add_subscribers", entity_id=id, user_ids=[user(test)], team_ids=[team(test)]
    )
    return {"entity_id": id}


def rows(result: Any) -> bool:
    return isinstance(result, list)


def of_incident(**more: Any) -> Callable[[ActionsTestCase], Parameters]:
    return one(incident, **more)


TABLE: Dict[str, Row] = {
    "incident.add_responders": Row(
        lambda t: {
            "entity_id": incident(t),
            "requester_id": user(t),
            "message": "Please help",
            "user_ids": [t.id("users", "Mei Tanaka")],
            "escalation_policy_ids": [t.id("escalation_policies", "Web escalation")],
        },
        lambda r: len(r["responder_request_targets"]) == 2,
    ),
    "incident.cancel_responders": Row(
        asked, lambda r: [row["result"] for row in r] == ["cancelled"]
    ),
    "incident.status_update": Row(
        of_incident(message="Half of it works"), key(message="Half of it works")
    ),
    "incident.find_subscribers": Row(
        subscribed, lambda r: {row["subscriber_type"] for row in r} == {"user", "team"}
    ),
    "incident.add_subscribers": Row(
        lambda t: {"entity_id": incident(t), "user_ids": [user(t)], "team_ids": [team(t)]},
        lambda r: [row["result"] for row in r] == ["success", "success"],
    ),
    "incident.remove_subscribers": Row(
        lambda t: {**subscribed(t), "user_ids": [user(t)]}, lambda r: r["deleted_count"] == 1
    ),
    "incident_workflow.find": Row(fixed(query="major"), listed),
    "incident_workflow.get": Row(one(workflow), key(name="Major incident")),
    "incident.run_workflow": Row(
        lambda t: {"entity_id": incident(t), "workflow": workflow(t)},
        key(type="incident_workflow_instance"),
    ),
    "incident.get_custom_fields": Row(of_incident(), rows),
    "incident.set_custom_fields": Row(
        of_incident(custom_fields=[{"name": "environment", "value": "live"}]), rows
    ),
    "incident.find_past": Row(of_incident(limit=5), rows),
    "incident.find_related": Row(of_incident(), rows),
    "incident.find_outlier": Row(of_incident(), lambda r: isinstance(r, dict)),
    "incident.find_change_events": Row(of_incident(), rows),
    "incident.get_alert": Row(alert, key(status="triggered")),
    "incident.update_alert": Row(lambda t: alert(t, status="resolved"), key(status="resolved")),
    "incident.manage_alerts": Row(
        lambda t: {
            "entity_id": (a := alert(t))["entity_id"],
            "alert_ids": [a["resource_id"]],
            "incident": incident(t, "Another"),
        },
        listed,
    ),
    "incident.update_note": Row(lambda t: note(t, content="Found it"), key(content="Found it")),
    "incident.delete_note": Row(note, DELETED),
    "incident_type.find": Row(fixed(filter="all"), listed),
}
