"""Acts on tasks, made of what people say: by commands and by actions alike.

    act = assigned(context, AskedOfRun(run, by, at, order_id), "1.2", "@grace")

All raise NotFound, Ambiguous and RejectedInput, each one line for people, and what the gateways
raise. Nothing is done yet: `runs.acting` does it.
"""

# flake8: noqa: E203

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Dict, NamedTuple

from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.core.typed_times import read_future
from pagerduty_mattermost.gateways.mattermost.values import id_in
from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident
from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from pagerduty_mattermost.playbooks.playbook import COMMANDER, ROLE_PREFIX
from pagerduty_mattermost.runs.acts import (
    ASSIGN,
    DONE,
    OPEN,
    PERSON,
    TASK_ADDED,
    TASK_EDITED,
    TASK_MOVED,
    TASK_REMOVED,
    TICK,
    Act,
    Who,
)
from pagerduty_mattermost.runs.people import by_id, come_in, on_call, somebody
from pagerduty_mattermost.runs.records import Run
from pagerduty_mattermost.runs.state import RunState, TaskState
from pagerduty_mattermost.runs.tasks import find_stage, find_task, read_place

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

ME, NOBODY = ("", "me", "myself", "mine"), ("nobody", "noone", "no-one", "none", "unassign")
ON_CALL_WORDS = ("on-call", "oncall", "on call", "on_call")
NO_TIME = ("off", "none", "never", "no")
MAX_TASKS = 120
"""Of a run, those that were added counted."""
MAX_TEXT_CHARACTERS = 120
SEEN_SECONDS = 2.0
"""What was done in the moment before somebody spoke they had not seen."""


class AskedOfRun(NamedTuple):
    """Who asks for something in a run."""

    run: Run
    by: Who
    """Nobody where StackStorm itself does."""
    at: float
    """When it was asked for, seconds since the epoch."""
    order_id: str
    """By which one that is carried out twice counts once."""

    @property
    def seen(self) -> RunState:
        """The run as whoever asks saw it."""
        return self.run.until(self.at - SEEN_SECONDS)

    def act(self, kind: str, **more: Any) -> Act:
        return Act(kind, self.order_id, self.at, self.by, **more)

    def task(self, said: str) -> TaskState:
        """The one that is meant, as it is now."""
        return find_task(self.run.state, said, self.seen)


class NewOwner(NamedTuple):
    """Whom a task is given to, and how that is written in the act."""

    value: str
    """As `ASSIGN` has it."""
    who: Who


def ticked(asked: AskedOfRun, said: str, wanted: str) -> Act:
    """`wanted`: one of `acts.TASK_STATES`; empty: the other way round than the asker saw it."""
    task = asked.task(said)
    seen = asked.seen.task(task.id) or task
    return asked.act(TICK, task=task.id, value=wanted or (DONE if seen.state == OPEN else OPEN))


def assigned(context: Context, asked: AskedOfRun, said: str, owner: str) -> Act:
    """Who gets it becomes a member of the room."""
    task = asked.task(said)
    new = owner_of(context, asked, owner)
    if new.who.id != asked.by.id:
        come_in(context, asked.run, new.who)
    return asked.act(ASSIGN, task=task.id, value=new.value, person=new.who)


def added(
    context: Context, asked: AskedOfRun, stage: str, said: str, *, due: str = "", owner: str = ""
) -> Act:
    """Add a task at the end of the stage, by default of the present one."""
    state = asked.run.state
    where = find_stage(state, stage) if stage else state.present
    if len(state.tasks) + len(state.hidden) >= MAX_TASKS:
        raise RejectedInput(f"a playbook holds {MAX_TASKS} tasks at most")
    name = hashlib.sha256(asked.order_id.encode("utf-8", "replace")).hexdigest()[:12]
    more: Dict[str, Any] = {"task": f"added-{name}", "stage": where.number, "text": _text(said)}
    if due:
        more["due"] = _due(context, due, asked.at)
    if owner:
        more["person"] = owner_of(context, asked, owner).who
        if more["person"].id != asked.by.id:
            come_in(context, asked.run, more["person"])
    return asked.act(TASK_ADDED, **more)


def edited(asked: AskedOfRun, said: str, text: str) -> Act:
    """The act that gives a task other words. Raises RejectedInput for a task that there is not,
    and for no words."""
    return asked.act(TASK_EDITED, task=asked.task(said).id, text=_text(text))


def due_set(context: Context, asked: AskedOfRun, said: str, due: str) -> Act:
    """A length from now on, a time, or none."""
    task = asked.task(said)
    return asked.act(TASK_EDITED, task=task.id, due=_due(context, due, asked.at))


def moved(asked: AskedOfRun, said: str, target: str) -> Act:
    """Move a task to the end of a stage, or in front of another task."""
    task = asked.task(said)
    if read_place(target) is not None:
        other = asked.task(target)
        return asked.act(TASK_MOVED, task=task.id, stage=other.stage, value=other.id)
    stage = find_stage(asked.run.state, target)
    return asked.act(TASK_MOVED, task=task.id, stage=stage.number)


def removed(asked: AskedOfRun, said: str) -> Act:
    """The act that hides a task. Raises RejectedInput for one that there is not."""
    return asked.act(TASK_REMOVED, task=asked.task(said).id)


def owner_of(context: Context, asked: AskedOfRun, said: str) -> NewOwner:
    """Whom the words mean: a person, `me`, `nobody`, `on-call`, or a role of the playbook."""
    word = one_line(clean(said)).strip()
    key = word.casefold()
    if key in NOBODY:
        return NewOwner("", Who())
    role = key[len(ROLE_PREFIX) :] if key.startswith(ROLE_PREFIX) else key
    if role in asked.run.state.roles:
        return NewOwner(COMMANDER if role == COMMANDER else f"{ROLE_PREFIX}{role}", Who())
    if len(word.split()) > 1 and key not in ON_CALL_WORDS:
        roles = ", ".join(asked.run.state.roles)
        raise RejectedInput(f"to whom? @name, me, nobody, on-call or a role ({roles})")
    return NewOwner(PERSON, person_of(context, asked, word))


def person_of(context: Context, asked: AskedOfRun, said: str) -> Who:
    """A person: `@name`, `me`, whoever is on call, or `nobody`."""
    word = one_line(clean(said)).strip()
    key = word.casefold()
    if key in NOBODY:
        return Who()
    if key in ME:
        if not asked.by.id:
            raise RejectedInput("Mattermost does not know who you are: say a name")
        return asked.by
    if key in ON_CALL_WORDS:
        return _on_call(context, asked.run.incident)
    id = id_in(word.lstrip("@"))
    return by_id(context, id) if id else somebody(context, word)


def _on_call(context: Context, incident_id: str) -> Who:
    incident = incident_from_rest(get_incident(context.pagerduty, incident_id))
    found = on_call(context, incident) if incident is not None else None
    if found is None:
        raise NotFound("nobody with a Mattermost account is on call for its service now")
    return found


def _text(said: str) -> str:
    text = one_line(clean(said))
    if not text:
        raise RejectedInput("which task? Say what is to be done")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise RejectedInput(f"a task has {MAX_TEXT_CHARACTERS} characters at most")
    return text


def _due(context: Context, said: str, at: float) -> float:
    """Seconds since the epoch; 0: by no such time."""
    word = one_line(clean(said)).casefold()
    if word in NO_TIME:
        return 0.0
    return read_future(word, now=float(int(at)), zone=context.settings.time_zone)
