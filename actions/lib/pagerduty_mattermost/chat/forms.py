"""How a command is typed: words it begins with, and what may stand behind them. Pure.

    Form(("count", "how many"))                        # nothing else
    Form(("ack", "acknowledge"), incidents_and(nothing(), most=0))
    Form(("services",), words("text", required=False))

A reader takes what stands behind and gives fields of the command, None where it does not fit; it
raises `Unread` with what is wrong where it is sure of it. No pattern in it could try again and
again: a reader looks at each word a few times, so a line takes time linear in its length.
"""

from __future__ import annotations

from typing import Callable, Dict, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.chat.line import TypedLine, words_of
from pagerduty_mattermost.core import typed_incidents
from pagerduty_mattermost.core.quotes import plain

Fields = Optional[Dict[str, str]]
ALL_OF_THEM = ("all", "everything", "every", "any", "both", "these", "those", "them", "mine")
ENDS = ("end", "cancel", "stop", "delete", "remove", "drop", "finish", "close")
_NOUNS = ("incident", "incidents", "open", "of", "mine", "my", "them", "the", "alerts")
_OTHERS = ("other", "others", "rest", "remaining", "more")
_BESIDE_THEM = ("and", "&", "+", "too", "also", "as", "well", "please")
_SPARED = (
    *("but", "except", "excluding", "besides", "without"),
    *("on", "of", "for", "in", "from", "with"),
)
_KINDS = ("open", "triggered", "acknowledged", "low", "high", "assigned", "that", "which", "are")
_MINE = ("my", "our", "open", "triggered", "acknowledged")
_COURTESIES = (
    *("please", "pls", "plz", "just", "now", "also", "kindly", "for", "to", "with"),
    *("only", "again", "and", "both", "these", "those", "in", "at", "by"),
    *("not", "but", "except", "without", "from", "like"),
    *("case", "issue", "ticket", "problem"),
)
"""Words in front of an incident that is all there is: "resolve please 1"."""
_THIS = ("this", "it", "that")
_ONE = ("one", "incident", "alert", "thing")
TEXT_IN_QUOTES = "text that begins so stands in quotes"
HOW_TO_NAME = "an incident is a number (12), an id (PT4KHLK) or a link"


class Unread(Exception):
    """A line that certainly does not say what its writer means; the text is one line for them.
    `lacks_usage`: how the command is typed is to be said behind it."""

    def __init__(self, line: str, *, lacks_usage: bool = False) -> None:
        super().__init__(line)
        self.lacks_usage = lacks_usage


class FormReader(NamedTuple):
    """What may stand behind the words that a command begins with."""

    fields: Tuple[str, ...]
    """Of the command, that it may set."""
    read: Callable[[TypedLine], Fields]


class Form(NamedTuple):
    """One way to type a command."""

    begins: Tuple[str, ...]
    """Each in small letters, its words separated by one space; of all commands the one that
    begins with the most of a line's words is tried first."""
    reader: FormReader = FormReader((), lambda line: None if line else {})
    fixed: Mapping[str, str] = {}
    """Fields that these words themselves set."""

    @property
    def fields(self) -> Tuple[str, ...]:
        return (*self.reader.fields, *self.fixed)


def to_end(*things: str, ends: Tuple[str, ...] = ENDS) -> Tuple[str, ...]:
    """What a command begins with that ends one of these: "end maintenance", "maintenance end"."""
    both = ((f"{end} {thing}", f"{thing} {end}") for thing in things for end in ends)
    return tuple(dict.fromkeys(begin for pair in both for begin in pair))


def nothing() -> FormReader:
    """Reads the end of the line: nothing may stand behind the words."""
    return FormReader((), lambda line: None if line else {})


def words(
    name: str, *, required: bool = True, behind: Tuple[str, ...] = (), asked: bool = False
) -> FormReader:
    """All that stands there. `behind`: words of which one may stand in front of it; `asked`: a
    question mark at its end is none of it."""

    def read(line: TypedLine) -> Fields:
        line = line.without(*behind) if len(line.words) > 1 else line
        said = plain(line.typed().rstrip("?\uff1f ")) if asked else line.said()
        return {name: said} if line else None if required else {}

    return FormReader((name,), read)


def one_word(name: str, *, required: bool = True) -> FormReader:
    """A single word, or several in quotes."""

    def read(line: TypedLine) -> Fields:
        if not line:
            return None if required else {}
        return {name: line.said()} if len(line.words) == 1 else None

    return FormReader((name,), read)


def either(*readers: FormReader) -> FormReader:
    """The first of them that reads it."""

    def read(line: TypedLine) -> Fields:
        found = (reader.read(line) for reader in readers)
        return next((fields for fields in found if fields is not None), None)

    names = dict.fromkeys(name for reader in readers for name in reader.fields)
    return FormReader(tuple(names), read)


