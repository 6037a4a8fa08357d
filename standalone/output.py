"""What the command line prints of results and executions, for people. Pure."""

# flake8: noqa: E203,W503

from __future__ import annotations

import json
import re
from datetime import datetime, tzinfo
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from standalone.chat import columns
from standalone.journal import Execution
from standalone.own_line import pasteable
from standalone.plain_text import plain
from standalone.tables import by_interest, cell, records, table

MAX_VALUE_CHARACTERS = 100
"""Characters of one value beside a message; `-j` prints all of it."""


UNSAID = (("truncated", False), ("already", False))
"""Nothing is left out, and nothing was there before: that need not be said."""
_UNSAID = ("self", "type", "incident_key")
"""Of an object, what people have no use for in the terminal."""
_UNCLEAR = re.compile(r"^[0-9]{1,9} (?:fields|items)$")
"""What `cell` makes of a value that can't be said in a line."""
_FENCE = re.compile(r"^(`{3,40})[a-z]{0,20}$")
"""Before and behind a block of code, which stands as it is."""
_HEADING = re.compile(r"^#{1,6} ")
WHOLE = ("csv",)
"""Values beside a message that are shown whole: they are what was asked for."""


def result_text(result: Mapping[str, Any], width: Optional[int] = None) -> str:
    """An execution's result: what went wrong, or its text, or its `message` and then what else is
    short, a line each; a list of objects as a table of `width` characters. All of it: as JSON."""
    value = result["result"]
    if result["stderr"]:
        return pasteable(str(result["stderr"]))
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
        return _object(value) or json.dumps(value, indent=2, ensure_ascii=False)
    whole = [str(value[name]).rstrip() for name in WHOLE if value.get(name)]
    if whole:
        return "\n\n".join(whole)
    given = {
        name: item
        for name, item in value.items()
        if name != "message" and item not in (None, "", [], {}) and (name, item) not in UNSAID
    }
    rows = [(name, _short(item)) for name, item in given.items() if not _is_nested(item)]
    nested = [name for name, item in given.items() if _is_nested(item)]
    parts = [readable(value["message"], width)]
    if "\n" not in value["message"].strip() and len(nested) == 1:
        rows_of = given[nested[0]]
        if isinstance(rows_of, list) and all(isinstance(one, dict) for one in rows_of):
            parts.append(table(records(rows_of, width), width))
    parts += [columns(rows)] if rows else []
    parts += [f"-j shows also: {', '.join(nested)}"] if nested else []
    return "\n\n".join(parts)


def _object(value: Any) -> str:
    """An object of PagerDuty's or Mattermost's, or several under their names: a line for each
    thing that can be said in one. Empty for what has none."""
    if not isinstance(value, dict):
        return ""
    inner = {name: item for name, item in value.items() if _is_thing(item)}
    if inner and not _is_thing(value):
        parts = [
            _object(item) if len(inner) == 1 else f"{name}\n{_object(item)}"
            for name, item in inner.items()
        ]
        rest = {name: item for name, item in value.items() if name not in inner}
        return "\n\n".join(part for part in [*parts, _object(rest)] if part)
    names = [name for name in by_interest(value) if name not in _UNSAID]
    if "summary" in names and any(name in names for name in ("name", "title")):
        names.remove("summary")
    said = {name: cell(value[name]) for name in names}
    if said.get("description") == said.get("title"):
        said.pop("description", None)
    unclear = [name for name, text in said.items() if _UNCLEAR.search(text)]
    rows = [
        (name.replace("_", " "), text)
        for name, text in said.items()
        if text and name not in unclear
    ]
    if not rows:
        return ""
    more = f"-j shows also: {', '.join(unclear)}" if unclear else ""
    more = more or ("-j shows all of it." if _is_thing(value) else "")
    return "\n\n".join(part for part in (columns(rows), more) if part)


def _is_thing(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.get("id"))


