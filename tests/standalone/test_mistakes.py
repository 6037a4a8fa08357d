"""The mistakes people make: each is answered in one line that names the place and the remedy, and
by an exit code. One row each, on the sandbox; the numbers are those of the list they were
collected in."""

# flake8: noqa: E501,W503

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import pytest
import yaml
from command_line import Shell

from sandbox.pagerduty.seed import READ_ONLY_KEY
from sandbox.ports import free_port
from standalone.missing import SANDBOX, STANDALONE, one_line

ROOT = Path(__file__).resolve().parents[2]


class Setting(NamedTuple):
    """A row of the settings: what is changed, and what the one line says."""

    number: str
    changed: Dict[str, Any]
    line: str


SETTINGS = [
    Setting("1", {"api_key": "u+wrong"}, "PagerDuty does not accept the key (401): check api_key, auth_type and region"),
    Setting("2", {"mattermost": {"token": "x" * 26}}, "Mattermost refuses the token (mattermost.token: revoked, mistyped"),
    Setting("3", {"mattermost": {"team": "opps"}}, "mattermost.team: there is no team 'opps', or @pagerduty is not in it; @pagerduty is in: ops. Correct the team"),
    Setting("4", {"mattermost": {"default_channel": "~incidnets"}}, "mattermost.default_channel: Mattermost shows the bot no channel ~incidnets in the team ops: it is misspelt"),
    Setting("4b", {"mattermost": {"default_channel": "#incidents"}}, "'#incidents' is no name of a Mattermost channel; write it as in its address, such as incidents"),
    Setting("4c", {"mattermost": {"default_channel": "Incidents P1"}}, "write it as in its address, such as incidents-p1"),
    Setting("5", {"mattermost": {"default_chanel": "x"}}, "mattermost.default_chanel is not a setting, did you mean mattermost.default_channel?"),
    Setting("6", {"timezone": "UTC"}, "timezone is not a setting; did you mean time_zone?"),
    Setting("8", {"watch": {"poll_interval": "4s"}}, "watch.poll_interval: is text, must be a whole number"),
    Setting("8b", {"watch": {"poll_interval": 1}}, "watch.poll_interval: must be 4 or more"),
    Setting("8c", {"watch": {"urgencies": "high"}}, "watch.urgencies: is text, must be a list; write [high]"),
    Setting("8d", {"debug": "no way"}, "debug: is text, must be true or false"),
    Setting("9", {"time_zone": "Berlin"}, "this machine knows no time zone 'Berlin'; write an IANA name like Europe/Berlin"),
    Setting("10", {"watch": {"services": ["Chekout API"]}}, "watch.services: there is no service 'Chekout API'; did you mean Checkout API"),
    Setting("11", {"watch": {"urgencies": ["High"]}}, "watch.urgencies[0] must be one of high, low"),
    Setting("14", {"api_url": "api.pagerduty.com"}, "api_url must be a URL that begins with https://"),
    Setting("14b", {"region": "europe"}, "region must be one of us, eu"),
    Setting("16", {"quiet_hours": {"hours": "22-7"}}, "'22-7' is no day, no hours and no time zone; write days and hours such as"),
    Setting("17", {"api_key": "{{ st2kv.system.gone }}"}, "api_key: '{{ st2kv.system.gone }}': the datastore has no key 'gone' (`key set gone` stores one)"),
    Setting("18", {"api_key": READ_ONLY_KEY, "from_email": "ada@example.com"}, "api_key: may only read, but from_email is set to change incidents: make a key without 'Read-only API Key'"),
    Setting("20", {"oncall": {"channels": {"Chekout rotation": "incidents"}}}, "oncall.channels.Chekout rotation: there is no schedule or escalation policy 'Chekout rotation'"),
    Setting("20b", {"oncall": {"headers": {"nochan": "Platform rotation"}}}, "oncall.headers.nochan: Mattermost shows the bot no channel ~nochan"),
]  # fmt: skip


@pytest.mark.parametrize("row", SETTINGS, ids=[row.number for row in SETTINGS])
def test_a_mistake_in_the_settings(shell, row):
    shell.write(**row.changed)
    code, lines = shell("check")
    assert code == 1
    assert len(lines) == 1, lines
    assert lines[0].startswith("WRONG")
    assert row.line in lines[0]


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


