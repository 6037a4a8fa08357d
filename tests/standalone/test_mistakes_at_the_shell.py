"""Mistakes at the command line and on the machine: each is answered in one line that names the place
and the remedy, and by an exit code. The numbers are those of the list they were collected in."""

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
from typing import Any, List, NamedTuple, Tuple

import pytest
import yaml
from command_line import ROOT

from sandbox.pagerduty.seed import READ_ONLY_KEY
from sandbox.ports import free_port
from sandbox.waiting import until
from standalone.missing import SANDBOX, STANDALONE, one_line


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


def test_29_a_data_folder_that_can_not_be(shell):
    file = shell.folder / "file"
    file.write_text("x")
    code, lines = shell("key", "list", "--data", str(file / "data"))
    assert (code, len(lines)) == (2, 1)
    assert "can't be used" in lines[0]
    assert "--data" in lines[0]


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
    until(lambda: line in said.read_text("utf-8"))
    time.sleep(1)
    started.send_signal(number)
    ended = started.wait(30)
    error = wrong.read_text("utf-8")
    assert "Traceback" not in error
    assert ended == (code if number == signal.SIGINT or not code else 143), error
    until(lambda: not _left(started.pid))
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


def test_help_is_said_however_it_is_asked_for(shell):
    for asked, same in (
        (("help",), ("--help",)),
        (("help", "check"), ("check", "--help")),
        (("help", "key", "set"), ("key", "set", "--help")),
    ):
        code, lines = shell(*asked, config=False)
        assert (code, lines) == shell(*same, config=False)
        assert code == 0
        assert lines[0].startswith("usage: python -m standalone"), lines
    code, lines = shell("help", "chek", config=False)
    assert code == 2
    assert "did you mean check?" in lines[0]
