"""`make bench [ARGS="process posts sensor"]`: run the benchmarks named (all by default), a table
each."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
TITLES = {
    "process": "A fresh process an action",
    "actions": "Actions against PagerDuty",
    "clicks": "A click on a card",
    "memory": "Memory over a million log entries",
    "oncall": "A look of the on-call watch at 500 schedules",
    "posts": "Posting to Mattermost",
    "rooms": "What open rooms cost while nothing happens",
    "sensor": "One cycle of the incident sensor at 10,000 open incidents",
    "webhook": "A change with the webhook, and what a cycle costs",
    "trips": "What a change costs, counted (ratio: above what it may be)",
}


def main() -> int:
    for folder in ("actions/lib", "actions/scripts", "sensors"):
        sys.path.insert(0, str(ROOT / folder))
    sys.path.append(str(ROOT / "standalone" / "shims"))
    from .report import failures, show

    console = Console(width=120)
    missed = []
    for name in sys.argv[1:] or TITLES:
        rows = import_module("benchmarks." + name).run()
        show(TITLES[name], rows, console)
        missed += failures(rows)
    for what in missed:
        console.print(f"[red]misses its bound: {what}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
