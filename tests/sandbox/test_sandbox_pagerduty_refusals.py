"""What the sandbox's PagerDuty refuses and answers as PagerDuty's documentation (its page Errors)
and OpenAPI say, where it once did not."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from sandbox_api import Api
from webhook_hook import Hook, subscribe

from sandbox.pagerduty.account import PagerDutyAccount


def change(api: Api, incident: Any, **fields: Any) -> List[Any]:
    body = {"incident": {"type": "incident_reference", **fields}}
    answer = api.send("PUT", f"/incidents/{incident.id}", body)
    error = answer.json().get("error", {})
    return [answer.status_code, error.get("code"), error.get("message")]


TAKEN = [200, None, None]
ACKNOWLEDGED = [400, 1002, "Incident Already Acknowledged"]


@pytest.mark.parametrize(
    ("switch", "answer", "entries"),
    [("refused", ACKNOWLEDGED, 1), ("taken", TAKEN, 1), ("again", TAKEN, 2)],
)
def test_a_second_acknowledgement_of_one_person(
    api: Api, account: PagerDutyAccount, switch: str, answer: List[Any], entries: int
) -> None:
    """Error code 1002; whether PagerDuty refuses it is open."""
    account.set_switches(second_acknowledge=switch)
    incident = account.trigger("Checkout API", "x")
    assert change(api, incident, status="acknowledged") == TAKEN
    assert change(api, incident, status="acknowledged") == answer
    found = [e for e in incident.entries if e.type == "acknowledge"]
    assert (len(found), len(incident.acknowledgers)) == (entries, 1)
    account.acknowledge(incident, "grace@example.com")
    assert len(incident.acknowledgers) == 2


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [
        ({"status": "closed"}, 1003, "Invalid Status Provided"),
        ({"escalation_level": 99}, 1006, "Cannot Escalate"),
        ({"assignments": [{"assignee": {"id": "PX"}}]}, 1007, "Assigned To User Not Found"),
        ({"escalation_policy": {"id": "PX"}}, 1014, "Escalation Policy Not Found"),
        ({"priority": None}, 1020, "Invalid Priority"),
        ({"priority": "P77"}, 1020, "Invalid Priority"),
        ({"priority": {"id": "PX", "type": "priority"}}, 1020, "Invalid Priority"),
    ],
)
def test_what_an_update_can_not_be_has_its_own_code_and_text(
    api: Api, account: PagerDutyAccount, fields: Dict[str, Any], code: int, text: str
) -> None:
    incident = account.trigger("Checkout API", "x", priority="P2")
    assert change(api, incident, **fields) == [400, code, text]
    assert incident.priority_id
    assert len(incident.entries) == 3


def test_a_resolved_incident_says_so(api: Api, account: PagerDutyAccount) -> None:
    incident = account.trigger("Checkout API", "x")
    account.resolve(incident)
    resolved = [400, 1001, "Incident Already Resolved"]
    assert change(api, incident, status="resolved") == resolved
    answer = api.send("POST", f"/incidents/{incident.id}/snooze", {"duration": 60}).json()
    assert answer["error"]["code"] == 1001


def test_other_codes_that_the_documentation_names(api: Api, account: PagerDutyAccount) -> None:
    incident = account.trigger("Checkout API", "x")
    path = f"/incidents/{incident.id}"
    assert api.refused("POST", path + "/snooze", {"duration": 0})[:2] == [400, 1013]
    assert api.refused("POST", path + "/notes", {}, sender="x@example.com")[:2] == [400, 1008]
    assert api.refused("GET", "/log_entries", since="yesterday")[:2] == [400, 2004]
    since = "2020-01-01T00:00:00Z"
    assert api.refused("GET", "/incidents", since=since)[:2] == [400, 2005]
    account.set_options(rate_limit=0)
    answer = api.send("GET", "/abilities")
    assert answer.status_code == 429
    assert answer.json()["error"] == {"message": "Rate Limit Exceeded", "code": 2020}


def merge(api: Api, target: Any, *sources: Any) -> Any:
    rows = [{"id": one.id, "type": "incident_reference"} for one in sources]
    return api.send("PUT", f"/incidents/{target.id}/merge", {"source_incidents": rows})


def test_a_merge_answers_a_reference_and_a_second_one_is_refused(
    api: Api, account: PagerDutyAccount
) -> None:
    """OpenAPI, mergeIncidents: `incident` is an IncidentReference. Error code 1019."""
    target, source, other = (account.trigger("Checkout API", title) for title in "tso")
    shown = merge(api, target, source).json()["incident"]
    assert set(shown) == {"id", "type", "summary", "self", "html_url"}
    assert shown["type"] == "incident_reference"
    entries = len(target.entries)
    again = merge(api, target, other, source)
    assert (again.status_code, again.json()["error"]["code"]) == (400, 1019)
    assert again.json()["error"]["message"] == "Incident Already Merged"
    assert (other.is_open, len(target.entries)) == (True, entries)
    account.resolve(target)
    assert merge(api, target, other).json()["error"]["code"] == 1001


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/incidents", "cats"),
        ("/incidents", "custom_fields"),
        ("/incidents/{id}", "body"),
        ("/log_entries", "users"),
        ("/users", "cats"),
        ("/oncalls", "teams"),
    ],
)
def test_include_takes_only_the_words_of_the_document(
    api: Api, account: PagerDutyAccount, path: str, word: str
) -> None:
    """OpenAPI: `include[]` is a closed list for each path."""
    path = path.replace("{id}", account.trigger("Checkout API", "x").id)
    refused = api.refused("GET", path, include__=word)
    assert refused == [400, 2001, f"include[] is invalid: {word}"]


def test_a_user_is_found_by_part_of_the_e_mail(api: Api) -> None:
    """It is documented for names alone, so what is found is no proof of a name."""
    found = api.get("/users", query="ADA@exam")["users"]
    assert [user["name"] for user in found] == ["Ada Lovelace"]


@pytest.mark.parametrize("kind", ["field_value_change", ""])
def test_another_conference_bridge_may_leave_an_entry_and_sends_its_webhook(
    api: Api, account: PagerDutyAccount, hook: Hook, kind: str
) -> None:
    api.server.courier.pause()
    account.set_switches(bridge_entry=kind)
    subscribe(api, hook.url, ["incident.conference_bridge.updated"])
    incident = account.trigger("Checkout API", "x")
    before = len(incident.entries)
    change(api, incident, conference_bridge={"conference_url": "https://meet.example/1"})
    assert [e.type for e in incident.entries[before:]] == ([kind] if kind else [])
    api.server.courier.carry_due()
    if kind:
        assert [e["event_type"] for e in hook.events] == ["incident.conference_bridge.updated"]
        shown = api.get("/log_entries", include__="channels", limit=1)["log_entries"][0]
        (field,) = shown["channel"]["changeset"]["application_fields"]
        assert (field["name"], field["value"]) == ("conference_bridge", "https://meet.example/1")
