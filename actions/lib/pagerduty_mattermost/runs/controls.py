"""The playbook post's buttons and menus, within what old servers take. Pure.

    controls(state, "https://st2.example.com/pagerduty", key, now)   # -> one attachment

A click says what is wanted (`check impact:done`, `stage 2`), never "the other one": a second
click, one that comes late and one on an old post do no harm; nor does one that meets a post which
was painted anew meanwhile, since a button's id means the same for ever. What a button wants is
signed; of a menu that it is one, and what is chosen is a command all the same, of those in
`CLICKED`.

Text in a post's `message` costs none of its props, whose 8,000 characters hold about 25 buttons.
What gives way first: the width of options, the number of buttons, tasks of other stages.
"""

# flake8: noqa: E203

from __future__ import annotations

import hashlib
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.cards.buttons import CLICK, DIALOGS, PURPOSE
from pagerduty_mattermost.cards.card import MAX_PROPS_CHARACTERS, props_size
from pagerduty_mattermost.core.post_keys import PROPS_KEY, own_props
from pagerduty_mattermost.gateways.http.signed_tokens import button_expiry, sign
from pagerduty_mattermost.playbooks.playbook import COMMAND_PREFIX
from pagerduty_mattermost.runs.acts import DONE, OPEN, SKIPPED
from pagerduty_mattermost.runs.post_text import SKIPPED_MARK, TICKED, WAITING
from pagerduty_mattermost.runs.state import TRIAGE, RunState, TaskState
from pagerduty_mattermost.runs.texts import label

CLICK_VERB = "run"
"""Verb of all that is clicked on a playbook post; the command stands beside it."""
CHECK, STAGE, TASK_RUN, REMIND, COMMANDER, END, RESTART, TRIAGE_END = CLICKED = (
    "check",
    "stage",
    "task_run",
    "remind",
    "commander",
    "end",
    "restart",
    "triage_end",
)
"""Verbs that a click on the post may give."""
WITHOUT_WORDS = (END, RESTART, TRIAGE_END)
"""Those that say all."""
UPDATE = "update"
"""The form of a status update."""
OPENS = "open"
"""In place of a verb: a dialog opens, which stands behind it."""
DIALOG_OF_LINE: Mapping[str, str] = {
    "note": "note",
    "escalate": "escalate",
    "reassign": "reassign",
    "priority": "priority",
    "responders": "responders",
    "add-responder": "responders",
    "add-responders": "responders",
    "status": "status",
    "workflow": "workflow",
    "run-workflow": "workflow",
}
"""Commands after `/pd` that say too little without more words, and the dialog that asks for
them."""
MAX_OPTION_CHARACTERS = 64
SAID_CHARACTERS = 200


class Level(NamedTuple):
    """How much the controls show."""

    width: int
    """Characters of an option or a button."""
    buttons: int
    """Of tasks."""
    everywhere: bool
    """Whether the menu has the tasks of all stages."""
    skips: bool
    """Whether the menu has *Skip* for the open tasks of the present one."""


LEVELS = (
    Level(40, 10, True, True),
    Level(32, 8, True, True),
    Level(28, 6, True, True),
    Level(28, 4, True, False),
    Level(24, 3, True, False),
    Level(20, 2, True, False),
    Level(28, 3, False, True),
    Level(20, 2, False, False),
    Level(16, 0, False, False),
)


def post_props(
    state: RunState,
    key: str,
    actions: Sequence[Mapping[str, Any]],
) -> Dict[str, Any]:
    """All props of the post. `key`: by which it is found again."""
    own = {
        "key": key,
        "incident": state.plan.incident,
        "run": [state.acts, state.digest],
    }
    props: Dict[str, Any] = {PROPS_KEY: own}
    if actions:
        props["attachments"] = [{"fallback": "Playbook", "actions": list(actions)}]
    return props


def shown_of(props: Any) -> Tuple[int, str]:
    """How many acts a post shows, and their digest; 0 and empty where it does not say."""
    run = own_props(props).get("run")
    if isinstance(run, list) and len(run) == 2 and isinstance(run[0], int):
        return run[0], str(run[1])
    return 0, ""


def controls(
    state: RunState,
    url: str,
    key: str,
    now: float,
    spare: int = 0,
    *,
    mark: str = "",
) -> Tuple[Mapping[str, Any], ...]:
    """The actions of the post's attachment. `url`: public address of the listener; `key`: signs;
    `spare`: characters of the props that something else needs; `mark`: ends the menus' ids."""
    made: Tuple[Mapping[str, Any], ...] = ()
    for level in LEVELS:
        made = tuple(_Drawing(state, url, key, now, level, mark).actions())
        size = props_size(post_props(state, "k" * 32, made))
        if size + spare <= MAX_PROPS_CHARACTERS:
            break
    return made


