"""The life of an incident at the sandbox's PagerDuty: created by hand or by an event, updated,
snoozed, merged, timed out."""

from __future__ import annotations

from typing import Any

import requests
from sandbox_api import START, Api

from sandbox.clock import iso
from sandbox.pagerduty import (
    PagerDutyAccount,
)


def test_an_incident_key_that_is_open_is_refused_and_after_a_resolve_makes_another(
    api: Api, account: PagerDutyAccount
) -> None:
    service = api.reference("services", "Checkout API", "service_reference")
    body = {
        "incident": {"type": "incident", "title": "x", "service": service, "incident_key": "k"}
    }
    first = api.send("POST", "/incidents", body)
    assert first.status_code == 201
    assert api.refused("POST", "/incidents", body)[:2] == [400, 2001]
    assert len(account.incidents) == 1
    account.resolve(first.json()["incident"]["id"])
    assert api.send("POST", "/incidents", body).status_code == 201
    assert len(api.get("/incidents", incident_key="k", date_range="all")["incidents"]) == 2


def test_a_created_incident_is_its_creators(api: Api, account: PagerDutyAccount) -> None:
    body = {
        "type": "incident",
        "title": "by hand",
        "service": api.reference("services", "Database", "service_reference"),
        "priority": api.reference("priorities", "P2", "priority_reference"),
        "urgency": "low",
        "body": {"type": "incident_body", "details": "plain text"},
        "assignments": [{"assignee": api.reference("users", "Mei Tanaka", "user_reference")}],
    }
    made = api.send("POST", "/incidents", {"incident": body}).json()["incident"]
    assert (made["urgency"], made["priority"]["name"], made["alert_counts"]["all"]) == (
        "low",
        "P2",
        0,
    )
    assert [a["assignee"]["summary"] for a in made["assignments"]] == ["Mei Tanaka"]
    assert account.incident(made["id"]).first_trigger.agent.id == api.id("users", "Ada Lovelace")
    for wrong in (
        {"title": " "},
        {"service": {"id": "PX"}},
        {"urgency": "huge"},
        {"type": "thing"},
    ):
        assert api.refused("POST", "/incidents", {"incident": {**body, **wrong}})[:2] == [
            400,
            2001,
        ]


def test_an_update_can_acknowledge_escalate_resolve_and_reopen(
    api: Api, account: PagerDutyAccount
) -> None:
    incident = account.trigger("Checkout API", "x")
    shown = api.put(incident, status="acknowledged")
    assert shown["acknowledgements"][0]["acknowledger"]["summary"] == "Ada Lovelace"
    shown = api.put(incident, escalation_level=2)
    assert (shown["status"], shown["acknowledgements"]) == ("triggered", [])
    assert [a["assignee"]["summary"] for a in shown["assignments"]] == ["Grace Hopper"]
    shown = api.put(incident, status="resolved", resolution="fixed")
    assert (shown["status"], shown["assignments"]) == ("resolved", [])
    body = {"incident": {"type": "incident_reference", "status": "resolved"}}
    assert api.refused("PUT", f"/incidents/{incident.id}", body)[:2] == [400, 1001]
    shown = api.put(incident, status="acknowledged")
    assert (shown["status"], shown["resolved_at"]) == ("acknowledged", None)
    assert incident.number in account.open_numbers


def test_many_incidents_are_updated_at_once_up_to_250_and_all_or_none(
    api: Api, account: PagerDutyAccount
) -> None:
    ids = account.storm(3)
    rows = [{"id": i, "type": "incident_reference", "status": "resolved"} for i in ids]
    wrong = [*rows, {"id": "QNOSUCH", "type": "incident_reference", "status": "resolved"}]
    assert api.refused("PUT", "/incidents", {"incidents": wrong})[0] == 404
    assert len(account.open_numbers) == 3
    assert api.refused("PUT", "/incidents", {"incidents": rows * 84})[0] == 413
    answer = api.send("PUT", "/incidents", {"incidents": rows})
    assert [i["status"] for i in answer.json()["incidents"]] == ["resolved"] * 3


