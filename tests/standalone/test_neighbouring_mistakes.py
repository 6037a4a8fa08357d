"""Neighbours of the mistakes in the other test_mistakes files: other settings, other spellings, other
keys of a rule; each is one line that names the place and the remedy. And that what a newcomer lists
fits a terminal of 80 columns."""

# flake8: noqa: E203,E501

from __future__ import annotations

import json
import shlex
from typing import Any, Dict, NamedTuple, Tuple

import pytest
from command_line import ROOT, as_typed

from sandbox.ports import free_port
from standalone import metadata, paths
from standalone.cli import main
from standalone.listings import typed_example
from standalone.parameters import from_command_line, resolve


class Mistake(NamedTuple):
    """What is changed in the settings, and what the one line says."""

    changed: Dict[str, Any]
    line: str


PORT = free_port()
CHAT = {"port": PORT, "public_url": "http://chat.internal:18190", "signing_keys": ["s" * 32]}
SETTINGS = [
    Mistake({"API_KEY": "x"}, "API_KEY is not a setting; did you mean api_key?"),
    Mistake({"mattermost": {"URL": "x"}}, "mattermost.URL is not a setting, did you mean mattermost.url?"),
    Mistake({"mattermost": {"default_channel": "@ada"}}, "a person has none: write the name of a channel"),
    Mistake({"mattermost": {"default_channel": "https://chat.example.com/ops/channels/incidents"}}, "is a channel's address: write its name, 'incidents'"),
    Mistake({"mattermost": {"default_channel": ":defualt"}}, "mattermost.default_channel: ':defualt' is none of the channel words :default, :operations"),
    Mistake({"time_zone": "CET+1"}, "this machine knows no time zone 'CET+1'; write an IANA name like Europe/Berlin"),
    Mistake({"watch": {"poll_interval": "30"}}, "watch.poll_interval: is text, must be a whole number; write 30, without quotes"),
    Mistake({"debug": "yes"}, "debug: is text, must be true or false; write true, without quotes"),
    Mistake({"tls": {"verify": "off"}}, "tls.verify: is text, must be true or false; write false, without quotes"),
    Mistake({"tls": False}, "tls: must be a mapping with verify, ca_file below it, or left out"),
    Mistake({"quiet_hours": "22:00-07:00"}, "quiet_hours: is text, must be a mapping with enabled, hours below it"),
    Mistake({"region": "US"}, "region must be one of us, eu; did you mean us?"),
    Mistake({"auth_type": "OAuth2"}, "auth_type must be one of api_key, oauth; did you mean oauth?"),
    Mistake({"watch": {"urgencies": ["HIGH"]}}, "watch.urgencies[0] must be one of high, low; did you mean high?"),
    Mistake({"watch": {"teams": ["Nobody"]}}, "watch.teams: there is no team 'Nobody'; there are Payments, "),
    Mistake({"noise": {"storm": 10}}, "noise.storm is not a setting, did you mean noise.storm_quiet?"),
    Mistake({"chat": {"port": PORT}}, "chat.port: set, but not chat.public_url and chat.signing_keys, so that nothing listens: no buttons, no /pd"),
    Mistake({"chat": {**CHAT, "allowed": {"ack": "@ada"}}}, "chat.allowed.ack: is text, must be a list; write [@ada]"),
    Mistake({"chat": {**CHAT, "allowed": {"ack": ["ada"]}}}, "chat.allowed.acknowledge: Mattermost shows the bot no channel ~ada in the team ops"),
    Mistake({"chat": {**CHAT, "allowed": {"ack": ["ada"]}}}, "; a person is written @ada"),
    Mistake({"chat": {**CHAT, "allowed": {"merge": ["@nobody"]}}}, "chat.allowed.merge: There is no Mattermost user 'nobody'"),
    Mistake({"chat": {**CHAT, "allowed": {"merge": ["role:boss"]}}}, "chat.allowed.merge: there is no role 'boss'; there are owner, admin, user"),
    Mistake({"chat": {**CHAT, "allowed": {"merge": ["team:Nope"]}}}, "chat.allowed.merge: there is no team 'Nope'; there are Payments, "),
]  # fmt: skip


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.line[:40])
def test_a_setting(shell, row):
    shell.write(**row.changed)
    code, lines = shell("check")
    assert code == 1
    assert len(lines) == 1, lines
    assert row.line in lines[0]


