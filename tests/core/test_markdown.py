"""Text that people copy is shown without invisible characters, and nothing in it acts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_text import without_code

from pagerduty_mattermost.core.markdown import code_block, code_span, copyable

PIECES = st.sampled_from(
    [
        "@all",
        "`",
        "``",
        "root@db",
        "~town",
        ":bell:",
        "](http://x)",
        "#tag",
        " ",
        "\n",
        "a",
        "\u202e",
    ]
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("disk is full", "disk is full"),
        ("root@db-1: disk is *full*", "`root@db-1:` disk is \\*full\\*"),
        ("arn:aws:sns:eu-west-1:1:pd", "`arn:aws:sns:eu-west-1:1:pd`"),
        ("run `x @y` now", "run \\`x `` @y` `` now"),
        ("https://x.example/a_b", "https://x.example/a_b"),
        ("one\n@all two", "one\n`@all` two"),
        ("", ""),
    ],
)
def test_what_would_act_is_code(text: str, shown: str) -> None:
    assert copyable(text) == shown


@given(st.lists(PIECES, max_size=12).map("".join))
def test_nothing_acts_and_nothing_is_invisible(text: str) -> None:
    shown = copyable(text)
    assert "\u200b" not in shown
    left = without_code(shown)
    assert not re.search(r"@|(?<!\S)~\w|:bell:|\]\(", left), shown


@given(st.text(max_size=40))
def test_code_holds_what_was_written(text: str) -> None:
    span = code_span(text)
    assert not span or re.fullmatch(r"(`+)(?!`).*(?<!`)\1", span, re.DOTALL)
    lines = code_block(text).split("\n")
    assert set(lines[0]) == {"`"}
    assert lines[0] == lines[-1]
    assert len(lines[0]) >= 3
    assert not any(lines[0] in line for line in lines[1:-1])
