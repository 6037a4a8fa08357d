"""The sandbox's PagerDuty takes users with their contacts and notification rules, and members of
teams, as the real one does."""

# flake8: noqa: W503

from __future__ import annotations

from sandbox_api import START, Api
from sandbox_catalog import DAY, changed, gone, made

from sandbox.clock import iso
from sandbox.pagerduty import (
    PagerDutyAccount,
)


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


def test_users_are_searched_by_name_and_e_mail(api: Api) -> None:
    assert [u["name"] for u in api.get("/users", query="lovel")["users"]] == ["Ada Lovelace"]
    assert [u["name"] for u in api.get("/users", query="ada@")["users"]] == ["Ada Lovelace"]
    assert [s["name"] for s in api.get("/services", query="bill")["services"]] == ["Billing Jobs"]
    assert [p["name"] for p in api.get("/priorities")["priorities"]] == [
        "P1",
        "P2",
        "P3",
        "P4",
        "P5",
    ]
    service = api.get("/services", query="Checkout", include__="integrations")["services"][0]
    assert len(service["integrations"][0]["integration_key"]) == 32