class CommandRow(NamedTuple):
    """A row of the command line: `code`, and what the one line says."""

    number: str
    words: Tuple[str, ...]
    code: int
    line: str


COMMANDS = [
    CommandRow("19", ("run", "incident.acknowledge", "entity_id=1", "from_email=ada@example.com"), 1, "the key may not do this (403): Access Denied: it may be read-only, or lack a right"),
    CommandRow("26", ("check", "--rules", "nosuch"), 2, "--rules nosuch is no folder"),
    CommandRow("39", ("chat", "get open incidetns"), 2, "'get open incidetns' is no phrase; did you mean “get open incidents"),
    CommandRow("41", ("run", "incident.acknowledge", "entity_id=1", "from_email=nobody@example.com"), 1, "PagerDuty has no user with this sender's e-mail address: give as from_email"),
    CommandRow("42", ("run", "incident.gett", "entity_id=1"), 2, "There is no action incident.gett; did you mean pagerduty.incident.get?"),
    CommandRow("43", ("run", "incident.get", "entity=1"), 2, "there is no parameter 'entity'; did you mean entity_id?"),
    CommandRow("44", ("run", "incident.get"), 2, "pagerduty.incident.get: entity_id: is missing"),
    CommandRow("46", ("run", "log_entry.find", "since=yesterdayy"), 1, "since: expected a time (2026-11-"),
    CommandRow("47", ("run", "incident.find", "since=2026-11-02T00:00:00Z", "until=2026-11-01T00:00:00Z"), 1, "until: 2026-11-01T00:00:00Z is not after since, 2026-11-02T00:00:00Z"),
    CommandRow("48", ("serve", "--metrics", "foo:bar"), 2, "host:port"),
    CommandRow("53", ("chat", "note on incident 1: ratio=5", "--as", "ada"), 2, "'ratio=…' at the end is read as a parameter"),
]  # fmt: skip


@pytest.mark.parametrize("row", COMMANDS, ids=[row.number for row in COMMANDS])
def test_a_mistake_at_the_command_line(shell, row):
    if row.number == "19":
        shell.write(api_key=READ_ONLY_KEY)
    code, lines = shell(*row.words)
    assert code == row.code, lines
    said = [line for line in lines if not line.startswith(("action  ", "status  "))]
    assert len(said) == 1, lines
    assert row.line in said[0]
    assert "endpoint" not in said[0]
    assert "Traceback" not in said[0]


def test_1b_serve_says_once_what_stays_wrong(shell):
    shell.write(api_key="u+wrong", watch={"poll_interval": 4})
    assert _served(shell, 10.0).count("does not accept the key") <= 2  # the sensor, and its notice


def test_7_the_yaml_does_not_read(shell):
    shell.config.write_text("mattermost:\n  url: x\n   token: y\n")
    assert shell("check") == (
        2,
        [
            f"standalone: {shell.config} line 3: this is no YAML: a line is indented more or less than its neighbours, or a value with a colon in it needs quotes"
        ],
    )
    shell.config.write_text("watch:\n\tservices: []\n")
    assert "line 2: this is no YAML: it contains a tab; indent with spaces" in shell("check")[1][0]


def test_12_https_where_http_is_spoken(shell):
    shell.write(mattermost={"url": shell.url.replace("http:", "https:")})
    code, lines = shell("check")
    # Below Python 3.9 the sandbox's server itself logs what it could not read.
    lines = [line for line in lines if line.startswith("WRONG")]
    assert (code, len(lines)) == (1, 1)
    assert (
        f"127.0.0.1:{shell.sandbox.mattermost.port}: this port speaks http, not https: write http://"
        in lines[0]
    )


def test_13_the_apis_path_and_a_slash_in_the_url_are_taken(shell):
    shell.write(mattermost={"url": shell.url + "/api/v4/"})
    assert shell("check") == (0, [])


def test_15_a_dead_proxy_is_named(shell):
    shell.write(proxy="http://me:secret@127.0.0.1:9", mattermost={"proxy": "http://127.0.0.1:9"})
    code, lines = shell("check")
    assert code == 1
    assert len(lines) == 2  # each side is asked by itself
    assert all("through the proxy 127.0.0.1:9: no connection" in line for line in lines)
    assert "secret" not in str(lines)


