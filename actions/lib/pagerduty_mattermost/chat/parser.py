"""What people type after `/pd`, as a command. Pure.

    parse('ack 1234') -> Parsed(Command("acknowledge", incidents="1234"))

Case and spaces do not matter, nor whether an id comes before the command or behind it. Ids are
PagerDuty's, numbers, or links; without one the thread or the asker tells which incident is meant
(which_incident). `dry-run` in front changes nothing; `incident` in front is what `/incident`
sends. A line that fits no verb's pattern may be a phrase of an alias; what can't be read comes
back as a problem in one line, with what to type instead.
"""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.chat.alias_phrases import Phrase, command_of_phrase
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.command_table import CommandTable
from pagerduty_mattermost.chat.verb import AN_INCIDENT
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.text import clean, one_line

MAX_CHARACTERS = 4000
"""A longer line is cut."""


class Parsed(NamedTuple):
    """A line as a command, or what is wrong with it."""

    command: Command
    problem: str = ""
    dry_run: bool = False


_DRY = re.compile(r"dry[- ]?run\s+", re.IGNORECASE)
_INCIDENT = re.compile(r"incidents?(?:\s+|$)", re.IGNORECASE)
_ID_FIRST = re.compile(rf"({AN_INCIDENT})\s+([a-z][a-z-]*)(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_OPTION = re.compile(
    r"(?P<quoted>\"[^\"]*\"|\u201c[^\u201d]*\u201d)"
    r"|(?:^|(?<=\s))(?:--|\u2014|\u2013)(?P<name>[a-zA-Z][\w-]*)"
    r"(?:(?:\s*=\s*|\s+)(?P<value>\"[^\"]*\"|\u201c[^\u201d]*\u201d|(?!--|\u2014|\u2013)\S+))?"
)
"""Telephones make a dash of two hyphens. What stands in quotes is no option."""


def parse(text: str, phrases: Sequence[Phrase] = (), table: CommandTable = TABLE) -> Parsed:
    """Never raises. `phrases`: those of the aliases (`alias_phrases.load`); `table`: the verbs
    that there are."""
    line = clean(text, MAX_CHARACTERS).strip()
    dry = _DRY.match(line)
    line = line[dry.end() :] if dry else line
    found = _read(table, line)
    if found.problem:
        command = command_of_phrase(phrases, line)
        found = Parsed(command) if command else found
    return found._replace(dry_run=bool(dry)) if not found.problem else found


def _read(table: CommandTable, line: str) -> Parsed:
    prefixed = _INCIDENT.match(line)
    turned = _id_behind(line)
    for candidate in (
        line,
        *([line[prefixed.end() :]] if prefixed else ()),
        *([turned] if turned else ()),
    ):
        found = _matched(table, candidate)
        if found.command.verb or found.problem:
            return found
    return Parsed(Command(""), _problem(table, line[prefixed.end() :] if prefixed else line))


def _matched(table: CommandTable, line: str) -> Parsed:
    """By the first pattern that fits; empty when none does."""
    taken = {name for verb in table.with_word(line.split(" ")[0]) for name in verb.options}
    rest, options, problem = _options(line, taken) if taken else (line, {}, "")
    if problem:
        return Parsed(Command(""), problem)
    for verb, pattern in table.patterns:
        found = pattern.fullmatch(rest)
        if found:
            words = {
                name.rstrip("_"): _plain(value)
                for name, value in found.groupdict().items()
                if value
            }
            command = Command(verb.name)._replace(**words)  # type: ignore[arg-type]
            return Parsed(command._replace(options=options) if verb.options else command)
    return Parsed(Command(""), "")


def _id_behind(line: str) -> str:
    """`1234 ack` as `ack 1234`."""
    found = _ID_FIRST.fullmatch(line)
    return (
        " ".join(word for word in (found.group(2), found.group(1), found.group(3)) if word)
        if found
        else ""
    )


def _options(line: str, known: set[str]) -> Tuple[str, Dict[str, str], str]:
    """The line without its options, the options, and what is wrong with them."""
    options: Dict[str, str] = {}
    problems: List[str] = []

    def taken(found: re.Match[str]) -> str:
        if found.group("quoted") is not None:
            return found.group()
        name, value = found.group("name").lower(), _plain(found.group("value") or "")
        if name not in known:
            problems.append(
                f"there is no --{name[:30]} here; there are "
                f"{', '.join('--' + one for one in sorted(known))}"
            )
        elif not value:
            problems.append(f"--{name} needs a value")
        options[name] = value
        return ""

    rest = _OPTION.sub(taken, line)
    return " ".join(rest.split()) if options else line, options, problems[0] if problems else ""


def _problem(table: CommandTable, line: str) -> str:
    """One line: what is wrong, and what to type."""
    first, _, rest = one_line(line, 200).partition(" ")
    word = first.lower()
    verbs = table.with_word(word)
    stray = re.search(r"(?:^|\s)--([a-z]+)", line)
    if verbs and stray and not any(verb.options for verb in verbs):
        owners = sorted({verb.word for verb in table.verbs if stray.group(1) in verb.options})
        if owners:
            return f"--{stray.group(1)} belongs to " + " and ".join(
                f"`/pd {one}`" for one in owners
            )
    if verbs:
        return "type " + " or ".join(f"`/pd {verb.hint}` ({verb.help})" for verb in verbs)
    near = table.near(word)
    if near:
        whole = f"{near} {rest}".strip()
        meant = whole if _matched(table, whole).command.verb and "`" not in whole else near
        return f"there is no command {word[:30]!r}; did you mean `/pd {meant}`?"
    return f"there is no command {word[:30]!r}; `/pd help` lists them"


def _plain(value: str) -> str:
    """Without the quotes around all of it."""
    text = value.strip()
    for opening, closing in (('"', '"'), ("\u201c", "\u201d"), ("'", "'")):
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing):
            return text[1:-1].strip()
    return text
