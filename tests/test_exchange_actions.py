"""Every plain REST action against the sandbox: success, refused input, 404, 401, 429, 500, bad JSON, no answer in time.

A row of `TABLE` is a success: the parameters (made from the sandbox's account) and what the result must hold. The
rest is derived from the row. Each request and answer is held against PagerDuty's contract (actions_world).
"""

from __future__ import annotations

import re
import time
from typing import Any, Callable, Dict, NamedTuple

from actions_world import ActionsTestCase, metadata
from pack_files import files, load

Parameters = Dict[str, Any]


class Row(NamedTuple):
    parameters: Callable[[ActionsTestCase], Parameters]
    holds: Callable[[Any], bool]


def incident(test: ActionsTestCase, title: str = "Disk full") -> str:
    return str(test.account.trigger("Checkout API", title).id)


def policy(test: ActionsTestCase) -> str:
    return test.id("escalation_policies", "Payments escalation")


def service(test: ActionsTestCase) -> str:
    return test.id("services", "Storefront")


def team(test: ActionsTestCase) -> str:
    return test.id("teams", "Payments")


def user(test: ActionsTestCase) -> str:
    return test.id("users", "Ada Lovelace")


def schedule(test: ActionsTestCase) -> str:
    return test.id("schedules", "Platform rotation")


def integration(test: ActionsTestCase) -> Parameters:
    found = next(iter(test.account.catalog["integrations"].values()))
    return {"entity_id": found["service_id"], "resource_id": found["id"]}


def window(test: ActionsTestCase) -> str:
    made = test.done(
        "maintenance_window.create.simple", start_time="now", end_time="2h", service_id=service(test), description="x"
    )
    return str(made["id"])


def contact_method(test: ActionsTestCase) -> Parameters:
    made = test.done(
        "user.create_contact_method.simple",
        entity_id=user(test),
        type="email_contact_method",
        label="Home",
        address="ada.home@example.com",
    )
    return {"entity_id": user(test), "resource_id": made["contact_method"]["id"]}


def notification_rule(test: ActionsTestCase) -> Parameters:
    method = contact_method(test)
    made = test.done(
        "user.create_notification_rule.simple",
        entity_id=user(test),
        contact_method_id=method["resource_id"],
        contact_method_type="email_contact_method",
    )
    return {"entity_id": user(test), "resource_id": made["notification_rule"]["id"]}


def entry(test: ActionsTestCase) -> str:
    incident(test)
    return str(test.done("log_entry.find")[0]["id"])


def new_policy(test: ActionsTestCase) -> Parameters:
    rule = {"escalation_delay_in_minutes": 30, "targets": [{"id": user(test), "type": "user_reference"}]}
    return {"data": {"name": "Night", "escalation_rules": [rule]}}


def new_schedule(test: ActionsTestCase) -> Parameters:
    layer = {
        "start": "2026-11-22T09:00:00Z",
        "rotation_virtual_start": "2026-11-22T09:00:00Z",
        "rotation_turn_length_seconds": 86400,
        "users": [{"user": user(test)}],
    }
    return {"data": {"name": "Nights", "time_zone": "Europe/Berlin", "schedule_layers": [layer]}}


def one(make: Callable[[ActionsTestCase], str], **more: Any) -> Callable[[ActionsTestCase], Parameters]:
    return lambda test: {"entity_id": make(test), **more}


def fixed(**parameters: Any) -> Callable[[ActionsTestCase], Parameters]:
    return lambda test: dict(parameters)


def nobody(test: ActionsTestCase) -> str:
    return str(test.done("user.create.simple", name="Nobody", email="nobody@example.com")["id"])


def alone(test: ActionsTestCase) -> str:
    return str(test.done("escalation_policy.create", **new_policy(test))["id"])


def key(**wanted: Any) -> Callable[[Any], bool]:
    return lambda result: all(result[name] == value for name, value in wanted.items())


def listed(result: Any) -> bool:
    return isinstance(result, list) and bool(result) and all(isinstance(row, dict) for row in result)


DELETED = {"deleted": True}.__eq__
SUCCESS = {"success": True}.__eq__
IN = "2026-11-22T09:00:00Z"
OUT = "2026-11-22T11:00:00Z"

