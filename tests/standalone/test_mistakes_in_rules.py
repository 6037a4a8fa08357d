"""Mistakes in rules: each is answered in one line that names the place and the remedy, and by an exit
code. The numbers are those of the list they were collected in."""

# flake8: noqa: E501

from __future__ import annotations

from typing import Any, Dict, NamedTuple

import pytest


class RuleRow(NamedTuple):
    number: str
    changed: Dict[str, Any]
    line: str


def posts(**parameters: Any) -> Dict[str, Any]:
    return {"action": {"parameters": {"change": "{{ trigger }}", **parameters}}}


def when(field: str, pattern: Any, operator: str = "equals") -> Dict[str, Any]:
    return {"criteria": {f"trigger.incident.{field}": {"type": operator, "pattern": pattern}}}


RULES = [
    RuleRow("21", when("service", "Checkout"), "there is no service 'Checkout'; did you mean Checkout API"),
    RuleRow("22", when("servce", "x"), "trigger.incident.servce is no field of the trigger; did you mean trigger.incident.service?"),
    RuleRow("23", when("service", "x", "equal"), "there is no operator 'equal'; did you mean equals?"),
    RuleRow("24", posts(mention="on-call"), "mention: must be one of nobody, high_urgency, assignees, oncall; did you mean oncall?"),
    RuleRow("24c", posts(quiet="22-7"), "quiet hours: '22-7' is no day"),
    RuleRow("24d", posts(start_on=["trigered"]), "start_on: 'trigered' is no event type; did you mean triggered?"),
    RuleRow("24b", posts(channel="{{ trigger.incident.chanel }}"), "channel: trigger.incident.chanel is no field of the trigger"),
    RuleRow("25", {"trigger": {"type": "pagerduty.incidnt"}}, "there is no trigger type 'pagerduty.incidnt'; did you mean pagerduty.incident?"),
    RuleRow("25b", {"action": {"ref": "pagerduty.mattermost.post_incidnet"}}, "there is no action pagerduty.mattermost.post_incidnet; did you mean pagerduty.mattermost.post_incident?"),
    RuleRow("25c", posts(chanel="x"), "has no parameter 'chanel'; did you mean channel?"),
    RuleRow("25d", {"enabled": "no way"}, "enabled: is text, must be true or false"),
]  # fmt: skip


@pytest.mark.parametrize("row", RULES, ids=[row.number for row in RULES])
def test_a_mistake_in_a_rule(shell, row):
    code, lines = shell("check", "--rules", shell.rule(**row.changed))
    assert code == 1
    assert len(lines) == 1, lines
    assert "mine" in lines[0]
    assert row.line in lines[0]


def test_26b_rules_that_are_a_file(shell):
    code, lines = shell("check", "--rules", str(shell.config))
    assert (code, len(lines)) == (2, 1)
    assert f"--rules {shell.config} is no folder" in lines[0]


def test_27_an_empty_rules_folder(shell):
    empty = shell.folder / "empty"
    empty.mkdir()
    code, lines = shell("check", "--rules", str(empty))
    assert (code, len(lines)) == (1, 1)
    assert f"--rules {empty}: there is no rule (*.yaml) in it; name another folder" in lines[0]


def test_mistakes_of_one_rule_are_said_together(shell):
    wrong = {
        "trigger": {"type": "pagerduty.incidnet"},
        **when("service", "x", "equal"),
        **posts(chanel="x"),
    }
    code, lines = shell("check", "--rules", shell.rule(**wrong))
    said = "\n".join(lines)
    assert (code, len(lines)) == (1, 3), lines
    for name in ("pagerduty.incidnet", "no operator 'equal'", "no parameter 'chanel'"):
        assert name in said
    code, lines = shell(
        "check", "--rules", shell.rule(**posts(mention="everybody", quiet="22-7", channel=7))
    )
    said = "\n".join(lines)
    assert code == 1
    for name in ("mention: ", "quiet hours: '22-7'"):
        assert name in said, lines
