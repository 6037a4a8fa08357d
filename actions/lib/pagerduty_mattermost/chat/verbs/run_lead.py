"""Who leads, and how a playbook ends and goes on: `commander`, `role`, `triage end`, `end`,
`restart`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Tuple

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, incidents_and, nothing, words
from pagerduty_mattermost.chat.task_forms import role_said
from pagerduty_mattermost.chat.verb import CHAT, ONE, PLAYBOOK, Verb
from pagerduty_mattermost.chat.verbs.run_of import TheRun, the_run
from pagerduty_mattermost.chat.verbs.runs import ANYWAY
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.playbooks.playbook import COMMANDER

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change
    from pagerduty_mattermost.runs.state import RunState


def commander(context: Context, command: Command) -> CommandResult:
    """Says who it is; with a person, who becomes a member of the room, it is them."""
    return _role(context, command._replace(task=COMMANDER))


def role(context: Context, command: Command) -> CommandResult:
    """The same of any role of the playbook; without one it says who has which."""
    return _role(context, command)


def _role(context: Context, command: Command) -> CommandResult:
    from pagerduty_mattermost.runs import roles
    from pagerduty_mattermost.runs.acts import ROLE
    from pagerduty_mattermost.runs.task_acts import person_of

    the = the_run(context, command)
    state = the.run.state
    if not command.task:
        lines = [_line(state, one.name, one.title) for one in roles.known_roles(the.run)]
        return CommandResult("\n".join(lines), (the.run.incident,))
    wanted = roles.find_role(the.run, command.task)
    if not command.text:
        return CommandResult(_line(state, wanted.name, wanted.title), (the.run.incident,))
    person = person_of(context, the.asked, command.text)
    known = state.roles.get(wanted.name)
    if person.id == (known.who.id if known is not None else ""):
        line = _line(state, wanted.name, wanted.title)
        return CommandResult(f"It is so already: {line}", (the.run.incident,), already=True)
    act = the.asked.act(ROLE, value=wanted.name, person=person)
    acted, problems = roles.take(context, the.records, the.run, act, _change(context, the))
    line = _line(acted.now, wanted.name, wanted.title)
    if not acted.changed:
        return CommandResult(f"It is so already: {line}", (the.run.incident,), already=True)
    lines = [line, *(f":warning: {escape(one)}" for one in problems)]
    return CommandResult("\n".join(lines), (the.run.incident,))


def _line(state: RunState, name: str, title: str) -> str:
    from pagerduty_mattermost.runs import texts

    known = state.roles.get(name)
    who = texts.name(known.who) if known is not None and known.who.id else "nobody yet"
    return f"{escape(one_line(title))}: {who}"


def _change(context: Context, the: TheRun) -> Change:
    from pagerduty_mattermost.incidents import alert_details

    return alert_details.fetch(context.pagerduty, the.run.incident)


def end(context: Context, command: Command) -> CommandResult:
    """The playbook is over: nobody is reminded any more. Tasks and roles can still be changed
    until the room is archived; the incident stays as it is."""
    from pagerduty_mattermost.runs import acts, life

    the = the_run(context, command)
    act = the.asked.act(acts.END, value=acts.BY_HAND)
    acted = life.finish(context, the.records, the.run, act)
    if not acted.changed:
        return CommandResult("It is over already.", (the.run.incident,), already=True)
    return CommandResult(
        "The playbook is over. `/pd resolve` resolves the incident, `/pd restart` goes on.",
        (the.run.incident,),
    )


def restart(context: Context, command: Command) -> CommandResult:
    """A playbook that is over goes on as it was."""
    from pagerduty_mattermost.runs import acts, life

    the = the_run(context, command)
    acted = life.finish(context, the.records, the.run, the.asked.act(acts.RESTART))
    if not acted.changed:
        return CommandResult("It is not over.", (the.run.incident,), already=True)
    return CommandResult("The playbook goes on.", (the.run.incident,))


def end_triage(context: Context, command: Command) -> CommandResult:
    """Somebody says that it is an incident: from now on status updates are asked for."""
    from pagerduty_mattermost.runs import acts, life

    the = the_run(context, command)
    acted = life.finish(context, the.records, the.run, the.asked.act(acts.START))
    if not acted.changed:
        return CommandResult("It is not in triage.", (the.run.incident,), already=True)
    return CommandResult("It is an incident: the playbook begins.", (the.run.incident,))


def asks_of_end(context: Context, command: Command) -> Optional[Tuple[Command, str]]:
    """Tasks that are still open are named first."""
    from pagerduty_mattermost.runs.life import left_open

    if ANYWAY in command.options:
        return None
    state = the_run(context, command).run.state
    lines = left_open(state)
    return (command, "\n".join(lines)) if lines and not state.is_over else None


VERBS = (
    Verb(
        name="commander",
        run=commander,
        usage="commander [id] [@user|me|nobody]",
        example="commander 1234 @grace",
        help="who leads the incident; change it",
        to_do="say who leads",
        forms=(
            Form(
                ("commander", "incident commander", "lead", "leader"),
                incidents_and(words("text", required=False)),
            ),
        ),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        names_people=True,
        also_called=("owner",),
        says="Make {who} commander of {incidents}",
    ),
    Verb(
        name="role",
        run=role,
        usage="role [id] [name] [@user|me|nobody]",
        example="role 1234 scribe @mei",
        help="who has which role of the playbook; change it",
        to_do="give roles",
        forms=(Form(("role", "roles"), incidents_and(role_said())),),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Give the role {task} in the playbook of {incidents} to {who}",
    ),
    Verb(
        name="end",
        run=end,
        usage="end [id]",
        example="end 1234",
        help="the playbook is over; the incident stays as it is",
        to_do="end playbooks",
        forms=(Form(("end", "end playbook", "playbook end"), incidents_and(nothing())),),
        flags=(ANYWAY,),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        asks=asks_of_end,
        says="End the playbook of {incidents}",
        button="End the playbook",
    ),
    Verb(
        name="restart",
        run=restart,
        usage="restart [id]",
        example="restart 1234",
        help="a playbook that is over goes on",
        to_do="restart playbooks",
        forms=(
            Form(("restart", "restart playbook", "playbook restart"), incidents_and(nothing())),
        ),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Go on with the playbook of {incidents}",
    ),
    Verb(
        name="triage_end",
        run=end_triage,
        usage="triage end [id]",
        example="triage end 1234",
        help="after triage: it is an incident; `cancel` says that it is none",
        to_do="end triage",
        forms=(Form(("triage end", "end triage", "triage over"), incidents_and(nothing())),),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Say that {incidents} is an incident, and no longer in triage",
    ),
)
