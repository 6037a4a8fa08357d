"""One line a record on stderr, for people; no secret of the configuration ever in it."""

from __future__ import annotations

import logging
import sys
from datetime import datetime, tzinfo
from typing import Callable, Iterable, Optional

from standalone.own_line import pasteable

NOISY = ("urllib3", "apscheduler", "mattermostdriver", "pdpyras", "asyncio")
MIN_SECRET_CHARACTERS = 4
"""Shorter ones would blacken half of the log."""


class _Formatter(logging.Formatter):
    def __init__(self, secrets: Callable[[], Iterable[str]], zone: Optional[tzinfo]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
        self._secrets, self._zone = secrets, zone

    def formatTime(  # noqa: N802 - logging's name
        self, record: logging.LogRecord, datefmt: Optional[str] = None
    ) -> str:
        """In people's own zone, as in the channels."""
        return datetime.fromtimestamp(record.created, self._zone).strftime(datefmt or "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets():
            if len(secret) >= MIN_SECRET_CHARACTERS:
                text = text.replace(secret, "********")
        return text if record.exc_info else pasteable(" ".join(text.splitlines()))


def set_up(
    verbose: bool, secrets: Callable[[], Iterable[str]], zone: Optional[tzinfo] = None
) -> None:
    """Everything to stderr; `verbose`: each request, trigger and execution as well. `zone`: in
    which people read times; None: this machine's."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(secrets, zone))
    level = logging.DEBUG if verbose else logging.INFO
    handler.setLevel(level)  # StackStorm's loggers of actions pass on what the root would not take
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
