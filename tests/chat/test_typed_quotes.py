"""Quotes of any language that stand in what is typed after /pd."""

# flake8: noqa: E203

from __future__ import annotations

from pathlib import Path

import pytest

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.parser import parse

QUOTED = [
    (
        "who’s on call for Platform rotation?",
        Command("oncall", text="Platform rotation"),
    ),
    ("page @mei „Hilfe“", Command("page", service="@mei", text="Hilfe")),
    ("page @mei ”hjälp”", Command("page", service="@mei", text="hjälp")),
    ("page @mei «aide»", Command("page", service="@mei", text="aide")),
    ("page „Night shift“ »Hilfe«", Command("page", service="Night shift", text="Hilfe")),
    (
        "trigger „Zahlung kaputt“ on Checkout API",
        Command("create", text="Zahlung kaputt", service="Checkout API"),
    ),
    (
        "trigger „Zahlung on hold“ on Checkout API --details “all of it”",
        Command(
            "create",
            text="Zahlung on hold",
            service="Checkout API",
            options={"details": "all of it"},
        ),
    ),
    ("resolve 12 ‘done’", Command("resolve", incidents="12", text="done")),
    ("note 12 it’s the “disk”", Command("note", incidents="12", text="it’s the “disk”")),
    ("run 12 «Major incident»", Command("workflow", incidents="12", text="Major incident")),
    (
        "override „Platform rotation“ for 2h by @mei",
        Command("override", service="Platform rotation", duration="2h", text="@mei"),
    ),
]
"""Of tests/fixtures/cases/F14_quotes.txt, and more of their kind."""


@pytest.mark.parametrize(("text", "said"), QUOTED)
def test_quotes_of_any_language_are_quotes(text: str, said: Command) -> None:
    assert parse(text) == (said, "", False)


def test_each_line_of_the_case_reads() -> None:
    path = Path(__file__).resolve().parent.parent / "fixtures" / "cases" / "F14_quotes.txt"
    lines = [line.split("->")[0].strip() for line in path.read_text("utf-8").splitlines()]
    assert len(lines) == 5
    assert [parse(line[len("/pd ") :]).problem for line in lines] == [""] * 5
