"""What keeps a user's rule from doing what it says is found by `check`: each mistake is one line
that names the rule, the place and the remedy, and the exit code is 1."""

# flake8: noqa: E203,E501

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from command_line import as_typed

from sandbox import Sandbox
from sandbox.connection import connection
from sandbox.pagerduty.seed import READ_ONLY_KEY
from standalone.cli import main

RULE = {
    "name": "mine",
    "pack": "me",
    "enabled": True,
    "trigger": {"type": "pagerduty.incident"},
    "criteria": {},
    "action": {
        "ref": "pagerduty.mattermost.post_incident",
        "parameters": {"change": "{{ trigger }}", "channel": "incidents", "route": "mine"},
    },
}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def wrong(sandbox, tmp_path, capsys):
    """The lines that are WRONG for a rule with these criteria and parameters."""

    def run(criteria=None, parameters=None, **changed):
        rule = {**RULE, "criteria": criteria or {}, **changed.pop("rule", {})}
        rule["action"] = {
            "ref": RULE["action"]["ref"],
            "parameters": {**RULE["action"]["parameters"], **(parameters or {})},
        }
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        (folder / "mine.yaml").write_text(yaml.safe_dump(rule))
        config = connection(sandbox, default_channel="incidents", operations_channel="ops")
        path = tmp_path / "pagerduty.yaml"
        path.write_text(yaml.safe_dump({**config, **changed}))
        code = main(["check", "--config", str(path), "--rules", str(folder)])
        out = as_typed(capsys.readouterr().out)
        found = [line for line in out.splitlines() if line.startswith("WRONG")]
        assert code == int(bool(found)), out
        return [line[len("WRONG  ") :] for line in found]

    return run


def equals(field: str, pattern: object, operator: str = "equals") -> dict:
    return {f"trigger.incident.{field}": {"type": operator, "pattern": pattern}}


def events(*words: str) -> dict:
    inner = {"item.event_type": {"type": "inside", "pattern": list(words)}}
    return {"trigger.events": {"type": "search", "condition": "any", "pattern": inner}}


@pytest.mark.parametrize(
    ("criteria", "parameters"),
    [
        ({}, {}),
        (equals("service", "Checkout API"), {"mention": "oncall", "start_on": ["triggered"]}),
        (equals("service", "checkout api", "iequals"), {}),
        (equals("service", ["Checkout API", "Database"], "inside"), {}),
        (equals("priority", ["P1", ""], "inside"), {}),
        (equals("title", "disk.*full", "regex"), {"quiet": "22:00-07:00, Sat"}),
        (events("incident.triggered", "incident.reopened"), {}),
        ({"trigger.incident.teams[*].name": {"type": "exists"}}, {"route": "to {{ trigger.incident.service }}"}),
    ],
)  # fmt: skip
def test_a_rule_that_can_run_is_found_right(wrong, criteria, parameters):
    assert wrong(criteria, parameters) == []


