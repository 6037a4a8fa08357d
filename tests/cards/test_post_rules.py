"""How many rules post a change beyond doubt: `repaint_cards` fires only where there is none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Dict

import pytest
from pack_files import ROOT, load

from pagerduty_mattermost.cards.post_rules import certain_runs
from pagerduty_mattermost.gateways.stackstorm.rule_criteria import matches
from pagerduty_mattermost.incidents.incident import Change, Incident
from pagerduty_mattermost.incidents.trigger_payload import Along, along_of, payload

P1 = payload(Change(Incident(id="P1", priority="P1")))


def rule(*, given: Any = None, **parts: Any) -> Any:
    parameters: Dict[str, Any] = {"change": "{{ trigger }}", "channel": ":default", "route": "one"}
    return SimpleNamespace(
        **{
            "ref": "mine.one",
            "enabled": True,
            "type": {"ref": "standard", "parameters": {}},
            "trigger": {"type": "pagerduty.incident"},
            "criteria": {},
            "action": {
                "ref": "pagerduty.mattermost.post_incident",
                "parameters": {**parameters, **(given or {})},
            },
            **parts,
        }
    )


def test_each_rule_that_fits_counts() -> None:
    wants_p1 = {"trigger.incident.priority": {"type": "equals", "pattern": "P1"}}
    wants_p2 = {"trigger.incident.priority": {"type": "equals", "pattern": "P2"}}
    rules = [rule(criteria=wants_p1), rule(criteria=wants_p2), rule(enabled=False)]
    assert certain_runs(rules, P1) == 1
    assert certain_runs([*rules, rule(given={"start_on": ["triggered"]})], P1) == 2
    assert certain_runs([], P1) == 0


@pytest.mark.parametrize(
    "other",
    [
        {"action": {"ref": "pagerduty.mattermost.tell_incident", "parameters": {}}},
        {"trigger": {"type": "core.st2.webhook"}},
    ],
)
def test_a_rule_of_another_kind_does_not(other: Dict[str, Any]) -> None:
    assert certain_runs([rule(**other)], P1) == 0
    assert certain_runs([rule(**other), rule()], P1) == 1


@pytest.mark.parametrize(
    "doubtful",
    [
        rule(given={"channel": "{{ trigger.incident.service }}"}),
        rule(given={"change": "{{ trigger.incident }}"}),
        rule(given={"mention": "everybody"}),
        rule(given={"start_on": "triggered"}),
        rule(given={"chanel": "incidents"}),
        rule(given={"channel": ":defualt"}),
        rule(given={"priority": "loud"}),
        rule(type={"ref": "backstop"}),
        rule(criteria={"trigger.incident.title": {"type": "equals", "pattern": "{{ x }}"}}),
        rule(criteria={"trigger.incident.title": {"type": "resembles", "pattern": "x"}}),
        rule(criteria=[]),
        rule(criteria=7),
    ],
)
def test_where_one_is_in_doubt_nothing_is_certain(doubtful: Any) -> None:
    if doubtful.criteria == []:
        assert certain_runs([doubtful], P1) == 1
    else:
        assert certain_runs([rule(), doubtful], P1) == 0


def test_every_parameter_of_the_action_may_be_given() -> None:
    declared = load(ROOT / "actions" / "mattermost.post_incident.yaml")["parameters"]
    given = {
        "route": "one",
        "channel": "incidents",
        "start_on": ["triggered"],
        "reply_on": ["resolved"],
        "mention": "oncall",
        "checklist": ["Look"],
        "reactions": ["eyes"],
        "quiet": "Mon-Fri 22:00-07:00",
        "priority": "important",
    }
    assert set(given) == set(declared) - {"change", "incident_id"}
    assert certain_runs([rule(given=given)], P1) == 1


def test_a_doubtful_rule_that_does_not_fit_does_no_harm() -> None:
    wants_p2 = {"trigger.incident.priority": {"type": "equals", "pattern": "P2"}}
    doubtful = rule(criteria=wants_p2, given={"channel": "{{ trigger.incident.service }}"})
    assert certain_runs([rule(), doubtful], P1) == 1


def test_repaint_cards_fires_where_none_posts_and_where_nobody_said() -> None:
    criteria = load(ROOT / "rules" / "repaint_cards.yaml")["criteria"]
    change = Change(Incident(id="P1"))
    assert matches(criteria, payload(change))
    assert not matches(criteria, payload(change, along=Along(1)))
    assert not matches(criteria, payload(change, along=Along(2)))
    old = payload(change)
    del old["routes"], old["subscribed"], old["earlier"]
    assert matches(criteria, old)
    assert along_of(old) == Along(0, True, ())
