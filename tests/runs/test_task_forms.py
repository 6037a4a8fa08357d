"""How tasks are typed: by number, by words, in front of what is said of them; an incident may
stand in front of all."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from pagerduty_mattermost.chat.parser import parse

OF_12 = {"incidents": "12", "task": "1.2"}
DUE_OF_12 = {**OF_12, "duration": "9:00"}


@pytest.mark.parametrize(
    ("line", "verb", "fields"),
    [
        ("check 1.2", "check", {"task": "1.2"}),
        ("check 1 2", "check", {"task": "1.2"}),
        ("check 1.2 done", "check", {"task": "1.2", "text": "done"}),
        ("tick 1.2", "check", {"task": "1.2"}),
        ("check 1.2 ?", "check", {"task": "1.2", "text": "?"}),
        ("uncheck 1.2", "check", {"task": "1.2", "text": "open"}),
        ("skip 1 2", "check", {"task": "1.2", "text": "skip"}),
        ("check 1234 1.2 done", "check", {"incidents": "1234", "task": "1.2", "text": "done"}),
        ("check 3 1 2", "check", {"incidents": "3", "task": "1.2"}),
        ("check 3 1.2", "check", {"incidents": "3", "task": "1.2"}),
        ("1234 check 1.2", "check", {"incidents": "1234", "task": "1.2"}),
        ("#12 check 1 2", "check", {"incidents": "12", "task": "1.2"}),
        ("check PT4KHLK 1 2 open", "check", {"incidents": "PT4KHLK", "task": "1.2"}),
        ("check open a call", "check", {"task": "open a call"}),
        ("check open a call: done", "check", {"task": "open a call", "text": "done"}),
        ('check "Open a call" skip', "check", {"task": "Open a call", "text": "skipped"}),
        ("incident check 1 2", "check", {"task": "1.2"}),
        ("assign 1.2 @bob", "assign_task", {"task": "1.2", "text": "@bob"}),
        ("assign 1 2 @bob", "assign_task", {"task": "1.2", "text": "@bob"}),
        ("incident assign 1 2 @bob", "assign_task", {"task": "1.2", "text": "@bob"}),
        ("incident assign 1.2 @bob", "assign_task", {"task": "1.2", "text": "@bob"}),
        ("assign 1.2 to me", "assign_task", {"task": "1.2", "text": "me"}),
        ("assign 1.2", "assign_task", {"task": "1.2"}),
        ('assign task "Open a call" @bob', "assign_task", {"task": "Open a call"}),
        ("assign 1234 1.2 @bob", "assign_task", {"incidents": "1234", "task": "1.2"}),
        ("assign 1234 @bob", "reassign", {"incidents": "1234", "text": "@bob"}),
        ("assign 1 @bob", "reassign", {"incidents": "1", "text": "@bob"}),
        ("assign @bob", "reassign", {"text": "@bob"}),
        ("assign PT4KHLK to Ada Lovelace", "reassign", {"incidents": "PT4KHLK"}),
        ("stage", "stage", {}),
        ("stage next", "stage", {"text": "next"}),
        ("stage 2", "stage", {"text": "2"}),
        ("stage 1234 next", "stage", {"incidents": "1234", "text": "next"}),
        ("stage 35 2", "stage", {"incidents": "35", "text": "2"}),
        ('task add 35 2 "Call it"', "task_add", {"incidents": "35", "task": "2"}),
        ("task add 2 3 calls", "task_add", {"task": "2", "text": "3 calls"}),
        ("stage Stop the harm", "stage", {"text": "Stop the harm"}),
        ('task add 2 "Call the bank"', "task_add", {"task": "2", "text": "Call the bank"}),
        ("task add Call the bank", "task_add", {"text": "Call the bank"}),
        ("task add 1234 2 Call", "task_add", {"incidents": "1234", "task": "2", "text": "Call"}),
        ("task edit 2.1 Call both", "task_edit", {"task": "2.1", "text": "Call both"}),
        ("task due 1.2 at 14:30", "task_due", {"task": "1.2", "duration": "14:30"}),
        ("task move 1.3 before 2.1", "task_move", {"task": "1.3", "text": "2.1"}),
        ("task remove 2.3", "task_remove", {"task": "2.3"}),
        ("task run 1.3", "task_run", {"task": "1.3"}),
        ("task 1.2 of incident 12 is due at 9:00", "task_due", DUE_OF_12),
        ("tick task 1.2 of incident 12", "check", OF_12),
        ("tick task 1.2 of incident 12 skip", "check", {**OF_12, "text": "skipped"}),
        ("check 1.2 of #12 done", "check", {**OF_12, "text": "done"}),
        ("tasks 1234", "tasks", {"incidents": "1234"}),
        ("my tasks", "todo", {}),
        ("start", "start", {}),
        ("start major-incident", "start", {"text": "major-incident"}),
        ("start major-incident 1234", "start", {"text": "major-incident", "incidents": "1234"}),
        ("start 1234 outage", "start", {"text": "outage", "incidents": "1234"}),
        ("incident start", "start", {}),
    ],
)
def test_what_is_typed(line: str, verb: str, fields: Dict[str, Any]) -> None:
    parsed = parse(line)
    assert parsed.problem == ""
    said = {name: value for name, value in parsed.command._asdict().items() if value}
    assert said.pop("verb") == verb
    assert {name: said.get(name, "") for name in fields} == fields
    assert fields.keys() >= said.keys() - {"text"}


@pytest.mark.parametrize("line", ["check", "check 1", "task", "task add", "start a b c"])
def test_what_is_none_is_said(line: str) -> None:
    assert parse(line).problem
