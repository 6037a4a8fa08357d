"""Mistakes in rules: each is answered in one line that names the place and the remedy, and by an exit
code. The numbers are those of the list they were collected in."""

# flake8: noqa: E501

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any, Dict, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


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


FIELD = (
    "trigger.incident.servce is no field of the trigger; did you mean trigger.incident.service?"
)
INNER = {"item.name": {"type": "equls", "pattern": "x"}}
BESIDE = {
    "a trigger": ({"trigger": {"type": "pagerduty.incidnet"}}, "no trigger type"),
    "an operator": (when("service", "x", "equal"), "no operator 'equal'"),
    "one inside of a search": (
        {"criteria": {"trigger.incident.teams": {"type": "search", "condition": "any", "pattern": INNER}}},
        "no operator 'equls'",
    ),
    "a criterion without an operator": ({"criteria": {"trigger.incident.urgency": {"pattern": "high"}}}, "has no type"),
    "an action": ({"action": {"ref": "pagerduty.mattermost.post_incidnet"}}, "no action pagerduty.mattermost.post_incidnet"),
    "a name": ({"descripton": "x"}, "there is no 'descripton'"),
    "two names": ({"descripton": "x", "critera": {}}, "there is no 'critera'; did you mean criteria?"),
}  # fmt: skip


@pytest.mark.parametrize("what", BESIDE)
def test_a_wrong_field_is_said_beside(shell, what):
    changed, said = BESIDE[what]
    wrong = {
        **changed,
        "criteria": {**changed.get("criteria", {}), **when("servce", "x")["criteria"]},
    }
    wrong["action"] = {**posts(mention="everybody")["action"], **changed.get("action", {})}
    code, lines = shell("check", "--rules", shell.rule(**wrong))
    text = "\n".join(lines)
    expected = 4 if what == "two names" else 3
    assert (code, len(lines)) == (1, expected), lines
    assert len(set(lines)) == expected
    for one in (said, FIELD, "mention: must be one of"):
        assert one in text, lines


def test_serve_says_them_together_as_well(shell):
    wrong = {"trigger": {"type": "pagerduty.incidnet"}, **when("servce", "x")}
    (line,) = shell("serve", "--rules", shell.rule(**wrong))[1]
    assert FIELD in line
    assert "no trigger type" in line


def test_a_name_that_stands_for_one_that_must_be_there_is_one_line(shell):
    folder = shell.rule(trigger=None, triger={"type": "pagerduty.incident"}, **when("servce", "x"))
    code, lines = shell("check", "--rules", folder)
    assert (code, len(lines)) == (1, 2), lines
    assert "there is no 'triger'; did you mean trigger?" in lines[0]
    assert FIELD in lines[1]


def test_what_has_the_wrong_shape_is_one_line_each(shell):
    code, lines = shell("check", "--rules", shell.rule(enabled="no way", criteria=[1], tags="x"))
    assert (code, len(lines)) == (1, 3), lines


def test_paths_are_written_one_way(shell, monkeypatch):
    """From where one stands where they are below that, else whole; never mixed."""
    wrong = {"trigger": {"type": "pagerduty.incidnet"}, **when("servce", "x")}
    folder = shell.rule(**wrong)
    (shell.folder / "mine" / "broken.yaml").write_text("name: [")
    (shell.folder / "mine" / "other.yaml").write_text(
        "name: other\nenabled: false\ntrigger: {type: core.other}\naction: {ref: core.local}\n"
    )
    whole = str(shell.folder / "mine") + "/"
    _, lines = shell("check", "--rules", folder)
    said = [line for line in lines if "mine" in line]
    assert len(said) == 5, lines
    assert all(
        line.split(" ", 1)[1].lstrip().replace("does not run: ", "").startswith(whole)
        for line in said
    ), lines
    monkeypatch.chdir(shell.folder)
    _, lines = shell("check", "--rules", "mine")
    assert whole not in "\n".join(lines)
    assert sum("mine/mine.yaml: " in line for line in lines) == 2
    assert any("mine/broken.yaml line 1" in line for line in lines)


