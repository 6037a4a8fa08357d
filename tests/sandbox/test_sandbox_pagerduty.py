"""The sandbox's PagerDuty answers as the real one does, by measurements and the OpenAPI
document."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, List

import openapi
import pytest
import requests
from sandbox_api import START, Api

from sandbox.clock import iso
from sandbox.pagerduty import (
    API_KEY,
    OAUTH_TOKEN,
    READ_ONLY_KEY,
    USER_TOKEN,
    PagerDutyAccount,
)

MONTH = 30 * 86400


def types(account: PagerDutyAccount, incident: Any) -> List[str]:
    return [entry.type for entry in incident.entries]


def test_a_trigger_is_followed_at_once_by_assignment_and_notification(
    api: Api, account: PagerDutyAccount
) -> None:
    account.trigger(
        "Checkout API",
        "Disk full",
        priority="P1",
        details={"disk": "sda"},
        links=[{"href": "http://x"}],
    )
    rows = api.get("/log_entries", include__=["incidents", "channels"])["log_entries"]
    assert [r["type"] for r in rows] == [
        "notify_log_entry",
        "assign_log_entry",
        "trigger_log_entry",
    ]
    assert {r["created_at"] for r in rows} == {iso(START)}
    assert {r["agent"]["type"] for r in rows} == {"service_reference"}
    trigger = rows[2]
    assert trigger["channel"]["details"] == {"disk": "sda"}
    assert trigger["contexts"] == [{"type": "link", "href": "http://x"}]
    incident = trigger["incident"]
    assert (incident["status"], incident["priority"]["name"], incident["resolved_at"]) == (
        "triggered",
        "P1",
        None,
    )
    assert "channel" in api.get("/log_entries")["log_entries"][2]
    assert "details" not in api.get("/log_entries")["log_entries"][2]["channel"]


def test_while_triggered_the_last_status_change_moves_with_every_update(
    api: Api, account: PagerDutyAccount
) -> None:
    incident = account.trigger("Checkout API", "x")
    api.server.clock.advance(60)
    account.set_urgency(incident, "low")
    shown = api.get(f"/incidents/{incident.id}")["incident"]
    assert shown["last_status_change_at"] == shown["updated_at"] == iso(START + 60)
    account.acknowledge(incident)
    api.server.clock.advance(60)
    account.set_title(incident, "y")
    shown = api.get(f"/incidents/{incident.id}")["incident"]
    assert (shown["last_status_change_at"], shown["updated_at"]) == (
        iso(START + 60),
        iso(START + 120),
    )


def test_incidents_default_to_those_created_within_a_month(
    api: Api, account: PagerDutyAccount
) -> None:
    old = account.trigger("Checkout API", "old")
    api.server.clock.advance(MONTH + 60)
    new = account.trigger("Checkout API", "new")

    def ids(**query: Any) -> List[str]:
        return [i["id"] for i in api.get("/incidents", **query)["incidents"]]

    assert ids() == [new.id]
    assert ids(date_range="all") == [old.id, new.id]
    assert ids(since=iso(START - 5), until=iso(START + 5)) == [old.id]
    assert api.refused("GET", "/incidents", since="2020-01-01T00:00:00Z")[:2] == [400, 2005]


def test_incidents_are_filtered_and_sorted(api: Api, account: PagerDutyAccount) -> None:
    one = account.trigger("Checkout API", "one", urgency="low", key="k1")
    two = account.trigger("Database", "two")
    three = account.trigger("Storefront", "three")
    account.acknowledge(two)
    account.resolve(three)

    def titles(**query: Any) -> List[str]:
        return [i["title"] for i in api.get("/incidents", **query)["incidents"]]

    assert titles(statuses__=["triggered", "acknowledged"]) == ["one", "two"]
    assert titles(statuses__="resolved") == ["three"]
    assert titles(urgencies__="low") == ["one"]
    assert titles(service_ids__=[two.service_id, three.service_id]) == ["two", "three"]
    assert titles(team_ids__=api.id("teams", "Payments")) == ["one"]
    assert titles(user_ids__=api.id("users", "Ada Lovelace")) == ["one"]
    assert titles(user_ids__=api.id("users", "Mei Tanaka")) == []
    assert titles(incident_key="k1") == [one.title]
    assert titles(sort_by="incident_number:desc") == ["three", "two", "one"]
    assert titles(sort_by="urgency:asc,incident_number:desc") == ["three", "two", "one"]
    assert api.refused("GET", "/incidents", sort_by="updated_at")[0] == 400
    assert api.refused("GET", "/incidents", sort_by="urgency,created_at,incident_number")[0] == 400
    assert api.refused("GET", "/incidents", statuses__="open")[0] == 400


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 101},
        {"limit": 0},
        {"limit": 100, "offset": 9901},
        {"total": "True"},
        {"limit": "x"},
    ],
)
@pytest.mark.parametrize("path", ["/incidents", "/log_entries"])
def test_paging_beyond_the_limits_is_refused(api: Api, path: str, query: Dict[str, Any]) -> None:
    assert api.refused("GET", path, **query)[:2] == [400, 2001]


def test_total_is_null_unless_asked_for(api: Api, account: PagerDutyAccount) -> None:
    account.storm(5)
    page = api.get("/incidents", limit=2, offset=2)
    assert (page["limit"], page["offset"], page["total"], page["more"]) == (2, 2, None, True)
    assert [i["incident_number"] for i in page["incidents"]] == [3, 4]
    page = api.get("/incidents", limit=2, offset=4, total="true")
    assert (page["total"], page["more"]) == (5, False)


def test_rows_are_skipped_when_the_account_changes_between_pages(
    api: Api, account: PagerDutyAccount
) -> None:
    account.storm(4)
    first = api.get("/incidents", statuses__="triggered", limit=2)["incidents"]
    account.resolve(1)
    second = api.get("/incidents", statuses__="triggered", limit=2, offset=2)["incidents"]
    assert [i["incident_number"] for i in first + second] == [1, 2, 4]


def test_the_log_is_newest_first_within_since_and_until_and_teams(
    api: Api, account: PagerDutyAccount
) -> None:
    account.options.notify = False
    first = account.trigger("Checkout API", "one")
    api.server.clock.advance(10)
    second = account.trigger("Storefront", "two")
    account.annotate(second, "n")

    def entries(**query: Any) -> List[str]:
        return [
            e["type"] + e["incident"]["id"]
            for e in api.get("/log_entries", **query)["log_entries"]
        ]

    newest = ["annotate_log_entry" + second.id, "trigger_log_entry" + second.id]
    assert entries() == [*newest, "trigger_log_entry" + first.id]
    assert entries(since=iso(START + 1)) == newest
    assert entries(since=iso(START - 1), until=iso(START + 10)) == ["trigger_log_entry" + first.id]
    assert entries(team_ids__=api.id("teams", "Web")) == newest
    assert entries(since="2023-11-14T17:13:29-05:00") == newest
    assert api.refused("GET", "/log_entries", since="yesterday")[0] == 400
    account.set_switches(until_inclusive=True)
    assert len(entries(until=iso(START + 10))) == 3


def test_entries_can_come_into_sight_late(api: Api, account: PagerDutyAccount) -> None:
    incident = account.trigger("Checkout API", "x")
    account.log_late(20, types=("acknowledge",), times=1)
    account.acknowledge(incident)
    account.annotate(incident, "seen at once")

    def seen() -> List[str]:
        return [e["type"] for e in api.get("/log_entries", total="true")["log_entries"]]

    assert "acknowledge_log_entry" not in seen()
    assert api.get("/log_entries", total="true")["total"] == 4
    late = incident.entries[3]
    assert api.refused("GET", f"/log_entries/{late.id}")[0] == 404
    api.server.clock.advance(20)
    assert seen()[1] == "acknowledge_log_entry"
    assert api.get(f"/log_entries/{late.id}")["log_entry"]["created_at"] == iso(START)


def test_every_change_writes_its_entry_and_a_true_fact(
    api: Api, account: PagerDutyAccount
) -> None:
    account.set_switches(reopen="come_back")
    incident = account.trigger("Checkout API", "x", user="Ada Lovelace")
    other = account.trigger("Checkout API", "y")
    born = len(incident.entries)
    account.acknowledge(incident, "Ada Lovelace")
    account.unacknowledge(incident)
    account.escalate(incident)
    account.reassign(incident, ["Mei Tanaka"])
    account.delegate(incident, "Web escalation")
    account.annotate(incident, "hello")
    account.set_priority(incident, "P2")
    account.set_urgency(incident, "low")
    account.set_title(incident, "z")
    account.snooze(incident, 600)
    account.status_update(incident, "we know")
    account.add_responder(incident, ["Olu Adeyemi"])
    account.respond(incident, "Olu Adeyemi")
    account.set_custom_fields(incident, {"env": "prod"})
    account.merge(incident, [other])
    account.resolve(incident, resolution="fixed")
    account.reopen(incident)
    expected = [
        "acknowledge",
        "unacknowledge",
        "notify",
        "escalate",
        "notify",
        "assign",
        "notify",
        "delegate",
        "notify",
    ]
    expected += [
        "annotate",
        "priority_change",
        "urgency_change",
        "field_value_change",
        "acknowledge",
        "snooze",
    ]
    expected += [
        "status_update",
        "responder_request",
        "responder_accepted",
        "custom_field_value_change",
        "link",
    ]
    expected += ["resolve", "come_back", "assign", "notify"]
    assert types(account, incident)[born:] == expected
    assert other.merged_into == incident.id
    shown = api.get(f"/incidents/{other.id}")["incident"]
    assert (shown["status"], shown["resolve_reason"]["incident"]["id"]) == (
        "resolved",
        incident.id,
    )
    facts = [f.kind for f in api.server.journal.facts_of("pagerduty", subject=incident.id)]
    assert facts == types(account, incident)
    resolved = next(e for e in incident.entries if e.type == "resolve")
    assert resolved.extra == {"note": "fixed"}


def test_an_odd_entry_can_have_any_type_and_nulls(api: Api, account: PagerDutyAccount) -> None:
    api.documented = False
    incident = account.trigger("Checkout API", "x")
    account.odd_entry(
        incident, "quantum_flux", agent=None, channel=None, assignees=None, flavour="charm"
    )
    entry = api.get("/log_entries", limit=1)["log_entries"][0]
    assert (entry["type"], entry["agent"], entry["channel"]) == (
        "quantum_flux_log_entry",
        None,
        None,
    )
    assert (entry["assignees"], entry["flavour"]) == (None, "charm")


def test_a_note_is_in_the_channel_of_its_entry_and_its_time_has_the_accounts_offset(
    api: Api, account: PagerDutyAccount
) -> None:
    incident = account.trigger("Checkout API", "x")
    account.annotate(incident, "on it")
    (note,) = api.get(f"/incidents/{incident.id}/notes")["notes"]
    assert (note["content"], note["created_at"]) == ("on it", "2023-11-14T17:13:20-05:00")
    entry = api.get(f"/incidents/{incident.id}/log_entries", include__="channels")["log_entries"][
        0
    ]
    assert entry["channel"] == {"type": "note", "summary": "on it"}


@pytest.mark.parametrize("path", ["/incidents", "/log_entries", "/users", "/nowhere"])
def test_wrong_tokens_are_refused_everywhere(api: Api, path: str) -> None:
    api.documented = False
    for token in ("", "Token token=wrong", "Bearer wrong", f"Token {API_KEY}", "Basic eA=="):
        assert api.refused("GET", path, token=token)[:2] == [401, 2006]


def test_tokens_and_their_rights(api: Api) -> None:
    assert api.send("GET", "/users", token=f"Bearer {OAUTH_TOKEN}").status_code == 200
    assert api.refused("GET", "/users/me")[0] == 400
    me = api.get("/users/me", token=f"Token token={USER_TOKEN}")["user"]
    assert me["email"] == "ada@example.com"
    assert api.refused("POST", "/incidents", {}, token=f"Token token={READ_ONLY_KEY}")[:2] == [
        403,
        2010,
    ]
    assert api.refused("GET", "/incidents/PNOSUCH")[:2] == [404, 2100]
    assert api.refused("GET", "/nowhere")[:2] == [404, 2100]


def test_writing_needs_the_email_of_a_user(api: Api, account: PagerDutyAccount) -> None:
    api.documented = False
    incident = account.trigger("Checkout API", "x")
    body = {"note": {"content": "hi"}}
    path = f"/incidents/{incident.id}/notes"
    assert api.refused("POST", path, body, sender=None)[:2] == [400, 2001]
    assert api.refused("POST", path, body, sender="who@example.com") == [
        400,
        1008,
        "Requester User Not Found",
    ]
    assert api.send("POST", path, body, sender="ADA@example.com").status_code == 200
    assert (
        api.send("POST", path, body, token=f"Token token={USER_TOKEN}", sender=None).status_code
        == 200
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


def test_the_rate_limit_is_told_and_kept(api: Api, account: PagerDutyAccount) -> None:
    account.options.rate_limit = 2
    headers = api.send("GET", "/users").headers
    assert (headers["ratelimit-limit"], headers["ratelimit-remaining"]) == ("2", "1")
    assert 1 <= int(headers["ratelimit-reset"]) <= 60
    api.send("GET", "/users")
    limited = api.send("GET", "/users")
    assert (limited.status_code, limited.json()["error"]["code"]) == (429, 2020)
    assert limited.headers["ratelimit-remaining"] == "0"
    assert api.send("GET", "/users", token=f"Bearer {OAUTH_TOKEN}").status_code == 200
    api.server.clock.advance(60)
    assert api.send("GET", "/users").status_code == 200
    account.options.rate_headers = False
    assert "ratelimit-limit" not in api.send("GET", "/users").headers


def test_faults_speak_as_pagerduty_does(api: Api) -> None:
    api.server.faults.add("status", status=429, retry_after=9, times=1)
    limited = api.send("GET", "/users")
    assert (limited.json()["error"]["code"], limited.headers["ratelimit-reset"]) == (2020, "9")
    api.server.faults.add("status", status=502, times=1)
    assert "html" in api.send("GET", "/users").headers["Content-Type"]


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


def test_on_call_follows_rotation_and_overrides(api: Api, account: PagerDutyAccount) -> None:
    rota = account.find("schedules", "Platform rotation")

    def who(**query: Any) -> List[Any]:
        rows = api.get("/oncalls", schedule_ids__=rota["id"], **query)["oncalls"]
        return [(r["user"]["summary"], r["start"], r["end"]) for r in rows]

    ((name, start, end),) = who()
    turn, hour = 7 * 86400, 3600
    begin = rota["layers"][0]["start"] + (START - rota["layers"][0]["start"]) // turn * turn
    begin += (
        hour  # The rotation began in summer time: its hand-over stays at one o'clock in London.
    )
    assert (start, end) == (iso(begin), iso(begin + turn))
    api.server.clock.advance(turn)
    assert who()[0][0] != name
    mei = api.id("users", "Mei Tanaka")
    rota["overrides"].append(
        {"user_id": mei, "start": START + turn - 60, "end": START + turn + 60}
    )
    assert who() == [("Mei Tanaka", iso(START + turn - 60), iso(START + turn + 60))]
    always = api.get(
        "/oncalls",
        user_ids__=mei,
        escalation_policy_ids__=api.id("escalation_policies", "Web escalation"),
    )
    assert [(r["schedule"], r["start"], r["escalation_level"]) for r in always["oncalls"]] == [
        (None, None, 1)
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


def test_the_account_can_be_driven_by_http(api: Api, account: PagerDutyAccount) -> None:
    def do(word: str, **args: Any) -> requests.Response:
        return requests.post(
            api.server.url + "/_sandbox/account", json={"do": word, "args": args}, timeout=5
        )

    made = do("trigger", service="Checkout API", title="x", priority="P3").json()["result"]
    assert made["priority"]["name"] == "P3"
    assert (
        do("acknowledge", incident=made["id"], user="Ada Lovelace").json()["result"]["status"]
        == "acknowledged"
    )
    assert do("truth").json()["result"][0]["acknowledgers"] == ["Ada Lovelace"]
    assert do("set_options", title_entry="").json()["result"]["title_entry"] == ""
    do("resolve", incident=1)
    assert do("resolve", incident=1).status_code == 400
    assert do("explode").status_code == 404
    assert do("acknowledge", incident="QX").status_code == 404


def test_ten_thousand_open_incidents_list_at_once(api: Api, account: PagerDutyAccount) -> None:
    account.options.notify = False
    account.storm(10_000)
    seen = set()
    for offset in (0, 4_900, 9_900):
        query = {
            "statuses[]": ["triggered", "acknowledged"],
            "date_range": "all",
            "limit": 100,
            "offset": offset,
        }
        answer = api.send("GET", "/incidents", total="true", **query)
        assert (
            answer.elapsed.total_seconds() < 5
        )  # seconds even under load; what looks at each pair takes a minute
        assert answer.json()["total"] == 10_000
        seen.update(i["id"] for i in answer.json()["incidents"])
    assert len(seen) == 300


@pytest.mark.skipif(not openapi.available(), reason="../shared/contracts is not there")
def test_what_the_sandbox_answers_fits_the_contract(api: Api, account: PagerDutyAccount) -> None:
    incident = account.trigger(
        "Checkout API", "x", details={"a": 1}, links=[{"href": "http://x"}], priority="P1"
    )
    by_hand = account.trigger(
        "Database", "y", user="Ada Lovelace", conference={"conference_url": "http://c"}
    )
    api.put(incident, status="acknowledged")
    api.put(incident, title="z", urgency="low")
    api.put(incident, escalation_level=2)
    ada = api.reference("users", "Ada Lovelace", "user_reference")
    api.send("POST", f"/incidents/{incident.id}/notes", {"note": {"content": "n"}})
    api.send("POST", f"/incidents/{incident.id}/snooze", {"duration": 60})
    api.send("POST", f"/incidents/{incident.id}/status_updates", {"message": "m", "subject": "s"})
    target = {"responder_request_target": ada}
    request = {"requester_id": ada["id"], "message": "help", "responder_request_targets": [target]}
    api.send("POST", f"/incidents/{incident.id}/responder_requests", request)
    fields = {"custom_fields": [{"name": "env", "value": "prod"}]}
    api.send("PUT", f"/incidents/{incident.id}/custom_fields/values", fields)
    merge = {"source_incidents": [{"id": by_hand.id, "type": "incident_reference"}]}
    api.send("PUT", f"/incidents/{incident.id}/merge", merge)
    account.odd_entry(incident, "never_seen")
    account.resolve(incident, resolution="done")
    account.reopen(incident)
    whole = [
        "acknowledgers",
        "agents",
        "assignees",
        "conference_bridge",
        "escalation_policies",
        "teams",
    ]
    whole += ["first_trigger_log_entries", "priorities", "services", "users"]
    api.get("/incidents", include__=whole, date_range="all", total="true")
    api.get(f"/incidents/{by_hand.id}")
    api.get(f"/incidents/{incident.id}", include__=[*whole, "custom_fields"])
    api.get(
        f"/incidents/{incident.id}/alerts",
        include__=["first_trigger_log_entries", "incidents", "services"],
    )
    api.get(f"/incidents/{incident.id}/notes")
    api.get("/log_entries", include__=["incidents", "channels", "services", "teams"], limit=100)
    api.get(f"/incidents/{incident.id}/log_entries", limit=100)
    for kind in ("users", "teams", "services", "escalation_policies", "schedules"):
        rows = api.get("/" + kind)[kind]
        api.get(f"/{kind}/{rows[0]['id']}")
    api.get("/services", include__=["integrations", "escalation_policies", "teams"])
    api.get("/escalation_policies", include__=["targets", "services", "teams"])
    api.get("/oncalls", include__=["users", "schedules", "escalation_policies"])
    api.get("/priorities")
    api.get("/abilities")
    api.send("GET", "/incidents/QNOSUCH")
    assert openapi.check_journal(api.server.journal) == []
    assert api.server.journal.count(status=200) > 25


@pytest.mark.skipif(not openapi.available(), reason="../shared/contracts is not there")
def test_the_contract_checker_finds_what_is_wrong() -> None:
    contract = openapi.contract("pagerduty")
    assert contract.request("GET", "/incidents", [("statuses[]", "open")])
    assert contract.request("GET", "/incidents", [("status", "triggered")])
    assert contract.request("GET", "/incidents", [("limit", "many")])
    assert contract.request("GET", "/no/such")
    assert contract.request(
        "POST", "/incidents", [], {"incident": {"type": "incident", "title": "x"}}, {"from": "a"}
    )
    assert contract.request("POST", "/incidents/Q1/notes", [], {"note": {"content": "x"}}, {})
    assert contract.request(
        "POST", "/incidents/Q1/notes", [], {"note": {"content": "x", "tpyo": 1}}, {"from": "a"}
    )
    assert (
        contract.request(
            "POST", "/incidents/Q1/notes", [], {"note": {"content": "x"}}, {"from": "a"}
        )
        == []
    )
    assert contract.answer("GET", "/incidents", 200, {"incidents": [{"status": "odd"}]})
    assert contract.answer(
        "GET", "/log_entries", 200, {"log_entries": [{"type": "x", "created_at": "today"}]}
    )
    assert contract.answer("GET", "/log_entries", 200, {})
    assert contract.answer("POST", "/incidents/Q1/snooze", 200, {})