def test_15b_a_wrong_host_is_named(shell):
    shell.write(mattermost={"url": "http://chat.invalid:8065"})
    code, lines = shell("check")
    assert (code, len(lines)) == (1, 1)
    assert "chat.invalid:8065: no connection" in lines[0]
    assert lines[0].endswith("; check the address, the network and the proxy")


def test_15c_a_host_that_hangs_shows_life(shell, monkeypatch):
    from standalone import connections

    monkeypatch.setattr(connections, "LIFE_SECONDS", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        shell.write(
            api_url=f"http://127.0.0.1:{port}", timeouts={"connect": 1, "read": 2, "whole": 2}
        )
        began = time.monotonic()
        code, lines = shell("check")
        assert time.monotonic() - began < 30
    assert code == 1
    assert any("waiting for PagerDuty's answer (1 s)" in line for line in lines)
    wrong = [line for line in lines if line.startswith("WRONG")]
    assert len(wrong) == 1
    assert f"127.0.0.1:{port}: no answer in time" in wrong[0]


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


def test_28_no_configuration_or_none_that_reads(shell):
    shell.config.unlink()
    assert "There is no configuration" in shell("serve")[1][0]
    assert "copy pagerduty.yaml.example there" in shell("serve")[1][0]
    shell.config.write_text("just words")
    code, lines = shell("serve")
    assert (code, len(lines)) == (2, 1)
    assert "must be a mapping of settings" in lines[0]


def test_29_a_data_folder_that_can_not_be(shell):
    file = shell.folder / "file"
    file.write_text("x")
    code, lines = shell("key", "list", "--data", str(file / "data"))
    assert (code, len(lines)) == (2, 1)
    assert "can't be used" in lines[0]
    assert "--data" in lines[0]


def test_30_and_31_two_that_serve(shell):
    first = _start(shell)
    try:
        _await(shell, "Running pagerduty")
        code, lines = shell("serve")
        assert code == 2
        assert "Another process already serves" in lines[-1]
        code, lines = shell("serve", "--data", str(shell.folder / "other"))
        assert code == 2
        assert (
            "already serves this PagerDuty account and Mattermost bot, with its data in"
            in lines[-1]
        )
        assert str(shell.folder / ".pagerduty-data") in lines[-1]
        assert "end one of them" in lines[-1]
    finally:
        first.send_signal(signal.SIGTERM)
        first.wait(15)


@pytest.mark.parametrize("section", ["chat", "webhook"])
def test_32_and_33_a_port_that_is_taken(shell, section):
    more = {"signing_keys": ["s" * 32]} if section == "chat" else {"secrets": ["s" * 32]}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        shell.write(**{section: {"port": port, "public_url": "http://127.0.0.1:1", **more}})
        code, lines = shell("check")
    assert (code, len(lines)) == (1, 1)
    assert (
        f"{section}.port: 127.0.0.1:{port} can't be listened on (Address already in use): choose another port"
        in lines[0]
    )


def test_34_an_old_python(tmp_path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "demo", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "Python 3.8 or newer is needed: make demo PYTHON=/path/to/python3" in done.stderr


@pytest.mark.parametrize("words", [["standalone", "rules"], ["sandbox"], ["sandbox", "demo"]])
def test_35_a_dependency_that_is_missing(words):
    done = subprocess.run(
        [sys.executable, "-S", "-m", *words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert "not installed for" in lines[0]
    assert "run `make venv`" in lines[0]


def test_35_some_dependencies_that_are_missing(capsys):
    with pytest.raises(SystemExit) as ended, one_line("standalone", ("yaml", "nope", "nada")):
        raise AssertionError("it ends before anything is done")
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "the Python packages nope, nada are not installed for" in told


def test_35_every_package_that_is_needed_is_looked_for():
    """By the requirements: what is installed under another name than it is imported by is here."""
    named = {"pyyaml": "yaml", "python-dateutil": "dateutil"}
    lines = [
        re.split("[<>=]", line)[0].lower().replace("-", "_")
        for file in ("requirements.txt", "standalone/requirements.txt")
        for line in (ROOT / file).read_text("utf-8").splitlines()
        if line and line[0] not in "#-"
    ]
    wanted = {named.get(line.replace("_", "-"), line) for line in lines} - {"tzdata"}
    assert wanted == set(STANDALONE)
    assert set(STANDALONE) < set(SANDBOX)


@pytest.mark.parametrize(
    ("words", "line", "code"),
    [
        (["-m", "sandbox"], "Ctrl-C ends both", 0),
        (["-m", "sandbox", "demo"], "the pack starts", 130),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_36_to_38_a_signal_leaves_nothing_behind(tmp_path, words, line, code, number):
    environment = {
        **os.environ,
        "TMPDIR": str(tmp_path),
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "200",
    }
    # Files, not pipes: on StackStorm's modules a pipe that is read holds up the whole process.
    said, wrong = (tmp_path.parent / f"{tmp_path.name}.{end}" for end in ("out", "err"))
    with said.open("wb") as out, wrong.open("wb") as err:
        started = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            stdout=out,
            stderr=err,
            env=environment,
            start_new_session=True,
        )
    _until(lambda: line in said.read_text("utf-8"))
    time.sleep(1)
    started.send_signal(number)
    ended = started.wait(30)
    error = wrong.read_text("utf-8")
    assert "Traceback" not in error
    assert ended == (code if number == signal.SIGINT or not code else 143), error
    _until(lambda: not _left(started.pid))
    assert [
        path.name for path in tmp_path.iterdir() if not path.name.startswith("pagerduty-served")
    ] == []


def test_40_a_chat_without_a_name(shell):
    code, lines = shell("chat", "ack incident id 1")
    assert code == 1
    assert "chat --as USER says who speaks" in lines[-1]


def test_45_a_number_with_its_sign_is_taken(shell):
    assert shell("run", "incident.get", "entity_id=#1")[0] == 0


def test_48b_a_port_of_the_metrics_that_is_taken(shell):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, lines = shell("serve", "--metrics", f"127.0.0.1:{taken.getsockname()[1]}")
    assert (code, len(lines)) == (2, 1)
    assert "can't be listened on" in lines[0]


def test_49_setup_as_a_plain_bot(shell):
    port = free_port()
    shell.write(
        chat={"port": port, "public_url": f"http://127.0.0.1:{port}", "signing_keys": ["s" * 32]}
    )
    code, lines = shell("setup")
    assert code == 1
    assert any("run `setup --ask-admin-token`, which asks for" in line for line in lines)


def test_50_words_behind_an_option_without_quotes():
    from pagerduty_mattermost.chat.line import words_of
    from pagerduty_mattermost.chat.options import read_options

    read = read_options(words_of("subscribe --service Checkout API"), {"service"})
    assert (
        read.problem
        == "'API' behind --service: a value of several words stands in quotes, and other words stand in front of the options"
    )


def test_51_several_priorities_in_one_subscription(shell):
    from datastore_double import Service

    from pagerduty_mattermost.chat.command import Command
    from pagerduty_mattermost.chat.verbs.subscriptions import subscribe
    from pagerduty_mattermost.core.errors import RejectedInput
    from pagerduty_mattermost.gateways.context import Context

    context = Context(yaml.safe_load(shell.config.read_text()), Service(), _Log())
    command = Command("subscribe", channel="c" * 26, user="ada", options={"priority": "P1,P2"})
    with pytest.raises(
        RejectedInput, match="a subscription has one --priority: subscribe once for each"
    ):
        subscribe(context, command)


def test_54_a_channel_mistyped_in_a_shell_is_answered_there_alone(shell):
    before = len(shell.sandbox.mattermost.account.posts("ops"))
    code, lines = shell("run", "mattermost.post_message", "channel=nosuch", "message=hello")
    assert code == 1
    assert (
        "Mattermost shows the bot no channel ~nosuch in the team ops: it is misspelt" in lines[-1]
    )
    assert len(shell.sandbox.mattermost.account.posts("ops")) == before


class _Log:
    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def _start(shell: Shell) -> Any:
    log = (shell.folder / "log").open("w")
    words = [sys.executable, "-m", "standalone", "serve", "--config", str(shell.config)]
    return subprocess.Popen(words, cwd=ROOT, stderr=log, stdout=log)


def _await(shell: Shell, words: str) -> None:
    _until(lambda: words in (shell.folder / "log").read_text())


def _served(shell: Shell, seconds: float) -> str:
    started = _start(shell)
    time.sleep(seconds)
    started.send_signal(signal.SIGTERM)
    started.wait(15)
    return (shell.folder / "log").read_text()


def _until(done: Any, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)


def _left(session: int) -> List[int]:
    """Processes of the session that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found
