"""How tasks and stages of a playbook are typed, in front of other words. Pure.

    check 1.2 done        check 1 2        check PT4KHLK 1.2        check "Open a call" skip

A task is its number, stage and place counted from 1, as `1.2` or `1 2`, or words of it; in quotes
where more follows. In front of it an incident may stand where none is meant by the place.
"""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional

from pagerduty_mattermost.chat.forms import Fields, FormReader
from pagerduty_mattermost.chat.line import TypedLine, words_of
from pagerduty_mattermost.core import typed_incidents
from pagerduty_mattermost.core.quotes import plain
from pagerduty_mattermost.runs.tasks import STATE_WORDS, read_place, read_tick

MAX_DIGITS = 2
"""Of a stage or a place: a longer number is an incident's."""


class SaidTask(NamedTuple):
    """A task as somebody typed it."""

    incident: str
    """Empty where none is said."""
    task: str
    rest: TypedLine


def task_and(further: FormReader, *, quoted: bool = True) -> FormReader:
    """A task, then what `further` reads. `quoted`: also words of it, in quotes."""

    def read(line: TypedLine) -> Fields:
        said = _said(line, quoted=quoted)
        fields = further.read(said.rest) if said is not None else None
        if said is None or fields is None:
            return None
        return {**_named(said.incident), "task": said.task, **fields}

    return FormReader(("incidents", "task", *further.fields), read)


def ticked() -> FormReader:
    """A task by its number or its words, then how it is to be."""

    def read(line: TypedLine) -> Fields:
        said = _said(line, quoted=True)
        if said is not None:
            word = said.rest.typed().casefold()
            if word and word not in STATE_WORDS:
                said = None
            else:
                state = {"text": STATE_WORDS[word]} if word else {}
                return {**_named(said.incident), "task": said.task, **state}
        if not line:
            return None
        named = typed_incidents.read(line.typed(), 1)
        words = plain(named.rest if named.ids else line.typed())
        tick = read_tick(words)
        if not tick.task:
            return None
        incident = named.ids[0] if named.ids else ""
        return {**_named(incident), "task": tick.task, "text": tick.state}

    return FormReader(("incidents", "task", "text"), read)


def stage_said() -> FormReader:
    """`next`, `prev`, a number or a name of a stage; nothing asks which one it is."""

    def read(line: TypedLine) -> Fields:
        if len(line.words) <= 1:
            return {"text": plain(line.typed())} if line else {}
        if line.keys(2) == ("of", "incident") and line.word(3) == "is":
            line = words_of(f"{line.raw(2)} {line.rest(4).typed()}")
        named = typed_incidents.read(line.before(1).typed(), 1)
        if named.ids:
            return {"incidents": named.ids[0], "text": line.rest(1).said()}
        return {"text": plain(line.typed())}

    return FormReader(("incidents", "text"), read)


def stage_and_words() -> FormReader:
    """A stage by its number, where one is said, and the text of a new task."""

    def read(line: TypedLine) -> Fields:
        if line.keys(2) == ("to", "incident"):
            named = typed_incidents.read(line.rest(2).before(1).typed(), 1)
            text = line.rest(3)
            return {"incidents": named.ids[0], "text": text.said()} if named.ids and text else None
        incident, rest = "", line
        number = line.raw(0)
        # Of two numbers in front of words in quotes the first is the incident's.
        both = _is_small(line.raw(1)) and len(line.words) == 3 and not line.words[2].key
        if both or not _is_small(number) or len(line.words) < 2:
            named = typed_incidents.read(line.before(1).typed(), 1)
            if named.ids and len(line.words) > 1:
                incident, rest = named.ids[0], line.rest(1)
                number = rest.raw(0)
        stage = {}
        if _is_small(number) and len(rest.words) > 1:
            stage, rest = {"task": number}, rest.rest(1)
        return {**_named(incident), **stage, "text": rest.said()} if rest else None

    return FormReader(("incidents", "task", "text"), read)


def moment_said() -> FormReader:
    """A length or a time, behind an incident where one is said; nothing asks when it is."""

    def read(line: TypedLine) -> Fields:
        named = typed_incidents.read(line.before(1).typed() if line else "", 1)
        is_named = bool(named.ids) and not named.wrong
        said = line.rest(1) if is_named else line
        said = said.without("in", "at", "again") if len(said.words) > 1 else said
        time = {"duration": said.said()} if said else {}
        return {**_named(named.ids[0] if is_named else ""), **time}

    return FormReader(("incidents", "duration"), read)


def role_said() -> FormReader:
    """A role, in quotes where it has several words, and whoever is to have it; nothing asks who
    has which."""

    def read(line: TypedLine) -> Fields:
        if not line:
            return {}
        more = line.rest(1)
        said = more.without("to") if len(more.words) > 1 else more
        return {"task": line.before(1).said(), **({"text": said.said()} if said else {})}

    return FormReader(("task", "text"), read)


def _named(incident: str) -> Dict[str, str]:
    return {"incidents": incident} if incident else {}


def _said(line: TypedLine, *, quoted: bool) -> Optional[SaidTask]:
    line = line.without("task")
    behind = _behind_incident(line, quoted=quoted)
    here = _place(line, quoted=quoted)
    if here is None:
        return behind
    # Of three numbers, and of one in front of a place, the first is the incident's.
    third = _is_small(line.raw(2))
    of_three = behind is not None and third and read_place(line.raw(0)) is None
    return behind if of_three else _of_incident(here)


def _of_incident(said: SaidTask) -> SaidTask:
    """Behind the task its incident may be said: `1.2 of incident 1234`."""
    rest = said.rest
    if rest.word(0) != "of" or len(rest.words) < 2:
        return said
    rest = rest.rest(1).without("incident")
    named = typed_incidents.read(rest.before(1).typed(), 1)
    return SaidTask(named.ids[0], said.task, rest.rest(1)) if named.ids else said


def _behind_incident(line: TypedLine, *, quoted: bool) -> Optional[SaidTask]:
    line = line.without("incident", "id")
    named = typed_incidents.read(line.before(1).typed(), 1)
    place = _place(line.rest(1), quoted=quoted) if named.ids else None
    return place._replace(incident=named.ids[0]) if place is not None else None


def _place(line: TypedLine, *, quoted: bool) -> Optional[SaidTask]:
    first, second = line.raw(0), line.raw(1)
    if read_place(first) is not None:
        return SaidTask("", first.rstrip("."), line.rest(1))
    if _is_small(first) and _is_small(second):
        return SaidTask("", f"{int(first)}.{int(second)}", line.rest(2))
    if quoted and line.words and not line.words[0].key:
        return SaidTask("", line.before(1).said(), line.rest(1))
    return None


def _is_small(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= MAX_DIGITS
