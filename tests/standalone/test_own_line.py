"""Commands that the program names can be pasted as they stand."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from pagerduty_mattermost.core import typed_actions
from standalone import own_line

ROOT = Path(__file__).resolve().parents[2]


def test_a_command_that_a_mistake_names_runs_as_it_stands(shell):
    code, lines = shell("actions", "xyzzyq", whole=True)
    assert code == 2
    named = lines[0].split("`")[1]
    done = subprocess.run(shlex.split(named), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "incident.get" in done.stdout) == (0, True), named
    code, lines = shell("key", "get", "nosuch", whole=True)
    assert lines[0].endswith(f" -m standalone key list --config {shell.config}` shows them")


def test_what_the_pack_names_runs_as_it_stands(shell):
    code, lines = shell("run", "route.explain", "incident_id=1", whole=True)
    assert code == 0, lines
    (line,) = [one for one in lines if "to post it by hand" in one]
    named = shlex.split(line.split("`")[1])
    assert named[1:4] == ["-m", "standalone", "run"], line
    assert named[-2:] == ["--config", str(shell.config)]
    done = subprocess.run(named, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "succeeded" in done.stdout) == (0, True), done.stdout


def test_the_example_of_an_action_is_a_whole_line(shell):
    lines = shell("actions", "incident.get", whole=True)[1]
    assert shlex.split(lines[-1])[1:4] == ["-m", "standalone", "run"]


def test_on_stackstorm_it_is_its_own_line(monkeypatch):
    monkeypatch.delenv(typed_actions.VARIABLE, raising=False)
    said = typed_actions.run_line("identity.link", user="ada", pagerduty_user="<e-mail or id>")
    assert said == "st2 run pagerduty.identity.link user=ada 'pagerduty_user=<e-mail or id>'"
    assert typed_actions.is_run_line(said)
    assert not typed_actions.is_run_line("rm -r st2 run")


def test_both_sides_know_the_same_variable():
    assert own_line.VARIABLE == typed_actions.VARIABLE


def test_what_is_no_command_stays(monkeypatch):
    text = "`/pd list`, `make venv`, `mmctl team users add`, `--config`, `rules/` and `run"
    assert own_line.pasteable(text) == text
    python = own_line.line("x").split(" -m ")[0]
    assert own_line.pasteable("`rules` lists them") == f"`{python} -m standalone rules` lists them"
    assert os.path.basename(python).startswith("python") or sys.executable in python
