"""The sandbox's PagerDuty takes users, teams, services, policies, schedules and windows as the
real one does."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest
from sandbox_api import START, Api

from sandbox.clock import iso
from sandbox.pagerduty import PagerDutyAccount
from sandbox.pagerduty.rota import shifts

HOUR, DAY = 3600, 86400


def made(api: Api, path: str, wrapper: str, status: int = 201, **fields: Any) -> Dict[str, Any]:
    answer = api.send("POST", path, {wrapper: fields})
    assert answer.status_code == status, answer.text
    found: Dict[str, Any] = answer.json()[wrapper]
    return found


def changed(api: Api, path: str, wrapper: str, **fields: Any) -> Dict[str, Any]:
    answer = api.send("PUT", path, {wrapper: fields})
    assert answer.status_code == 200, answer.text
    found: Dict[str, Any] = answer.json()[wrapper]
    return found


def gone(api: Api, path: str) -> bool:
    deleted = api.send("DELETE", path)
    assert deleted.status_code == 204, deleted.text
    return api.send("GET", path).status_code == 404


def ref(api: Api, kind: str, name: str) -> Dict[str, str]:
    single = {"escalation_policies": "escalation_policy"}.get(kind, kind[:-1])
    return api.reference(kind, name, single + "_reference")


def layer(api: Api, *names: str, **fields: Any) -> Dict[str, Any]:
    users = [{"user": ref(api, "users", name)} for name in names]
    whole = {
        "start": iso(START),
        "rotation_virtual_start": iso(START),
        "rotation_turn_length_seconds": DAY,
    }
    return {**whole, "users": users, **fields}


def test_every_error_of_a_body_is_told_at_once(api: Api) -> None:
    body = {
        "user": {
            "type": "person",
            "email": "nobody",
            "role": "king",
            "name": "x" * 101,
            "time_zone": "Mars",
        }
    }
    found = api.refused("POST", "/users", body)
    assert found == [
        400,
        2001,
        "Type must be user",
        "Name is too long (maximum is 100 characters)",
        "Email is invalid",
        "Time zone is not a valid time zone",
        found[6],
    ]
    assert found[6].startswith("Role is not included in the list")
    assert api.refused("POST", "/users", {"nothing": 1})[:2] == [400, 2001]
    assert api.refused("POST", "/services", {"service": {"type": "service"}})[2:] == [
        "Name can't be blank",
        "Escalation policy can't be blank",
    ]


def test_a_user_comes_with_a_contact_and_a_rule_and_goes_when_nobody_needs_them(
    api: Api, account: PagerDutyAccount
) -> None:
    user = made(
        api, "/users", "user", type="user", name="Tim", email="tim@example.com", role="user"
    )
    assert [m["type"] for m in user["contact_methods"]] == ["email_contact_method_reference"]
    assert len(user["notification_rules"]) == 1
    again = {"user": {"type": "user", "name": "Tom", "email": "TIM@example.com"}}
    assert api.refused("POST", "/users", again)[2:] == ["Email has already been taken"]
    assert api.send("POST", "/users", again, sender="nobody@example.com").status_code == 400
    assert (
        changed(
            api, f"/users/{user['id']}", "user", type="user", name="Tim B", email=user["email"]
        )["job_title"]
        is None
    )
    assert api.get(
        f"/users/{user['id']}", include__=["contact_methods", "notification_rules", "teams"]
    )
    account.trigger("Storefront", "x")
    assert "incidents" in api.refused("DELETE", f"/users/{api.id('users', 'Mei Tanaka')}")[2]
    assert (
        "escalation policy"
        in api.refused("DELETE", f"/users/{api.id('users', 'Ada Lovelace')}")[2]
    )
    assert "schedule" in api.refused("DELETE", f"/users/{api.id('users', 'Linus Example')}")[
        2
    ].replace("policy", "schedule")
    assert gone(api, f"/users/{user['id']}")
    facts = [f.kind for f in api.server.journal.facts_of("pagerduty", subject=user["id"])]
    assert facts == ["user_created", "user_updated", "user_deleted"]


def test_contact_methods_and_notification_rules_of_a_user(api: Api) -> None:
    place = f"/users/{api.id('users', 'Ada Lovelace')}"
    phone = {"type": "phone_contact_method", "label": "Mobile", "address": "5551234"}
    methods = place + "/contact_methods"
    assert api.refused("POST", methods, {"contact_method": phone})[2:] == [
        "Country code can't be blank"
    ]
    method = made(api, methods, "contact_method", **phone, country_code=44)
    assert api.refused("POST", methods, {"contact_method": {**phone, "country_code": 44}})[2:] == [
        "User contact method must be unique"
    ]
    assert (
        api.refused(
            "POST", methods, {"contact_method": {**phone, "address": "+44 5", "country_code": 44}}
        )[0]
        == 400
    )
    for type_, extra in (
        ("sms_contact_method", {"country_code": 1}),
        ("whatsapp_contact_method", {"country_code": 1}),
        ("push_notification_contact_method", {}),
    ):
        made(api, methods, "contact_method", type=type_, label="x", address="5550000", **extra)
    assert len(api.get(methods)["contact_methods"]) == 5
    one = f"{methods}/{method['id']}"
    assert (
        changed(api, one, "contact_method", **{**phone, "label": "Work", "country_code": 44})[
            "label"
        ]
        == "Work"
    )
    rules = place + "/notification_rules"
    rule = {"type": "assignment_notification_rule", "start_delay_in_minutes": 5, "urgency": "low"}
    rule["contact_method"] = {"id": method["id"], "type": "phone_contact_method_reference"}
    assert api.refused("POST", rules, {"notification_rule": {"start_delay_in_minutes": 1}})[
        2:
    ] == [
        "Type must be assignment_notification_rule",
        "Contact method can't be blank",
        "Urgency can't be blank",
    ]
    own = made(api, rules, "notification_rule", **rule)
    assert "unique" in api.refused("POST", rules, {"notification_rule": rule})[2]
    assert [
        r["id"]
        for r in api.get(rules, urgency="low", include__="contact_methods")["notification_rules"]
    ] == [own["id"]]
    changed(api, f"{rules}/{own['id']}", "notification_rule", **{**rule, "urgency": "high"})
    assert api.get(f"{rules}/{own['id']}")["notification_rule"]["urgency"] == "high"
    other = f"/users/{api.id('users', 'Mei Tanaka')}/notification_rules/{own['id']}"
    assert api.send("GET", other).status_code == 404
    assert api.get(one)["contact_method"]["address"] == "5551234"
    assert gone(api, one)
    assert api.send("GET", f"{rules}/{own['id']}").status_code == 404, "its rules go with it"
    rest = api.get(rules)["notification_rules"][0]
    assert gone(api, f"{rules}/{rest['id']}")
    default = api.get(methods)["contact_methods"][0]
    assert api.refused("DELETE", f"{methods}/{default['id']}")[0] == 400


def test_team_members_have_roles_and_can_be_removed(api: Api) -> None:
    team = made(api, "/teams", "team", type="team", name="Night", description="who watches")
    assert api.refused("POST", "/teams", {"team": {"type": "team", "name": "night"}})[2:] == [
        "Name has already been taken"
    ]
    place, olu = f"/teams/{team['id']}", api.id("users", "Olu Adeyemi")
    assert api.send("PUT", f"{place}/users/{olu}", {"role": "responder"}).status_code == 204
    assert api.send("PUT", f"{place}/users/{api.id('users', 'Ada Lovelace')}").status_code == 204
    assert api.send("PUT", f"{place}/users/{olu}", {"role": "king"}).status_code == 400
    assert api.send("PUT", f"{place}/users/PNOSUCH", {"role": "manager"}).status_code == 404
    members = api.get(f"{place}/members", include__="users")["members"]
    assert {m["user"]["name"]: m["role"] for m in members} == {
        "Olu Adeyemi": "responder",
        "Ada Lovelace": "manager",
    }
    assert api.send("DELETE", f"{place}/users/{olu}").status_code == 204
    assert api.send("DELETE", f"{place}/users/{olu}").status_code == 404
    assert [m["user"]["summary"] for m in api.get(f"{place}/members")["members"]] == [
        "Ada Lovelace"
    ]
    policy = f"{place}/escalation_policies/{api.id('escalation_policies', 'Web escalation')}"
    assert api.send("PUT", policy).status_code == 204
    assert "escalation policies" in api.refused("DELETE", place)[2]
    assert api.send("DELETE", policy).status_code == 204
    assert api.send("DELETE", policy).status_code == 404
    assert changed(api, place, "team", type="team", name="Nights")["name"] == "Nights"
    assert gone(api, place)


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


def test_a_schedule_renders_rotation_restrictions_and_overrides(api: Api) -> None:
    night = {
        "type": "daily_restriction",
        "start_time_of_day": "20:00:00",
        "duration_seconds": 12 * HOUR,
    }
    start = "2023-11-20T08:00:00Z"
    turns = {"start": start, "rotation_virtual_start": start, "rotation_turn_length_seconds": DAY}
    layers = [
        layer(api, "Ada Lovelace", "Grace Hopper", **turns),
        layer(api, "Mei Tanaka", restrictions=[night], **turns),
    ]
    body = {
        "type": "schedule",
        "name": "Night watch",
        "time_zone": "UTC",
        "schedule_layers": layers,
    }
    schedule = made(api, "/schedules", "schedule", **body)
    assert schedule["final_schedule"]["rendered_schedule_entries"] == []
    place = f"/schedules/{schedule['id']}"
    span = {"since": "2023-11-20T08:00:00Z", "until": "2023-11-22T08:00:00Z"}

    def entries(part: str = "final_schedule") -> List[Tuple[str, str, str]]:
        found = api.get(place, **span)["schedule"][part]["rendered_schedule_entries"]
        return [(e["user"]["summary"].split()[0], e["start"][8:13], e["end"][8:13]) for e in found]

    assert entries() == [
        ("Ada", "20T08", "20T20"),
        ("Mei", "20T20", "21T08"),
        ("Grace", "21T08", "21T20"),
        ("Mei", "21T20", "22T08"),
    ]
    whole = api.get(place, **span)["schedule"]
    assert [p["rendered_coverage_percentage"] for p in whole["schedule_layers"]] == [100.0, 50.0]
    override = {
        "start": "2023-11-20T10:00:00Z",
        "end": "2023-11-20T22:00:00Z",
        "user": ref(api, "users", "Olu Adeyemi"),
    }
    wrong = {**override, "end": "2023-11-20T09:00:00Z"}
    rows = api.send("POST", place + "/overrides", {"overrides": [override, wrong]}).json()
    assert [row["status"] for row in rows] == [201, 400]
    assert entries()[:3] == [
        ("Ada", "20T08", "20T10"),
        ("Olu", "20T10", "20T22"),
        ("Mei", "20T22", "21T08"),
    ]
    assert entries("overrides_subschedule") == [("Olu", "20T10", "20T22")]
    listed = api.send("GET", place + "/overrides", **span)
    assert (listed.status_code, len(listed.json()["overrides"])) == (201, 1)
    api.server.clock.set(START + 6 * DAY)
    one = f"{place}/overrides/{rows[0]['override']['id']}"
    api.server.clock.set(1_700_481_600)  # 2023-11-20T12:00Z
    assert [
        u["name"]
        for u in api.get(place + "/users", since=iso(1_700_481_600), until=iso(1_700_481_700))[
            "users"
        ]
    ] == ["Olu Adeyemi"]
    assert api.send("DELETE", one).status_code == 200, "one that has begun ends now"
    assert entries()[1] == ("Olu", "20T10", "20T12")
    assert api.send("DELETE", one).status_code == 400
    assert api.send("DELETE", place + "/overrides/QNOSUCH").status_code == 404
    future = {**override, "start": "2023-11-25T10:00:00Z", "end": "2023-11-25T11:00:00Z"}
    kept = api.send("POST", place + "/overrides", {"overrides": [future]}).json()[0]["override"][
        "id"
    ]
    assert api.send("DELETE", f"{place}/overrides/{kept}").status_code == 204


def test_schedules_are_checked_changed_previewed_and_deleted(api: Api) -> None:
    body = {
        "type": "schedule",
        "name": "S",
        "time_zone": "Europe/Paris",
        "schedule_layers": [layer(api, "Ada Lovelace")],
    }
    for wrong in (
        {"time_zone": "Mars/Base"},
        {"schedule_layers": []},
        {"schedule_layers": [layer(api)]},
        {"schedule_layers": [layer(api, "Ada Lovelace", rotation_turn_length_seconds=60)]},
        {"schedule_layers": [layer(api, "Ada Lovelace", start="soon")]},
        {
            "schedule_layers": [
                layer(api, "Ada Lovelace", restrictions=[{"type": "weekly_restriction"}])
            ]
        },
    ):
        assert api.refused("POST", "/schedules", {"schedule": {**body, **wrong}})[:2] == [
            400,
            2001,
        ]
    shown = api.send(
        "POST", "/schedules/preview", {"schedule": body}, since=iso(START), until=iso(START + DAY)
    )
    assert len(shown.json()["schedule"]["final_schedule"]["rendered_schedule_entries"]) == 1
    schedule = made(api, "/schedules", "schedule", **body)
    place = f"/schedules/{schedule['id']}"
    assert changed(api, place, "schedule", **{**body, "name": "T"})["name"] == "T"
    parts = api.get("/schedules", query="T", include__=["final_schedule"], since=iso(START))[
        "schedules"
    ]
    assert "final_schedule" in parts[0]
    assert gone(api, place)
    assert (
        "used by escalation policies"
        in api.refused("DELETE", f"/schedules/{api.id('schedules', 'Platform rotation')}")[2]
    )


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25)])
def test_a_hand_over_keeps_its_hour_when_the_clocks_change(day: str, hours: int) -> None:
    from dateutil import parser, tz

    zone = tz.gettz("Europe/Paris")
    start = int(parser.isoparse("2024-01-01T09:00:00").replace(tzinfo=zone).timestamp())
    turn = {
        "id": "1",
        "user_ids": ["a", "b"],
        "start": start,
        "end": None,
        "virtual_start": start,
        "turn": DAY,
    }
    schedule = {"time_zone": "Europe/Paris", "layers": [turn], "overrides": []}
    night = int(parser.isoparse(day + "T05:00:00").replace(tzinfo=zone).timestamp())
    (shift,) = shifts(schedule, night, night)
    assert shift.end - shift.start == hours * HOUR
    assert shifts(schedule, shift.end, shift.end)[-1].start == shift.end
    assert len({s.user_id for s in shifts(schedule, shift.start, shift.end)}) == 2


def test_weekly_restrictions_cover_part_of_a_week() -> None:
    weekend = {
        "type": "weekly_restriction",
        "start_day_of_week": 6,
        "start_time_of_day": "00:00:00",
    }
    layer_ = {"user_ids": ["a"], "start": 0, "end": None, "virtual_start": 0, "turn": 7 * DAY}
    schedule = {"layers": [{**layer_, "restrictions": [{**weekend, "duration_seconds": 2 * DAY}]}]}
    monday = 1_700_438_400
    found = [(s.start, s.end) for s in shifts(schedule, monday, monday + 7 * DAY - 1)]
    assert sum(e - s for s, e in found) == 2 * DAY
    assert found[0][0] == monday + 5 * DAY


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


def test_notifications_are_listed_by_time_and_kind(api: Api, account: PagerDutyAccount) -> None:
    account.trigger("Storefront", "x")
    span = {"since": iso(START - 5), "until": iso(START + 5)}
    (row,) = api.get("/notifications", **span)["notifications"]
    assert (row["type"], row["address"], row["user"]["summary"]) == (
        "email_notification",
        "mei@example.com",
        "Mei Tanaka",
    )
    assert api.get("/notifications", **span, filter="sms_notification")["notifications"] == []
    assert api.refused("GET", "/notifications")[0] == 400
    assert (
        api.refused("GET", "/notifications", since=iso(START - 100 * DAY), until=iso(START))[0]
        == 400
    )
