"""Quotation marks as keyboards, telephones and other languages write them. Pure, in time linear in
the text.

    plain('„Disk full“')  # -> 'Disk full'

Text in quotes is one piece, whatever words stand in it. A mark opens at the beginning of a word
and closes at an end: the apostrophe of "who's" is none.
"""

# flake8: noqa: E203

from __future__ import annotations

from bisect import bisect_left
from typing import Dict, List

PAIRS = {
    '"': '"\u201d\u201c',
    "\u201c": '\u201d\u201c"',
    "\u201d": '\u201d\u201c"',
    "\u201e": '\u201c\u201d"',
    "\u201f": "\u201d\u201c",
    "\u00ab": "\u00bb\u00ab",
    "\u00bb": "\u00ab\u00bb",
    "\u2039": "\u203a\u2039",
    "\u203a": "\u2039\u203a",
    "'": "'\u2019",
    "\u2018": "\u2019\u2018'",
    "\u2019": "\u2019'",
    "\u201a": "\u2018\u2019'",
    "\u201b": "\u2019",
    "`": "`",
    "\u300c": "\u300d",
    "\u300e": "\u300f",
    "\u300a": "\u300b",
    "\u3008": "\u3009",
    "\u275d": "\u275e",
    "\u275b": "\u275c",
    "\u301d": "\u301e\u301f",
    "\uff02": "\uff02",
}
"""Each mark that may open, and those that may close what it opened."""
APOSTROPHES = "\u2019\u2018\u02bc\u00b4`\uff07"
"""What is typed for the apostrophe of "who's"."""
OPENING = "".join(PAIRS)
CLOSING = "".join(dict.fromkeys("".join(PAIRS.values())))
_BEHIND = ",;:.!?…)]}"
"""May follow a closing mark."""


class QuoteEnds:
    """Where the quoted pieces of one text end; made once for each text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: Dict[str, List[int]] = {}
        for at, mark in enumerate(text):
            if mark in CLOSING:
                behind = text[at + 1 : at + 2]
                if not behind or behind.isspace() or behind in _BEHIND:
                    self._places.setdefault(mark, []).append(at)

    def end(self, start: int) -> int:
        """Where the piece that opens at `start` ends, behind its closing mark; -1 where none opens
        there or it is not closed. The space within is never empty."""
        closers = PAIRS.get(self._text[start : start + 1])
        if not closers:
            return -1
        ends = []
        for mark in closers:
            places = self._places.get(mark, [])
            first = bisect_left(places, start + 2)
            if first < len(places):
                ends.append(places[first] + 1)
        return min(ends, default=-1)


def typed_id(text: str) -> str:
    """An id of PagerDuty's as people type it: in capitals, without quotes, backticks and
    punctuation around it."""
    for _ in range(3):  # a quoted one, with a colon behind it, within backticks
        text = plain(text).strip("`.,;:!?")
    return text.upper()


def plain(text: str) -> str:
    """Without the quotes around all of it, and without white space around it."""
    text = text.strip()
    if len(text) > 1 and QuoteEnds(text).end(0) == len(text):
        return text[1:-1].strip()
    return text


def is_quoted(text: str) -> bool:
    """Whether all of it stands in quotes."""
    text = text.strip()
    return len(text) > 1 and QuoteEnds(text).end(0) == len(text)
