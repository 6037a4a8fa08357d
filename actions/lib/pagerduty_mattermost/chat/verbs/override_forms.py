"""How overrides, and what else lasts for a time, are typed. Pure.

    span_behind(words_of("Checkout from 22:00 for 2h"))  # -> (<Checkout>, "from 22:00 for 2h")
    override_line(words_of("Platform by @mei for 2h"))   # -> {"service": "Platform", …}

Who takes a part of a schedule, and instead of whom, may stand anywhere as an @name; as a name at
the end, behind the time.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.chat.forms import Fields, Unread
from pagerduty_mattermost.chat.line import TypedLine, Word, words_of
from pagerduty_mattermost.chat.named_people import is_me
from pagerduty_mattermost.core.typed_times import is_length

INSTEAD_OF = "instead of"
"""Between who takes a part of a schedule and who is replaced."""
LENGTH_WORDS = ("for", "until", "to")
_BY = ("by", "with")
_INSTEAD = ("instead", "replacing")
_MAX_TIME_WORDS = 4
_GIVE = "`/pd override <schedule> for 2h by @user`"


def span_behind(line: TypedLine) -> Optional[Tuple[TypedLine, str]]:
    """What stands in front of a time, and the time: `[from <time>] for <length>`, also a length
    alone ("2h"). None where there is none."""
    found = line.cut(*LENGTH_WORDS, last=True)
    if found is None:
        return _with_length_alone(line)
    before, length = found
    beginning = before.cut("from", last=True)
    if beginning is None:
        return before, length.said()
    what, start = beginning
    word = line.words[len(before.words)].key
    return what, f"from {start.said()} {word} {length.said()}"


def _with_length_alone(line: TypedLine) -> Optional[Tuple[TypedLine, str]]:
    """`<what> 2h`: the longest end that is a length and begins with a digit."""
    for count in range(max(1, len(line.words) - _MAX_TIME_WORDS), len(line.words)):
        length = line.rest(count).said()
        if length[:1].isdigit() and is_length(length):
            return line.before(count), length
    return None


class _Named(NamedTuple):
    """A line without its people, and they."""

    line: TypedLine
    taker: str = ""
    replaced: str = ""


def override_line(line: TypedLine) -> Fields:
    """`<schedule> [from <time>] for <length> [by @user] [instead of @user]`."""
    named = _at_names(line)
    found = span_behind(named.line)
    if found is None:
        return None
    schedule, duration = found
    taker, replaced = named.taker, named.replaced
    length = words_of(duration)
    behind = length.cut(*_INSTEAD, last=True)
    if behind is not None:
        length, replaced = behind[0], replaced or behind[1].without("of").said()
    behind = length.cut(*_BY, last=True)
    if behind is not None:
        length, taker = behind[0], taker or behind[1].said()
    _check(schedule)
    person = " ".join(filter(None, (taker, f"{INSTEAD_OF} {replaced}" if replaced else "")))
    return {"service": schedule.said(), "duration": length.said(), "text": person}


def let_take_line(line: TypedLine) -> Fields:
    """`<@user> take <schedule> for <length>`."""
    found = line.cut("take")
    rest = override_line(found[1]) if found else None
    if found is None or rest is None or rest["text"].split(INSTEAD_OF)[0]:
        return None
    return {**rest, "text": " ".join(filter(None, (found[0].said(), rest["text"])))}


def take_line(line: TypedLine) -> Fields:
    """`<schedule> [for <length>]`. Raises Unread where somebody is named: it is for oneself."""
    named = _at_names(line)
    if named.taker and not is_me(named.taker):
        raise Unread(f"take is for yourself; {_GIVE} puts somebody else on call")
    found = span_behind(named.line)
    schedule = found[0] if found else named.line
    _check(schedule)
    if not schedule:
        return None
    return {"service": schedule.said(), "duration": found[1] if found else ""}


def _check(schedule: TypedLine) -> None:
    """Raises Unread for what holds a person."""
    stray = next((w for w in schedule.words if schedule.text[w.start] == "@"), None)
    if stray is not None:
        name = schedule.text[stray.start : stray.end]
        raise Unread(f"{name[:40]!r} is no schedule: who takes it stands behind “by”: {_GIVE}")


def _at_names(line: TypedLine) -> _Named:
    """With the @names behind "by" and "instead of" taken out, wherever they stand."""
    kept: List[Word] = []
    people = {"taker": "", "replaced": ""}
    at = 0
    while at < len(line.words):
        key = line.words[at].key
        role = "taker" if key in _BY else "replaced" if key in _INSTEAD else ""
        first = at + 1 + (role == "replaced" and line.word(at + 1) == "of")
        end = _end_of_names(line, first) if role and not people[role] else first
        if role and end > first:
            people[role] = _raw(line, first, end)
            at = end
        else:
            kept.append(line.words[at])
            at += 1
    if len(kept) == len(line.words):
        return _Named(line)
    return _Named(words_of(" ".join(line.text[w.start : w.end] for w in kept)), **people)


def _end_of_names(line: TypedLine, start: int) -> int:
    """Where the @names that begin there end; `start` where none does."""
    at = start
    while at < len(line.words):
        word, following = _raw(line, at, at + 1), _raw(line, at + 1, at + 2)
        joined = at > start and word in ("and", "&", "+", ",") and following.startswith("@")
        own = at == start and is_me(word.rstrip(".,:;!"))
        if not (word.startswith("@") or joined or own):
            break
        at += 1
    return at


def _raw(line: TypedLine, start: int, end: int) -> str:
    words = line.words[start:end]
    return line.text[words[0].start : words[-1].end] if words else ""
