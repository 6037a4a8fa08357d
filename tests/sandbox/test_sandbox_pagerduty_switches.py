"""The sandbox's PagerDuty, each of `Switches` at a time: what PagerDuty's documentation leaves
open can be had any way."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import pytest
import requests
from sandbox_api import START, Api
from webhook_hook import Hook, subscribe

from sandbox.clock import Clock, iso
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import PagerDutyServer, Switches
from sandbox.pagerduty.account import PagerDutyAccount
from sandbox.pagerduty.switches import JITTER_SECONDS, draw

EVERY = ["incident.triggered", "incident.acknowledged", "incident.resolved", "incident.reopened"]


def logged(api: Api, **query: Any) -> List[str]:
    """Types of the account's log, oldest first."""
    rows = api.get("/log_entries", limit=100, **query)["log_entries"]
    return [row["type"] for row in reversed(rows)]


def test_switches_are_given_at_construction_or_by_http_and_an_unknown_one_is_refused() -> None:
    clock = Clock(START)
    server = PagerDutyServer(SandboxJournal(clock), clock, switches=Switches(reopen="assign"))
    assert server.account.switches.reopen == "assign"
    with server:
        url = server.url + "/_sandbox/account"
        body = {"do": "set_switches", "args": {"webhooks_doubled": True}}
        shown = requests.post(url, json=body, timeout=60).json()["result"]
        assert shown == {**server.account.switches._asdict(), "webhooks_doubled": True}
        assert server.account.switches.reopen == "assign"
        with pytest.raises(KeyError):
            server.account.set_switches(no_such=1)


def test_a_draw_is_the_same_for_a_seed_and_reaches_each_value() -> None:
    drawn = [draw(seed) for seed in range(60)]
    assert drawn == [draw(seed) for seed in range(60)]
    for name in Switches._fields:
        assert len({getattr(one, name) for one in drawn}) >= 2, name


@pytest.mark.parametrize(
    ("reopen", "types"),
    [
        ("assign", ["assign_log_entry"]),
        ("trigger", ["trigger_log_entry", "assign_log_entry", "notify_log_entry"]),
        ("reopen", ["reopen_log_entry", "assign_log_entry", "notify_log_entry"]),
    ],
)
def test_a_reopen_looks_as_its_switch_says(
    api: Api, account: PagerDutyAccount, hook: Hook, reopen: str, types: List[str]
) -> None:
    """The type of its log entry is published nowhere, its webhook is documented."""
    account.set_switches(reopen=reopen)
    incident = account.trigger("Checkout API", "x")
    account.resolve(incident, "ada@example.com")
    subscribe(api, hook.url, EVERY)
    api.server.clock.advance(1)
    before = len(logged(api))
    api.put(incident, status="triggered")
    assert logged(api)[before:] == types
    entry = api.get("/log_entries", limit=100)["log_entries"][len(types) - 1]
    assert entry["agent"]["summary"] == "Ada Lovelace"
    if reopen == "assign":
        assert [one["type"] for one in entry["assignees"]] == ["user_reference"]
    api.server.courier.pause()
    api.server.courier.carry_due()
    assert {event["event_type"] for event in hook.events} == {"incident.reopened"}


def test_a_trigger_is_not_told_as_a_reopen_where_reopens_look_like_triggers(
    api: Api, account: PagerDutyAccount, hook: Hook
) -> None:
    account.set_switches(reopen="trigger")
    subscribe(api, hook.url, EVERY)
    api.server.courier.pause()
    account.trigger("Checkout API", "x")
    api.server.courier.carry_due()
    assert [event["event_type"] for event in hook.events] == ["incident.triggered"]


def test_each_entry_of_a_log_that_lags_comes_into_sight_by_its_own_chance(
    api: Api, account: PagerDutyAccount
) -> None:
    account.set_switches(log_lag_seconds=20)
    incident = account.trigger("Checkout API", "x")
    for number in range(5):
        account.annotate(incident, str(number))
    seen = []
    for _ in range(21):
        seen.append(len(logged(api)))
        api.server.clock.advance(1)
    assert seen[0] < 8
    assert seen[-1] == len(incident.entries) == 8
    assert len(set(seen)) > 3
    assert {e.created_at for e in incident.entries} == {START}


def test_a_list_that_lags_shows_what_was_and_one_incident_what_is(
    api: Api, account: PagerDutyAccount
) -> None:
    def listed(**query: Any) -> Dict[str, Any]:
        rows = api.get("/incidents", date_range="all", **query)["incidents"]
        return {row["title"]: row["status"] for row in rows}

    old = account.trigger("Checkout API", "old")
    api.server.clock.advance(60)
    account.set_switches(list_lag_seconds=5)
    account.acknowledge(old)
    new = account.trigger("Checkout API", "new", key="mine")
    assert (listed(), listed(incident_key="mine")) == ({"old": "triggered"}, {})
    assert api.get(f"/incidents/{old.id}")["incident"]["status"] == "acknowledged"
    api.server.clock.advance(5)
    assert listed() == {"old": "acknowledged", "new": "triggered"}
    account.resolve(old)
    assert listed(statuses__="resolved") == {}
    assert listed() == {"old": "acknowledged", "new": "triggered"}
    api.server.clock.advance(4)
    account.resolve(new)
    api.server.clock.advance(1)
    assert listed() == {"old": "resolved", "new": "triggered"}
    account.set_switches(list_lag_seconds=0)
    assert listed() == {"old": "resolved", "new": "resolved"}


