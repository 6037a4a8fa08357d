"""What people say of a task, and which one they mean. Pure.

read_tick("1.2 done")           # -> SaidTick("1.2", "done")
read_tick("impact:open")        # -> SaidTick("impact", "open")
find_task(state, "1.2")         # -> the task; raises NotFound, Ambiguous
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.errors import Ambiguous, NotFound
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.runs.acts import DONE, OPEN, SKIPPED
from pagerduty_mattermost.runs.state import RunState, StageState, TaskState

SHOWN = "?"
"""In place of a state: the task is only to be shown."""
STATE_WORDS = {
    **dict.fromkeys(("done", "tick", "ticked", "check", "checked", "yes", "x", "✅"), DONE),
    **dict.fromkeys(("open", "undo", "untick", "unticked", "uncheck", "unchecked", "no"), OPEN),
    **dict.fromkeys(("skip", "skipped", "n/a", "na"), SKIPPED),
    **dict.fromkeys(("?", "show", "info", "description"), SHOWN),
}
MAX_NAMED = 5
MAX_SHOWN_CHARACTERS = 60


class SaidTick(NamedTuple):
    """A task and the state that somebody gives it."""

    task: str
    """A number (`1.2`), an id, or words of its text."""
    state: str = ""
    """One of `acts.TASK_STATES`, or `SHOWN`; empty: the other one than it has."""


def read_tick(text: str) -> SaidTick:
    """The tick that is meant by what stands behind `check`, or in a button's value."""
    said = one_line(text)
    head, colon, last = said.rpartition(":")
    if colon and head.strip() and last.strip().casefold() in STATE_WORDS:
        return SaidTick(head.strip(), STATE_WORDS[last.strip().casefold()])
    head, _, last = said.rpartition(" ")
    if head.strip() and last.casefold() in STATE_WORDS:
        return SaidTick(head.strip(), STATE_WORDS[last.casefold()])
    if said.endswith("?") and said[:-1].strip():
        return SaidTick(said[:-1].strip(), SHOWN)
    return SaidTick(said)


def read_place(word: str) -> Optional[Tuple[int, int]]:
    """Stage and task of `1.2`; None for what is no such number."""
    stage, dot, place = word.strip().rstrip(".").partition(".")
    good = dot and stage.isdecimal() and place.isdecimal() and len(word) <= 8
    return (int(stage), int(place)) if good else None


def find_task(state: RunState, said: str, shown: Optional[RunState] = None) -> TaskState:
    """The task as it is now. `shown`: the run as whoever says it saw it, by which numbers count: a
    task may have been added meanwhile. Raises NotFound and Ambiguous."""
    place = read_place(said)
    if place is not None:
        seen = (shown or state).numbered(*place) or state.numbered(*place)
        now = state.task(seen.id) if seen is not None else None
        if now is None:
            raise NotFound(f"there is no task {said}: `/pd tasks` lists them")
        return now
    exact = state.task(said)
    return exact if exact is not None else _by_words(state, said)


def _by_words(state: RunState, said: str) -> TaskState:
    words = said.casefold().split()
    named = f"no task says {one_line(said, MAX_SHOWN_CHARACTERS)!r}: `/pd tasks` lists them"
    if not words:
        raise NotFound("which task? Say its number (1.2) or words of it")
    found = [task for task in state.tasks if _has(task.text, words)]
    same = [task for task in found if task.text.casefold().split() == words]
    # Of those that still have to be done one alone may be meant.
    waiting = [task for task in found if task.is_open]
    for some in (same, found, waiting):
        if len(some) == 1:
            return some[0]
    if not found:
        raise NotFound(named)
    raise Ambiguous(f"which task? {_several(found)}")


def _has(text: str, words: List[str]) -> bool:
    known = text.casefold()
    return all(word in known for word in words)


def _several(tasks: List[TaskState]) -> str:
    shown = [f"{one.number} {one_line(one.text, MAX_SHOWN_CHARACTERS)}" for one in tasks]
    more = f" and {len(shown) - MAX_NAMED} more" if len(shown) > MAX_NAMED else ""
    return "; ".join(shown[:MAX_NAMED]) + more


def find_stage(state: RunState, said: str) -> StageState:
    """The stage of that number or name. Raises NotFound and Ambiguous."""
    word = one_line(said)
    if word.isdecimal():
        number = int(word)
        if 1 <= number <= len(state.stages):
            return state.stages[number - 1]
        raise NotFound(f"there is no stage {word}: there are {len(state.stages)}")
    found = [one for one in state.stages if word and word.casefold() in one.name.casefold()]
    same = [one for one in found if one.name.casefold() == word.casefold()]
    if len(same or found) == 1:
        return (same or found)[0]
    names = "; ".join(f"{one.number} {one.name}" for one in (found or state.stages))
    if found:
        raise Ambiguous(f"which stage? {names}")
    raise NotFound(f"no stage is called {one_line(said, 40)!r}; there are {names}")