def test_channels_of_services_that_no_rule_posts_to(shell):
    shell.write(mattermost={"service_channels": {"Checkout API": "ops"}})
    code, lines = shell("check")
    assert (code, len(lines)) == (1, 1), lines
    assert "mattermost.service_channels: no enabled rule posts to :service" in lines[0]
    assert "enable pagerduty.p4_to_service" in lines[0]
    switch = shell.folder / "switch"
    switch.mkdir()
    (switch / "on.yaml").write_text("name: p4_to_service\npack: pagerduty\nenabled: true\n")
    assert shell("check", "--rules", str(switch)) == (0, [])


def test_an_address_with_a_team_behind_it(shell):
    shell.write(mattermost={"url": shell.url + "/ops"})
    code, lines = shell("check")
    assert (code, len(lines)) == (1, 1), lines
    assert "mattermost.url: something answers there, but not the API (404)" in lines[0]
    shell.write(api_url=shell.url)
    code, lines = shell("check")
    assert (code, len(lines)) == (1, 1), lines
    assert "api_url: something answers there, but not PagerDuty's API (404)" in lines[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("api_key: x\ntime_zone: UTC\napi_key: y\n", "line 3: api_key appears twice, in lines 1 and 3: keep one"),
        ("mattermost:\n  url: x\n  url: y\n", "line 3: url appears twice, in lines 2 and 3"),
        ("api_key: \x00\n", "line 1: this is no YAML: it contains a character that text does not have"),
        ('a: 1\napi_key: "x\nb: 2\nc: 3\n', "line 2: this is no YAML: the quote or bracket that begins here"),
        ("api_key: [\n", "this is no YAML: a bracket is not closed, or a value is missing"),
        ("api_key:x\n", "lines of name: value, with a space behind the colon"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_read(shell, text, line):
    shell.config.write_text(text)
    code, lines = shell("check")
    assert (code, len(lines)) == (2, 1), lines
    assert line in lines[0]


def when(field: str, operator: str, pattern: Any, **more: Any) -> Dict[str, Any]:
    return {"criteria": {field: {"type": operator, "pattern": pattern, **more}}}


def posts(**parameters: Any) -> Dict[str, Any]:
    return {"action": {"parameters": {"change": "{{ trigger }}", **parameters}}}


RULES = [
    Mistake(when("service", "equals", "Checkout API"), "the criterion on service never holds: write trigger.incident.service"),
    Mistake(when("incident.urgency", "equals", "high"), "the criterion on incident.urgency never holds: write trigger.incident.urgency"),
    Mistake(when("trigger.incident.service", "is", "x"), "there is no operator 'is'; did you mean equals?"),
    Mistake(when("trigger.incident.service", "!=", "x"), "there is no operator '!='; did you mean nequals?"),
    Mistake(when("trigger.incident.number", "equals", "12"), "trigger.incident.number is a number, and '12' is text: write 12 without quotes"),
    Mistake(when("trigger.incident.teams", "contains", "Payments"), "write type: search, condition: any, pattern: {item.name: {type: equals, pattern: Payments}}"),
    Mistake(when("trigger.event_types", "contains", "incident.triggerd"), "is never 'incident.triggerd'; did you mean incident.triggered?"),
    Mistake({"criteria": {"trigger.incident.service": {"type": "equals"}}}, "the criterion on trigger.incident.service has no pattern to compare with"),
    Mistake(posts(change=None), 'pagerduty.mattermost.post_incident needs change: "{{ trigger }}", else it posts nothing'),
    Mistake(posts(change="{{ trigger.incident }}"), 'change: must be exactly "{{ trigger }}"'),
    Mistake(posts(channel="{{ trigger.incident.service | slug }}"), "channel: '{{ trigger.incident.service | slug }}' is no template: No filter named 'slug'"),
    Mistake(posts(channel="{{ trigger.incident.service"), "is no template: unexpected end of template"),
    Mistake({"action": {"ref": "mattermost.post_incident"}}, "there is no action mattermost.post_incident; did you mean pagerduty.mattermost.post_incident?"),
    Mistake({"trigger": {"type": "core.st2.CronTimer", "parameters": {"hour": 25}}, "action": {"ref": "pagerduty.health.check", "parameters": {}}}, "the timer can't be made"),
    Mistake({"descripton": "x"}, "mine.yaml: there is no 'descripton'; did you mean description?"),
]  # fmt: skip


@pytest.mark.parametrize("row", RULES, ids=lambda row: row.line[:40])
def test_a_rule(shell, row):
    code, lines = shell("check", "--rules", shell.rule(**row.changed))
    assert code == 1
    assert len(lines) == 1, lines
    assert row.line in lines[0]
    assert "Error:" not in lines[0]
    assert "metadata" not in lines[0]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("chek",), "There is no command chek; did you mean check?"),
        (("audit",), "There is no command audit; there are serve, setup, run"),
        (("key", "ls"), "There is no command ls; "),
        (("run",), "REF is missing: `python -m standalone run --help` shows how it is typed"),
        (("run", "--foo", "x"), "unrecognized arguments: --foo"),
        (("rules", "post_incidnets"), "There is no rule post_incidnets; did you mean pagerduty.post_incidents?"),
        (("rules", "zzz"), "There is no rule zzz; `rules` lists them"),
        (("actions", "incidnet"), "There is no action incidnet; did you mean `actions incident`?"),
        (("actions", "zzz"), "There is no action zzz; `actions` lists them"),
        (("run", "incidnet.get"), "There is no action incidnet.get; did you mean pagerduty.incident.get?"),
        (("actions", "oncal.who"), "There is no action oncal.who; did you mean pagerduty.oncall.who?"),
    ],
)  # fmt: skip
def test_a_command(capsys, words: Tuple[str, ...], line: str) -> None:
    assert main([*words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (only,) = as_typed(said.err).splitlines()
    assert only.startswith("standalone: ")
    assert line in only


@pytest.mark.parametrize(
    "words",
    [
        ("actions",),
        ("actions", "oncall"),
        ("actions", "event.trigger"),
        ("actions", "mattermost.post_incident"),
        ("rules",),
        ("rules", "p1_to_incidents"),
        ("triggers",),
        ("executions",),
        ("key", "list"),
        ("chat", "help"),
    ],
    ids=" ".join,
)
def test_a_list_fits_a_terminal(shell, capsys, monkeypatch, words: Tuple[str, ...]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shell("key", "set", "a.long.name", "v" * 200)
    assert main([*words, "--config", str(shell.config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    wide = [line for line in lines if len(line) > 80]
    assert [line for line in wide if " -m standalone run " not in line] == []
    assert not any(
        line.startswith("pagerduty.") and "…" in line.split("  ")[0] for line in lines
    ), "a name that is cut can't be typed"


@pytest.mark.parametrize(
    "find", ["incident.find_open", "service.find", "user.find", "schedule.find"]
)
def test_what_is_found_fits_a_terminal_with_whole_ids(shell, capsys, monkeypatch, find) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["run", find, "--config", str(shell.config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    (head,) = (line for line in lines if "ID " in line)
    start = head.index("ID ")
    rows = lines[lines.index(head) + 1 : lines.index("", lines.index(head))]
    assert rows
    assert all("…" not in row[start : start + 14] for row in rows)


def test_a_health_check_is_a_table_in_the_terminal(shell, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["run", "health.check", "--config", str(shell.config)]) == 0
    out = capsys.readouterr().out
    assert "| --- |" not in out
    assert "\u200b" not in out
    assert all(len(line) <= 82 for line in out.splitlines()), "an emoji may count as two"
    assert out.rstrip().endswith("-j shows also: checks")


def test_an_action_is_shown_with_its_example(capsys) -> None:
    assert main(["actions", "incident.acknowledge"]) == 0
    action = metadata.load_pack(ROOT, []).actions["pagerduty.incident.acknowledge"]
    last = capsys.readouterr().out.splitlines()[-1].strip()
    assert last.endswith(f" -m standalone {typed_example(action)}")


def test_the_example_of_each_action_is_one_that_it_takes() -> None:
    paths.prepare(ROOT)
    pack = metadata.load_pack(ROOT, [])
    for ref, action in sorted(pack.actions.items()):
        if not action.enabled:
            continue
        last = typed_example(action)
        said, typed, *given = shlex.split(last)
        assert (said, typed) == ("run", ref)
        parameters = from_command_line(action.parameters, given)
        needed = [
            n for n, s in action.parameters.items() if s.get("required") and "default" not in s
        ]
        assert set(needed) <= set(parameters), (ref, last)
        resolve(
            action.parameters, parameters, {"action_context": {}}
        )  # as StackStorm checks them: kinds and words


def test_json_holds_what_the_tables_leave_out(capsys) -> None:
    assert main(["rules", "post_incidents", "-j"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["state"], row["trigger"]) == ("enabled", "pagerduty.incident")
