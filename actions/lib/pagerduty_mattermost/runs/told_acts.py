"""What the room is told of an act, and whether it is told of it at all. Pure."""

from __future__ import annotations

from typing import Callable, List, Mapping, NamedTuple, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.rooms import FEED_ACTS
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.runs import acts as kinds
from pagerduty_mattermost.runs.acts import Act, Who
from pagerduty_mattermost.runs.post_text import SKIPPED_MARK, TICKED, WAITING
from pagerduty_mattermost.runs.records import Run
from pagerduty_mattermost.runs.state import RunState, TaskState
from pagerduty_mattermost.runs.texts import THE_PACK, name, owner_words, said

TICKS, OWNERS, TASKS, STAGES, ROLES = FEED_ACTS
KIND_OF: Mapping[str, str] = {
    kinds.TICK: TICKS,
    kinds.ASSIGN: OWNERS,
    kinds.TASK_ADDED: TASKS,
    kinds.TASK_EDITED: TASKS,
    kinds.TASK_MOVED: TASKS,
    kinds.TASK_REMOVED: TASKS,
    kinds.TASK_RAN: TASKS,
    kinds.STAGE: STAGES,
    kinds.ROLE: ROLES,
}
"""By kind of act the word of `rooms.feed_acts`."""


class ToldAct(NamedTuple):
    """An act, and the line that the room is told of it."""

    act: Act
    line: str
    """Markdown, in which nobody is called."""
    task: str = ""
    """Id of the task that it is about."""


def told(run: Run, tell: Sequence[str], *, only: str = "", since: float = 0.0) -> List[ToldAct]:
    """What the room is told of, in the order in which it was done: of what changed nothing it is
    not. `tell`: words of the setting `rooms.feed_acts`; `only`: id of the one act that is asked
    for; `since`: of acts from then on, seconds since the epoch."""
    found = []
    for place, act in enumerate(run.acts):
        if act.at < since or only not in ("", act.id):
            continue
        if KIND_OF.get(act.kind) in tell:
            line = told_line(act, *run.around(place))
            if line:
                found.append(ToldAct(act, line, act.task))
    return found


def told_line(act: Act, before: RunState, after: RunState) -> str:
    """One line; empty where nothing came of it. Pure."""
    if not before.differs(after):
        return ""
    say = _LINES.get(act.kind)
    return say(act, before, after) if say else ""


def _said(task: Optional[TaskState]) -> str:
    return said(task) if task is not None else "a task"


def _who(by: Who) -> str:
    return THE_PACK.capitalize() if not by.id else name(by)


def _tick(act: Act, before: RunState, after: RunState) -> str:
    task = after.any_task(act.task)
    mark, did = {
        kinds.DONE: (TICKED, "ticked"),
        kinds.SKIPPED: (SKIPPED_MARK, "skipped"),
    }.get(act.value, (WAITING, "opened again:"))
    return f"{mark} {_who(act.by)} {did} {_said(task)}"


def _assign(act: Act, before: RunState, after: RunState) -> str:
    task = after.any_task(act.task)
    owner = owner_words(task.owner) if task is not None else ""
    if not owner:
        return f"👤 {_who(act.by)}: nobody owns {_said(task)} now"
    return f"👤 {_who(act.by)} gave {_said(task)} to {owner}"


def _added(act: Act, before: RunState, after: RunState) -> str:
    return f"➕ {_who(act.by)} added {_said(after.any_task(act.task))}"


def _edited(act: Act, before: RunState, after: RunState) -> str:
    task = after.any_task(act.task)
    when = ""
    if act.due is not None:
        stamp = times.clock(
            times.iso(act.due), times.zone(after.plan.zone), near=times.iso(act.at)
        )
        when = f", due {stamp}" if act.due else ", without a due time"
    return f"✏️ {_who(act.by)} changed {_said(task)}{when}"


def _moved(act: Act, before: RunState, after: RunState) -> str:
    old = before.any_task(act.task)
    number = f", which was {old.number}" if old is not None and old.place else ""
    return f"↕️ {_who(act.by)} moved {_said(after.any_task(act.task))}{number}"


def _removed(act: Act, before: RunState, after: RunState) -> str:
    return f"🗑️ {_who(act.by)} removed {_said(before.any_task(act.task))}"


def _ran(act: Act, before: RunState, after: RunState) -> str:
    return f"▶ {_who(act.by)} ran {_said(after.any_task(act.task))}"


def _stage(act: Act, before: RunState, after: RunState) -> str:
    stage = after.present
    way = "went on to" if after.stage > before.stage else "went back to"
    return f"⏭️ {_who(act.by)} {way} **{stage.number} {escape(one_line(stage.name))}**"


def _role(act: Act, before: RunState, after: RunState) -> str:
    known = after.plan.playbook.role(act.value)
    title = escape(one_line(known.title)) if known else act.value
    old = before.roles[act.value].who
    was = f" (was {name(old)})" if old.id else ""
    return f"🎖️ {name(act.person) if act.person.id else 'Nobody'} is {title} now{was}"


_LINES: Mapping[str, Callable[[Act, RunState, RunState], str]] = {
    kinds.TICK: _tick,
    kinds.ASSIGN: _assign,
    kinds.TASK_ADDED: _added,
    kinds.TASK_EDITED: _edited,
    kinds.TASK_MOVED: _moved,
    kinds.TASK_REMOVED: _removed,
    kinds.TASK_RAN: _ran,
    kinds.STAGE: _stage,
    kinds.ROLE: _role,
}
