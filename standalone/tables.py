"""Tables for people: columns that fit the terminal. Pure but for the terminal's width.

print(table([("NAME", "STATE"), ("one", "enabled")], terminal_width()))
"""

# flake8: noqa: E203

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple

GAP = "  "
MIN_COLUMN = 8
"""Characters that every column keeps."""
MIN_LAST = 24
"""Characters that a column of prose keeps while others can be narrower."""
MIN_READABLE = 20
"""Characters that a column keeps before the last ones are left out: a time has 20."""
_HASH = re.compile(r"[0-9a-fA-F]{32,512}")
MAX_COLUMNS = 7
MAX_PAIRS = 3
"""Of an object without a name, so many values are said in one cell."""
HEADS = {"incident_number": "NUMBER"}
_FIRST = (
    "number",
    "incident_number",
    "id",
    "name",
    "title",
    "summary",
    "status",
    "state",
    "urgency",
    "priority",
    "service",
    "email",
    "role",
    "user",
    "schedule",
    "escalation_policy",
    "escalation_level",
    "start",
    "end",
    "created_at",
    "at",
    "chat_user",
    "verb",
    "incidents",
    "result",
    "reason",
    "type",
    "content",
    "description",
)
"""What people look for first in a row of PagerDuty's or Mattermost's."""


