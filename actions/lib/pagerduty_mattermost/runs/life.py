"""The life of a run: it ends with its incident or by hand, is cancelled, and goes on when the
incident is reopened or somebody restarts it.

    follow(context, records, run, change)      # as the incident is
    finish(context, records, run, act)         # by people: END, CANCELLED, RESTART, MITIGATED

What ends by itself is known by the time at which the incident ended, so whoever sees it again
finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, WriteRefused
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.gateways.mattermost.settling import LOOK_AGAIN_AFTER_SECONDS
from pagerduty_mattermost.runs import acting, reminders, reminding
from pagerduty_mattermost.runs import acts as kinds
from pagerduty_mattermost.runs.acting import Acted
from pagerduty_mattermost.runs.acts import Act, Who
from pagerduty_mattermost.runs.post_text import WAITING
from pagerduty_mattermost.runs.posting import posted
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.state import CANCELLED, RunState
from pagerduty_mattermost.runs.telling import told_key
from pagerduty_mattermost.runs.texts import name, styled

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change

MAX_LISTED = 20
"""Open tasks that the line about the end names."""
KINDS = (
    kinds.START,
    kinds.MITIGATED,
    kinds.CANCELLED,
    kinds.END,
    kinds.RESTART,
)
"""Of acts that change how it stands."""
REOPENED = "incident.reopened"


def follow(context: Context, records: RunRecords, run: Run, change: Change) -> Run:
    """The run as its incident is now. Raises the gateways' errors; a repeated run finishes it."""
    incident, state = change.incident, run.state
    done = _end(context, run, change)
    if done is not None:
        return finish(context, records, run, done).run
    if incident.is_open and _is_newer(change, state.ended_at) and _ended_by_itself(run):
        at = max(times.seconds(incident.updated_at) or context.clock(), state.ended_at + 0.001)
        done = Act(kinds.RESTART, f"restart.{incident.id}.{int(state.ended_at)}", at, Who())
        return finish(context, records, run, done).run
    return run


def follow_unseen(context: Context, records: RunRecords, run: Run, change: Change) -> Run:
    """The run that ended with its incident while its room was archived: kept, and told nobody.
    Raises the store's errors."""
    done = _end(context, run, change)
    if done is None:
        return run
    records.act(run.incident, done)
    return run.with_acts(done)


def _end(context: Context, run: Run, change: Change) -> Optional[Act]:
    """The end of a run whose incident is over; None of any other."""
    incident, state = change.incident, run.state
    if incident.is_open or state.is_over or not run.plan.playbook.end_on_resolve:
        return None
    at = times.seconds(incident.resolved_at) or times.seconds(incident.updated_at)
    at = max(at or context.clock(), state.restarted_at, run.plan.at)
    how = kinds.MERGED if incident.merged_into else kinds.RESOLVED
    name_ = f"end.{incident.id}.{int(at)}"
    return Act(kinds.END, name_, at, Who(), value=how, of=incident.merged_into)


def _is_newer(change: Change, ended_at: float) -> bool:
    """Whether it tells how the incident is after that time: what came late is not taken for a
    reopening. PagerDuty's times are whole seconds."""
    if not ended_at:
        return False
    at = times.seconds(change.incident.updated_at) or 0.0
    return at > ended_at or (at == ended_at and REOPENED in change.event_types)


def _ended_by_itself(run: Run) -> bool:
    """Whether the incident's own end was the last one: what people ended stays so."""
    ends = [act for act in run.acts if act.kind in (kinds.END, kinds.CANCELLED)]
    return bool(ends) and ends[-1].kind == kinds.END and not ends[-1].by.id


def finish(context: Context, records: RunRecords, run: Run, done: Act) -> Acted:
    """Any act that changes how the run stands. The room is told in one line, once: what can't be
    posted for now the round over rooms posts. Raises as `acting.act`."""
    acted = acting.act(context, records, run, done)
    if not acted.changed:
        return acted
    try:
        told_run = tell(context, records, acted.run, done, acted.after)
        if acted.after.is_over:
            reminding.strike_out(context, told_run, reminders.UPDATE_DUE, reminding.OVER_WORDS)
        return acted._replace(run=told_run)
    except WriteRefused:
        raise
    except PackError as error:
        line = context.line_of(error)
        context.log.warning("What was done in %s is posted later: %s", run.incident, line)
    return acted


def tell(context: Context, records: RunRecords, run: Run, done: Act, after: RunState) -> Run:
    """The line about it, once; the run with what says that it is posted. `after`: the run as the
    act left it. Raises the gateways' errors."""
    key, now = told_key(run, done.id), context.clock()
    late = now - done.at > LOOK_AGAIN_AFTER_SECONDS
    text = line_of(done, after)
    post_id = posted(context, run, key, text, {"act": done.id}, since=done.at, is_late=late)
    sent = Act(kinds.SENT, _told_id(done), now, of=done.id, value=kinds.ROOM, post=post_id)
    records.act(run.incident, sent)
    return run.with_acts(sent)


def untold(run: Run, until: float) -> List[Tuple[Act, RunState]]:
    """Acts that changed how it stands and of which the room was not told, each with the run as it
    left it. `until`: of acts after that, seconds since the epoch, whoever did them may be about to
    tell. Pure."""
    found, state = [], run.state
    for place, act in enumerate(run.acts):
        if act.kind not in KINDS or act.at > until or _told_id(act) in state.sent:
            continue
        before, after = run.around(place)
        if before.phase != after.phase:
            found.append((act, after))
    return found


def _told_id(act: Act) -> str:
    return kinds.sent_id(act.id, kinds.ROOM)


def line_of(done: Act, state: RunState) -> str:
    """What the room is told of it, as Markdown. Pure."""
    who = name(done.by) if done.by.id else ""
    title = escape(one_line(state.plan.playbook.title))
    if done.kind == kinds.START:
        return f"🚨 {who or 'Somebody'} says that it is an incident: the playbook {title} begins."
    if done.kind == kinds.MITIGATED:
        return f"🩹 {who or 'Somebody'} says that the harm has stopped."
    if done.kind == kinds.RESTART:
        why = f"{who} restarted it" if who else "the incident is open again"
        return f"🔁 The playbook {title} goes on: {why}."
    lasted = times.duration(max(0.0, state.ended_at - state.plan.at))
    if state.phase == CANCELLED:
        why = f": {escape(one_line(done.text))}" if done.text else ""
        return f"🚫 {who or 'Somebody'} cancelled the incident after {lasted}{why}."
    how = {kinds.RESOLVED: "resolved", kinds.MERGED: "merged"}.get(done.value, "")
    why = f"{who} ended it" if who else f"the incident is {how or 'over'}"
    lines = [
        f"{reminding.OVER} The playbook {title} is over after {lasted}: {why}.",
        *left_open(state),
    ]
    return "\n".join(lines)


def left_open(state: RunState) -> List[str]:
    """Lines of Markdown that name the tasks that are open; none where none is. Pure."""
    tasks = [task for task in state.tasks if task.is_open]
    if not tasks:
        return []
    lines = [f"{len(tasks)} {'task is' if len(tasks) == 1 else 'tasks are'} still open:"]
    lines += [f"- {WAITING} {task.number} {styled(task.text)}" for task in tasks[:MAX_LISTED]]
    if len(tasks) > MAX_LISTED:
        lines.append(f"- … and {len(tasks) - MAX_LISTED} more")
    return lines
