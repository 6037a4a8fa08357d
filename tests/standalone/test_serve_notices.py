"""What `serve` says of incidents that no rule posts, and which rules `route.explain` judged by."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from sandbox import Sandbox
from standalone.data_folder import AccountLock, is_served, remember_rules, remembered_rules
from standalone.errors import UserError
from standalone.pack_model import Rule
from standalone.unrouted import Unrouted

ROOT = Path(__file__).resolve().parents[2]


def incident_payload(event: str, service: str = "Billing", service_id: str = "PBILL") -> dict:
    incident = {"id": "Q1", "number": 7, "service": service, "service_id": service_id}
    incident.update(urgency="high", priority="")
    return {"incident": incident, "events": [{"event_type": event}]}


def rule(action: str) -> Rule:
    trigger = {"type": "pagerduty.incident"}
    return Rule("me.x", "x", "me", "", True, trigger, {}, {"ref": action, "parameters": {}})


def test_a_service_without_a_route_is_told_of_once():
    unrouted = Unrouted()
    payload = incident_payload("incident.triggered")
    repaint = rule("pagerduty.mattermost.repaint_incident")
    line = unrouted.line("pagerduty.incident", payload, [repaint])
    assert line.startswith("#7 (Billing, high urgency, no priority) ")
    assert "fits no enabled rule that posts cards" in line
    assert f"route.explain incident_id={payload['incident']['id']}" in line
    assert unrouted.line("pagerduty.incident", payload, []) == ""
    other = incident_payload("incident.triggered", service="Search", service_id="PSEARCH")
    assert "(Search, " in unrouted.line("pagerduty.incident", other, [])


@pytest.mark.parametrize(
    ("trigger", "event", "action"),
    [
        ("pagerduty.incident", "incident.triggered", "pagerduty.mattermost.post_incident"),
        ("pagerduty.incident", "incident.resolved", "pagerduty.mattermost.repaint_incident"),
        ("pagerduty.heartbeat", "incident.triggered", "pagerduty.posts.reconcile"),
    ],
)
def test_nothing_is_said_of_what_has_a_route_or_is_no_new_incident(trigger, event, action):
    payload = incident_payload(event)
    assert Unrouted().line(trigger, payload, [rule(action)]) == ""


def test_commands_use_the_rules_that_are_served(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    assert remembered_rules(tmp_path) == []
    remember_rules(tmp_path, [mine, tmp_path / "gone"])
    assert remembered_rules(tmp_path) == [mine]
    assert not is_served(tmp_path / "nowhere")


def test_one_account_is_served_once_whatever_the_data_folder(tmp_path):
    config = {"api_key": f"k-{tmp_path}", "mattermost": {"url": "http://x", "token": "t"}}
    AccountLock(config, tmp_path / "one").take()
    with pytest.raises(UserError, match="two would post two cards of each incident; end one"):
        AccountLock(config, tmp_path / "two").take()
    AccountLock({**config, "api_key": "other"}, tmp_path / "two").take()


def test_a_route_is_explained_by_the_rules_that_are_served(tmp_path, capsys):
    from sandbox.demo import write_config
    from standalone.cli import main

    logging.getLogger().handlers[:] = []
    mine = tmp_path / "mine"
    mine.mkdir()
    text = (ROOT / "rules" / "high_urgency.yaml").read_text()
    (mine / "mine.yaml").write_text(
        text.replace("name: high_urgency", "name: mine").replace("enabled: false", "enabled: true")
    )
    with Sandbox() as sandbox:
        incident = sandbox.pagerduty.account.trigger("Checkout API", "It burns")
        config = write_config(sandbox, tmp_path)
        data = tmp_path / ".pagerduty-data"
        data.mkdir()
        remember_rules(data, [mine])
        words = ["run", "route.explain", f"incident_id={incident.id}", "--config", str(config)]
        assert main(words) == 0
    out = capsys.readouterr().out
    assert "rule pagerduty.mine → :default: matches" in out
    assert f"judged by the pack's rules and those in {mine}" in out
