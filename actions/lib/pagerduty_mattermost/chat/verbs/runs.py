"""What is done in a playbook that is under way: `check`, `stage`, `tasks`, `todo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader, incidents_and, nothing
from pagerduty_mattermost.chat.line import TypedLine, words_of
from pagerduty_mattermost.chat.task_forms import stage_said, ticked
from pagerduty_mattermost.chat.verb import CHAT, ONE, PLAYBOOK, Verb
from pagerduty_mattermost.chat.verbs.rooms import asker
from pagerduty_mattermost.chat.verbs.run_of import TakenBack, TheRun, the_run
from pagerduty_mattermost.core import times, typed_incidents
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import clean, escape, markdown_link, one_line
from pagerduty_mattermost.gateways.mattermost.values import is_id

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.runs.state import RunState, StageState, TaskState

NEXT, BACK = ("next", "on", "forward"), ("prev", "previous", "back")
FROM = "from"
"""Option of a confirmed `stage`: the stage that whoever was asked saw."""
ANYWAY = "anyway"
MAX_TODO = 60
MAX_OPEN_NAMED = 10
MARKED_CHARACTERS = 300


def check(context: Context, command: Command) -> CommandResult:
    """A task is ticked, skipped or opened again; without a word for it the other way round."""
    from pagerduty_mattermost.runs import acting
    from pagerduty_mattermost.runs.task_acts import ticked as ticking
    from pagerduty_mattermost.runs.tasks import SHOWN, STATE_WORDS

    try:
        the = the_run(context, command)
    except TakenBack:
        return CommandResult("")
    said = STATE_WORDS.get(command.text.casefold(), "")
    if command.text and not said:
        raise RejectedInput(f"how? Say done, skip or open, not {one_line(command.text, 40)!r}")
    if said == SHOWN:
        task = the.asked.task(command.task)
        return CommandResult(_whole(context, task, the), (the.run.incident,))
    act = ticking(the.asked, command.task, said)
    acted = acting.act(context, the.records, the.run, act)
    now = acted.now.task(act.task)
    line = _line(context, now, acted.now) if now is not None else "It is removed meanwhile."
    if not acted.changed:
        return CommandResult(f"It is so already: {line}", (the.run.incident,), already=True)
    return CommandResult(line, (the.run.incident,))


def stage(context: Context, command: Command) -> CommandResult:
    """The run goes on to another stage; without a word it says which there are."""
    from pagerduty_mattermost.runs import acting
    from pagerduty_mattermost.runs.acts import STAGE

    the = the_run(context, command)
    if not command.text:
        return CommandResult(_stages(the.run.state), (the.run.incident,))
    wanted = _wanted_stage(command, the)
    state = the.run.state
    seen = command.options.get(FROM, "")
    if seen and seen != str(state.stage):
        title = escape(one_line(state.present.name))
        raise RejectedInput(f"somebody has moved on meanwhile: it is at {state.stage} {title}")
    if wanted.number == state.stage:
        line = f"It is at **{wanted.number} {escape(one_line(wanted.name))}** already."
        return CommandResult(line, (the.run.incident,), already=True)
    waiting = _left_open(state, wanted)
    if waiting and not seen and ANYWAY not in command.options:
        raise RejectedInput(
            f"{_open_words(state, waiting)}: say `/pd stage {wanted.number} --{ANYWAY}`"
        )
    acting.act(context, the.records, the.run, the.asked.act(STAGE, stage=wanted.number))
    line = f"It is at **{wanted.number} {escape(one_line(wanted.name))}** now."
    return CommandResult(line, (the.run.incident,))


def asks_of_stage(context: Context, command: Command) -> Optional[Tuple[Command, str]]:
    """While tasks of the present stage are open, who goes on is asked."""
    if not command.text or ANYWAY in command.options or FROM in command.options:
        return None
    the = the_run(context, command)
    wanted, state = _wanted_stage(command, the), the.run.state
    waiting = _left_open(state, wanted)
    if not waiting:
        return None
    asked = command._replace(text=str(wanted.number), options={FROM: str(state.stage)})
    lines = [f"- {one.number} {escape(one_line(one.text))}" for one in waiting[:MAX_OPEN_NAMED]]
    if len(waiting) > MAX_OPEN_NAMED:
        lines.append(f"- … and {len(waiting) - MAX_OPEN_NAMED} more")
    return asked, "\n".join([f"{_open_words(state, waiting)}:", *lines])


def _wanted_stage(command: Command, the: TheRun) -> StageState:
    from pagerduty_mattermost.runs.tasks import find_stage

    word, state = command.text.casefold(), the.run.state
    # Of two who say "next" at once both mean the one behind the stage that they see.
    seen = the.asked.seen.stage
    if word in NEXT:
        if seen == len(state.stages):
            raise RejectedInput("it is at its last stage: `/pd end` ends it")
        return state.stages[seen]
    if word in BACK:
        if seen == 1:
            raise RejectedInput("it is at its first stage")
        return state.stages[seen - 2]
    return find_stage(state, command.text)


def _left_open(state: RunState, wanted: StageState) -> Tuple[TaskState, ...]:
    """Tasks that whoever goes on leaves open."""
    return state.present.open_tasks if wanted.number > state.stage else ()


def _open_words(state: RunState, waiting: Tuple[TaskState, ...]) -> str:
    title = escape(one_line(state.present.name))
    count = f"{len(waiting)} tasks" if len(waiting) != 1 else "one task"
    return f"{count} of {state.stage} {title} {'are' if len(waiting) != 1 else 'is'} open"


def said_of_stage(context: Context, command: Command) -> str:
    """What `stage` would do, in words."""
    the = the_run(context, command)
    if not command.text:
        return "Say at which stage the playbook is"
    wanted = _wanted_stage(command, the)
    return f"Go on to {wanted.number} {escape(one_line(wanted.name))}"


def tasks(context: Context, command: Command) -> CommandResult:
    """All of them, as the playbook post has them."""
    from pagerduty_mattermost.runs.post_text import post_text

    the = the_run(context, command)
    text = post_text(the.run.state, times.zone(context.settings.time_zone))
    return CommandResult(text, (the.run.incident,))


def todo(context: Context, command: Command) -> CommandResult:
    """What the asker owns and is not done, in all runs."""
    from pagerduty_mattermost.chat.verbs.named_incidents import called
    from pagerduty_mattermost.gateways.mattermost.post_once import link
    from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords
    from pagerduty_mattermost.runs.post_text import task_line
    from pagerduty_mattermost.runs.records import RunRecords

    user, zone = asker(context, command), times.zone(context.settings.time_zone)
    if not user:
        raise RejectedInput("Mattermost does not know who you are")
    lines: List[str] = []
    count = 0
    rooms: Dict[str, RoomRecord] = {}
    for run in RunRecords(context.store, context.log).every():
        state = run.state
        mine = [one for one in state.tasks if one.is_open and one.owner.who.id == user]
        if state.is_over or not mine:
            continue
        if not count:
            every = RoomRecords(context.store, context.log).every()
            rooms = {room.channel_id: room for room in every}
        count += len(mine)
        name = called(context, run.incident, rooms.get(run.plan.channel))
        title = f"{run.plan.playbook.title} of {name}"
        lines.append(f"**{markdown_link(title, link(context.mattermost.settings, run.post.id))}**")
        lines += [task_line(one, state, zone) for one in mine]
    if count > MAX_TODO:
        lines = [*lines[:MAX_TODO], f"… {count} in all"]
    return CommandResult("\n".join(lines) or "Nothing waits for you.")


def mark(context: Context, command: Command) -> CommandResult:
    """A post of the room is marked: it explains what happened, and stands in the timeline."""
    from pagerduty_mattermost.runs import acting
    from pagerduty_mattermost.runs.acts import MARK

    the = the_run(context, command)
    post = _post_of_room(context, the, command.text)
    said = clean(post.get("message"), MARKED_CHARACTERS)
    act = the.asked.act(MARK, post=str(post["id"]), text=said)
    acted = acting.act(context, the.records, the.run, act)
    if not acted.changed:
        return CommandResult("It is marked already.", (the.run.incident,), already=True)
    return CommandResult("Marked for the timeline.", (the.run.incident,))


def call_commander(context: Context, command: Command) -> CommandResult:
    """Once for a post, below it; without one in the room."""
    from pagerduty_mattermost.runs.texts import name

    the = the_run(context, command)
    commander = the.run.state.commander
    if not commander.id:
        raise RejectedInput("there is no commander yet: `/pd commander me` makes you one")
    root = ""
    if command.text:
        post = _post_of_room(context, the, command.text)
        root = str(post.get("root_id") or post["id"])
    line = f"❓ @{commander.name}: {name(the.asked.by)} asks for you"
    about = command.text or the.asked.order_id
    sent = context.post_once(
        the.run.plan.channel, line, key=f"call {the.run.incident} {about}", root_id=root
    )
    if sent.already:
        return CommandResult("Called already.", (the.run.incident,), already=True)
    return CommandResult(f"Called {name(commander)}.", (the.run.incident,))


def _post_of_room(context: Context, the: TheRun, said: str) -> Mapping[str, Any]:
    """The room's post of that id or link. Raises RejectedInput."""
    id = said.rstrip("/").rpartition("/")[2]
    if not is_id(id):
        raise RejectedInput("which post? Give a link to it (Copy Link in its menu)")
    try:
        post = context.mattermost.get_post(id)
    except NotFound:
        raise RejectedInput("that post is not there any more") from None
    if post.get("channel_id") != the.run.plan.channel:
        raise RejectedInput("that post is not of this room")
    return post


