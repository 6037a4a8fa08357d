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
from typing import Any, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

GAP = "  "
MIN_COLUMN_CHARACTERS = 8
"""Characters that every column keeps."""
MIN_LAST_CHARACTERS = 24
"""Characters that a column of prose keeps while others can be narrower."""
MIN_READABLE_CHARACTERS = 20
"""Characters that a column keeps before the last ones are left out: a time has 20."""
_HASH = re.compile(r"[0-9a-fA-F]{32,512}")
_AROUND = " .,;:()_/-"
"""What may stand beside a hash that is still copied."""
_DATE = re.compile(r"(?:[0-9]{4}-)?[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
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
    columns = [_column(column) for column in zip(*cells)]
    widths = [one.natural for one in columns]
    if width is not None:
        room = width - len(GAP) * (len(columns) - 1)
        widths = _fitted(columns, room)
        if sum(widths) > room and headed and len(columns) > 2:
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
    room = max(MIN_COLUMN_CHARACTERS, width - names - len(GAP))
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


class _Column(NamedTuple):
    """What counts of a column when it has to be narrower."""

    natural: int
    """Characters of its longest cell."""
    is_prose: bool
    """It may go on in the next line between any two words."""
    piece: int
    """Characters of the longest thing in it that is not broken."""


def _column(cells: Sequence[str]) -> _Column:
    natural = max(_width(cell) for cell in cells)
    is_prose = natural > MIN_READABLE_CHARACTERS and any(" " in cell for cell in cells)
    return _Column(natural, is_prose, _longest_piece(cells))


def _fitted(columns: Sequence[_Column], room: int) -> List[int]:
    """The width of each column. Each step allows more than the one before, until all fit; where
    they do not even then, as narrow as they become."""
    widths = [one.natural for one in columns]
    for least in _steps(columns, room):
        while sum(widths) > room:
            wider = [(width, at) for at, width in enumerate(widths) if width > least[at]]
            if not wider:
                break
            _, widest = max(wider)  # of several the last one
            widths[widest] -= 1
    return widths


def _steps(columns: Sequence[_Column], room: int) -> Iterator[List[int]]:
    """How narrow each column may become, in steps: prose a little; then prose as far as it can be
    read, and names down to their pieces; then the first column, by which a row is named elsewhere;
    and where there are only two, any."""
    first = columns[0]
    half = min(first.natural, max(MIN_READABLE_CHARACTERS, room // 2))
    prose = [
        min(one.natural, MIN_LAST_CHARACTERS) if one.is_prose else one.natural for one in columns
    ]
    yield [max(prose[0], half), *prose[1:]]
    names = [
        min(one.natural, MIN_READABLE_CHARACTERS)
        if one.is_prose
        else max(min(one.natural, MIN_COLUMN_CHARACTERS), one.piece)
        for one in columns
    ]
    yield [max(names[0], half), *names[1:]]
    yield [min(first.natural, MIN_READABLE_CHARACTERS), *names[1:]]
    if len(columns) < 3:
        yield [MIN_COLUMN_CHARACTERS for _ in columns]


def _longest_piece(column: Sequence[str]) -> int:
    """Characters of what is not broken in a column of names; addresses count little."""
    pieces = [piece for cell in column for piece in _pieces(cell) if not _is_whole(piece)]
    return min(
        MIN_READABLE_CHARACTERS, max((_width(piece.strip()) for piece in pieces), default=0)
    )


def _words(text: str) -> List[str]:
    """With the space behind each; a date and the time of day are one."""
    made: List[str] = []
    for word in re.findall(r"[^ ]+ ?", text):
        if made and _DATE.fullmatch(made[-1].strip()) and _CLOCK.fullmatch(word.strip()):
            made[-1] += word
        else:
            made.append(word)
    return made


def _pieces(text: str) -> List[str]:
    """Words with the space behind them, and the parts of names: `incident.get` in two. A time with
    its date is one."""
    pieces: List[str] = []
    for word in _words(text):
        is_one = _is_whole(word) or " " in word.strip()
        pieces += [word] if is_one else re.findall(r"[^._/-]+[._/-]*|[._/-]+", word)
    return pieces


def _is_whole(piece: str) -> bool:
    """Addresses and hashes, which are copied; not one that stands inside of something else."""
    return "://" in piece or _HASH.fullmatch(piece.strip(_AROUND)) is not None


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
    for word in _words(text):
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
    only so many columns that each keeps MIN_READABLE_CHARACTERS."""
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
        room -= min(max(_width(row[number]) for row in rows), MIN_READABLE_CHARACTERS) + len(GAP)
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
