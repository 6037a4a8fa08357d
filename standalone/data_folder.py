"""The folder in which the embedded default keeps its data: the name of its database, and the lock
of the one process that serves it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any, List, Mapping, Optional, Sequence

from standalone.errors import UserError

DATABASE = "standalone.sqlite"
LOCK = "standalone.sqlite-lock"
RULES = "served-rules.json"
PLACE = "served-place"
"""A file with a random text, by which a process that answers on a port is known."""
_LOCKS = "pagerduty-served-{}-{}"
"""In the folder for temporary files: of each account that a user of this machine serves."""


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


def is_served(folder: Path) -> bool:
    """Whether another process serves the folder's data now."""
    lock = DataLock(folder)
    try:
        lock.take()
    except UserError:
        return True
    except OSError:
        return False
    lock.release()
    return False


def place_of(folder: Path) -> str:
    """The folder's random text; empty where it was never served."""
    try:
        return (folder / PLACE).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def make_place(folder: Path) -> str:
    """The same, made where there is none; empty where it can't be written."""
    found = place_of(folder)
    if found:
        return found
    made = secrets.token_hex(8)
    try:
        (folder / PLACE).write_text(made, encoding="ascii")
    except OSError:
        return ""
    return made


def served_at(place: str) -> Optional[Path]:
    """The data folder of that text, among those that this user serves on this machine now."""
    for lock in Path(tempfile.gettempdir()).glob(_LOCKS.format(os.getuid(), "*")):
        try:
            if lock.lstat().st_uid != os.getuid():
                continue
            folder = Path(lock.read_text(encoding="utf-8"))
            if place_of(folder) == place:
                return folder
        except (OSError, ValueError):
            continue
    return None


def remember_rules(folder: Path, rules: Sequence[Path]) -> None:
    """Which rule folders `serve` runs with, for the commands that are asked about it."""
    (folder / RULES).write_text(json.dumps([str(path) for path in rules]), encoding="utf-8")


def remembered_rules(folder: Path) -> List[Path]:
    """Those of the last `serve` that still exist; none where nothing was served."""
    try:
        listed = json.loads((folder / RULES).read_text(encoding="utf-8"))
        found = [Path(str(path)) for path in listed]
    except (OSError, ValueError, TypeError):
        return []
    return [path for path in found if path.is_dir()]


class AccountLock:
    """Held by the one process of this machine's user that serves a PagerDuty account with a
    Mattermost bot: with two data folders, two of them would post two cards of each incident."""

    def __init__(self, config: Mapping[str, Any], folder: Path) -> None:
        mattermost = config.get("mattermost") or {}
        parts = [config.get("api_key"), config.get("api_url"), mattermost.get("url")]
        parts += [mattermost.get("token"), mattermost.get("team")]
        name = hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:24]
        self._path = Path(tempfile.gettempdir()) / _LOCKS.format(os.getuid(), name)
        self._folder = folder.resolve()
        self._descriptor = -1

    def take(self) -> None:
        """Raises UserError when another process holds it, with its data folder. Where the lock
        can't be made nothing is checked."""
        try:
            self._descriptor = os.open(
                self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
        except OSError:
            return
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = os.read(self._descriptor, 4096).decode("utf-8", "replace")
            raise UserError(
                "Another process already serves this PagerDuty account and Mattermost bot, with "
                f"its data in {other or 'another folder'}: two would post two cards of each "
                "incident; end one of them"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, str(self._folder).encode())