def _stages(state: RunState) -> str:
    lines = []
    for one in state.stages:
        now = " ← now" if one.number == state.stage else ""
        title = escape(one_line(one.name))
        lines.append(f"{one.number} {title} · {one.done}/{len(one.tasks)}{now}")
    return "\n".join(lines)


def _line(context: Context, task: TaskState, state: RunState) -> str:
    from pagerduty_mattermost.runs.post_text import task_line

    return task_line(task, state, times.zone(context.settings.time_zone))


def _whole(context: Context, task: TaskState, the: TheRun) -> str:
    """The task with all that its playbook says of it."""
    from pagerduty_mattermost.core.markdown import code_span
    from pagerduty_mattermost.runs.texts import styled_lines

    parts = [_line(context, task, the.run.state), styled_lines(task.description)]
    if task.run:
        parts.append(f"`/pd task run {task.number}` carries out {code_span(task.run)}")
    return "\n\n".join(part for part in parts if part)


def _linked_post(line: TypedLine) -> Fields:
    """A link to a post, or its id; in front of it an incident."""
    if len(line.words) == 1:
        return {"text": line.said()}
    if line.word(1) == "for":
        line = words_of(f"{line.rest(2).without('incident').typed()} {line.before(1).typed()}")
    if len(line.words) != 2:
        return None
    named = typed_incidents.read(line.before(1).typed(), 1)
    return {"incidents": named.ids[0], "text": line.rest(1).said()} if named.ids else None


