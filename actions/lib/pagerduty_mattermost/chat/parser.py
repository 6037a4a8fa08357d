"""What people type after `/pd`, as a command. Pure, in time linear in the line.

    parse('ack 1234') -> Parsed(Command("acknowledge", incidents="1234"))

Case and spaces do not matter, nor whether an incident comes before the command or behind it. How
incidents are typed says `core.typed_incidents`; without one the thread or the asker tells which is
meant (which_incident). `dry-run` in front, or `--dry-run` anywhere, changes nothing; `incident` in
front is what `/incident` sends. What can't be read comes back as a problem in one line, with what
to type instead: nothing that was not read becomes part of a text where it could be an incident.
"""

# flake8: noqa: E203,E501

from __future__ import annotations

from typing import Iterator, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.command_table import CommandTable
from pagerduty_mattermost.chat.forms import Unread
from pagerduty_mattermost.chat.line import TypedLine, words_of
from pagerduty_mattermost.chat.options import option_name, read_options
from pagerduty_mattermost.chat.verb import MANY, NONE, NOTHING, ONE, Verb
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core import typed_incidents
from pagerduty_mattermost.core.text import clean, one_line, without_invisible

MAX_CHARACTERS = 4000
"""A longer line is not read."""
DRY_RUN_OF_WHAT = "a dry run of what? `/pd dry-run resolve 1234` shows what that would do"
_DRY_OPTIONS = ("dry-run", "dryrun", "dry_run")
_MOST_HINTS = 4
"""Ways to type a command that are shown at once."""
_PREFIXES = ("incident", "incidents")
_UNREAD = Command("")


class Parsed(NamedTuple):
    """A line as a command, or what is wrong with it."""

    command: Command
    problem: str = ""
    dry_run: bool = False


def parse(text: str, table: CommandTable = TABLE) -> Parsed:
    """Never raises. `table`: the verbs that there are."""
    if len(text) > MAX_CHARACTERS:
        return Parsed(
            _UNREAD,
            f"a command has at most {MAX_CHARACTERS} characters, not {len(text)}",
        )
    line = words_of(clean(without_invisible(text)).strip())
    dry = _dry_words(line)
    line, asked = _without_dry_option(line.rest(dry))
    dry = dry or asked
    if not line.words:
        if dry:
            return Parsed(_UNREAD, DRY_RUN_OF_WHAT)
        line = words_of("help")
    for candidate in _candidates(table, line):
        try:
            command = _matched(table, candidate)
        except Unread as unread:
            stray = _stray_option(table, line) if unread.lacks_usage else ""
            return Parsed(_UNREAD, stray or str(unread))
        if command.verb:
            return Parsed(command, dry_run=dry > 0)
    prefixed = line.word(0) in _PREFIXES and len(line.words) > 1
    return Parsed(_UNREAD, _problem(table, line.rest(1) if prefixed else line))


def _dry_words(line: TypedLine) -> int:
    if line.word(0) in ("dry-run", "dryrun"):
        return 1
    return 2 if line.keys(2) == ("dry", "run") else 0


def _without_dry_option(line: TypedLine) -> Tuple[TypedLine, int]:
    """The line without `--dry-run`, wherever it stands outside quotes, and how often that was."""
    kept = tuple(
        word
        for word in line.words
        if option_name(line.text[word.start : word.end]) not in _DRY_OPTIONS
    )
    removed = len(line.words) - len(kept)
    if not removed:
        return line, 0
    return words_of(" ".join(line.text[word.start : word.end] for word in kept)), removed


def _candidates(table: CommandTable, line: TypedLine) -> Iterator[TypedLine]:
    """The line as it is, without `incident` in front, and with the command in front of its
    incidents."""
    yield line
    bare = line
    if line.word(0) in _PREFIXES:
        bare = line.rest(1)
        yield bare
    typed = bare.typed()
    found = typed_incidents.read(typed)
    if not found.ids:
        return
    behind = words_of(found.rest)
    ids = ",".join(found.ids)
    if not behind:
        yield words_of(f"show {ids}")
        return
    for count in range(min(table.most_words, len(behind.words)), 0, -1):
        if table.beginning(behind.keys(count)):
            begin, rest = behind.before(count).typed(), behind.rest(count).typed()
            yield words_of(f"{begin} {ids}: {rest}" if rest else f"{begin} {ids}")
            return


