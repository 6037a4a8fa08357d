"""Typing as a person from the shell: phrases, and what stands after `/pd` in Mattermost; and that
what is answered is text, not Markdown."""

from __future__ import annotations

import json

import pytest

from standalone.output import readable
from standalone.plain_text import plain


def test_a_command_is_typed_as_somebody(shell):
    code, lines = shell("chat", "/pd whoami", "--as", "ada")
    assert code == 0
    assert "Ada Lovelace" in "\n".join(lines)
    code, lines = shell("chat", "/pd ack 1", "--as", "ada")
    assert (code, lines[0].startswith("Acknowledged #1 It burns (https://")) == (0, True), lines
    incident = next(iter(shell.sandbox.pagerduty.account.incidents.values()))
    assert incident.status == "acknowledged"
    (sender,) = {
        one.headers.get("from")
        for one in shell.sandbox.pagerduty.journal.entries
        if one.method == "PUT" and one.path == "/incidents"
    }
    assert sender == "ada@example.com"


def test_a_text_may_hold_an_equals_sign_and_an_option(shell):
    code, lines = shell("chat", "/pd dry-run note 1 ratio=5", "--as", "ada")
    assert code == 0, lines
    assert "Dry run, nothing is changed" in lines[0]
    given = '/pd dry-run trigger "Disk = full" on Checkout API --priority P1'
    code, lines = shell("chat", given, "--as", "ada")
    assert code == 0, lines
    assert "Trigger “Disk = full” on Checkout API (priority P1)" in lines[0]


def test_without_more_it_is_the_help(shell):
    assert any("/pd ack" in line for line in shell("chat", "/pd")[1])


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("/pd notes 1 foo", "'foo' is not read: type `/pd notes [id]`"),
        ("/pd subscribe", "type it as /pd in the channel"),
        ("/pd frobnicate", "there is no command 'frobnicate'"),
        ("/pd note on it", "which incident? The only one assigned to you is #1 It burns: say it"),
    ],
)
def test_a_slip_is_one_line(shell, typed, line):
    code, lines = shell("chat", typed, "--as", "ada")
    assert (code, len(lines)) == (1, 1), lines
    assert line in lines[0]


def test_who_speaks_has_to_be_said(shell):
    code, lines = shell("chat", "/pd whoami")
    assert code == 1
    assert lines[-1] == "(Nobody was named: chat --as USER says who speaks.)"


def test_the_execution_comes_as_json_with_j(shell):
    code, lines = shell("chat", "/pd show 1", "--as", "ada", "-j")
    found = json.loads("\n".join(lines))
    assert (code, found["action"]["ref"]) == (0, "pagerduty.chat.run")
    assert found["parameters"]["verb"] == "typed"


def test_parameters_may_stand_behind_options(shell):
    given = ["run", "incident.get", "--config", str(shell.config), "entity_id=1"]
    assert shell(*given, config=False)[0] == 0
    code, lines = shell("run", "incident.get", "--foo", "entity_id=1")
    assert (code, len(lines)) == (2, 1)
    assert "unrecognized arguments: --foo" in lines[0]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**Done**: [#4 Slow](https://x.example/4).", "Done: #4 Slow (https://x.example/4)."),
        (":warning: `/pd ack 2` of @\u200bada", "⚠️ `/pd ack 2` of @ada"),
        ("a \\*star\\* and \\`code\\`", "a *star* and `code`"),
        ("at 12:30: :eyes:", "at 12:30: :eyes:"),
        ("~~gone~~", "gone"),
        ("[a\\]b](https://x.example/4)", "a]b (https://x.example/4)"),
        ("[not a link](javascript:x)", "[not a link](javascript:x)"),
    ],
)
def test_markdown_becomes_text(markdown, text):
    assert plain(markdown) == text


def test_a_table_shows_no_marks():
    table = "\n".join(
        (
            "2 failed.",
            "",
            "| id | what |",
            "| --- | --- |",
            "| `0aee8320` | [#4 Slow](https://x.example/4) by @\u200bada, \\`/invite\\` |",
        )
    )
    assert readable(table).splitlines() == [
        "2 failed.",
        "",
        "id        what",
        "0aee8320  #4 Slow by @ada, `/invite`",
    ]


def test_no_mark_of_markdown_is_left_in_what_people_list(shell):
    for words in (
        ("run", "deadletter.list"),
        ("run", "health.check"),
        ("run", "oncall.week", "schedules=Platform rotation"),
        ("chat", "/pd list", "--as", "ada"),
        ("chat", "/pd oncall", "--as", "ada"),
    ):
        code, lines = shell(*words)
        assert code == 0, lines
        said = "\n".join(lines)
        for mark in ("**", "](http", "\u200b", ":warning:", "\\`", "| --- |"):
            assert mark not in said, (words, mark, said)