def readable(message: str, width: Optional[int] = None) -> str:
    """A message for chat, for the terminal: its tables as tables of `width` characters, all of it
    without what formats."""
    lines: List[str] = []
    rows: List[Tuple[str, ...]] = []
    fence = ""
    for line in [*message.split("\n"), ""]:
        mark = _FENCE.match(line)
        if mark and (not fence or line.strip() == fence):
            fence = "" if fence else mark.group(1)
            continue
        if fence:
            lines.append(line)
            continue
        if line.startswith("| ") and line.endswith(" |"):
            cells = tuple(plain(cell.strip(), in_table=True) for cell in line[2:-2].split(" | "))
            if not all(set(cell) <= {"-"} for cell in cells) and (
                not rows or len(cells) == len(rows[0])
            ):
                rows.append(cells)
            continue
        if rows:
            lines.append(table(rows, width))
            rows = []
        lines.append(plain(_HEADING.sub("", line)))
    return pasteable("\n".join(lines[:-1]))


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


def execution_text(
    execution: Execution, zone: Optional[tzinfo] = None, width: Optional[int] = None
) -> str:
    """One execution as people read it: what ran, for whom, when, how it ended, and its result as
    `result_text` says it. Without its parameters."""
    order = execution.parameters.get("order")
    asked_by = order.get("user_name") if isinstance(order, Mapping) else ""
    user = f"@{asked_by}" if asked_by else execution.context.get("user") or ""
    began = execution.started_at
    rows = [
        ("id", execution.id),
        ("action", execution.action_ref),
        ("rule", execution.rule_ref or ""),
        ("by", "" if execution.rule_ref and not asked_by else str(user)),
        ("trace", execution.lane or ""),
        ("planned", "" if began else _moment(execution.created_at, zone)),
        ("started", _moment(began, zone)),
        ("status", execution.status + _how_long(execution)),
    ]
    result = execution.result if isinstance(execution.result, Mapping) else {}
    given = {"stderr": result.get("error") or "", "result": None, **result}
    said = result_text(given, width) if given["stderr"] or given["result"] is not None else ""
    head = columns([row for row in rows if row[1]])
    parts = [head, said, "-j shows all of it, with its parameters."]
    return "\n\n".join(part.strip("\n") for part in parts if part)


def _how_long(execution: Execution) -> str:
    words = []
    if execution.started_at and execution.finished_at:
        words.append(f"{round(execution.finished_at - execution.started_at, 3)} s")
    if execution.attempt:
        words.append(f"try {execution.attempt + 1}")
    return f" ({', '.join(words)})" if words else ""


def execution_rows(
    executions: Sequence[Execution], id_length: int, zone: Optional[tzinfo] = None
) -> List[Tuple[str, ...]]:
    """A table of executions, its head first; ids cut to so many digits. `zone`: in which times are
    read; None: this machine's."""
    rows = [
        (
            one.id[:id_length],
            _moment(one.created_at, zone),
            one.status,
            one.lane or "",
            one.action_ref,
            one.rule_ref or "",
        )
        for one in executions
    ]
    return [("ID", "PLANNED", "STATUS", "TRACE", "ACTION", "RULE"), *rows]


def short_executions(
    rows: Sequence[Tuple[str, ...]], prefix: str, today: str
) -> List[Tuple[str, ...]]:
    """The same for a terminal: names without the pack's prefix in front, of today's the time
    alone, of an older one its date as well. `today`: the date where the times are, as ISO 8601."""
    made = [rows[0]]
    for id_, at, status, trace, action, rule in rows[1:]:
        date = "" if at[:10] == today else at[5:10] if at[:4] == today[:4] else at[:10]
        when = f"{date} {at[11:19]}".strip()
        made.append(
            (id_, when, status, trace, _unprefixed(action, prefix), _unprefixed(rule, prefix))
        )
    return made


def _unprefixed(ref: str, prefix: str) -> str:
    return ref[len(prefix) :] if ref.startswith(prefix) else ref


def _moment(seconds: Any, zone: Optional[tzinfo]) -> str:
    """ISO 8601 as it is there."""
    if seconds is None:
        return ""
    there = datetime.fromtimestamp(seconds, zone)
    return (there if zone else there.astimezone()).isoformat(timespec="seconds")
