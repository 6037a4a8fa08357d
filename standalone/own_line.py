"""Commands that are named to somebody, as lines that can be pasted as they stand: with the program
in front, and the configuration and data folder that were given.

    remember(options)
    pasteable("`key set gone` stores one")
    # -> "`.venv/bin/python -m standalone key set gone --config my.yaml` stores one"
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from typing import Any, List

_WITH_WORDS = "actions|rules|triggers|executions|key|chat|setup|check|serve|run"
_NAMED = re.compile(rf"`((?:{_WITH_WORDS}) [^`]{{1,400}}|actions|rules|triggers|executions)`")
VARIABLE = "PAGERDUTY_MATTERMOST_RUN"
"""By which the pack knows it (its core.typed_actions)."""
_given: List[str] = []


def remember(options: Any) -> None:
    """What was given for this command, and for the lines that the pack itself names."""
    _given[:] = [
        word
        for name in ("config", "data")
        if getattr(options, name, None)
        for word in (f"--{name}", str(getattr(options, name)))
    ]
    os.environ[VARIABLE] = line("run {}")


def line(words: str) -> str:
    """Words of this command line as a whole line."""
    python = os.path.relpath(sys.executable)
    program = sys.executable if python.startswith("..") else python
    begin = " ".join(map(shlex.quote, (program, "-m", "standalone")))
    return " ".join([begin, words, *map(shlex.quote, _given)])


def pasteable(text: str) -> str:
    """The text in which commands between back-ticks are whole lines."""
    return _NAMED.sub(lambda found: f"`{line(found.group(1))}`", text)
