"""How fast a drill was, and against the ones before. Pure.

times_of(run, acknowledged_at)       # DrillTimes
report(times, before)                # Markdown
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.playbooks.playbook import COMMANDER
from pagerduty_mattermost.runs.acts import ROLE, UPDATE
from pagerduty_mattermost.runs.records import Run

COMPARED_DRILLS = 5
"""Drills of the same playbook, the newest before this one."""
SLOW_FACTOR = 1.2
"""Times as long as usual is slow."""
NEVER = "never"


class DrillTimes(NamedTuple):
    """Seconds from the beginning; None: it never came."""

    incident: str
    playbook: str
    """Its name."""
    title: str
    at: float
    """When it began, seconds since the epoch."""
    acknowledged: Optional[float] = None
    commander: Optional[float] = None
    """Until somebody took command."""
    update: Optional[float] = None
    """Until the first status update."""
    whole: Optional[float] = None
    """Until it was ended."""
    tasks: int = 0
    done: int = 0
    late: Tuple[str, ...] = ()
    """Texts of the tasks that were not done by the time they were due."""


STEPS = (
    ("acknowledged", "first acknowledgement"),
    ("commander", "somebody took command"),
    ("update", "first status update"),
    ("whole", "the whole exercise"),
)
"""Fields of DrillTimes, and what people call them."""


def times_of(run: Run, acknowledged_at: Optional[float]) -> DrillTimes:
    """`acknowledged_at`: when it was acknowledged first, seconds since the epoch."""
    began, state = run.plan.at, run.state

    def since(at: Optional[float]) -> Optional[float]:
        return None if at is None else max(0.0, at - began)

    commanders = [
        act.at for act in run.acts if act.kind == ROLE and act.value == COMMANDER and act.person.id
    ]
    updates = [act.at for act in run.acts if act.kind == UPDATE]
    end = state.ended_at or None
    late = [
        task.text
        for task in state.tasks
        if task.due and (task.is_open or task.at > task.due) and (not end or task.due <= end)
    ]
    return DrillTimes(
        run.incident,
        run.plan.playbook.name,
        run.plan.playbook.title,
        began,
        since(acknowledged_at),
        since(min(commanders, default=None)),
        since(min(updates, default=None)),
        since(end),
        len(state.tasks),
        state.done,
        tuple(late),
    )


def usual(before: Sequence[DrillTimes], step: str) -> Optional[float]:
    """The median of those that came; None where there is none."""
    known = sorted(value for value in (getattr(one, step) for one in before) if value is not None)
    if not known:
        return None
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2


def slow_steps(now: DrillTimes, before: Sequence[DrillTimes]) -> List[str]:
    """What took longer than usual, or never came; in people's words."""
    found = []
    for step, words in STEPS:
        value, other = getattr(now, step), usual(before, step)
        if value is None:
            found.append(f"{words}: {NEVER}")
        elif other is not None and value > max(other * SLOW_FACTOR, other + 1):
            found.append(f"{words}: {times.duration(value)} instead of {times.duration(other)}")
    return found


def report(now: DrillTimes, before: Sequence[DrillTimes]) -> str:
    """`before`: drills of the same playbook, the newest first."""
    compared = list(before)[:COMPARED_DRILLS]
    head = ["", "this time", "the last drill", f"usual (of {len(compared)})"]
    rows = [
        [
            words,
            _said(getattr(now, step)),
            _said(getattr(compared[0], step)) if compared else " ",
            _said(usual(compared, step)) if compared else " ",
        ]
        for step, words in STEPS
    ]
    lines = [
        f"🏋️ **Exercise over**: {escape(one_line(now.title))}, {now.done} of {now.tasks} tasks "
        "done or skipped.",
        "",
        markdown.table(head, rows),
        "",
    ]
    slow = slow_steps(now, compared)
    lines.append(f"**Slow:** {'; '.join(slow)}." if slow else "Nothing was slower than usual.")
    if not compared:
        lines.append("It is the first drill of this playbook: the next one is compared with it.")
    if now.late:
        shown = "; ".join(escape(one_line(text, 80)) for text in now.late[:5])
        more = f" and {len(now.late) - 5} more" if len(now.late) > 5 else ""
        lines.append(f"Late: {shown}{more}.")
    return "\n".join(lines)


def _said(value: Optional[float]) -> str:
    return NEVER if value is None else times.duration(value)
