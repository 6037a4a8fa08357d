"""What can't be read of what is typed after /pd is told, with what to type; no word is dropped
and no note guessed."""

from __future__ import annotations

import pytest

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.parser import parse


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("subscribe --service Checkout API", "'API' behind --service: a value of several words"),
        ("trigger --details all of it Slow on Database", "'of' behind --details"),
        ("trigger Slow on Database --details all of it", "'of' behind --details"),
        ("trigger Slow on Database --urgency low --urgency high", "--urgency stands there twice"),
        ("merge 1 3", "type `/pd merge <ids> into <id>`"),
        ("merge 1 into 3 and 4", "one incident at a time"),
        ("note 1, 3 both", "one incident at a time"),
        ("ack 1 please", "type `/pd ack"),
        ("list mine of Checkout", "`/pd list"),
    ],
)
def test_no_word_is_dropped(text: str, told: str) -> None:
    assert told in parse(text).problem


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "ack 12 --priority P1",
            "--priority belongs to `/pd declare` and `/pd subscribe` and `/pd trigger`",
        ),
        ("trigger Slow on Database --colour red", "there is no --colour here; there are --assign"),
        ("trigger Slow on Database --urgency", "--urgency needs a value"),
        ("merge 12", "type `/pd merge <ids> into <id>` (merge into"),
        ("note", "/pd note [id] <text>"),
        ("xyzzy", "there is no command 'xyzzy'; `/pd help` lists them"),
        ("incident xyzzy", "there is no command 'xyzzy'"),
    ],
)
def test_what_can_not_be_read_is_told_with_what_to_type(text: str, told: str) -> None:
    assert told in parse(text).problem


@pytest.mark.parametrize(
    "line",
    [
        "resolve 9, all",
        "resolve 14 and mine",
        "resolve 13, all the others too",
        "ack 3; the rest",
        "resolve 9 and everything",
        "resolve 2, 3 and the other incidents",
    ],
)
def test_more_of_them_without_saying_which_is_no_note(line: str) -> None:
    found = parse(line)
    assert found.command.verb == ""
    assert "names no incident" in found.problem
    assert "stands in quotes" in found.problem


def test_a_note_may_begin_with_such_a_word() -> None:
    for line, note in (
        ("resolve 9, all good now", "all good now"),
        ('resolve 9 "all"', "all"),
        ("resolve 9 and mine was fixed too", "and mine was fixed too"),
    ):
        assert parse(line).command == Command("resolve", incidents="9", text=note), line
