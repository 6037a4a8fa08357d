"""Tables in Mattermost's Markdown. Outside text is escaped here. Pure."""

from __future__ import annotations

from typing import Any, Sequence

from pagerduty_mattermost.core.text import clean, escape, one_line

MAX_ROWS = 20
"""Of a table; a post holds 16,383 characters, and nobody reads more."""
MAX_CELL_CHARACTERS = 80


def cell(value: Any, limit: int = MAX_CELL_CHARACTERS) -> str:
    """Outside text for one cell, at most `limit` characters of it."""
    return escape(one_line(clean(value), limit)) or " "


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are safe already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
