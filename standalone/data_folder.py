"""The folder in which the embedded default keeps its data: the name of its database, and the lock
of the one process that serves it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

from standalone.errors import UserError

DATABASE = "standalone.sqlite"
LOCK = "standalone.sqlite-lock"


class DataLock:
    """Held by the process that runs sensors, rules and actions on the folder's data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: Any = None

    def take(self) -> None:
        """Raises UserError when another process holds it."""
        self._file = open(self._folder / LOCK, "a+")  # noqa: SIM115 - held until release
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"Another process already serves the data in {self._folder}") from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Does nothing when it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None
