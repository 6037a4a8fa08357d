"""A playbook as values: written as JSON and read again it is the same one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.playbooks.playbook import (
    Condition,
    Playbook,
    Retrospective,
    Role,
    Stage,
    Task,
    Updates,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
CONDITIONS = st.builds(Condition, due_seconds=NUMBERS)
TASKS = st.builds(Task, due_seconds=NUMBERS, when=st.lists(CONDITIONS, max_size=2).map(tuple))
STAGES = st.lists(st.builds(Stage, tasks=st.lists(TASKS, max_size=2).map(tuple)), max_size=2)
PLAYBOOKS = st.builds(
    Playbook,
    stages=STAGES.map(tuple),
    updates=st.builds(Updates, remind_seconds=NUMBERS),
    retro=st.builds(Retrospective, remind_seconds=NUMBERS),
)
SMALL = Playbook(
    "outage",
    "Outage",
    (Stage("First", (Task("a", "Look"),)), Stage("Then", (Task("b", "Act"), Task("c", "Wait")))),
    roles=(Role("scribe", "Scribe"),),
)


@given(PLAYBOOKS)
@settings(max_examples=50)
def test_what_is_kept_reads_as_the_same_playbook(playbook: Playbook) -> None:
    assert from_json(Playbook, json.loads(json.dumps(to_json(playbook)))) == playbook


@pytest.mark.parametrize("data", [None, {}, {"name": "a", "title": "A", "stages": {"name": "x"}}])
def test_what_is_none_is_refused(data: Any) -> None:
    with pytest.raises(MisshapenValue):
        from_json(Playbook, data)


def test_tasks_and_roles_are_found() -> None:
    assert [task.id for task in SMALL.tasks] == ["a", "b", "c"]
    assert SMALL.role("scribe") == Role("scribe", "Scribe")
    assert SMALL.role("commander") is None
