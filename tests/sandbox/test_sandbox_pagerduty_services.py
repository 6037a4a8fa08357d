"""The sandbox's PagerDuty takes services, integrations, escalation policies and maintenance
windows as the real one does."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, List

from sandbox_api import START, Api
from sandbox_catalog import HOUR, changed, gone, made, ref

from sandbox.clock import iso
from sandbox.pagerduty import (
    PagerDutyAccount,
)


def test_a_service_and_its_integrations(api: Api, account: PagerDutyAccount) -> None:
    policy = ref(api, "escalation_policies", "Web escalation")
    rule = {"type": "constant", "urgency": "low"}
    body = {
        "type": "service",
        "name": "Search",
        "escalation_policy": policy,
        "incident_urgency_rule": rule,
    }
    service = made(
        api, "/services", "service", **body, auto_resolve_timeout=0, acknowledgement_timeout=600
    )
    assert (
        service["status"],
        service["auto_resolve_timeout"],
        service["acknowledgement_timeout"],
    ) == (
        "active",
        None,
        600,
    )
    assert "taken" in api.refused("POST", "/services", {"service": body})[2]
    missing = {
        **body,
        "name": "y",
        "escalation_policy": {"id": "PX", "type": "escalation_policy_reference"},
    }
    assert api.refused("POST", "/services", {"service": missing})[2:] == [
        "Escalation policy could not be found"
    ]
    place = f"/services/{service['id']}"
    vendor = {"id": api.get("/vendors")["vendors"][0]["id"], "type": "vendor_reference"}
    integrations = place + "/integrations"
    one = made(
        api, integrations, "integration", type="events_api_v2_inbound_integration", name="Events"
    )
    made(api, integrations, "integration", type="generic_email_inbound_integration", name="Mail")
    made(
        api,
        integrations,
        "integration",
        name="Vendor",
        type="generic_events_api_inbound_integration",
        vendor=vendor,
    )
    assert api.refused("POST", integrations, {"integration": {"name": "x"}})[0] == 400
    assert (
        api.get(f"{integrations}/{one['id']}", include__=["services", "vendors"])["integration"][
            "name"
        ]
        == "Events"
    )
    assert (
        changed(api, f"{integrations}/{one['id']}", "integration", name="Event bus")["name"]
        == "Event bus"
    )
    assert (
        api.send(
            "GET", f"/services/{api.id('services', 'Database')}/integrations/{one['id']}"
        ).status_code
        == 404
    )
    assert len(api.get(place, include__=["integrations"])["service"]["integrations"]) == 3
    event = {"routing_key": one["integration_key"], "event_action": "trigger", "dedup_key": "d"}
    event["payload"] = {"summary": "slow", "source": "s", "severity": "info"}

    def send() -> int:
        api.send("POST", "/v2/enqueue", event, token="", sender=None)
        return len(account.incidents)

    assert send() == 1
    assert next(iter(account.incidents.values())).urgency == "low"
    assert api.get(place)["service"]["status"] == "critical"
    account.acknowledge(1)
    assert api.get(place)["service"]["status"] == "warning"
    account.resolve(1)
    changed(api, place, "service", **{**body, "status": "disabled"})
    assert send() == 1, "a disabled service takes no incidents"
    made(api, "/services", "service", **{**body, "name": "Other", "support_hours": None})
    assert gone(api, place)
    assert api.get("/incidents")["incidents"][0]["service"]["summary"] == "Search"
    assert account.truth()[0]["service"] == "Search"
    assert api.send("POST", "/v2/enqueue", event, token="", sender=None).status_code == 400


def test_escalation_policies_have_rules_with_targets(api: Api) -> None:
    target = ref(api, "users", "Ada Lovelace")
    rules = [
        {
            "escalation_delay_in_minutes": 10,
            "targets": [target, ref(api, "schedules", "Platform rotation")],
        }
    ]
    body = {
        "type": "escalation_policy",
        "name": "Nights",
        "escalation_rules": rules,
        "num_loops": 2,
    }
    policy = made(
        api, "/escalation_policies", "escalation_policy", **body, teams=[ref(api, "teams", "Web")]
    )
    assert [t["type"] for t in policy["escalation_rules"][0]["targets"]] == [
        "user_reference",
        "schedule_reference",
    ]
    for wrong, words in (
        ({"escalation_rules": []}, "Escalation rules can't be empty"),
        (
            {"escalation_rules": [{"targets": []}]},
            "Escalation rules [0] Escalation delay in minutes can't be blank",
        ),
        (
            {
                "escalation_rules": [
                    {**rules[0], "targets": [{"id": "P", "type": "user_reference"}]}
                ]
            },
            "could not be found",
        ),
        ({"escalation_rules": [{**rules[0], "targets": [target] * 11}]}, "more than 10"),
        ({"num_loops": "many"}, "Num loops must be an integer"),
    ):
        found = api.refused(
            "POST", "/escalation_policies", {"escalation_policy": {**body, "name": "x", **wrong}}
        )
        assert words in found[2]
    place = f"/escalation_policies/{policy['id']}"
    rules[0]["targets"] = [target]
    assert (
        len(changed(api, place, "escalation_policy", **body)["escalation_rules"][0]["targets"])
        == 1
    )
    assert [
        p["name"]
        for p in api.get("/escalation_policies", user_ids__=target["id"])["escalation_policies"]
    ] == [
        "Nights",
        "Payments escalation",
    ]
    web = f"/escalation_policies/{api.id('escalation_policies', 'Web escalation')}"
    assert "in use by services" in api.refused("DELETE", web)[2]
    assert gone(api, place)


def test_no_incident_is_triggered_during_a_maintenance_window(
    api: Api, account: PagerDutyAccount
) -> None:
    service = ref(api, "services", "Database")
    body = {
        "type": "maintenance_window",
        "start_time": iso(START - HOUR),
        "end_time": iso(START + HOUR),
    }
    body = {**body, "services": [service], "description": "upgrade"}
    path = "/maintenance_windows"
    assert api.send("POST", path, {"maintenance_window": body}, sender=None).status_code == 400
    for wrong in (
        {"end_time": iso(START - 2 * HOUR)},
        {"services": []},
        {"end_time": "later"},
        {"services": [{"id": "P"}]},
    ):
        assert api.refused("POST", path, {"maintenance_window": {**body, **wrong}})[:2] == [
            400,
            2001,
        ]
    window = made(api, path, "maintenance_window", **body)
    assert window["start_time"] == iso(START), "one begun in the past begins now"
    assert api.get(f"/services/{service['id']}")["service"]["status"] == "maintenance"
    key = next(
        i["key"]
        for i in account.catalog["integrations"].values()
        if i["service_id"] == service["id"]
    )
    event = {
        "routing_key": key,
        "event_action": "trigger",
        "payload": {"summary": "x", "source": "s", "severity": "info"},
    }
    assert api.send("POST", "/v2/enqueue", event, token="", sender=None).status_code == 202
    incident = {"incident": {"type": "incident", "title": "x", "service": service}}
    assert api.send("POST", "/incidents", incident).status_code == 400
    assert account.incidents == {}
    place = f"{path}/{window['id']}"
    future = {**body, "start_time": iso(START + 2 * HOUR), "end_time": iso(START + 3 * HOUR)}
    later = made(api, path, "maintenance_window", **future)
    changed(
        api,
        f"{path}/{later['id']}",
        "maintenance_window",
        **{**future, "description": "later upgrade"},
    )

    def listed(**query: Any) -> List[str]:
        return [w["description"] for w in api.get(path, **query)["maintenance_windows"]]

    assert listed() == ["upgrade", "later upgrade"]
    assert (listed(filter="ongoing"), listed(filter="future")) == (["upgrade"], ["later upgrade"])
    assert listed(query="LATER", service_ids__=service["id"]) == ["later upgrade"]
    assert listed(team_ids__=api.id("teams", "Web")) == []
    assert api.get(place, include__=["services", "teams", "users"])["maintenance_window"][
        "created_by"
    ]["name"]
    assert gone(api, f"{path}/{later['id']}")
    assert api.send("DELETE", place).status_code == 204, "the current one ends"
    assert listed(filter="past") == ["upgrade"]
    assert api.refused("DELETE", place)[0] == 400
    assert api.send("POST", "/v2/enqueue", event, token="", sender=None).status_code == 202
    assert len(account.incidents) == 1
