"""The sandbox's PagerDuty: tags, webhooks, extensions, workflows, change events and what goes with
an incident."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any

from sandbox_api import START, Api

from sandbox.clock import iso
from sandbox.pagerduty import PagerDutyAccount


def test_tags_are_put_on_things_by_id_or_label(api: Api) -> None:
    tag = api.send("POST", "/tags", {"tag": {"type": "tag", "label": "Batman"}}).json()["tag"]
    assert "taken" in api.refused("POST", "/tags", {"tag": {"type": "tag", "label": "batman"}})[2]
    assert api.refused("POST", "/tags", {"tag": {"type": "tag", "label": "x" * 192}})[0] == 400
    ada = f"/users/{api.id('users', 'Ada Lovelace')}"
    add = [{"type": "tag_reference", "id": tag["id"]}, {"type": "tag", "label": "Robin"}]
    answer = api.send("POST", ada + "/change_tags", {"add": add})
    assert (answer.status_code, answer.json()) == (200, {})
    assert [t["label"] for t in api.get(ada + "/tags")["tags"]] == ["Batman", "Robin"]
    assert [u["summary"] for u in api.get(f"/tags/{tag['id']}/users")["users"]] == ["Ada Lovelace"]
    api.send(
        "POST", ada + "/change_tags", {"remove": [{"type": "tag_reference", "id": tag["id"]}]}
    )
    assert [t["label"] for t in api.get(ada + "/tags")["tags"]] == ["Robin"]
    assert (
        api.refused(
            "POST", ada + "/change_tags", {"add": [{"type": "tag_reference", "id": "P0"}]}
        )[0]
        == 400
    )
    assert [t["label"] for t in api.get("/tags", query="rob")["tags"]] == ["Robin"]
    assert api.send("DELETE", f"/tags/{tag['id']}").status_code == 204
    assert api.send("GET", f"/tags/{tag['id']}").status_code == 404


def test_a_webhook_subscription_tells_its_secret_once(api: Api, account: PagerDutyAccount) -> None:
    method = {"type": "http_delivery_method", "url": "https://example.com/hook"}
    method["custom_headers"] = [{"name": "X-Key", "value": "hidden"}]  # type: ignore[assignment]
    service = {"type": "service_reference", "id": api.id("services", "Database")}
    body = {"type": "webhook_subscription", "delivery_method": method, "filter": service}
    body["events"] = ["incident.triggered", "incident.resolved"]
    path = "/webhook_subscriptions"
    for wrong in (
        {"events": []},
        {"events": ["incident.sneezed"]},
        {"filter": {"type": "service_reference", "id": "P"}},
    ):
        assert api.refused("POST", path, {"webhook_subscription": {**body, **wrong}})[:2] == [
            400,
            2001,
        ]
    answer = api.send("POST", path, {"webhook_subscription": body})
    made = answer.json()["webhook_subscription"]
    assert (answer.status_code, made["active"], len(made["delivery_method"]["secret"])) == (
        200,
        True,
        64,
    )
    place = f"{path}/{made['id']}"
    shown = api.get(place)["webhook_subscription"]["delivery_method"]
    assert (shown["secret"], shown["custom_headers"]) == (
        None,
        [{"name": "X-Key", "value": "<redacted>"}],
    )
    assert (
        len(api.get(path, filter_type="service", filter_id=service["id"])["webhook_subscriptions"])
        == 1
    )
    assert api.get(path, filter_type="team")["webhook_subscriptions"] == []
    change = {"webhook_subscription": {"active": False, "description": "off"}}
    assert api.send("PUT", place, change).json()["webhook_subscription"]["active"] is False
    account.catalog["webhook_subscriptions"][made["id"]]["delivery_method"][
        "temporarily_disabled"
    ] = True
    enabled = api.send("POST", place + "/enable").json()["webhook_subscription"]
    assert enabled["delivery_method"]["temporarily_disabled"] is False
    assert api.send("POST", place + "/ping").status_code == 202
    assert [p["subscription_id"] for p in account.pings] == [made["id"]]
    assert api.send("DELETE", place).status_code == 204
    assert api.send("POST", place + "/ping").status_code == 404


def test_extensions_but_no_slack_through_the_api(api: Api) -> None:
    schemas = {s["key"]: s["id"] for s in api.get("/extension_schemas")["extension_schemas"]}
    assert (
        api.get(f"/extension_schemas/{schemas['slack']}")["extension_schema"]["label"]
        == "Slack V2"
    )
    service = {"type": "service_reference", "id": api.id("services", "Database")}
    schema = {"type": "extension_schema_reference", "id": schemas["generic_v2_webhook"]}
    body = {
        "name": "Hook",
        "endpoint_url": "https://example.com/x",
        "extension_objects": [service],
    }
    body["extension_schema"] = schema  # type: ignore[assignment]
    slack = {**body, "extension_schema": {**schema, "id": schemas["slack"]}}
    assert "Slack" in api.refused("POST", "/extensions", {"extension": slack})[2]
    assert api.refused("POST", "/extensions", {"extension": {"name": "x"}})[2:] == [
        "Extension objects can't be blank",
        "Extension schema can't be blank",
    ]
    made = api.send("POST", "/extensions", {"extension": body}).json()["extension"]
    place = f"/extensions/{made['id']}"
    whole = api.get(place, include__=["extension_schemas", "extension_objects"])["extension"]
    assert whole["extension_schema"]["key"] == "generic_v2_webhook"
    assert len(api.get("/extensions", extension_object_id=service["id"])["extensions"]) == 1
    assert (
        api.send("PUT", place, {"extension": {**body, "name": "Hook 2"}}).json()["extension"][
            "name"
        ]
        == "Hook 2"
    )
    assert api.send("POST", place + "/enable").status_code == 200
    assert api.send("DELETE", place).status_code == 204


def test_a_workflow_run_stands_in_the_incidents_log(api: Api, account: PagerDutyAccount) -> None:
    incident = account.trigger("Database", "x")
    (workflow,) = api.get("/incident_workflows", query="major", include__=["steps"])[
        "incident_workflows"
    ]
    path = f"/incident_workflows/{workflow['id']}/instances"
    body = {
        "incident_workflow_instance": {
            "incident": {"id": incident.id, "type": "incident_reference"}
        }
    }
    run = api.send("POST", path, body, sender=None)
    assert run.status_code == 201
    assert run.json()["incident_workflow_instance"]["incident"]["id"] == incident.id
    assert incident.entries[-1].summary == "Incident workflow Major incident started"
    wrong = {
        "incident_workflow_instance": {"incident": {"id": "Q0", "type": "incident_reference"}}
    }
    assert api.refused("POST", path, wrong)[0] == 400
    made = api.send("POST", "/incident_workflows", {"incident_workflow": {"name": "Second"}})
    place = f"/incident_workflows/{made.json()['incident_workflow']['id']}"
    assert api.send("GET", place).status_code == 201
    api.send("PUT", place, {"incident_workflow": {"is_enabled": False}})
    assert "disabled" in api.refused("POST", place + "/instances", body)[2]
    triggers = "/incident_workflows/triggers"
    trigger = {
        "type": "workflow_trigger",
        "trigger_type": "manual",
        "workflow": {"id": workflow["id"]},
    }
    one = api.send(
        "POST", triggers, {"trigger": {**trigger, "is_subscribed_to_all_services": True}}
    ).json()["trigger"]
    assert (
        api.refused("POST", triggers, {"trigger": {**trigger, "trigger_type": "conditional"}})[0]
        == 400
    )
    for _ in range(2):
        api.send("POST", triggers, {"trigger": trigger})
    page = api.get(triggers, limit=2)
    rest = api.get(triggers, limit=2, cursor=page["next_cursor"])
    assert [len(page["triggers"]), len(rest["triggers"]), rest["next_cursor"]] == [2, 1, None]
    assert [t["id"] for t in api.get(triggers, incident_id=incident.id)["triggers"]] == [one["id"]]
    assert api.send("GET", f"{triggers}/{one['id']}").status_code == 200
    assert api.send("DELETE", f"{triggers}/{one['id']}").status_code == 204
    assert api.send("DELETE", place).status_code == 200


def test_past_related_and_outlier_incidents(api: Api, account: PagerDutyAccount) -> None:
    past = account.trigger("Database", "Disk 7 full")
    account.resolve(past)
    account.trigger("Database", "Something else")
    incident, near = (
        account.trigger("Database", "Disk 8 full"),
        account.trigger("Storefront", "Pages slow"),
    )
    place = f"/incidents/{incident.id}"
    found = api.get(place + "/past_incidents", total="true")
    assert [(r["incident"]["id"], r["score"]) for r in found["past_incidents"]] == [
        (past.id, 100.0)
    ]
    assert [
        r["incident"]["id"] for r in api.get(place + "/related_incidents")["related_incidents"]
    ] == [near.id]
    outlier = api.get(place + "/outlier_incident")["outlier_incident"]
    assert outlier["incident"]["occurrence"]["category"] == "rare"
    assert outlier["incident_template"]["mined_text"] == "Disk <*> full"
    assert api.send("GET", "/incidents/Q0/past_incidents").status_code == 404


def test_change_events_come_through_the_events_api(api: Api, account: PagerDutyAccount) -> None:
    key = next(
        i
        for i in account.catalog["integrations"].values()
        if i["name"] == "Database Events API v2"
    )
    payload = {
        "summary": "Deployed 1.2",
        "source": "ci",
        "timestamp": iso(START - 60),
        "custom_details": {"sha": "1"},
    }
    event = {
        "routing_key": key["key"],
        "payload": payload,
        "links": [{"href": "http://x", "text": "build"}],
    }

    def enqueue(**more: Any) -> int:
        return api.send(
            "POST", "/v2/change/enqueue", {**event, **more}, token="", sender=None
        ).status_code

    assert enqueue() == 202
    assert enqueue(payload={"summary": " "}) == 400
    assert enqueue(payload={"summary": "x" * 1025}) == 400
    assert enqueue(payload={"summary": "x", "timestamp": "noon"}) == 400
    (change,) = api.get("/change_events", integration_ids__=key["id"])["change_events"]
    assert (change["summary"], change["timestamp"], change["links"][0]["text"]) == (
        "Deployed 1.2",
        iso(START - 60),
        "build",
    )
    assert api.get(f"/change_events/{change['id']}")["change_event"]["custom_details"] == {
        "sha": "1"
    }
    assert api.get("/change_events", team_ids__=api.id("teams", "Web"))["change_events"] == []
    assert api.get("/change_events", since=iso(START))["change_events"] == []
    assert len(api.get(f"/services/{key['service_id']}/change_events")["change_events"]) == 1
    incident = account.trigger("Database", "x")
    (row,) = api.get(f"/incidents/{incident.id}/related_change_events")["change_events"]
    assert (row["id"], row["correlation_reason"]["reason"]) == (change["id"], "most_recent")


def test_business_services_and_what_hits_them(api: Api, account: PagerDutyAccount) -> None:
    team = {"id": api.id("teams", "Web")}
    body = {"name": "Paying", "description": "Money", "point_of_contact": "Ada", "team": team}
    answer = api.send("POST", "/business_services", {"business_service": body})
    assert answer.status_code == 200
    id = answer.json()["business_service"]["id"]
    assert "taken" in api.refused("POST", "/business_services", {"business_service": body})[2]
    assert api.get(f"/business_services/{id}")["business_service"]["team"]["id"] == team["id"]
    api.send(
        "PUT", f"/business_services/{id}", {"business_service": {"description": "All the money"}}
    )
    assert [s["name"] for s in api.get("/business_services")["business_services"]] == [
        "Paying",
        "Shopping",
    ]
    incident = account.trigger("Database", "x")
    place = f"/incidents/{incident.id}/business_services"
    assert api.send("PUT", f"{place}/{id}/impacts", {"relation": "impacted"}).json() == {
        "relation": "impacted"
    }
    assert {s["name"]: s["status"] for s in api.get(place + "/impacts")["services"]} == {
        "Shopping": "not_impacted",
        "Paying": "impacted",
    }
    assert api.send("DELETE", f"/business_services/{id}").status_code == 204


def test_incident_types_stand_beside_incidents(api: Api) -> None:
    body = {"name": "outage", "display_name": "Outage", "parent_type": "incident_default"}
    made = api.send("POST", "/incidents/types", {"incident_type": body})
    assert made.status_code == 201
    assert [t["name"] for t in api.get("/incidents/types")["incident_types"]] == [
        "incident_default",
        "outage",
    ]
    assert api.get("/incidents/types", filter="disabled")["incident_types"] == []
    wrong = {**body, "name": "x", "parent_type": "nothing"}
    assert api.refused("POST", "/incidents/types", {"incident_type": wrong})[2:] == [
        "Parent type could not be found"
    ]


def test_analytics_are_computed_from_what_happened(api: Api, account: PagerDutyAccount) -> None:
    one = account.trigger("Database", "one", priority="P1")
    api.server.clock.advance(60)
    account.acknowledge(one, "Ada Lovelace")
    api.server.clock.advance(240)
    account.resolve(one, "Ada Lovelace")
    account.trigger("Storefront", "two", urgency="low")

    def metrics(path: str, **fields: Any) -> Any:
        return api.send("POST", f"/analytics/metrics/incidents/{path}", fields).json()["data"]

    (whole,) = metrics("all")
    assert (whole["total_incident_count"], whole["mean_seconds_to_first_ack"]) == (2, 60)
    assert (whole["mean_seconds_to_resolve"], whole["p95_seconds_to_resolve"]) == (300, 300)
    assert {row["service_name"]: row["total_incident_count"] for row in metrics("services")} == {
        "Database": 1,
        "Storefront": 1,
    }
    assert metrics("all", filters={"urgency": "low"})[0]["mean_seconds_to_resolve"] is None
    assert metrics("all", filters={"major": True})[0]["total_incident_count"] == 1
    assert metrics("all", filters={"created_at_start": iso(START + 9999)}) == []
    (day,) = metrics("all", aggregate_unit="day", time_zone="Europe/Paris")
    assert day["range_start"] == "2023-11-14T00:00:00+01:00"
    raw = {"order": "asc", "limit": 1}
    first = api.send("POST", "/analytics/raw/incidents", raw).json()
    rest = api.send(
        "POST", "/analytics/raw/incidents", {**raw, "starting_after": first["last"]}
    ).json()
    assert [first["data"][0]["id"], first["more"], rest["more"]] == [one.id, True, False]
    assert (rest["data"][0]["status"], rest["data"][0]["resolved_at"]) == ("triggered", None)
    assert first["data"][0]["acknowledged_user_names"] == ["Ada Lovelace"]
    assert api.refused("POST", "/analytics/raw/incidents", {**raw, "limit": 1001})[0] == 400
    assert (
        api.refused("POST", "/analytics/metrics/incidents/all", {"aggregate_unit": "year"})[0]
        == 400
    )


def test_a_status_pages_post_needs_an_update_and_maintenance_its_times(
    api: Api, account: PagerDutyAccount
) -> None:
    page = account.find("status_pages", "Acme status")
    path, other = f"/status_pages/{page['id']}/posts", {"id": "P0", "type": "status_page"}
    update = {
        "type": "status_page_post_update",
        "message": "m",
        "impacted_services": [],
        "notify_subscribers": False,
    }
    update["post"] = {"id": page["id"], "type": "status_page_post"}
    update["status"] = {"id": page["statuses"][0]["id"], "type": "status_page_status"}
    update["severity"] = {"id": page["severities"][1]["id"], "type": "status_page_severity"}
    update["update_frequency_ms"] = None
    body = {
        "type": "status_page_post",
        "title": "Down",
        "post_type": "incident",
        "starts_at": None,
        "ends_at": None,
    }
    body = {**body, "status_page": {"id": page["id"], "type": "status_page"}, "updates": [update]}
    for wrong in (
        {"updates": []},
        {"title": "x" * 129},
        {"post_type": "maintenance"},
        {"status_page": other},
        {"updates": [{**update, "status": other}]},
    ):
        assert api.refused("POST", path, {"post": {**body, **wrong}})[:2] == [400, 2001]
    made = api.send("POST", path, {"post": body}).json()["post"]
    assert [len(made["updates"]), len(api.get(path, post_type="maintenance")["posts"])] == [1, 0]


def test_a_template_is_rendered_for_an_incident(api: Api, account: PagerDutyAccount) -> None:
    fields = {"message": "{{incident.title}} on {{incident.service.name}}: {{ nonsense }}"}
    body = {"template_type": "status_update", "name": "T", "templated_fields": fields}
    made = api.send("POST", "/templates", {"template": body}).json()["template"]
    incident = account.trigger("Database", "Slow")
    answer = api.send(
        "POST", f"/templates/{made['id']}/render", {"incident_id": incident.id}
    ).json()
    assert answer["templated_fields"]["message"] == "Slow on Database: "
    assert answer["warnings"]["message"] == ["Unknown field nonsense"]


def test_maintenance_cover_and_deployments_can_be_played_from_outside(
    api: Api, account: PagerDutyAccount
) -> None:
    assert account.call("maintain", {"service": "Database", "seconds": 60})["sequence_number"] == 1
    assert account.is_silent(api.id("services", "Database"))
    api.server.clock.advance(60)
    assert not account.is_silent(api.id("services", "Database"))
    account.call("cover", {"schedule": "Platform rotation", "user": "Mei Tanaka", "seconds": 600})
    incident = account.trigger("Database", "x")
    assert [u for u, _ in incident.assignees] == [api.id("users", "Mei Tanaka")]
    account.call("deploy", {"service": "Database", "summary": "1.2"})
    assert [c["summary"] for c in api.get("/change_events")["change_events"]] == ["1.2"]


def test_alerts_move_to_another_open_incident(api: Api, account: PagerDutyAccount) -> None:
    source, target = account.trigger("Database", "a"), account.trigger("Database", "b")
    alert = source.alerts[0]
    row = {
        "id": alert.id,
        "type": "alert",
        "incident": {"id": target.id, "type": "incident_reference"},
    }
    answer = api.send("PUT", f"/incidents/{source.id}/alerts", {"alerts": [row]})
    assert [a["incident"]["id"] for a in answer.json()["alerts"]] == [target.id]
    assert (len(source.alerts), len(target.alerts)) == (0, 2)
    assert api.refused("PUT", f"/incidents/{source.id}/alerts", {"alerts": [row]})[0] == 400
    closing = [{"id": a.id, "type": "alert", "status": "resolved"} for a in list(target.alerts)]
    api.send("PUT", f"/incidents/{target.id}/alerts", {"alerts": closing})
    assert target.status == "resolved", "with its last alert the incident is over"
