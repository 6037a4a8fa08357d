"""What is due in a run, and the reminder of it: one post for each due time of a task, which calls
its owner, or the commander where nobody owns it.

A reminder that could not be posted in time comes later, if the task is still open then. That it
was posted is an act (`SENT`), whose id is made of the task and the time, so whoever posts it again
finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List

from pagerduty_mattermost.core import times
from pagerduty_mattermost.playbooks.playbook import OF_INCIDENT
from pagerduty_mattermost.runs import painting
from pagerduty_mattermost.runs.acts import ROOM, SENT, Act, Who
from pagerduty_mattermost.runs.fold import due_id
from pagerduty_mattermost.runs.people import called_now
from pagerduty_mattermost.runs.post_text import OVERDUE
from pagerduty_mattermost.runs.posting import posted
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.state import RunState, TaskState
from pagerduty_mattermost.runs.telling import told_key
from pagerduty_mattermost.runs.texts import owner_words, styled

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def due_tasks(state: RunState, now: float) -> List[TaskState]:
    """Open ones whose time has come and of which nobody was reminded. Pure. What was due before
    somebody started the run is no news."""
    if state.is_over:
        return []
    return [task for task in _waiting(state) if task.due <= now]


def asks_incident(run: Run, now: float) -> bool:
    """Whether something is due that the incident itself may show to be done. Pure."""
    words = {task.id: task.done_when for task in run.plan.playbook.tasks}
    return any(words.get(task.id) in OF_INCIDENT for task in due_tasks(run.state, now))


def next_due(state: RunState) -> float:
    """When something is to be done for the run, seconds since the epoch; 0: at no known time.
    Pure."""
    if state.is_over:
        return 0.0
    return min((task.due for task in _waiting(state)), default=0.0)


def _waiting(state: RunState) -> List[TaskState]:
    made = state.plan.made_at
    return [task for task in state.tasks if task.is_open and task.due > made and not task.reminded]


def remind(context: Context, records: RunRecords, run: Run) -> Run:
    """Of all that is due; the run as it was read last. Raises the gateways' errors."""
    tasks = due_tasks(run.state, context.clock())
    for task in tasks:
        name = due_id(task.id, task.due)
        called = called_now(context, whom(task, run.state))
        text = reminder(task, run.state, context.settings.time_zone, called)
        key = told_key(run, name)
        post_id = posted(context, run, key, text, {"task": task.id}, since=task.due)
        sent = Act(SENT, name, context.clock(), of=f"due {task.id}", value=ROOM, post=post_id)
        records.act(run.incident, sent)
        run = run.with_acts(sent)
    return painting.show(context, records, run) if tasks else run


def whom(task: TaskState, state: RunState) -> Who:
    """Whom its reminder calls: its owner, or the commander where nobody owns it. Pure."""
    return task.owner.who if task.owner.who.id else state.commander


def reminder(task: TaskState, state: RunState, zone: str, called: str) -> str:
    """Pure: what it says, as Markdown. `called`: the username of whom it calls; empty: nobody."""
    when = times.clock(times.iso(task.due), times.zone(zone), near=times.iso(state.plan.at))
    words = owner_words(task.owner)
    whose = "" if task.owner.who.id else f" (it is for {words})" if words else " (nobody owns it)"
    name = f"@{called}: " if called else ""
    return f"{OVERDUE} {name}**{task.number}** {styled(task.text)} is due at {when}{whose}"
