"""What the sandbox's PagerDuty answers fits PagerDuty's OpenAPI document; what does not fit is
found."""

# flake8: noqa: W503

from __future__ import annotations

import openapi
import pytest
from sandbox_api import Api

from sandbox.pagerduty import (
    PagerDutyAccount,
)


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
