"""Python packages that are not installed are one line that says how to install them."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import contextmanager
from typing import Iterator, Sequence

STANDALONE = (
    *("apscheduler", "dateutil", "jinja2", "jsonschema", "mattermostdriver", "pdpyras"),
    *("prometheus_client", "requests", "waitress", "yaml"),
)
"""What `python -m standalone` imports at one place or another: all of them are looked for before
it does anything, or a check would name the same cause once for each action."""
SANDBOX = (*STANDALONE, "aiohttp", "rich")
"""The same of `python -m sandbox`."""


@contextmanager
def one_line(program: str, packages: Sequence[str] = ()) -> Iterator[None]:
    """Ends the program with exit code 2 where one of the packages is not there, or something else
    that is imported within."""
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    if absent:
        _end(program, absent)
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("standalone", "sandbox"):
            raise
        _end(program, [str(error.name)])


def _end(program: str, absent: Sequence[str]) -> None:
    one = len(absent) == 1
    print(
        f"{program}: the Python package{'' if one else 's'} {', '.join(absent)} "
        f"{'is' if one else 'are'} not installed for {sys.executable}: "
        f"run `make venv`, then `.venv/bin/python -m {program}`",
        file=sys.stderr,
    )
    sys.exit(2)