def terminal_width() -> Optional[int]:
    """None where the output goes to no terminal: then nothing is wrapped."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return None
    return shutil.get_terminal_size().columns


def table(
    rows: Sequence[Sequence[str]], width: Optional[int] = None, *, headed: bool = True
) -> str:
    """Rows of the same number of cells, the head first where they are `headed`. With a `width`
    what is too long goes on in the next line of its cell, prose first, then names, and nothing is
    left out; addresses and hashes are never broken. Where the columns would become too narrow to
    be read, each row is a block: the heads in front of their cells."""
    if not rows:
        return ""
    cells = [[" ".join(str(cell).split()) for cell in row] for row in rows]
    columns = list(zip(*cells))
    widths = [max(_width(cell) for cell in column) for column in columns]
    if width is not None:
        room = width - len(GAP) * (len(widths) - 1)
        if not _narrow(widths, columns, room) and headed and len(widths) > 2:
            return _blocks(cells, width)
    return "\n".join(line for row in cells for line in _lines(row, widths))


def _lines(row: Sequence[str], widths: Sequence[int]) -> List[str]:
    """A row of a table, its cells wrapped."""
    parts = [wrapped(cell, width) for cell, width in zip(row, widths)]
    return [
        GAP.join(
            _padded(part[number] if number < len(part) else "", width)
            for part, width in zip(parts, widths)
        ).rstrip()
        for number in range(max(len(part) for part in parts))
    ]


def _blocks(cells: Sequence[Sequence[str]], width: int) -> str:
    """Each row in lines of its own, an empty line between two."""
    head, *rows = cells
    names = max(_width(name) for name in head)
    room = max(MIN_COLUMN, width - names - len(GAP))
    blocks = (
        "\n".join(
            line
            for name, cell in zip(head, row)
            if cell
            for line in _lines((name, cell), (names, room))
        )
        for row in rows
    )
    return "\n\n".join(blocks)


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - _width(text))


def _narrow(widths: List[int], columns: Sequence[Sequence[str]], room: int) -> bool:
    """Makes columns narrower until all fit: those with prose, then those with names, the last one
    first and the first, by which a row is named elsewhere, last. Returns whether all fit."""
    natural = list(widths)
    in_pieces = [_longest_piece(column) for column in columns]
    named = max(MIN_READABLE, room // 2)
    prose = [
        width > MIN_READABLE and any(" " in cell for cell in column)
        for width, column in zip(natural, columns)
    ]
    first = min(natural[0], named)
    steps = (
        [min(width, MIN_LAST) if is_prose else width for width, is_prose in zip(natural, prose)],
        [
            min(width, MIN_READABLE) if is_prose else max(min(width, MIN_COLUMN), pieces)
            for width, is_prose, pieces in zip(natural, prose, in_pieces)
        ],
    )
    for step, least in enumerate(steps):
        least[0] = max(least[0], first if step else natural[0] if not prose[0] else first)
        while sum(widths) > room:
            wide = [(width, i) for i, width in enumerate(widths) if width > least[i]]
            if not wide:
                break
            widths[max(wide)[1]] -= 1
    while sum(widths) > room and widths[0] > MIN_READABLE:
        widths[0] -= 1
    while len(widths) < 3 and sum(widths) > room and max(widths) > MIN_COLUMN:
        widths[widths.index(max(widths))] -= 1
    return sum(widths) <= room


def _longest_piece(column: Sequence[str]) -> int:
    """Characters of what is not broken in a column of names; addresses count little."""
    pieces = [piece for cell in column for piece in _pieces(cell) if not _is_whole(piece)]
    return min(MIN_READABLE, max((_width(piece.strip()) for piece in pieces), default=0))


def _pieces(text: str) -> List[str]:
    """Words with the space behind them, and the parts of names: `incident.get` in two."""
    pieces: List[str] = []
    for word in re.findall(r"[^ ]+ ?", text):
        pieces += [word] if _is_whole(word) else re.findall(r"[^._/-]+[._/-]*|[._/-]+", word)
    return pieces


def _is_whole(word: str) -> bool:
    """Addresses and hashes, which are copied."""
    return "://" in word or _HASH.search(word) is not None


def wrapped(text: str, width: int) -> List[str]:
    """A line of text in lines of so many columns; what is copied whole is longer than that."""
    lines, line = [], ""
    for piece in _whole_words(text, width):
        if line.strip() and _width((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        while not _is_whole(piece) and _width(piece.rstrip()) > width:
            head = _fitting_part(piece, width)
            lines.append(head)
            piece = piece[len(head) :]
        line += piece
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _whole_words(text: str, width: int) -> List[str]:
    """A word that fits into a line stays whole; others are taken apart."""
    made: List[str] = []
    for word in re.findall(r"[^ ]+ ?", text):
        made += [word] if _width(word.strip()) <= width else _pieces(word)
    return made


def _fitting_part(text: str, width: int) -> str:
    kept = ""
    for char in text:
        if kept and _width(kept + char) > width:
            break
        kept += char
    return kept


def records(
    found: Sequence[Mapping[str, Any]], width: Optional[int] = None
) -> List[Tuple[str, ...]]:
    """A head and rows of a list of objects: the columns that people look for first, as far as any
    of them has something to say; of a nested object its name, of a list how many. With a `width`
    only so many columns that each keeps MIN_READABLE."""
    names = by_interest(name for row in found for name in row)
    if "summary" in names and any(name in names for name in ("name", "title")):
        names.remove("summary")
    if "type" in names and len({str(row.get("type")) for row in found}) == 1:
        names.remove("type")
    shown = [
        name
        for name in names
        if name not in ("self", "html_url", "url") and any(cell(row.get(name)) for row in found)
    ][:MAX_COLUMNS]
    head = tuple(HEADS.get(name, name.upper().replace("_", " ")) for name in shown)
    rows = [head, *(tuple(cell(row.get(name)) for name in shown) for row in found)]
    return rows if width is None else [row[: _fitting(rows, width)] for row in rows]


def _fitting(rows: Sequence[Sequence[str]], width: int) -> int:
    """How many columns fit, each readable."""
    room = width
    for number in range(len(rows[0])):
        room -= min(max(_width(row[number]) for row in rows), MIN_READABLE) + len(GAP)
        if room + len(GAP) < 0:
            return max(1, number)
    return len(rows[0])


def by_interest(names: Iterable[str]) -> List[str]:
    """Each once, what people look for first in front."""
    unique = list(dict.fromkeys(names))
    first = [name for name in _FIRST if name in unique]
    return first + [name for name in unique if name not in _FIRST]


def cell(value: Any) -> str:
    """A value in a few words: of an object its name, of a list its items' or how many."""
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        for name in ("summary", "name", "title", "username", "id"):
            if value.get(name):
                return str(value[name])
        inner = [item for item in value.values() if isinstance(item, Mapping)]
        if len(inner) == 1:  # an assignment of somebody, a turn of somebody
            return cell(inner[0])
        if len(value) <= MAX_PAIRS and not inner:
            return ", ".join(f"{name} {cell(item)}" for name, item in value.items())
        return f"{len(value)} fields"
    if isinstance(value, list):
        texts = [cell(item) for item in value]
        joined = ", ".join(text for text in texts if text)
        return joined if len(joined) <= 60 else f"{len(value)} items"
    return " ".join(str(value).split())


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
