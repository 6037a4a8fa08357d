"""The shipped rules: what is enabled, and what the examples do with each incident when they
replace post_incidents."""

# flake8: noqa: W503

from __future__ import annotations

import re
from typing import Any, Dict, List

import pytest
from pack_files import ROOT, files

from pagerduty_mattermost.action_bases.upkeep import ENTRY_POINTS
from pagerduty_mattermost.cards.route import make_route
from pagerduty_mattermost.core.config.upkeep import JOBS
from pagerduty_mattermost.core.yaml_text import loaded
from pagerduty_mattermost.gateways.stackstorm.rule_criteria import matches
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent, to_payload

RULES: Dict[str, Dict[str, Any]] = {
    path.stem: loaded(path.read_text(encoding="utf-8")) for path in files("rules")
}
ACTIONS: Dict[str, Dict[str, Any]] = {
    f"pagerduty.{path.stem}": loaded(path.read_text(encoding="utf-8")) for path in files("actions")
}
BY_PRIORITY = (
    "p1_to_incidents_p1",
    "p1_to_incidents",
    "p1_tell_oncall",
    "p2_to_incidents",
    "p2_tell_oncall",
) + (
    "p3_to_incidents",
    "p4_to_service",
)


def payload(priority: str = "", urgency: str = "high", kind: str = "triggered") -> Dict[str, Any]:
    incident = Incident(id="P1", priority=priority, urgency=urgency)
    return to_payload(Change(incident, (IncidentEvent("R1", f"incident.{kind}"),), 1))


def fired(names: Any, sent: Dict[str, Any]) -> List[str]:
    """`action → channel` of the rules that fire."""
    found = []
    for name in names:
        rule = RULES[name]
        if rule["trigger"]["type"] == "pagerduty.incident" and matches(rule["criteria"], sent):
            given = rule["action"]["parameters"]
            found.append(
                rule["action"]["ref"].rsplit(".", 1)[-1]
                + " "
                + str(given.get("channel", given.get("to", "")))
            )
    return sorted(found)


def test_enabled_are_the_default_channel_the_repainting_and_the_messages() -> None:
    ours = {"post_incidents", "repaint_cards", "open_summary", "sensor_health"}
    assert {name for name, rule in RULES.items() if rule["enabled"]} >= ours
    assert fired([n for n in RULES if RULES[n]["enabled"]], payload("P4", "low", "annotated")) == [
        "post_incident :default",
        "repaint_incident ",
    ]


@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        ("P1", ["post_incident incidents", "post_incident incidents-p1", "tell_incident oncall"]),
        ("P2", ["post_incident incidents", "tell_incident oncall"]),
        ("P3", ["post_incident incidents"]),
        ("", ["post_incident incidents"]),
        ("P4", ["post_incident :service"]),
        ("P5", []),
    ],
)
def test_the_priority_examples_route_as_they_say(priority: str, expected: List[str]) -> None:
    assert fired(BY_PRIORITY, payload(priority)) == expected


def test_who_is_on_call_is_told_when_it_begins_not_of_each_change() -> None:
    for kind in ("triggered", "reopened", "priority_updated"):
        assert "tell_incident oncall" in fired(BY_PRIORITY, payload("P1", kind=kind))
    for kind in ("acknowledged", "annotated", "resolved"):
        assert "tell_incident oncall" not in fired(BY_PRIORITY, payload("P1", kind=kind))


def test_the_urgency_example_takes_high_only() -> None:
    assert fired(["high_urgency"], payload(urgency="high")) == ["post_incident :default"]
    assert fired(["high_urgency"], payload(urgency="low")) == []


def test_the_checklist_example_has_its_lines_and_eyes() -> None:
    given = RULES["checklist"]["action"]["parameters"]
    route = make_route(given["route"], checklist=given["checklist"], reactions=given["reactions"])
    assert len(route.checklist) == 5
    assert "first assessment within 5 minutes" in route.checklist[3]
    assert route.reactions == ("eyes",)


def test_every_route_that_posts_names_itself_and_passes_the_trigger_whole() -> None:
    for name, rule in RULES.items():
        if rule["action"]["ref"] == "pagerduty.mattermost.post_incident":
            assert rule["action"]["parameters"]["route"] == name
        if rule["trigger"]["type"] == "pagerduty.incident":
            assert rule["action"]["parameters"]["change"] == "{{ trigger }}"


def test_policies_only_repeat_what_posts_once() -> None:
    for path in files("policies"):
        policy = loaded(path.read_text(encoding="utf-8"))
        assert policy["name"].startswith("pagerduty_")
        assert policy["policy_type"] == "action.retry"
        # A failure ends at once: StackStorm can't tell a person's mistake from an outage.
        assert policy["parameters"]["retry_on"] == "timeout", path.name
        given = ACTIONS[policy["resource_ref"]]["parameters"]
        key = given.get("key") or {}
        assert "change" in given or (key.get("required") and key.get("minLength") == 1), path.name


def test_whatever_an_enabled_or_example_rule_sends_is_tried_again() -> None:
    retried = {
        loaded(path.read_text(encoding="utf-8"))["resource_ref"] for path in files("policies")
    }
    ticking = ("core.st2.", "pagerduty.heartbeat")
    retried |= {
        rule["action"]["ref"]
        for name, rule in RULES.items()
        if (rule["enabled"] or name in JOBS) and rule["trigger"]["type"].startswith(ticking)
    }  # a job of health.upkeep comes again, by whichever rule
    for name, rule in RULES.items():
        if rule["action"]["ref"] == "pagerduty.chat.handle":
            # People are told that it failed, and decide themselves: nothing they asked for is
            # run late.
            continue
        if rule["action"]["ref"] == "pagerduty.room.tend":
            continue  # each reconcile looks after all rooms
        ticks_again = rule["trigger"]["type"].startswith(ticking)
        assert ticks_again or rule["action"]["ref"] in retried, name


def test_each_regular_job_has_a_disabled_rule_of_its_own_by_a_timer() -> None:
    for job in JOBS:
        module = ENTRY_POINTS[job][0]
        rule = RULES[job]
        assert not rule["enabled"], job
        assert rule["trigger"]["type"] == "core.st2.IntervalTimer", job
        action = ACTIONS[rule["action"]["ref"]]
        assert action["entry_point"] == f"scripts/{module}.py", job


def test_the_regular_jobs_run_when_the_sensor_says_that_something_is_due() -> None:
    criteria = RULES["upkeep"]["criteria"]
    assert matches(criteria, {"due": ["reconcile"]})
    assert not matches(criteria, {"due": []})
    assert matches(criteria, {"state": "ok"}), "of a sensor of an older version: all"


def test_an_order_from_chat_has_a_deadline_of_its_own() -> None:
    """The runner ends it after these seconds, StackStorm's and the embedded default's."""
    assert RULES["chat_commands"]["action"]["parameters"]["timeout"] == 180


def test_the_guide_lists_every_shipped_rule_as_it_is_shipped() -> None:
    text = (ROOT / "docs" / "routes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (yes|no) \|", text, re.MULTILINE)
    listed = {name: said == "yes" for names, said in rows for name in re.findall(r"\w+", names)}
    assert listed == {name: rule["enabled"] for name, rule in RULES.items()}
