"""What the log says of an answer: what was asked for, where its first line tells nothing."""

from __future__ import annotations

from typing import Any

import pytest

from pagerduty_mattermost.chat import handle
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.verbs.registry import TABLE

NOWHERE: Any = None
"""Help needs no context."""


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("ack", "help about ack"),
        ("`/pd ack`", "help about ack"),
        ("incidents", "help about incidents"),
        ("", "help"),
    ],
)
def test_help_is_logged_as_what_was_asked_about(asked: str, line: str) -> None:
    result = TABLE.answer(NOWHERE, Command("help", text=asked))
    assert handle._done(result)["message"] == line


def test_a_list_is_called_one() -> None:
    result = CommandResult("- `/pd ack`: acknowledge\n- the next")
    assert handle._done(result)["message"] == "Answered with a list."
    assert handle._done(CommandResult("One:\n- a"))["message"] == "One"
