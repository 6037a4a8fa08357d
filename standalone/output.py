"""What the command line prints of results and executions, for people. Pure."""

# flake8: noqa: W503

from __future__ import annotations

import json
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from standalone.chat import columns, iso
from standalone.journal import Execution
from standalone.plain_text import plain
from standalone.tables import records, table

MAX_VALUE_CHARACTERS = 100
"""Characters of one value beside a message; `-j` prints all of it."""


WHOLE = ("csv",)
"""Values beside a message that are shown whole: they are what was asked for."""


def result_text(result: Mapping[str, Any], width: Optional[int] = None) -> str:
    """An execution's result: what went wrong, or its text, or its `message` and then what else is
    short, a line each; a list of objects as a table of `width` characters. All of it: as JSON."""
    value = result["result"]
    if result["stderr"]:
        return str(result["stderr"])
    if isinstance(value, str):
        return value
    listed = _listed(value)
    if listed is not None:
        return _list(listed, width)
    if not (
        isinstance(value, dict)
        and isinstance(value.get("message"), str)
        and value["message"].strip()
    ):
        return json.dumps(value, indent=2, ensure_ascii=False)
    whole = [str(value[name]).rstrip() for name in WHOLE if value.get(name)]
    if whole:
        return "\n\n".join(whole)
    given = {
        name: item
        for name, item in value.items()
        if name != "message" and item not in (None, "", [], {})
    }
    rows = [(name, _short(item)) for name, item in given.items() if not _is_nested(item)]
    nested = [name for name, item in given.items() if _is_nested(item)]
    parts = [readable(value["message"], width)]
    parts += [columns(rows)] if rows else []
    parts += [f"-j shows also: {', '.join(nested)}"] if nested else []
    return "\n\n".join(parts)


def readable(message: str, width: Optional[int] = None) -> str:
    """A message for chat, for the terminal: its tables as tables of `width` characters, all of it
    without what formats."""
    lines: List[str] = []
    rows: List[Tuple[str, ...]] = []
    for line in [*message.split("\n"), ""]:
        if line.startswith("| ") and line.endswith(" |"):
            cells = tuple(plain(cell.strip(), in_table=True) for cell in line[2:-2].split(" | "))
            if not all(set(cell) <= {"-"} for cell in cells) and (
                not rows or len(cells) == len(rows[0])
            ):
                rows.append(cells)
            continue
        if rows:
            lines.append(table(rows, width, wrapped=True))
            rows = []
        lines.append(plain(line))
    return "\n".join(lines[:-1])


def _is_nested(value: Any) -> bool:
    """Objects, and lists of them: unreadable in a line."""
    if isinstance(value, Mapping):
        return True
    return isinstance(value, list) and any(isinstance(one, (Mapping, list)) for one in value)


def _listed(value: Any) -> Optional[List[Any]]:
    """The rows of a find: a list, or the one list of an object without a message."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or "message" in value:
        return None
    lists = [item for item in value.values() if isinstance(item, list)]
    others = [item for item in value.values() if isinstance(item, dict)]
    return lists[0] if len(lists) == 1 and not others and "id" not in value else None


def _list(rows: List[Any], width: Optional[int]) -> str:
    if not rows:
        return "Nothing found."
    if all(isinstance(row, dict) for row in rows):
        return f"{table(records(rows, width), width)}\n\n{len(rows)} found; -j shows all of each."
    if all(isinstance(row, (str, int)) for row in rows):
        return "\n".join(str(row) for row in rows)
    return json.dumps(rows, indent=2, ensure_ascii=False)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= MAX_VALUE_CHARACTERS else line[: MAX_VALUE_CHARACTERS - 1] + "…"


def execution_rows(executions: Sequence[Execution], id_length: int) -> List[Tuple[str, ...]]:
    """A table of executions, its head first; ids cut to so many digits."""
    rows = [
        (
            one.id[:id_length],
            iso(one.created_at) or "",
            one.status,
            one.lane or "",
            one.action_ref,
            one.rule_ref or "",
        )
        for one in executions
    ]
    return [("ID", "PLANNED", "STATUS", "TRACE", "ACTION", "RULE"), *rows]
