"""A typed line as words. Pure.

    line = words_of('trigger „Disk full“ on Checkout API')
    line.word(0), line.said()               # -> "trigger", the whole as it was typed
    line.rest(1).cut("on", last=True)       # -> what stands before and behind the last "on"

A word is what stands between white space, or a piece in quotes, in which no word counts. All of
it takes time linear in the line.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.quotes import APOSTROPHES, QuoteEnds, is_quoted, plain

_APOSTROPHES = dict.fromkeys(map(ord, APOSTROPHES), "'")
_BEHIND = "?!.,:;…？！："


class Word(NamedTuple):
    """One word of a line."""

    start: int
    end: int
    key: str
    """What it is compared by: small letters, straight apostrophes, no punctuation behind it; empty
    for a piece in quotes."""


class TypedLine(NamedTuple):
    """A line, or a part of it."""

    text: str
    """The whole line."""
    words: Tuple[Word, ...]
    """Of the part."""

    def __bool__(self) -> bool:
        return bool(self.words)

    def word(self, number: int) -> str:
        """What the word is compared by; empty behind the end."""
        return self.words[number].key if number < len(self.words) else ""

    def raw(self, number: int) -> str:
        """The word as it was typed, its quotes and all; empty behind the end."""
        return self.rest(number).before(1).typed()

    def keys(self, count: int) -> Tuple[str, ...]:
        """What the first words are compared by."""
        return tuple(word.key for word in self.words[:count])

    def rest(self, count: int) -> TypedLine:
        """Behind the first words."""
        return self._replace(words=self.words[count:])

    def before(self, count: int) -> TypedLine:
        """The first words alone."""
        return self._replace(words=self.words[:count])

    def without(self, *keys: str) -> TypedLine:
        """Without the first word where it is one of these."""
        return self.rest(1) if self.words and self.words[0].key in keys else self

    def typed(self) -> str:
        """The part as it was typed, line breaks and all."""
        return self.text[self.words[0].start : self.words[-1].end] if self.words else ""

    def said(self) -> str:
        """The same without the quotes around it."""
        return plain(self.typed())

    def is_quoted(self) -> bool:
        return is_quoted(self.typed())

    def cut(self, *keys: str, last: bool = False) -> Optional[Tuple[TypedLine, TypedLine]]:
        """What stands before and behind the first (or last) of these words; None where there is
        none of them between others."""
        places = range(1, len(self.words) - 1)
        for place in reversed(places) if last else places:
            if self.words[place].key in keys:
                return self.before(place), self.rest(place + 1)
        return None


def words_of(text: str) -> TypedLine:
    """The line as words."""
    quotes, at, end = QuoteEnds(text), 0, len(text)
    words: List[Word] = []
    while at < end:
        if text[at].isspace():
            at += 1
            continue
        start = at
        closed = quotes.end(_value_of(text, start))
        if closed > 0:
            at = closed
        while at < end and not text[at].isspace():
            at += 1
        key = "" if closed > 0 else _key(text[start:at])
        words.append(Word(start, at, key))
    return TypedLine(text, tuple(words))


def _value_of(text: str, start: int) -> int:
    """Where the value of `--name="…"` begins; `start` for another word."""
    if text[start] not in "-\u2014\u2013":
        return start
    at = start
    while at < len(text) and not text[at].isspace() and text[at] != "=":
        at += 1
    return at + 1 if text[at : at + 1] == "=" else start


def _key(word: str) -> str:
    folded = word.translate(_APOSTROPHES).casefold()
    return folded.rstrip(_BEHIND) or folded