CHECKOUT = {"type": "equals", "pattern": "Checkout API"}
P1 = {"type": "equals", "pattern": "P1"}
INDENTED = "there are type, pattern, condition (is it indented too far?)"
STRAY = {
    "a criterion in a criterion": (
        {"criteria": {"trigger.incident.service": {**CHECKOUT, "trigger.incident.priority": P1}}},
        f"criterion on trigger.incident.service: there is no 'trigger.incident.priority'; {INDENTED}",
    ),
    "one with the prefix left out": (
        {"criteria": {"trigger.incident.service": {**CHECKOUT, "incident.priority": P1}}},
        f"criterion on trigger.incident.service: there is no 'incident.priority'; {INDENTED}",
    ),
    "a word mistyped": (
        {"criteria": {"trigger.incident.service": {"type": "equals", "patern": "Checkout API"}}},
        "criterion on trigger.incident.service: there is no 'patern'; did you mean pattern?",
    ),
    "a word that there is not": (
        {"criteria": {"trigger.incident.service": {**CHECKOUT, "negate": True}}},
        "criterion on trigger.incident.service: there is no 'negate'; there are type, pattern, condition",
    ),
    "inside of a search": (
        {"criteria": {"trigger.incident.teams": {"type": "search", "condition": "any", "pattern": {"item.name": {"type": "exists", "item.id": {"type": "exists"}}}}}},
        f"criterion on item.name: there is no 'item.id'; {INDENTED}",
    ),
    "at the left": (
        {"criteria": None, "trigger.incident.service": CHECKOUT},
        "there is no 'trigger.incident.service' at the left: it belongs below criteria:, indented",
    ),
    "at the left beside others": (
        {"criteria": {"trigger.incident.priority": P1}, "incident.service": CHECKOUT},
        "there is no 'incident.service' at the left: it belongs below criteria:, indented",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", STRAY)
def test_what_stands_in_the_wrong_place_is_never_passed_over(shell, what):
    changed, said = STRAY[what]
    code, lines = shell("check", "--offline", "--rules", shell.rule(**changed))
    assert code == 1
    assert said in lines[0], lines
    beside = [line for line in lines[1:] if "write trigger.incident." not in line]
    assert not beside, lines


def test_what_is_wrong_in_a_criterion_that_is_indented_too_far_is_said_as_well(shell):
    inner = {**CHECKOUT, "trigger.incident.urgncy": {"type": "equals", "pattern": "high"}}
    folder = shell.rule(criteria={"trigger.incident.service": inner})
    code, lines = shell("check", "--offline", "--rules", folder)
    assert (code, len(lines)) == (1, 2), lines
    assert "did you mean trigger.incident.urgency?" in lines[1]


TWICE = """name: mine
pack: me
enabled: true
trigger:
  type: pagerduty.incident
criteria:
  trigger.incident.service:
    type: equals
    pattern: Checkout API
    type: equals
    pattern: P1
action:
  ref: pagerduty.mattermost.post_incident
  parameters:
    change: "{{ trigger }}"
"""


@pytest.mark.parametrize("where", ["elsewhere", "in the pack's folder"])
def test_a_key_that_stands_twice_is_said_alone(shell, where):
    """Most people keep their rules beside the programme."""
    kept = contextlib.nullcontext(shell.folder)
    if where != "elsewhere":
        kept = tempfile.TemporaryDirectory(dir=ROOT, prefix="my-rules-")
    with kept as folder:
        mine = Path(folder) / "mine"
        mine.mkdir()
        (mine / "mine.yaml").write_text(TWICE)
        code, lines = shell("check", "--rules", str(mine))
    assert (code, len(lines)) == (1, 1), lines
    assert lines[0].endswith("mine.yaml line 10: type appears twice, in lines 8 and 10: keep one")


def test_what_people_wrote_in_the_packs_folder_and_can_not_run_here_is_wrong(shell):
    with tempfile.TemporaryDirectory(dir=ROOT, prefix="my-rules-") as folder:
        (Path(folder) / "other.yaml").write_text(
            "name: other\nenabled: true\ntrigger: {type: core.other}\naction: {ref: core.local}\n"
        )
        code, lines = shell("check", "--offline", "--rules", folder)
    assert code == 1
    assert all(line.startswith("WRONG  does not run: ") for line in lines), lines


def test_a_rule_that_says_nothing_of_enabled_is_off_and_that_is_said(shell):
    code, lines = shell("check", "--offline", "--rules", shell.rule(enabled=None))
    assert (code, shell.closing) == (0, "all is well, 1 advice")
    said = "mine.yaml: 'enabled' is left out, so the rule is off: write enabled: true"
    assert [line for line in lines if line.startswith("advice ") and line.endswith(said)] == lines
    mine = shell.folder / "mine" / "mine.yaml"
    mine.write_text(mine.read_text().replace("enabled: null\n", ""))
    assert shell("check", "--offline", "--rules", str(mine.parent)) == (0, lines)
    for enabled in (True, False):
        assert shell("check", "--offline", "--rules", shell.rule(enabled=enabled)) == (0, [])
    mine.write_text(mine.read_text().replace("enabled:", "enabeld:"))
    code, lines = shell("check", "--offline", "--rules", str(mine.parent))
    assert (code, len(lines)) == (1, 1), lines
    assert "did you mean enabled?" in lines[0]
    assert shell.closing == "1 thing is wrong"


def test_a_file_whose_name_is_no_rules_is_named(shell):
    folder = Path(shell.rule())
    for name in ("other.yaml.txt", "more.YAML", ".other.yaml.swp", "README.md"):
        (folder / name).write_text("name: x\n")
    code, lines = shell("check", "--offline", "--rules", str(folder))
    end = "is not read: names of rules' files end in .yaml or .yml"
    assert lines == [f"advice {folder / name} {end}" for name in ("more.YAML", "other.yaml.txt")]
    assert code == 0


def test_the_last_line_says_how_many_mistakes_there_are(shell):
    assert shell("check", "--offline", "--rules", shell.rule()) == (0, [])
    assert shell.closing == "all is well"
    shell("check", "--offline", "--rules", shell.rule(**posts(mention="everybody", quiet="22-7")))
    assert shell.closing == "2 things are wrong"
