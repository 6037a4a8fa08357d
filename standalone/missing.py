"""A Python package that is not installed is one line that says how to install it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import Iterator


@contextmanager
def one_line(program: str) -> Iterator[None]:
    """Ends the program with exit code 2 when something imported in it is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("standalone", "sandbox"):
            raise
        print(
            f"{program}: the Python package {error.name} is not installed for {sys.executable}: "
            "run `make venv`, then `.venv/bin/python -m " + program + "`",
            file=sys.stderr,
        )
        sys.exit(2)
