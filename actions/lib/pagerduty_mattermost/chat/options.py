"""Options behind a command: `--name value`, also with `=` and quotes. Pure.

    read_options(line, {"urgency"})  # of 'trigger --urgency low "Slow" on Database'
    # -> ReadOptions(<trigger "Slow" on Database>, {"urgency": "low"})

A flag is an option that needs no value (`--add`); yes or no may stand behind it. Telephones make a
dash of two hyphens. What stands in quotes is no option. Other words stand together, and behind an
option only in quotes: of `--service Checkout API` nobody knows what API belongs to.
"""

# flake8: noqa: E203,W503

from __future__ import annotations

from typing import Collection, Dict, List, NamedTuple, Tuple

from pagerduty_mattermost.chat.line import TypedLine, Word
from pagerduty_mattermost.core.quotes import OPENING, plain

_YES, _NO = ("yes", "true"), ("no", "false")
_DASHES = ("--", "\u2014", "\u2013")


class ReadOptions(NamedTuple):
    """The line without its options, and they."""

    line: TypedLine
    options: Dict[str, str] = {}
    problem: str = ""


def read_options(
    line: TypedLine, known: Collection[str], flags: Collection[str] = ()
) -> ReadOptions:
    """Of all words but the first. `known`: names that there are; `flags`: those that need no
    value: theirs is the name, and one with `no` is left out."""
    options: Dict[str, str] = {}
    others: List[Word] = list(line.words[:1])
    at, last = 1, ""
    while at < len(line.words):
        word = line.words[at]
        raw = line.text[word.start : word.end]
        name = option_name(raw)
        if not name:
            apart = last and (len(others) > 1 or raw[0] not in OPENING)
            if apart and line.words[at - 1] is not others[-1]:
                return ReadOptions(
                    line,
                    problem=f"{raw[:40]!r} behind --{last}: a value of several words stands in "
                    f"quotes, and other words stand in front of the options",
                )
            others.append(word)
            at += 1
            continue
        if name in flags:
            wanted, at = _yes_or_no(line, at)
            if wanted not in (*_YES, *_NO):
                return ReadOptions(line, problem=f"--{name} takes yes or no, or nothing behind it")
            if wanted in _YES:
                options[name] = name
            continue
        if name not in known:
            there = ", ".join("--" + one for one in sorted({*known, *flags}))
            return ReadOptions(line, problem=f"there is no --{name[:30]} here; there are {there}")
        value, at = _value(line, at)
        if not value:
            return ReadOptions(line, problem=f"--{name} needs a value")
        if name in options:
            return ReadOptions(line, problem=f"--{name} stands there twice")
        options[name], last = value, name
    return ReadOptions(line._replace(words=tuple(others)), options)


def option_name(raw: str) -> str:
    """The name of the option that a word is; empty for another word."""
    for dash in _DASHES:
        if raw.startswith(dash):
            name = raw[len(dash) :].split("=", 1)[0]
            good = name[:1].isalpha() and name.replace("-", "").replace("_", "").isalnum()
            return name.lower() if good else ""
    return ""


def _yes_or_no(line: TypedLine, at: int) -> Tuple[str, int]:
    """What is said of the flag at that place, `yes` where nothing is, and where the next word
    stands."""
    _, equals, value = line.raw(at).partition("=")
    if equals:
        return plain(value).lower(), at + 1
    behind = line.raw(at + 1).lower()
    return (behind, at + 2) if behind in (*_YES, *_NO) else (_YES[0], at + 1)


def _value(line: TypedLine, at: int) -> Tuple[str, int]:
    """Of the option at that place, and where the next word stands. Several @names are one
    value."""
    raw = line.text[line.words[at].start : line.words[at].end]
    value = raw.split("=", 1)[1] if "=" in raw else ""
    at += 1
    if not value and line.raw(at) == "=":
        at += 1
    if not value:
        value = line.raw(at)
        if option_name(value):
            return "", at
        value = value[1:] if value.startswith("=") else value
        at += 1
    parts = [value]
    while _goes_on(parts[-1], line.raw(at)):
        parts.append(line.raw(at))
        at += 1
    return plain(" ".join(parts)), at


def _goes_on(value: str, following: str) -> bool:
    return bool(following) and (
        (value.endswith(",") and not option_name(following))
        or (value.startswith("@") and following.startswith("@"))
    )