def _matched(table: CommandTable, line: TypedLine) -> Command:
    """By the first form that fits, those that begin with more words first; without a verb when
    none does. Raises Unread."""
    verbs = table.with_word(line.word(0))
    known = {name for verb in verbs for name in verb.options}
    flags = {name for verb in verbs for name in verb.flags}
    read = read_options(line, known, flags) if known or flags else None
    if read is not None and read.problem:
        raise Unread(read.problem)
    bare = read.line if read is not None else line
    for count in range(min(table.most_words, len(bare.words)), 0, -1):
        for verb, form in table.beginning(bare.keys(count)):
            rest = bare.rest(count)
            optional = bool(verb.options or verb.flags or form.fixed.get("typed"))
            if read is not None and optional:
                rest = words_of(" ".join(rest.text[w.start : w.end] for w in rest.words))
            try:
                fields = form.reader.read(rest)
            except Unread as unread:
                if not unread.lacks_usage:
                    raise
                same = [one for one, _ in table.beginning(bare.keys(count))]
                line_of_it = f"{unread}: {_type_one_of(same)}"
                raise Unread(line_of_it, lacks_usage=True) from None
            if fields is None:
                continue
            given = {name: word for name, word in fields.items() if word}
            command = Command(verb.name)._replace(**{**given, **form.fixed})  # type: ignore[arg-type]
            return command._replace(options=read.options) if read and optional else command
    return _UNREAD


def _problem(table: CommandTable, line: TypedLine) -> str:
    """One line: what is wrong, and what to type. What it suggests is what was said, in the words
    of this pack, or what changes nothing."""
    word = line.word(0)
    verbs = table.with_word(word)
    stray = _stray_option(table, line)
    if stray:
        return stray
    if verbs or table.beginning(line.keys(2)):
        return _usage(table, line, verbs)
    shown = one_line(line.before(1).typed(), 30)
    same = table.meaning(word)
    named = typed_incidents.read(line.rest(1).typed())
    if same is not None and same.incidents == NONE and named.ids and not named.rest:
        same = table.get("show")  # "open 7" declares none called 7
    if same is not None:
        return (
            f"there is no command {shown!r}; {same.word} means that: "
            f"`/pd {_meant(table, line, same)}`"
        )
    near = table.near(word)
    if not near:
        return f"there is no command {shown!r}; `/pd help` lists them"
    anew = _said_anew(table, line, near)
    if _changes_nothing(table, anew):
        return f"there is no command {shown!r}; did you mean `/pd {anew}`?"
    return f"there is no command {shown!r}; did you mean {near}? `/pd help {near}` explains it"


def _stray_option(table: CommandTable, line: TypedLine) -> str:
    """What is said of the first option in it, which belongs to other commands; empty where there
    is none."""
    verbs = table.with_word(line.word(0))
    stray = next(filter(None, (option_name(line.text[w.start : w.end]) for w in line.words)), "")
    if not (verbs and stray) or any(verb.options or verb.flags for verb in verbs):
        return ""
    owners = sorted({verb.word for verb in table.verbs if stray in (*verb.options, *verb.flags)})
    told = " and ".join(f"`/pd {one}`" for one in owners)
    return f"--{stray} belongs to {told}" if owners else ""


def _usage(table: CommandTable, line: TypedLine, verbs: Sequence[Verb]) -> str:
    """How the command is typed; of several with the same first word those whose further words
    stand there, too."""
    for count in range(min(table.most_words, len(line.words)), 1, -1):
        owners = {verb.name: verb for verb, _ in table.beginning(line.keys(count))}
        if owners:
            verbs = tuple(owners.values())
            break
    if len(verbs) == 1:
        return f"{_type_one_of(verbs)} ({verbs[0].help})"
    more = f"; `/pd help {line.word(0)}` shows all" if len(verbs) > _MOST_HINTS else ""
    return _type_one_of(verbs) + more


def _type_one_of(verbs: Sequence[Verb]) -> str:
    """How the first of them are typed."""
    hints = list(dict.fromkeys(verb.hint for verb in verbs))[:_MOST_HINTS]
    return "type " + " or ".join(f"`/pd {hint}`" for hint in hints)


def _meant(table: CommandTable, line: TypedLine, verb: Verb) -> str:
    """The line as that verb, where it names the verb's incidents; of one that acts on incidents
    other words may mean something else ("end the call")."""
    anew = _said_anew(table, line, verb.word)
    if verb.incidents not in (ONE, MANY) or not line.rest(1):
        return anew
    return anew if _matched(table, words_of(anew)).incidents else verb.usage


def _changes_nothing(table: CommandTable, text: str) -> bool:
    line = words_of(text)
    command = _matched(table, line)
    verbs = table.with_word(line.word(0)) if not command.verb else (table.get(command.verb),)
    return all(verb is not None and verb.changes == NOTHING for verb in verbs)


def _said_anew(table: CommandTable, line: TypedLine, word: str) -> str:
    """The line with another first word, where that reads; else the word alone."""
    whole = one_line(f"{word} {line.rest(1).typed()}".strip(), 200)
    try:
        return whole if _matched(table, words_of(whole)).verb and "`" not in whole else word
    except Unread:
        return word
