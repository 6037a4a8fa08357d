"""What the command line prints of results and executions, for people. Pure."""

from __future__ import annotations

import json
from typing import Any, List, Mapping, Sequence, Tuple

from standalone.chat import columns, iso
from standalone.journal import Execution

MAX_VALUE_CHARACTERS = 100
"""Characters of one value beside a message; `-j` prints all of it."""


def result_text(result: Mapping[str, Any]) -> str:
    """An execution's result: what went wrong, or its text, or its `message` and then the rest, a
    line each."""
    value = result["result"]
    if result["stderr"]:
        return str(result["stderr"])
    if isinstance(value, str):
        return value
    if not (
        isinstance(value, dict)
        and isinstance(value.get("message"), str)
        and value["message"].strip()
    ):
        return json.dumps(value, indent=2, ensure_ascii=False)
    rows = [
        (name, _short(item))
        for name, item in value.items()
        if name != "message" and item not in (None, "", [], {})
    ]
    return value["message"] + ("\n\n" + columns(rows) if rows else "")


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