TABLE: Dict[str, Row] = {
    "escalation_policy.create": Row(new_policy, key(name="Night", type="escalation_policy")),
    "escalation_policy.delete": Row(one(alone), DELETED),
    "escalation_policy.find": Row(fixed(query="Payments", include=["teams"]), listed),
    "escalation_policy.find_services": Row(one(policy), lambda r: listed(r) and r[0]["type"] == "service"),
    "escalation_policy.get": Row(one(policy), key(name="Payments escalation")),
    "incident.acknowledge": Row(one(incident), lambda r: r["incident"]["status"] == "acknowledged"),
    "incident.create.rest_v2": Row(
        lambda t: {"data": {"title": "Slow", "service": service(t), "urgency": "low"}},
        key(title="Slow", urgency="low", type="incident"),
    ),
    "incident.create.rest_v2.simple": Row(lambda t: {"title": "Slow", "service_id": service(t)}, key(title="Slow")),
    "incident.create_note": Row(one(incident, content="Looking"), key(content="Looking")),
    "incident.find": Row(lambda t: {"statuses": ["triggered"], "user_ids": incident(t) and []}, listed),
    "incident.find_alerts": Row(one(incident), listed),
    "incident.find_log_entries": Row(one(incident), listed),
    "incident.find_notes": Row(one(incident), lambda r: r == []),
    "incident.get": Row(one(incident), key(title="Disk full", type="incident")),
    "incident.merge": Row(
        lambda t: {"entity_id": incident(t), "source_incidents": [incident(t, "Disk fuller")]}, key(title="Disk full")
    ),
    "incident.reassign": Row(
        lambda t: {"entity_id": incident(t), "user_ids": [t.id("users", "Mei Tanaka")]},
        lambda r: [a["assignee"]["summary"] for a in r["incident"]["assignments"]] == ["Mei Tanaka"],
    ),
    "incident.resolve": Row(one(incident), lambda r: r["incident"]["status"] == "resolved"),
    "incident.snooze": Row(
        lambda t: {"entity_id": t.done("incident.acknowledge", entity_id=incident(t))["incident"]["id"]},
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
        lambda t: {"start_time": IN, "end_time": OUT, "service_id": service(t)}, key(type="maintenance_window")
    ),
    "maintenance_window.delete": Row(one(window), DELETED),
    "maintenance_window.find": Row(lambda t: {"filter": "open" if window(t) else ""}, listed),
    "maintenance_window.get": Row(one(window), key(description="x")),
    "notification.find": Row(lambda t: {"include": ["users"] if incident(t) else []}, lambda r: isinstance(r, list)),
    "on_call.find": Row(lambda t: {"schedule_ids": [schedule(t)]}, listed),
    "schedule.create": Row(new_schedule, key(name="Nights", time_zone="Europe/Berlin")),
    "schedule.delete": Row(lambda t: {"entity_id": t.done("schedule.create", **new_schedule(t))["id"]}, DELETED),
    "schedule.find": Row(fixed(query="platform"), listed),
    "schedule.get": Row(one(schedule), key(name="Platform rotation")),
    "schedule.get_on_call": Row(one(schedule), lambda r: len(r["users"]) == 1),
    "service.create": Row(
        lambda t: {"data": {"name": "New", "escalation_policy": policy(t)}}, key(name="New", type="service")
    ),
    "service.create.simple": Row(
        lambda t: {"name": "New", "escalation_policy_id": policy(t)},
        lambda r: r["description"] != "None" and r["auto_resolve_timeout"] == 14400,
    ),
    "service.delete": Row(one(service), DELETED),
    "service.find": Row(fixed(query="store"), listed),
    "service.find_integrations": Row(
        lambda t: {"entity_id": integration(t)["entity_id"]}, lambda r: listed(r) and "integration_key" in r[0]
    ),
    "service.get": Row(one(service), key(name="Storefront")),
    "service.get_integrations": Row(integration, lambda r: r["id"].startswith("P")),
    "team.add_escalation_policy": Row(lambda t: {"entity_id": team(t), "escalation_policy": alone(t)}, SUCCESS),
    "team.add_user": Row(lambda t: {"entity_id": team(t), "user": t.id("users", "Mei Tanaka")}, SUCCESS),
    "team.create": Row(fixed(data={"name": "Blue"}), key(name="Blue", type="team")),
    "team.create.simple": Row(fixed(name="Blue"), key(name="Blue", description=None)),
    "team.delete": Row(lambda t: {"entity_id": t.done("team.create.simple", name="Blue")["id"]}, DELETED),
    "team.find": Row(fixed(query="pay"), listed),
    "team.get": Row(one(team), key(name="Payments")),
    "team.remove_escalation_policy": Row(lambda t: {"entity_id": team(t), "escalation_policy": policy(t)}, SUCCESS),
    "team.remove_user": Row(
        lambda t: {
            "entity_id": team(t),
            "user": nobody_in_team(t),
        },
        SUCCESS,
    ),
    "user.create": Row(fixed(data={"name": "Eve", "email": "eve@example.com"}), key(name="Eve", type="user")),
    "user.create.simple": Row(fixed(name="Eve", email="eve@example.com"), key(email="eve@example.com")),
    "user.create_contact_method": Row(
        lambda t: {
            "entity_id": user(t),
            "data": {"type": "sms_contact_method", "label": "Mobile", "address": "1701234567", "country_code": 49},
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
                "contact_method": {"id": contact_method(t)["resource_id"], "type": "email_contact_method_reference"},
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
    "user.find_contact_methods": Row(lambda t: {"entity_id": contact_method(t)["entity_id"]}, listed),
    "user.find_notification_rules": Row(lambda t: {"entity_id": notification_rule(t)["entity_id"]}, listed),
    "user.get": Row(one(user), key(name="Ada Lovelace")),
    "user.get_contact_method": Row(contact_method, key(label="Home")),
    "user.get_notification_rule": Row(notification_rule, key(urgency="high")),
}


def nobody_in_team(test: ActionsTestCase) -> str:
    id = nobody(test)
    test.done("team.add_user", entity_id=team(test), user=id)
    return id


def test_each_plain_rest_action_has_a_row() -> None:
    rest = {path.stem for path in files("actions") if load(path)["entry_point"] == "pagerduty_rest.py"}
    assert rest == set(TABLE)


class TableTestCase(ActionsTestCase):
    def check(self, name: str) -> None:
        parameters = TABLE[name].parameters(self)
        self.trouble(name, parameters)
        result = self.done(name, **parameters)
        assert TABLE[name].holds(result), result

    def trouble(self, name: str, parameters: Parameters) -> None:
        """What PagerDuty did not carry out, and did not answer, is one line."""
        words = {n: p["default"] for n, p in metadata(name)["parameters"].items() if p.get("immutable")}
        method, path = words["endpoint"].split(" ")
        faults = self.server.faults
        for status, word in ((401, "api_key"), (404, "(404)"), (429, "too many requests"), (500, "trouble (500)")):
            faults.add("status", status=status, method=method)
            assert word in self.refused(name, **parameters)
            faults.clear()
        for kind, word in (("bad_json", "no JSON"), ("freeze", "no answer in time")):
            faults.add(kind, method=method, path="^" + re.sub(r"\{\w+\}", "[^/]+", path) + r"(\?|$)", done=False)
            self.settings["timeouts"] = {"connect": 1, "read": 0.1}
            line = self.refused(name, **parameters)
            self.settings["timeouts"] = {"connect": 1, "read": 5}
            once = method == "POST" and not words.get("repeatable") and path != "/incidents"
            tries = 1 if once or words.get("repeatable") is False else 4
            for _ in range(200):  # the last try may still be on its way
                if faults.listing()[0]["hits"] == tries:
                    break
                time.sleep(0.01)
            assert faults.listing()[0]["hits"] == tries
            faults.clear()
            assert word in line
            assert not once or "look before you repeat it" in line


def _add(name: str) -> None:
    def test(self: TableTestCase) -> None:
        self.check(name)

    setattr(TableTestCase, "test_" + re.sub(r"\W", "_", name), test)


for _name in TABLE:
    _add(_name)


class RefusedInputTestCase(ActionsTestCase):
    """Nothing is sent, whatever is wrong."""

    def test_a_missing_or_odd_id_is_told_for_each_action_that_takes_one(self) -> None:
        for name in TABLE:
            specs = metadata(name)["parameters"]
            ids = re.findall(r"\{(\w+)\}", specs["endpoint"]["default"])
            for parameter in ids:
                for text in ("None", "", "../users/me", "P1?x=1", "P1#", "a b", None):
                    line = self.refused(name, **{**dict.fromkeys(ids, "PABC123"), parameter: text})
                    assert f"{parameter}: " in line, (name, text, line)
        assert self.sent() == []

    def test_without_a_sender_those_that_need_one_say_so(self) -> None:
        self.settings["from_email"] = None
        for name in TABLE:
            if metadata(name)["parameters"].get("needs_from"):
                assert "from_email: is missing" in self.refused(name)
        assert self.sent() == []

    def test_every_required_parameter_is_named_at_once(self) -> None:
        for name in TABLE:
            specs = metadata(name)["parameters"]
            required = [n for n, spec in specs.items() if spec.get("required") and "default" not in spec]
            if required:
                line = self.refused(name)
                assert all(f"{n}: is missing" in line for n in required), line
        assert self.sent() == []

    def test_odd_words_times_and_texts_are_told(self) -> None:
        wrong = {
            "include": "nonsense",
            "since": "banana",
            "until": "10/11",
            "time_zone": "<b>",
            "user_ids": "a b",
            "statuses": "open",
            "urgencies": "high,loud",
            "maximum": 0,
            "from_email": "nobody",
        }
        for name in TABLE:
            specs = metadata(name)["parameters"]
            given = {n: value for n, value in wrong.items() if n in specs and not specs[n].get("immutable")}
            if given:
                line = self.refused(name, **given)
                assert all(re.search(rf"\b{n}(\[\d\])?: ", line) for n in given), line
        assert self.sent() == []
