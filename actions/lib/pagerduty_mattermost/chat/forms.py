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
_NOUNS = ("incident", "incidents", "open", "of", "mine", "my", "them", "the", "alerts")
_OTHERS = ("other", "others", "rest", "remaining", "more")
_BESIDE_THEM = ("and", "&", "+", "too", "also", "as", "well", "please")
TEXT_IN_QUOTES = "text that begins so stands in quotes"
HOW_TO_NAME = "an incident is a number (12), an id (PT4KHLK) or a link"


class Unread(Exception):
    """A line that certainly does not say what its writer means; the text is one line for them."""


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


def nothing() -> FormReader:
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
    further: FormReader, *, most: int = 1, required: bool = False, note: bool = False
) -> FormReader:
    """Incidents (`most`: how many, 0: any number), then what `further` reads. `note`: further is
    people's free text."""

    def read(line: TypedLine) -> Fields:
        found = typed_incidents.read(line.typed(), most)
        if found.wrong:
            raise Unread(
                f"one incident at a time, not {found.wrong[:60]!r} as well"
                if most == 1 and typed_incidents.read(found.wrong).ids
                else f"{found.wrong[:60]!r} is no incident: {HOW_TO_NAME}; {TEXT_IN_QUOTES}"
            )
        more = typed_incidents.goes_on(found.rest) if note and found.ids else ""
        if more:
            raise Unread(f"{more[:60]!r} is not read: several incidents stand between commas")
        rest = words_of(found.rest)
        if found.ids and _names_others(rest):
            raise Unread(f"{found.rest[:60]!r} names no incident: {HOW_TO_NAME}; {TEXT_IN_QUOTES}")
        if not found.ids and rest.word(0) in ALL_OF_THEM and _only_nouns(rest.rest(1)):
            raise Unread(f"{found.rest[:60]!r} names no incident: {HOW_TO_NAME}")
        fields = further.read(rest)
        if fields is None or (required and not found.ids):
            return None
        return {"incidents": ",".join(found.ids), **fields} if found.ids else fields

    return FormReader(("incidents", *further.fields), read)


def sender() -> FormReader:
    """Nothing, or in whose name, as the Exchange's phrases say it: `from <e-mail>`."""

    def read(line: TypedLine) -> Fields:
        if not line:
            return {}
        named = len(line.words) == 2 and line.word(0) in ("from", "with")
        email = line.rest(1).said() if named else ""
        return {"from_email": email} if 0 < email.find("@") < len(email) - 1 else None

    return FormReader(("from_email",), read)


def _names_others(line: TypedLine) -> bool:
    """Whether words behind incidents mean more of them without saying which: "and mine", "all the
    others too"."""
    words = [word.key for word in line.words]
    meant = [word for word in words if word in ALL_OF_THEM or word in _OTHERS]
    return bool(meant) and all(
        word in meant or word in _NOUNS or word in _BESIDE_THEM for word in words
    )


def _only_nouns(line: TypedLine) -> bool:
    return all(word.key in _NOUNS for word in line.words)
