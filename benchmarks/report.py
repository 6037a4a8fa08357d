"""Rows of a benchmark, and the table at the end."""

from __future__ import annotations

import statistics
from typing import Iterable, List, NamedTuple, Optional, Sequence

from rich.console import Console
from rich.table import Table


class Row(NamedTuple):
    what: str
    value: str
    against: str = ""
    """What it is compared with, with its own value."""
    ratio: Optional[float] = None
    bound: str = ""
    """What the issue asks for, such as "≤ 1.3"."""

    @property
    def holds(self) -> Optional[bool]:
        if self.ratio is None or not self.bound:
            return None
        sign, limit = self.bound.split()
        return self.ratio <= float(limit) if sign == "≤" else self.ratio >= float(limit)


def show(title: str, rows: Sequence[Row], console: Console) -> None:
    table = Table(title=title, title_justify="left")
    for name in ("what", "value", "against", "ratio", "bound", ""):
        table.add_column(name, justify="right" if name == "ratio" else "left")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        verdict = {True: "[green]holds", False: "[red]misses", None: ""}[row.holds]
        table.add_row(row.what, row.value, row.against, ratio, row.bound, verdict)
    console.print(table)


def median(values: Iterable[float]) -> float:
    return statistics.median(list(values))


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def failures(rows: Iterable[Row]) -> List[str]:
    return [row.what for row in rows if row.holds is False]