@pytest.mark.parametrize(
    ("criteria", "parameters", "line"),
    [
        (equals("service", "Chekout API"), {}, "trigger.incident.service: there is no service 'Chekout API'; did you mean Checkout API"),
        (equals("service", "checkout api"), {}, "'checkout api' never matches: it is written 'Checkout API' at PagerDuty"),
        (equals("priority", "P9"), {}, "trigger.incident.priority: there is no priority 'P9'; "),
        (equals("servce", "Checkout API"), {}, "trigger.incident.servce is no field of the trigger; did you mean trigger.incident.service?"),
        (equals("urgency", "High"), {}, "trigger.incident.urgency is never 'High'; did you mean high?"),
        (equals("number", "5", "telepathy"), {}, "there is no operator 'telepathy'; there are equals"),
        (equals("service", "x", "equal"), {}, "there is no operator 'equal'; did you mean equals?"),
        (equals("title", "(", "regex"), {}, "'(' is no pattern"),
        (equals("title", 5), {}, 'is text and never equals 5: write it in quotes, "5"'),
        (events("incident.trigered"), {}, "never 'incident.trigered'; did you mean incident.triggered?"),
        ({"trigger.events": {"type": "search", "pattern": {}}}, {}, "searches without a condition; write condition: one of any, all"),
        ({}, {"mention": "on-call"}, "mention: must be one of nobody, high_urgency, assignees, oncall; did you mean oncall?"),
        ({}, {"quiet": "22-7"}, "quiet hours: '22-7'"),
        ({}, {"start_on": ["trigered"]}, "start_on: 'trigered' is no event type; did you mean triggered?"),
        ({}, {"start_on": "triggered"}, "start_on: must be a list, such as [one, two]"),
        ({}, {"route": "{{ trigger.incident.chanel }}"}, "route: trigger.incident.chanel is no field of the trigger"),
        ({}, {"route": "{{ incident.title }}"}, "route: there is no 'incident' in a rule; write trigger.… or st2kv.system.…"),
        ({}, {"route": "{{ st2kv.system.lost }}"}, "route: the datastore has no key 'lost' (`key set lost` stores one)"),
        ({}, {"chanel": "x"}, "has no parameter 'chanel'; did you mean channel?"),
        ({}, {"channel": "nowhere"}, "Mattermost shows the bot no channel ~nowhere"),
        ({}, {"channel": "#incidents"}, "'#incidents' is no name of a Mattermost channel; write it as in its address, such as incidents"),
    ],
)  # fmt: skip
def test_a_rule_that_can_not_run_is_one_line(wrong, criteria, parameters, line):
    found = wrong(criteria, parameters)
    assert len(found) == 1, found
    assert line in found[0]
    assert "mine" in found[0]


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"rule": {"trigger": {"type": "pagerduty.incidnet"}}}, "there is no trigger type 'pagerduty.incidnet'; did you mean pagerduty.incident?"),
        ({"oncall": {"channels": {"Platfrm rotation": "incidents"}}}, "oncall.channels.Platfrm rotation: there is no schedule or escalation policy 'Platfrm rotation'; did you mean Platform rotation"),
        ({"oncall": {"channels": {"Platform rotation": "nosuch"}}}, "oncall.channels.Platform rotation: Mattermost shows the bot no channel ~nosuch"),
        ({"oncall": {"headers": {"nochan": "Platform rotation"}}}, "oncall.headers.nochan: Mattermost shows"),
        ({"oncall": {"members": {"incidents": "Nosuch"}}}, "oncall.members.incidents: there is no schedule or escalation policy 'Nosuch'"),
        ({"api_key": READ_ONLY_KEY, "from_email": "ada@example.com"}, "api_key: may only read, but from_email is set to change incidents: make a key"),
        ({"chat": {"page_service": "Chekout API"}}, "chat.page_service: there is no service 'Chekout API'; did you mean"),
    ],
)  # fmt: skip
def test_settings_that_would_do_nothing(wrong, changed, line):
    found = wrong(**changed)
    assert len(found) == 1, found
    assert line in found[0]


def test_a_key_that_may_only_read_is_enough_for_cards(wrong):
    assert wrong(api_key=READ_ONLY_KEY) == []


def test_a_port_that_is_taken_is_found(wrong):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chat = {"port": port, "public_url": "http://127.0.0.1:1", "signing_keys": ["s" * 32]}
        found = wrong(chat=chat)
    assert found == [
        f"chat.port: 127.0.0.1:{port} can't be listened on (Address already in use): choose "
        "another port, or end what uses it"
    ]


def test_a_clock_that_is_off_is_found(wrong, sandbox):
    sandbox.clock.advance(3630)
    found = wrong()
    sandbox.clock.advance(-3630)
    assert len(found) == 1
    assert "clock: this machine's is 1 h off PagerDuty's; start NTP" in found[0]


def test_an_empty_rules_folder_is_said(tmp_path, capsys):
    (tmp_path / "none").mkdir()
    assert main(["check", "--offline", "--rules", str(tmp_path / "none")]) == 1
    assert "there is no rule (*.yaml) in it; name another folder" in capsys.readouterr().out


def test_the_shipped_rules_all_run_when_enabled():
    from standalone.metadata import load_pack
    from standalone.rule_check import faults

    pack = load_pack(Path(__file__).resolve().parents[2])
    assert [
        line for rule in pack.rules.values() for line in faults(rule, pack, lambda name: None)
    ] == []
