"""Tables for people: columns that fit the terminal. Pure but for the terminal's width.

print(table([("NAME", "STATE"), ("one", "enabled")], terminal_width()))
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import unicodedata
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple

GAP = "  "
MIN_COLUMN = 8
"""Characters to which no column is cut further."""
MIN_LAST = 24
"""Characters to which the last column is cut before the others are."""
MIN_READABLE = 18
"""Characters that a column keeps before the last ones are left out; ids of PagerDuty's have 14."""
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
    "type",
    "content",
    "description",
)
"""What people look for first in a row of PagerDuty's or Mattermost's."""


def terminal_width() -> Optional[int]:
    """None where the output goes to no terminal: then nothing is cut."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return None
    return shutil.get_terminal_size().columns


def table(
    rows: Sequence[Sequence[str]], width: Optional[int] = None, *, wrapped: bool = False
) -> str:
    """Rows of the same number of cells, the head first if there is one. With a `width` a row fits
    into it: the last column is cut, then the widest, cells ending in …; `wrapped`: the last one
    goes on in the next line instead."""
    if not rows:
        return ""
    cells = [[" ".join(str(cell).split()) for cell in row] for row in rows]
    last = len(cells[0]) - 1
    widths = [max(_width(row[column]) for row in cells) for column in range(last + 1)]
    if width is not None:
        _narrow(widths, width - len(GAP) * last)
    lines = []
    for row in cells:
        fitted = [_cut(cell, widths[column]) for column, cell in enumerate(row[:-1])]
        padded = [cell + " " * (widths[i] - _width(cell)) for i, cell in enumerate(fitted)]
        ends = textwrap.wrap(row[-1], widths[-1]) if wrapped else [_cut(row[-1], widths[-1])]
        lines.append(GAP.join([*padded, *ends[:1]]).rstrip())
        before = " " * (sum(widths[:-1]) + len(GAP) * last)
        lines += [before + end for end in ends[1:]]
    return "\n".join(lines)


def _narrow(widths: List[int], room: int) -> None:
    """Takes characters away, from the last column first, until all fit into the room; the first,
    by which a row is named elsewhere, keeps MIN_READABLE."""
    over = sum(widths) - room
    spare = max(0, min(over, widths[-1] - MIN_LAST))
    widths[-1] -= spare
    least = [MIN_READABLE, *[MIN_COLUMN] * (len(widths) - 1)]
    while sum(widths) > room:
        wide = [(width, -i) for i, width in enumerate(widths) if width > least[i]]
        if not wide:
            return
        widths[-max(wide)[1]] -= 1


def records(
    found: Sequence[Mapping[str, Any]], width: Optional[int] = None
) -> List[Tuple[str, ...]]:
    """A head and rows of a list of objects: the columns that people look for first, as far as any
    of them has something to say; of a nested object its name, of a list how many. With a `width`
    only so many columns that none is cut below MIN_READABLE."""
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


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    kept = ""
    for char in text:
        if _width(kept + char) > width - 1:
            break
        kept += char
    return kept + "…"
