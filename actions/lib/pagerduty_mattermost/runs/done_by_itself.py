"""Tasks of a run that were done by themselves (`Task.done_when`): no act of anybody's ticks them,
so what tells of acts has no line of them. Pure."""

from __future__ import annotations

from typing import Dict, List, Mapping, NamedTuple

from pagerduty_mattermost.playbooks import playbook as words
from pagerduty_mattermost.runs import acts as kinds
from pagerduty_mattermost.runs.fold import fold
from pagerduty_mattermost.runs.post_text import TICKED
from pagerduty_mattermost.runs.records import Run
from pagerduty_mattermost.runs.state import RunState, TaskState
from pagerduty_mattermost.runs.texts import name, said

SHOWING = (kinds.FACTS, kinds.ROLE, kinds.UPDATE, kinds.MITIGATED, kinds.END)
"""Kinds of acts by which something may be so that a task waits for."""
WORDS: Mapping[str, str] = {
    words.ACKNOWLEDGED: "acknowledged",
    words.PRIORITY: "it has a priority",
    words.RESOLVED: "resolved",
    words.COMMANDER: "there is a commander",
    words.UPDATE: "a status update was given",
    words.MITIGATED: "mitigated",
}
"""What was so, for people."""


class DoneByItself(NamedTuple):
    """A task that was done without anybody's act."""

    task: TaskState
    """As it was left: with who, if anybody, made it so, and when."""
    of: str
    """Id of the act that showed it; the run's own where it was so from the beginning."""
    line: str
    """Markdown, in which nobody is called."""


def done_by_themselves(run: Run) -> List[DoneByItself]:
    """In the order in which it happened. A task of which people had said before that it is done,
    or that they skip it, is none."""
    waits = {task.id: task.done_when for task in run.plan.playbook.tasks if task.done_when}
    if not waits:
        return []
    begin = fold(run.plan, ())
    found = [_of(one, run.plan.id, waits) for one in _all(begin).values() if not one.is_open]
    for place, act in enumerate(run.acts):
        if act.kind in SHOWING:
            found += [_of(one, act.id, waits) for one in _newly_done(run, place)]
    return found


def _newly_done(run: Run, place: int) -> List[TaskState]:
    before, after = run.around(place)
    known = _all(before)
    return [
        one
        for one in _all(after).values()
        if one.state == kinds.DONE and one.id in known and known[one.id].is_open
    ]


def _all(state: RunState) -> Dict[str, TaskState]:
    return {task.id: task for task in (*state.tasks, *state.hidden)}


def _of(task: TaskState, of: str, waits: Mapping[str, str]) -> DoneByItself:
    by = f", {name(task.by)}" if task.by.id else ""
    why = f"{WORDS[waits[task.id]]}{by}"
    return DoneByItself(task, of, f"{TICKED} {said(task)}: done by itself ({why})")