def test_a_snooze_ends_by_itself(api: Api, account: PagerDutyAccount) -> None:
    incident = account.trigger("Checkout API", "x")
    path = f"/incidents/{incident.id}/snooze"
    for wrong in (0, 604801, "60", True):
        assert api.refused("POST", path, {"duration": wrong})[:2] == [400, 1013]
    answer = api.send("POST", path, {"duration": 600})
    assert answer.status_code == 201
    assert answer.json()["incident"]["pending_actions"] == [
        {"type": "unacknowledge", "at": iso(START + 600)}
    ]
    api.server.clock.advance(10_000)
    assert api.get(f"/incidents/{incident.id}")["incident"]["status"] == "triggered"
    ended = next(e for e in incident.entries if e.type == "unacknowledge")
    assert (ended.created_at, ended.channel["type"]) == (START + 600, "timeout")


def test_merging_needs_an_open_target(api: Api, account: PagerDutyAccount) -> None:
    target, source = account.trigger("Checkout API", "t"), account.trigger("Checkout API", "s")
    body = {"source_incidents": [{"id": source.id, "type": "incident_reference"}]}
    assert api.send("PUT", f"/incidents/{target.id}/merge", body).status_code == 200
    merged = api.get(f"/incidents/{target.id}")["incident"]
    assert merged["alert_counts"] == {"all": 2, "triggered": 2, "resolved": 0}
    account.resolve(target)
    other = {
        "source_incidents": [
            {"id": account.trigger("Database", "o").id, "type": "incident_reference"}
        ]
    }
    assert api.refused("PUT", f"/incidents/{target.id}/merge", other)[0] == 400


def test_timeouts_of_the_service_and_the_policy_happen_at_their_time(
    api: Api, account: PagerDutyAccount
) -> None:
    account.options.automatic_escalation = True
    account.find("services", "Checkout API")["acknowledgement_timeout"] = 120
    account.find("services", "Checkout API")["auto_resolve_timeout"] = 7200
    incident = account.trigger("Checkout API", "x")
    account.acknowledge(incident)
    api.server.clock.advance(2 * 86400)
    api.get("/log_entries")
    happened = [
        (e.type, e.created_at - START) for e in incident.entries if e.channel["type"] == "timeout"
    ]
    assert happened == [
        ("unacknowledge", 120),
        ("escalate", 1920),
        ("escalate", 3720),
        ("resolve", 7200),
    ]


def test_events_v2_trigger_acknowledge_and_resolve_one_incident(
    api: Api, account: PagerDutyAccount
) -> None:
    key = next(
        i["key"]
        for i in account.catalog["integrations"].values()
        if i["name"] == "Database Events API v2"
    )
    payload = {
        "summary": "slow",
        "source": "db1",
        "severity": "error",
        "custom_details": {"ms": 900},
    }
    event = {"routing_key": key, "event_action": "trigger", "dedup_key": "d1", "payload": payload}

    def enqueue(**fields: Any) -> requests.Response:
        return api.send("POST", "/v2/enqueue", {**event, **fields}, token="", sender=None)

    assert (enqueue().status_code, enqueue().json()["dedup_key"]) == (202, "d1")
    (incident,) = account.incidents.values()
    alert = api.get(f"/incidents/{incident.id}/alerts")["alerts"][0]
    assert (alert["severity"], alert["body"]["details"], alert["alert_key"]) == (
        "error",
        {"ms": 900},
        "d1",
    )
    enqueue(event_action="acknowledge")
    assert incident.status == "acknowledged"
    enqueue(event_action="resolve")
    assert (incident.status, incident.entries[-1].agent.kind) == ("resolved", "service")
    enqueue()
    assert len(account.incidents) == 2
    assert enqueue(routing_key="wrong").status_code == 400
    assert enqueue(dedup_key="x" * 256).status_code == 400
    assert enqueue(payload={**payload, "summary": "x" * 1025}).status_code == 400
    assert enqueue(payload={**payload, "custom_details": "x" * 600_000}).status_code == 413
    account.options.events_limit = 6
    assert [enqueue().status_code for _ in range(3)][-1] == 429


def test_events_v1_answers_403_when_there_are_too_many(
    api: Api, account: PagerDutyAccount
) -> None:
    key = next(
        i["key"]
        for i in account.catalog["integrations"].values()
        if i["name"] == "Database Events API v1"
    )
    event = {"service_key": key, "event_type": "trigger", "description": "slow"}
    path = "/generic/2010-04-15/create_event.json"
    answer = api.send("POST", path, event, token="", sender=None)
    assert (answer.status_code, answer.json()["incident_key"]) == (
        200,
        next(iter(account.incidents.values())).key,
    )
    account.options.events_limit = 1
    assert api.send("POST", path, event, token="", sender=None).status_code == 403