VERBS = (
    Verb(
        name="check",
        run=check,
        usage="check <task> [done|open|skip|?]",
        to_do="tick tasks",
        example="check 1.2 done",
        help="tick a task of the playbook, by its number or words of it; again: open it",
        forms=(
            Form(("check", "tick", "check off", "tick off"), ticked()),
            Form(("uncheck", "untick"), ticked(), {"text": "open"}),
            Form(("skip",), ticked(), {"text": "skip"}),
        ),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        also_called=("done", "complete"),
        says="Tick the task {task} in the playbook of {incidents}",
    ),
    Verb(
        name="stage",
        run=stage,
        usage="stage [next|prev|<number>]",
        to_do="move playbooks on",
        example="stage next",
        help="where the playbook is; go on to another stage",
        forms=(Form(("stage", "stages", "go to stage"), stage_said()),),
        flags=(ANYWAY,),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        asks=asks_of_stage,
        also_called=("phase", "step"),
        says=said_of_stage,
        button="Go on",
    ),
    Verb(
        name="tasks",
        run=tasks,
        usage="tasks [id]",
        to_do="see tasks",
        example="tasks 1234",
        help="the tasks of the playbook, and how they are",
        forms=(Form(("tasks", "checklist"), incidents_and(nothing())),),
        group=PLAYBOOK,
        incidents=ONE,
    ),
    Verb(
        name="todo",
        run=todo,
        usage="todo",
        to_do="see your tasks",
        example="todo",
        help="your open tasks in all playbooks",
        forms=(Form(("todo", "my tasks", "tasks mine", "my todo")),),
        group=PLAYBOOK,
    ),
    Verb(
        name="mark",
        run=mark,
        usage="mark <link to a post>",
        to_do="mark posts",
        example="mark https://chat.example.com/ops/pl/5tq1n8p3mbyedxq4ps6kjo5s7r",
        help="a post of the room explains what happened: it stands in the timeline",
        forms=(Form(("mark", "mark post"), FormReader(("incidents", "text"), _linked_post)),),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Mark a post in the room of {incidents}",
    ),
    Verb(
        name="call_commander",
        run=call_commander,
        usage="call commander",
        to_do="call the commander",
        example="call commander",
        help="ask for the commander in the room",
        forms=(Form(("call commander", "call the commander"), incidents_and(nothing())),),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Ask for the commander in the room of {incidents}",
    ),
)
