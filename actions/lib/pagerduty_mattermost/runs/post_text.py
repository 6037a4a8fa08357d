"""The playbook post's text: who leads, what is done, what comes next. Pure.

It depends on the run alone, not on when it is drawn, so that the same run is the same post.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import AbstractSet, List

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.markdown import copyable
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.runs.acts import DONE
from pagerduty_mattermost.runs.state import (
    CANCELLED,
    MITIGATED,
    TRIAGE,
    RunState,
    StageState,
    TaskState,
)
from pagerduty_mattermost.runs.texts import name, owner_words, styled, without_emphasis

MAX_CHARACTERS = 14000
"""Of the whole; finished stages are folded to one line before it holds more."""
TICKED, SKIPPED_MARK, WAITING, OVERDUE = "✅", "➖", "☐", "⏰"
UPDATE_CHARACTERS = 200


def post_text(state: RunState, zone: tzinfo) -> str:
    """The playbook post as Markdown."""
    folded: AbstractSet[int] = frozenset()
    for folds in _folds(state):
        folded = folds
        text = _drawn(state, zone, folded)
        if len(text) <= MAX_CHARACTERS:
            return text
    return _drawn(state, zone, folded)


def summary(state: RunState, zone: tzinfo) -> str:
    """How it stands: who leads, how much is done, the last status update. As Markdown."""
    return "\n".join([_head(state, zone), *_update_lines(state, zone)])


def _update_lines(state: RunState, zone: tzinfo) -> List[str]:
    update = state.last_update
    if update is None:
        return []
    said = copyable(one_line(without_emphasis(update.text), UPDATE_CHARACTERS))
    return [f"📣 {said} · {name(update.by)} {_clock(update.at, state, zone)}"]


def _folds(state: RunState) -> List[AbstractSet[int]]:
    """Numbers of the stages that are folded, from none to all but the present one."""
    finished = {one.number for one in state.stages if not one.open_tasks}
    others = {one.number for one in state.stages if one.number != state.stage}
    return [frozenset(), frozenset(finished - {state.stage}), frozenset(others)]


def _drawn(state: RunState, zone: tzinfo, folded: AbstractSet[int]) -> str:
    lines = [_head(state, zone), *_update_lines(state, zone)]
    for stage in state.stages:
        lines.append(_stage_line(state, stage))
        if stage.number not in folded:
            lines += [task_line(task, state, zone) for task in stage.tasks]
    return "\n".join(lines)


def _head(state: RunState, zone: tzinfo) -> str:
    total = len(state.tasks)
    drill = "🏋️ **Exercise** · " if state.plan.drill else ""
    parts = [
        f"{drill}📋 Playbook **{escape(one_line(state.plan.playbook.title))}**",
        f"{state.done} of {total} done",
        f"commander {name(state.commander)}" if state.commander.id else "no commander yet",
    ]
    for role in state.roles.values():
        known = state.plan.playbook.role(role.name)
        if role.who.id and known is not None and role.who != state.commander:
            parts.append(f"{escape(one_line(known.title))} {name(role.who)}")
    parts.append(f"started {_clock(state.plan.at, state, zone)}")
    if state.phase == TRIAGE:
        parts.append("**in triage**")
    if state.phase == MITIGATED:
        parts.append(f"🩹 mitigated {_clock(state.mitigated_at, state, zone)}")
    if state.is_over:
        length = times.duration(state.ended_at - state.plan.at)
        word = "🚫 **cancelled**" if state.phase == CANCELLED else "🏁 **ended**"
        parts.append(f"{word} {_clock(state.ended_at, state, zone)} after {length}")
    elif state.remind_at:
        parts.append(f"next update due {_clock(state.remind_at, state, zone)}")
    return " · ".join(parts)


def _stage_line(state: RunState, stage: StageState) -> str:
    now = " · now" if stage.number == state.stage and not state.is_over else ""
    title = escape(one_line(stage.name))
    return f"**{stage.number} {title}** · {stage.done}/{len(stage.tasks)}{now}"


def task_line(task: TaskState, state: RunState, zone: tzinfo) -> str:
    """One task as the post shows it."""
    said = f"{task.number} {styled(task.text, mention=task.mention)}"
    if not task.is_open:
        struck = said if "~" in said else f"~~{said}~~"
        mark = TICKED if task.state == DONE else SKIPPED_MARK
        return f"{mark} {struck} · {name(task.by)} {_clock(task.at, state, zone)}"
    parts = [f"{WAITING} {said}", owner_words(task.owner)]
    if task.due:
        late = f" {OVERDUE}" if task.reminded else ""
        parts.append(f"due {_clock(task.due, state, zone)}{late}")
    if task.ran_at:
        parts.append(f"▶ {name(task.ran_by)} {_clock(task.ran_at, state, zone)}")
    return " · ".join(part for part in parts if part)


def _clock(at: float, state: RunState, zone: tzinfo) -> str:
    """The time, with the day where it is another one than that of the beginning."""
    return times.clock(times.iso(at), zone, near=times.iso(state.plan.at))
