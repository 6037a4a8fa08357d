"""What becomes of a playbook's tasks while it is under way: `assign`, `task add`, `task edit`,
`task due`, `task move`, `task remove`, `task run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader, nothing, words
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.task_forms import stage_and_words, task_and
from pagerduty_mattermost.chat.verb import CHAT, ONE, PLAYBOOK, Verb
from pagerduty_mattermost.chat.verbs.run_of import TheRun, the_run
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.runs.acts import Act


def assign(context: Context, command: Command) -> CommandResult:
    """To a person, who becomes a member of the room; to a role of the playbook; to whoever is on
    call."""
    from pagerduty_mattermost.runs.task_acts import assigned

    the = the_run(context, command)
    return _done(context, the, assigned(context, the.asked, command.task, command.text))


def add(context: Context, command: Command) -> CommandResult:
    """Add a task at the end of a stage, by default of the present one."""
    from pagerduty_mattermost.runs.task_acts import added

    the = the_run(context, command)
    due, owner = (command.options.get(name, "") for name in ("due", "assign"))
    act = added(context, the.asked, command.task, command.text, due=due, owner=owner)
    return _done(context, the, act)


def edit(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.runs.task_acts import edited

    the = the_run(context, command)
    return _done(context, the, edited(the.asked, command.task, command.text))


def due(context: Context, command: Command) -> CommandResult:
    """A length from now on, a time, or none."""
    from pagerduty_mattermost.runs.task_acts import due_set

    the = the_run(context, command)
    return _done(context, the, due_set(context, the.asked, command.task, command.duration))


def move(context: Context, command: Command) -> CommandResult:
    """Move a task to the end of a stage, or in front of another task."""
    from pagerduty_mattermost.runs.task_acts import moved

    the = the_run(context, command)
    return _done(context, the, moved(the.asked, command.task, command.text))


def remove(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.runs import acting
    from pagerduty_mattermost.runs.task_acts import removed
    from pagerduty_mattermost.runs.texts import styled

    the = the_run(context, command)
    task = the.asked.task(command.task)
    acting.act(context, the.records, the.run, removed(the.asked, command.task))
    line = f"Removed {task.number} {styled(task.text)}"
    return CommandResult(line, (the.run.incident,))


def run_task(context: Context, command: Command) -> CommandResult:
    """Starts the task's action of StackStorm, or its phrase of an alias. A line that it carries
    out instead is a command of its own (`chat.task_commands`): here it is only said."""
    from pagerduty_mattermost.core.markdown import code_span
    from pagerduty_mattermost.playbooks.started_actions import action_of, phrase_of
    from pagerduty_mattermost.runs import acting, task_actions
    from pagerduty_mattermost.runs.acts import TASK_RAN

    the = the_run(context, command)
    task = the.asked.task(command.task)
    ref = action_of(task.run) or phrase_of(task.run)
    if task.run and not ref:
        return CommandResult(
            f"{task.number} carries out {code_span(task.run)}", (the.run.incident,)
        )
    if not ref:
        raise RejectedInput(f"the task {task.number} carries out nothing")
    started = task_actions.start(context, the.asked, task)
    acting.act(context, the.records, the.run, the.asked.act(TASK_RAN, task=task.id, text=task.run))
    which = f" as {code_span(started)}" if started else ""
    line = f"{task.number}: {code_span(ref)} runs{which}."
    return CommandResult(line, (the.run.incident,))


def _done(context: Context, the: TheRun, act: Act) -> CommandResult:
    from pagerduty_mattermost.runs import acting
    from pagerduty_mattermost.runs.post_text import task_line

    acted = acting.act(context, the.records, the.run, act)
    task = acted.now.task(act.task)
    if task is None:
        raise NotFound("somebody has removed this task meanwhile")
    line = task_line(task, acted.now, times.zone(context.settings.time_zone))
    if not acted.changed:
        return CommandResult(f"It is so already: {line}", (the.run.incident,), already=True)
    return CommandResult(line, (the.run.incident,))


def _is_due() -> FormReader:
    """What stands behind `is due`."""
    when = words("duration", behind=DUE_WORDS)

    def read(line: TypedLine) -> Fields:
        return when.read(line.rest(2)) if line.keys(2) == ("is", "due") else None

    return FormReader(("duration",), read)


DUE_WORDS = ("in", "at", "by")
_WHICH = "in the playbook of {incidents}"

VERBS = (
    Verb(
        name="assign_task",
        run=assign,
        usage="assign <task> <@user|me|nobody|on-call|role>",
        to_do="give tasks to people",
        example="assign 1.2 @grace",
        help="who does a task of the playbook; an incident is reassigned",
        forms=(
            Form(
                ("assign",), task_and(words("text", required=False, behind=("to",)), quoted=False)
            ),
            Form(
                ("assign task", "task assign", "give task"),
                task_and(words("text", required=False, behind=("to",))),
            ),
        ),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        names_people=True,
        says="Give the task {task} to {who} " + _WHICH,
    ),
    Verb(
        name="task_add",
        run=add,
        usage='task add [stage] "<text>"',
        to_do="add tasks",
        example='task add 2 "Call the bank" --due 30m --assign @grace',
        help="add a task to a stage of the playbook",
        forms=(Form(("task add", "add task", "new task", "add a task"), stage_and_words()),),
        options=("due", "assign"),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        also_called=("task",),
        says="Add a task{words} to the playbook of {incidents}",
    ),
    Verb(
        name="task_edit",
        run=edit,
        usage='task edit <task> "<text>"',
        to_do="change tasks",
        example='task edit 2.1 "Call both banks"',
        help="say a task in other words",
        forms=(Form(("task edit", "edit task", "change task"), task_and(words("text"))),),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Change the task {task}{words} " + _WHICH,
    ),
    Verb(
        name="task_due",
        run=due,
        usage="task due <task> <30m|14:30|off>",
        to_do="set due times",
        example="task due 1.2 30m",
        help="until when a task is to be done; its owner is reminded then",
        forms=(
            Form(("task due", "due"), task_and(words("duration", behind=DUE_WORDS))),
            Form(("task",), task_and(_is_due())),
        ),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Set when the task {task} is due " + _WHICH,
    ),
    Verb(
        name="task_move",
        run=move,
        usage="task move <task> <stage|task>",
        to_do="move tasks",
        example="task move 1.3 2",
        help="to the end of another stage, or in front of another task",
        forms=(
            Form(
                ("task move", "move task"),
                task_and(words("text", behind=("to", "before"))),
            ),
        ),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Move the task {task} to {text} " + _WHICH,
    ),
    Verb(
        name="task_run",
        run=run_task,
        usage="task run <task>",
        to_do="carry out tasks",
        example="task run 1.3",
        help="carry out, in your name, what a task says",
        forms=(Form(("task run", "run task"), task_and(nothing())),),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Carry out what the task {task} says " + _WHICH,
    ),
    Verb(
        name="task_remove",
        run=remove,
        usage="task remove <task>",
        to_do="remove tasks",
        example="task remove 2.3",
        help="take a task out of the playbook",
        forms=(Form(("task remove", "remove task", "task delete"), task_and(nothing())),),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Remove the task {task} from the playbook of {incidents}",
    ),
)
