"""The log of the sandbox's PagerDuty: which entries a change writes, when they come into sight,
what they hold; what an incident shows then."""

from __future__ import annotations

from typing import Any, List

from sandbox_api import START, Api

from sandbox.clock import iso
from sandbox.pagerduty import (
    PagerDutyAccount,
)


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
