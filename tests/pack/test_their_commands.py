"""The commands of Mattermost's Incident Management and of Rootly: each is there as a command, also
behind `/incident`, as a phrase and as an action. The one table is in docs/playbooks.md."""

# flake8: noqa: E203

from __future__ import annotations

import re
from typing import List

import pytest
from pack_files import ROOT, load

from pagerduty_mattermost.chat.parser import parse

THEIRS = (
    *("start", "end", "restart", "check", "announce", "list", "commander", "info", "stage"),
    *("test create-incident", "test bulk-data", "new", "create", "declare", "mitigate"),
    *("mitigated", "resolve", "resolved", "connect", "help"),
)
WITH_MORE = {
    "start": "start major-incident",
    "check": "check 1 2",
    "announce": "announce ~checkout",
    "commander": "commander @grace",
    "stage": "stage next",
    "test bulk-data": "test bulk-data 10 3 2020-01-31 2020-11-22 2",
}
"""As the documents of theirs type them."""


def rows() -> List[List[str]]:
    text = (ROOT / "docs" / "playbooks.md").read_text("utf-8")
    table = text.partition("| there | here | phrase | action |\n")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")[1:]
    ]


ROWS = rows()


def test_the_table_has_each_of_them() -> None:
    said = [word for row in ROWS for word in row[0].split(", ")]
    assert sorted(said) == sorted([*THEIRS, "list ended"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_command_is_there_as_phrase_and_action(row: List[str]) -> None:
    _, typed, phrase, action = (cell.strip("`") for cell in row)
    read = parse(typed[len("/pd ") :])
    assert not read.problem, read.problem
    alias = load(ROOT / "aliases" / f"{phrase}.yaml")
    meant = (
        {"create", read.command.verb} if read.command.verb == "declare" else {read.command.verb}
    )
    assert alias["immutable_parameters"]["verb"] in meant
    assert (ROOT / "actions" / f"{action}.yaml").exists()
    named = re.findall(r"`((?:exercise|playbook|room|incident)\.[a-z_.0-9]+)`", " ".join(row))
    assert all((ROOT / "actions" / f"{one}.yaml").exists() for one in named)


@pytest.mark.parametrize("word", THEIRS)
def test_what_was_typed_there_is_understood_here_behind_incident_too(word: str) -> None:
    line = WITH_MORE.get(word, word)
    mine, theirs = parse(line), parse(f"incident {line}")
    assert not theirs.problem, theirs.problem
    if word != "list":  # by itself it lists incidents, behind "incident" their rooms
        assert theirs.command == mine.command