def incidents_and(
    further: FormReader,
    *,
    most: int = 1,
    required: bool = False,
    note: bool = False,
    numbers: bool = False,
) -> FormReader:
    """Incidents (`most`: how many, 0: any number), then what `further` reads. `note`: further is
    people's free text; `numbers`: it may begin with a digit, as a time or a level does. "this" and
    "it" name none: the thread, or whoever asks, tells which is meant."""

    def read(line: TypedLine) -> Fields:
        found = typed_incidents.read(line.typed(), most, numbers_behind=numbers)
        if found.wrong:
            raise Unread(_wrong(found.wrong, most, "text" in further.fields))
        rest = words_of(found.rest)
        if not found.ids:
            if _means_all(rest):
                raise Unread(
                    f"{found.rest[:60]!r} names no incident: {HOW_TO_NAME}, several stand between "
                    "commas; `/pd list` shows what is open"
                )
            rest = _without_this(rest, note)
            if note:
                _refuse_incident_behind(rest)
        elif not found.is_ended:
            more = typed_incidents.goes_on(found.rest) if note else ""
            if more:
                raise Unread(
                    f"{more[:60]!r} is not read: several incidents stand between commas; "
                    f"{TEXT_IN_QUOTES}"
                )
            if _names_others(rest):
                raise Unread(
                    f"{found.rest[:60]!r} names no incident: {HOW_TO_NAME}; {TEXT_IN_QUOTES}"
                )
            count = typed_incidents.perhaps_count(line.typed(), found) if note else ""
            if count:
                raise Unread(
                    f"{count[:60]!r} may be an incident or text: an incident is "
                    f"#{found.ids[-1]}; {TEXT_IN_QUOTES}"
                )
            rest = words_of(typed_incidents.without_dash(found.rest))
        fields = further.read(rest)
        if fields is None and found.ids and rest:
            raise Unread(f"{rest.typed()[:60]!r} is not read", lacks_usage=True)
        if fields is None or (required and not found.ids):
            return None
        return {"incidents": ",".join(found.ids), **fields} if found.ids else fields

    return FormReader(("incidents", *further.fields), read)


def _wrong(word: str, most: int, takes_text: bool) -> str:
    """What is said of a word that begins like an incident and is none, or is one too many."""
    instead = f"; {TEXT_IN_QUOTES}" if takes_text else ""
    *nouns, number = word.split()
    if nouns and number.isdecimal():
        return f"{word[:60]!r} may be an incident or text: an incident is #{number}{instead}"
    if most == 1 and typed_incidents.read(word).ids:
        return f"one incident at a time, not {word[:60]!r} as well{instead}"
    return f"{word[:60]!r} is no incident: {HOW_TO_NAME}{instead}"


def sender() -> FormReader:
    """Nothing, or in whose name, as the Exchange's phrases say it: `from <e-mail>`."""

    def read(line: TypedLine) -> Fields:
        if not line:
            return {}
        named = len(line.words) == 2 and line.word(0) in ("from", "with")
        email = line.rest(1).said() if named else ""
        return {"from_email": email} if 0 < email.find("@") < len(email) - 1 else None

    return FormReader(("from_email",), read)


def _refuse_incident_behind(line: TypedLine) -> None:
    """Raises Unread for an incident, or several, behind words or marks that say nothing else."""
    count = 0
    while line.word(count) in (*_COURTESIES, *_THIS) or _is_mark(line.word(count)):
        count += 1
    behind = typed_incidents.read(line.rest(count).typed())
    if count and behind.ids and (behind.is_ended or not any(map(str.isalnum, behind.rest))):
        raise Unread(
            f"{line.typed()[:60]!r} is not read: incidents stand first, in front of the text; "
            f"{TEXT_IN_QUOTES}"
        )


def _is_mark(key: str) -> bool:
    """Whether it is a dash, a bullet or the like."""
    return bool(key) and not any(map(str.isalnum, key))


def _names_others(line: TypedLine) -> bool:
    """Whether words behind incidents mean more of them without saying which: "and mine", "all the
    others too", "and this one"."""
    words = [word.key for word in line.words]
    meant = [word for word in words if word in (*ALL_OF_THEM, *_OTHERS, *_THIS)]
    return bool(meant) and all(word in (*meant, *_NOUNS, *_ONE, *_BESIDE_THEM) for word in words)


def _means_all(line: TypedLine) -> bool:
    """Whether it means several without naming one: "all", "my incidents", "all but 7", "everything
    on Checkout"."""
    line = line.without("the")
    several = line.word(0) in (*ALL_OF_THEM, *_OTHERS, "*")
    if not (several or line.word(0) in _MINE):
        return False
    going_on = several and line.word(1) in (*_SPARED, *_NOUNS, *_KINDS)
    return going_on or _only_nouns(line.rest(1))


def _only_nouns(line: TypedLine) -> bool:
    return all(word.key in (*_NOUNS, *_ONE, *_KINDS) for word in line.words)


def _without_this(line: TypedLine, note: bool) -> TypedLine:
    """Without "this", "it" or "that one" in front; in front of free text only where a colon ends
    it."""
    if line.word(0) not in _THIS:
        return line
    count = 2 if line.word(1) in _ONE else 1
    ended = line.before(count).typed()[-1:] in (":", ".")
    return line.rest(count) if not note or ended or len(line.words) == count else line
