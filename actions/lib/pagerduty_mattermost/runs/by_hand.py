"""What actions do with runs: `playbook.start`, `.tasks`, `.check`, `.assign`, `.add_task`,
`.edit_task`, `.move_task`, `.remove_task`, `.stage`, `.todo`, `.role`, `.update`, `.remind`,
`.end`, `.restart`, `.end_triage`. Each returns the action's result. All raise RejectedInput and
NotFound, and what the gateways raise.

Whoever runs them may: no member of a room is asked for. `user` says in whose name it stands in the
run; left out, nobody's.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, NamedTuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, given_text, one_line
from pagerduty_mattermost.gateways.mattermost.post_once import link
from pagerduty_mattermost.gateways.pagerduty.find_incident import find
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.playbooks.playbook import COMMANDER
from pagerduty_mattermost.rooms.records import RoomRecords
from pagerduty_mattermost.runs import (
    acting,
    life,
    opening,
    people,
    roles,
    task_acts,
    update_texts,
    updates,
)
from pagerduty_mattermost.runs.acting import Acted
from pagerduty_mattermost.runs.acts import (
    BY_HAND,
    END,
    REMIND,
    RESTART,
    ROLE,
    ROOM,
    STAGE,
    START,
    TASK_STATES,
    UPDATE,
    Act,
    sent_id,
)
from pagerduty_mattermost.runs.post_text import post_text
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.state import RunState, TaskState
from pagerduty_mattermost.runs.task_acts import AskedOfRun
from pagerduty_mattermost.runs.tasks import STATE_WORDS, find_stage

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

Result = Dict[str, Any]
NO_RUN = "no playbook is under way for this incident: playbook.start starts one"
CHANGED, ALREADY, STARTED, THERE = "changed", "already", "started", "there"
"""What became of what was asked for."""


def act(context: Context, name: str, given: Mapping[str, Any]) -> Result:
    """The action `playbook.<name>` with its parameters."""
    return _ACTS[name](context, given)


def task_facts(task: TaskState) -> Result:
    """A task as actions give it. Times are ISO 8601, empty where there is none."""
    return {
        "id": task.id,
        "number": task.number,
        "text": task.text,
        "state": task.state,
        "by": task.by.name,
        "at": _iso(task.at),
        "owner": task.owner.who.name,
        "owner_role": task.owner.word,
        "due": _iso(task.due),
        "run": task.run,
    }


def facts(context: Context, run: Run, state: RunState) -> Result:
    """A run as actions give it."""
    return {
        "incident_id": run.incident,
        "channel_id": run.plan.channel,
        "post_id": run.post.id,
        "link": link(context.mattermost.settings, run.post.id),
        "playbook": run.plan.playbook.name,
        "phase": state.phase,
        "stage": state.stage,
        "commander": state.commander.name,
        "tasks_done": state.done,
        "tasks_total": len(state.tasks),
    }


class _TheRun(NamedTuple):
    records: RunRecords
    asked: AskedOfRun


def _the_run(context: Context, given: Mapping[str, Any]) -> _TheRun:
    records = RunRecords(context.store, context.log)
    incident_id = given_text(given, "incident_id")
    run = records.load(incident_id) if incident_id.isalnum() else None
    if run is None:
        run = records.load(str(find(context.pagerduty, incident_id)["id"]))
    if run is None:
        raise RejectedInput(NO_RUN)
    by = people.giver(context, given_text(given, "user"))
    return _TheRun(records, AskedOfRun(run, by, context.clock(), uuid.uuid4().hex))


def _start(context: Context, given: Mapping[str, Any]) -> Result:
    row = find(context.pagerduty, given_text(given, "incident_id"))
    change = alert_details.fetch(context.pagerduty, str(row["id"]))
    name = given_text(given, "playbook")
    playbook = opening.wanted(context, change.incident, name)
    if playbook is None:
        raise RejectedInput("no playbook fits the incident by itself: name one")
    by = people.giver(context, given_text(given, "user"))
    opened = opening.open_with(context, change, playbook, by=by, order_id=uuid.uuid4().hex)
    if opened.run is None:
        raise RejectedInput(opened.problem)
    run, is_new = opened.run.run, opened.run.is_new
    problems = [*opened.room.problems, *opened.run.problems]
    title = one_line(run.plan.playbook.title)
    return {
        **facts(context, run, run.state),
        "done": STARTED if is_new else THERE,
        "missing": list(opened.run.missing),
        "problems": problems,
        "message": f"{'Started' if is_new else 'Under way already:'} {title}.",
    }


def _tasks(context: Context, given: Mapping[str, Any]) -> Result:
    run = _the_run(context, given).asked.run
    state = run.state
    return {
        **facts(context, run, state),
        "tasks": [task_facts(task) for task in state.tasks],
        "message": post_text(state, times.zone(context.settings.time_zone)),
    }


def _todo(context: Context, given: Mapping[str, Any]) -> Result:
    who = people.somebody(context, given_text(given, "user"))
    rows = []
    for run in RunRecords(context.store, context.log).every():
        state = run.state
        if not state.is_over:
            mine = [one for one in state.tasks if one.is_open and one.owner.who.id == who.id]
            rows += [{"incident_id": run.incident, **task_facts(task)} for task in mine]
    count = f"{len(rows)} tasks" if len(rows) != 1 else "One task"
    return {"tasks": rows, "count": len(rows), "message": f"{count} of @{who.name}."}


def _check(context: Context, given: Mapping[str, Any]) -> Result:
    the = _the_run(context, given)
    state = given_text(given, "state").casefold()
    wanted = STATE_WORDS.get(state, "")
    if state and wanted not in TASK_STATES:
        raise RejectedInput(f"state: one of {', '.join(TASK_STATES)}, not {state!r}")
    return _did(context, the, task_acts.ticked(the.asked, given_text(given, "task"), wanted))


def _assign(context: Context, given: Mapping[str, Any]) -> Result:
    the = _the_run(context, given)
    task, owner = given_text(given, "task"), given_text(given, "owner")
    return _did(context, the, task_acts.assigned(context, the.asked, task, owner))


def _add_task(context: Context, given: Mapping[str, Any]) -> Result:
    the = _the_run(context, given)
    made = task_acts.added(
        context,
        the.asked,
        given_text(given, "stage"),
        given_text(given, "text"),
        due=given_text(given, "due"),
        owner=given_text(given, "owner"),
    )
    return _did(context, the, made)


def _edit_task(context: Context, given: Mapping[str, Any]) -> Result:
    the = _the_run(context, given)
    task, text, due = (given_text(given, name) for name in ("task", "text", "due"))
    if not (text or due):
        raise RejectedInput("give text, due, or both")
    if not due:
        return _did(context, the, task_acts.edited(the.asked, task, text))
    made = task_acts.due_set(context, the.asked, task, due)
    if text:
        made = made._replace(text=task_acts.edited(the.asked, task, text).text)
    return _did(context, the, made)


def _move_task(context: Context, given: Mapping[str, Any]) -> Result:
    the = _the_run(context, given)
    task, target = given_text(given, "task"), given_text(given, "to")
    return _did(context, the, task_acts.moved(the.asked, task, target))


def _remove_task(context: Context, given: Mapping[str, Any]) -> Result:
    the = _the_run(context, given)
    return _did(context, the, task_acts.removed(the.asked, given_text(given, "task")))


def _stage(context: Context, given: Mapping[str, Any]) -> Result:
    """Whoever runs it has been asked: open tasks of the present stage stay so."""
    the = _the_run(context, given)
    stage = find_stage(the.asked.run.state, given_text(given, "stage"))
    return _did(context, the, the.asked.act(STAGE, stage=stage.number))


def _role(context: Context, given: Mapping[str, Any]) -> Result:
    the = _the_run(context, given)
    role = roles.find_role(the.asked.run, given_text(given, "role") or COMMANDER)
    person = task_acts.person_of(context, the.asked, given_text(given, "person"))
    done = the.asked.act(ROLE, value=role.name, person=person)
    change = alert_details.fetch(context.pagerduty, the.asked.run.incident)
    acted, problems = roles.take(context, the.records, the.asked.run, done, change)
    return {**_result(context, acted, done), "role": role.name, "problems": problems}


def _update(context: Context, given: Mapping[str, Any]) -> Result:
    the = _the_run(context, given)
    run, text = the.asked.run, clean(given.get("text")).strip()
    room = RoomRecords(context.store, context.log).open_of(run.incident)
    if room is None or not text:
        raise RejectedInput("its room is archived" if text else "text: say what is so")
    words = given.get("channels")
    wanted = run.plan.playbook.updates.broadcast if words is None else tuple(words)
    targets = tuple(context.channels.resolve(str(word)).id for word in wanted)
    next_ = given_text(given, "next")
    at = the.asked.at
    seconds = update_texts.first_seconds(run.state)
    if next_:
        seconds = update_texts.seconds_until(next_, at, context.settings.time_zone)
    done = the.asked.act(UPDATE, text=text, seconds=seconds, targets=targets)
    incident = alert_details.fetch(context.pagerduty, run.incident).incident
    email = context.settings.pagerduty.from_email
    made = updates.give(context, the.records, run, done, incident, room, email=email)
    state = made.run.state
    return {
        **facts(context, made.run, state),
        "done": CHANGED,
        "act_id": done.id,
        "number": update_texts.number_of(state, done.id),
        "update_post_id": state.sent.get(sent_id(done.id, ROOM), ""),
        "next_due": _iso(state.remind_at),
        "problems": list(made.problems),
        "message": f"Status update {update_texts.number_of(state, done.id)} is given.",
    }


def _remind(context: Context, given: Mapping[str, Any]) -> Result:
    the = _the_run(context, given)
    at = the.asked.at
    seconds = update_texts.seconds_until(given_text(given, "next"), at, context.settings.time_zone)
    more: Dict[str, Any] = {"due": at + seconds} if seconds else {"seconds": 0.0}
    done = the.asked.act(REMIND, **more)
    acted = acting.act(context, the.records, the.asked.run, done)
    return {**_result(context, acted, done), "next_due": _iso(acted.now.remind_at)}


def _end(context: Context, given: Mapping[str, Any]) -> Result:
    """Whoever runs it has been asked: open tasks stay so."""
    the = _the_run(context, given)
    done = the.asked.act(END, value=BY_HAND)
    return _result(context, life.finish(context, the.records, the.asked.run, done), done)


def _restart(context: Context, given: Mapping[str, Any]) -> Result:
    the = _the_run(context, given)
    done = the.asked.act(RESTART)
    return _result(context, life.finish(context, the.records, the.asked.run, done), done)


def _end_triage(context: Context, given: Mapping[str, Any]) -> Result:
    the = _the_run(context, given)
    done = the.asked.act(START)
    return _result(context, life.finish(context, the.records, the.asked.run, done), done)


def _did(context: Context, the: _TheRun, done: Act) -> Result:
    acted = acting.act(context, the.records, the.asked.run, done)
    task = acted.now.task(done.task) if done.task else None
    shown = task_facts(task) if task is not None else {}
    return {**_result(context, acted, done), "task": shown}


def _result(context: Context, acted: Acted, done: Act) -> Result:
    return {
        **facts(context, acted.run, acted.now),
        "done": CHANGED if acted.changed else ALREADY,
        "act_id": done.id,
        "message": "Done." if acted.changed else "It is so already.",
    }


def _iso(at: float) -> str:
    return times.iso(at) if at else ""


_ACTS: Mapping[str, Callable[[Context, Mapping[str, Any]], Result]] = {
    "start": _start,
    "tasks": _tasks,
    "todo": _todo,
    "check": _check,
    "assign": _assign,
    "add_task": _add_task,
    "edit_task": _edit_task,
    "move_task": _move_task,
    "remove_task": _remove_task,
    "stage": _stage,
    "role": _role,
    "update": _update,
    "remind": _remind,
    "end": _end,
    "restart": _restart,
    "end_triage": _end_triage,
}