class _Drawing:
    def __init__(
        self, state: RunState, url: str, key: str, now: float, level: Level, mark: str
    ) -> None:
        self._state, self._url, self._key, self._now = state, url, key, now
        self._level, self._mark = level, mark

    def actions(self) -> Iterator[Mapping[str, Any]]:
        state = self._state
        waiting = state.present.open_tasks
        for task in waiting[: self._level.buttons]:
            text = label(f"{WAITING} {task.number} {task.text}", self._level.width)
            yield self._button(_id("task", task.id), text, tick_value(task.id, DONE))
        options = [*self._ticks(), *self._skips(waiting)]
        if options:
            yield self._menu("tick", "Tick or untick…", options, CHECK)
        if state.stage < len(state.stages):
            following = state.stages[state.stage]
            text = label(f"Next: {following.name}", self._level.width)
            yield self._button(f"stage{following.number}", text, stage_value(following.number))
        if not state.is_over:
            yield self._button("update", "Status update…", f"{OPENS} {UPDATE}")
        if not state.commander.id:
            yield self._button("lead", "I lead", f"{COMMANDER} me")
        if state.phase == TRIAGE:
            yield self._button("triage", "It is an incident", TRIAGE_END)
        if state.is_over:
            yield self._button("restart", "Go on", RESTART)
        elif state.stage == len(state.stages):
            yield self._button("end", "End", END)
        more = [*self._runs(waiting), *self._stages(), *self._lead()]
        if more:
            yield self._menu("runmore", "More…", more)

    def _ticks(self) -> List[Tuple[str, str]]:
        state = self._state
        tasks = state.tasks if self._level.everywhere else state.present.tasks
        return [
            (
                self._option(f"{_mark(task)} {task.number} {task.text}"),
                option_value(task.id, _other(task)),
            )
            for task in tasks
        ]

    def _skips(self, waiting: Sequence[TaskState]) -> List[Tuple[str, str]]:
        if not self._level.skips:
            return []
        return [
            (self._option(f"Skip {task.number} {task.text}"), option_value(task.id, SKIPPED))
            for task in waiting
        ]

    def _runs(self, waiting: Sequence[TaskState]) -> List[Tuple[str, str]]:
        return [
            (self._option(f"▶ {task.number} {task.run}"), run_value(task))
            for task in waiting
            if task.run
        ]

    def _stages(self) -> List[Tuple[str, str]]:
        now = self._state.stage
        others = [one for one in self._state.stages if one.number not in (now, now + 1)]
        return [
            (self._option(f"Go to {one.number} {one.name}"), stage_value(one.number))
            for one in others
        ]

    def _lead(self) -> List[Tuple[str, str]]:
        state = self._state
        more = [] if not state.commander.id else [("I lead from now on", f"{COMMANDER} me")]
        if not state.is_over and state.stage < len(state.stages):
            more.append(("End the playbook", END))
        return [(self._option(text), value) for text, value in more]

    def _option(self, text: str) -> str:
        return label(text, min(self._level.width, MAX_OPTION_CHARACTERS))

    def _button(self, id: str, text: str, said: str) -> Dict[str, Any]:
        return {**button(id, text), "integration": self._call(said)}

    def _menu(
        self, id: str, name: str, options: Sequence[Tuple[str, str]], verb: str = ""
    ) -> Dict[str, Any]:
        """Its id is another one whenever something was done, or something that was chosen was not:
        pages keep the chosen words for as long as it stays the same. `verb`: what all its options
        are about."""
        return {
            "id": f"{id}{self._state.digest}{self._mark}",
            "name": name,
            "type": "select",
            "options": [{"text": text, "value": value} for text, value in options],
            "integration": self._call(verb),
        }

    def _call(self, said: str) -> Dict[str, Any]:
        return call(self._state.plan.incident, said, self._url, self._key, self._now)


def button(id: str, text: str) -> Dict[str, Any]:
    """A button of a post, without what it sends."""
    return {"id": id, "name": text, "type": "button"}


def call(incident: str, said: str, url: str, key: str, now: float) -> Dict[str, Any]:
    """What a click sends where: an action's `integration`. `said`: what a button wants; of a menu
    the verb of its options, or nothing; `url`, `key`: as of `controls`."""
    about = {"v": CLICK_VERB, "i": incident, **({"x": said} if said else {})}
    token = sign(key, PURPOSE, about, button_expiry(now))
    return {"url": url.rstrip("/") + CLICK, "context": {"token": token}}


def tick_value(task_id: str, wanted: str) -> str:
    """What a button or a menu sends to set a task's state."""
    return f"{CHECK} {option_value(task_id, wanted)}"


def option_value(task_id: str, wanted: str) -> str:
    """The option's value in the menu of ticks."""
    return f"{task_id}:{wanted}"


def stage_value(number: int) -> str:
    """What a menu sends to go on to a stage."""
    return f"{STAGE} {number}"


def run_value(task: TaskState) -> str:
    """What carries out the task's line, or opens the dialog that it needs."""
    line = task.run[len(COMMAND_PREFIX) :] if task.run.startswith(COMMAND_PREFIX) else ""
    dialog = DIALOG_OF_LINE.get(line.strip().casefold())
    return f"{OPENS} {dialog}" if dialog else f"{TASK_RUN} {task.id}"


def clicked(signed: Optional[str], chosen: str) -> Tuple[str, str]:
    """The verb and the text of a click. `signed`: what a button wants, the verb of a menu's
    options, None for a menu whose options say all; `chosen`: the option. Raises ValueError for
    what no post offers."""
    said = signed if signed and " " in signed else f"{signed or ''} {chosen}".strip()
    verb, _, text = said.partition(" ")
    if verb == OPENS:
        known = text in (*DIALOGS, UPDATE)
    else:
        known = verb in CLICKED and (bool(text) or verb in WITHOUT_WORDS)
    if not known or len(said) > SAID_CHARACTERS:
        raise ValueError("no such choice")
    return verb, text


def _id(kind: str, name: str) -> str:
    """Of an action. Mattermost carries out what the post's action of that id is when the click
    arrives, so an id means the same for ever; it takes letters and digits alone."""
    return f"{kind}{hashlib.sha256(name.encode('utf-8')).hexdigest()[:8]}"


def _mark(task: TaskState) -> str:
    return {DONE: TICKED, SKIPPED: SKIPPED_MARK}.get(task.state, WAITING)


def _other(task: TaskState) -> str:
    return DONE if task.state == OPEN else OPEN