@pytest.mark.parametrize("inclusive", [True, False])
def test_since_takes_its_own_second_in_or_not(
    api: Api, account: PagerDutyAccount, inclusive: bool
) -> None:
    account.set_switches(since_inclusive=inclusive)
    incident = account.trigger("Checkout API", "x", user="Ada Lovelace")
    api.server.clock.advance(1)
    account.annotate(incident, "later")
    begun = logged(api, since=iso(START))
    assert ("trigger_log_entry" in begun) is inclusive
    assert begun[-1] == "annotate_log_entry"
    own = api.get(f"/incidents/{incident.id}/log_entries", since=iso(START + 1))["log_entries"]
    assert len(own) == inclusive


@pytest.mark.parametrize("key", ["disk", None])
def test_an_event_is_taken_at_once_and_done_late(
    api: Api, account: PagerDutyAccount, key: Optional[str]
) -> None:
    account.set_switches(events_lag_seconds=3)
    integration = next(iter(account.catalog["integrations"].values()))

    def send(action: str, dedup_key: Optional[str]) -> str:
        payload = {"summary": "Disk full", "source": "db1", "severity": "critical"}
        body = {"routing_key": integration["key"], "event_action": action, "payload": payload}
        if dedup_key:
            body["dedup_key"] = dedup_key
        answer = api.send("POST", "/v2/enqueue", body)
        assert answer.status_code == 202
        return str(answer.json()["dedup_key"])

    used = send("trigger", key)
    assert used == send("trigger", used)
    assert api.get("/incidents", date_range="all")["incidents"] == []
    api.server.clock.advance(3)
    (incident,) = api.get("/incidents", date_range="all", incident_key=used)["incidents"]
    assert (incident["status"], incident["created_at"]) == ("triggered", iso(START + 3))
    send("resolve", used)
    assert api.get(f"/incidents/{incident['id']}")["incident"]["status"] == "triggered"
    api.server.clock.advance(3)
    assert api.get(f"/incidents/{incident['id']}")["incident"]["status"] == "resolved"


@pytest.mark.parametrize(
    ("bulk", "status", "done"),
    [("refused", 400, False), ("rest", 400, True), ("taken", 200, True)],
)
def test_a_bulk_change_with_one_that_is_resolved_already(
    api: Api, account: PagerDutyAccount, bulk: str, status: int, done: bool
) -> None:
    """OpenAPI, PUT /incidents, 200: "All of the updates succeeded"; what else is open."""
    account.set_switches(bulk=bulk)
    one, other = (account.trigger("Checkout API", title) for title in "ab")
    account.resolve(one)
    rows = [{"id": i.id, "type": "incident", "status": "resolved"} for i in (one, other)]
    answer = api.send("PUT", "/incidents", {"incidents": rows})
    assert answer.status_code == status
    assert (other.status == "resolved") is done
    if status == 400:
        assert answer.json()["error"]["code"] == 1001
    assert len([e for e in one.entries if e.type == "resolve"]) == 1


def deliveries(
    api: Api, account: PagerDutyAccount, hook: Hook, **switches: Any
) -> List[List[str]]:
    """Of a trigger, an acknowledgement and a resolve at once: what came by each second."""
    api.server.courier.pause()
    account.set_switches(**switches)
    subscribe(api, hook.url, EVERY)
    incident = account.trigger("Checkout API", "x")
    account.acknowledge(incident)
    account.resolve(incident)
    came = []
    for _ in range(10):
        api.server.courier.carry_due()
        came.append([event["event_type"].partition(".")[2] for event in hook.events])
        api.server.clock.advance(1)
    return came


LIFE = ["triggered", "acknowledged", "resolved"]


def test_webhooks_come_twice(api: Api, account: PagerDutyAccount, hook: Hook) -> None:
    """Duplicates share `X-Webhook-Id`."""
    came = deliveries(api, account, hook, webhooks_doubled=True)[-1]
    assert came == [word for word in LIFE for _ in range(2)]
    assert len({headers["X-Webhook-Id"] for headers, _ in hook.calls}) == 3


def test_webhooks_come_late(api: Api, account: PagerDutyAccount, hook: Hook) -> None:
    came = deliveries(api, account, hook, webhooks_delay_seconds=4)
    assert came[3] == []
    assert came[4] == LIFE


def test_webhooks_overtake_each_other(api: Api, account: PagerDutyAccount, hook: Hook) -> None:
    came = deliveries(api, account, hook, webhooks_reordered=True, seed=3)
    assert sorted(came[int(JITTER_SECONDS) + 1]) == sorted(LIFE)
    assert came[-1] != LIFE


def test_webhooks_go_out_late_in_real_time_too(
    api: Api, account: PagerDutyAccount, hook: Hook
) -> None:
    from sandbox.waiting import until

    api.server.courier._pause = 0.01
    account.set_switches(webhooks_delay_seconds=30)
    subscribe(api, hook.url, EVERY)
    account.trigger("Checkout API", "x")
    assert hook.calls == []
    api.server.clock.advance(30)
    assert until(lambda: len(hook.calls) == 1)
