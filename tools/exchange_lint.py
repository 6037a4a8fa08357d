"""Holds all Python files to the rules that StackStorm's Exchange checks packs with (flake8 at 100
columns, .ci/flake8); `--notes` writes what has to be written for it.

    python tools/exchange_lint.py [--notes]

Four of these rules contradict ruff's formatter, or count the remarks for ruff and mypy at a line's
end. flake8 leaves one out for a file that says so, and only there: behind the docstring, in the
line `# flake8: noqa: E203,W503`. `--notes` writes that line where a file needs it.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Set

ROOT = Path(__file__).resolve().parent.parent
FORMATTERS = ("E203", "E501", "E704", "W503")
"""A space before the colon of a slice; a line's length, which ruff checks at 99; `def f(): ...`;
a line that begins with an operator."""
_NOTE = re.compile(r"^# flake8: noqa: [A-Z0-9,]+\n\n", re.M)


def python_files() -> List[str]:
    """Of the repository, but those in hidden folders, as virtualenvs are."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
    return sorted(
        str(path) for path in found if not any(part.startswith(".") for part in path.parts)
    )


def flake8(*options: str) -> subprocess.CompletedProcess[bytes]:
    words = [sys.executable, "-m", "flake8", "--config", ".ci/flake8", *options, *python_files()]
    return subprocess.run(words, cwd=ROOT, check=False, stdout=subprocess.PIPE)


def write_notes() -> None:
    needed: Dict[str, Set[str]] = {}
    raw = flake8("--disable-noqa", "--select", ",".join(FORMATTERS)).stdout.decode()
    for line in raw.splitlines():
        path, _, _, text = line.split(":", 3)
        needed.setdefault(path, set()).add(text.split()[0])
    for name in python_files():
        path = ROOT / name
        before = path.read_text(encoding="utf-8")
        after = with_note(before, sorted(needed.get(name, ())))
        if after != before:
            path.write_text(after, encoding="utf-8")


def with_note(text: str, codes: List[str]) -> str:
    """The file's text with the line for these rules, or without one."""
    bare = _NOTE.sub("", text, count=1)
    if not codes:
        return bare
    body = ast.parse(bare).body
    has_docstring = body and isinstance(body[0], ast.Expr)
    at = body[0].end_lineno or 0 if has_docstring else 0
    lines = bare.splitlines(keepends=True)
    head, rest = "".join(lines[:at]), "".join(lines[at:]).lstrip("\n")
    blank = "\n" if has_docstring else ""
    return f"{head}{blank}# flake8: noqa: {','.join(codes)}\n\n{rest}"


def main() -> int:
    if "--notes" in sys.argv[1:]:
        write_notes()
    done = flake8()
    sys.stdout.write(done.stdout.decode())
    if done.returncode:
        print("Where ruff's formatter wants it so: python tools/exchange_lint.py --notes")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
