"""The one SQLite file of the embedded default: datastore, trigger instances and executions.

Write-ahead log, `synchronous=FULL`: what was committed survives `kill -9` and a power loss. NORMAL
would be enough for `kill -9`, but after a power loss it may forget the last commits, among them an
action's note that it was about to post: the card could then come twice. It costs a fifth of a
millisecond a commit on a usual disk.

Several processes may use the file at once (`key set` while `serve` runs). Within a process one
connection serves all threads behind a lock: calls take microseconds, and SQLite's own waiting
between connections is unfair. The file is readable by its owner only (mode 0600); encrypted it is
not, so secrets in it are as safe as the account.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any, Iterator, List, Sequence

from standalone.errors import UserError
from standalone.paths import shown

SCHEMA_VERSION = 2
"""2: values are found by their end, which each write looks for."""
BUSY_SECONDS = 30.0
"""How long to wait for another process's write before giving up."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS datastore (
    name TEXT PRIMARY KEY, value TEXT NOT NULL, secret INTEGER NOT NULL, expires_at REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS datastore_ends ON datastore (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS trigger_instances (
    id TEXT PRIMARY KEY, trigger_ref TEXT NOT NULL, trace_tag TEXT, payload TEXT NOT NULL,
    occurred_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS executions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    trigger_instance_id TEXT, rule_ref TEXT, attempt INTEGER NOT NULL,
    action_ref TEXT NOT NULL, parameters TEXT NOT NULL, context TEXT NOT NULL, lane TEXT,
    status TEXT NOT NULL, not_before REAL NOT NULL, created_at REAL NOT NULL,
    started_at REAL, finished_at REAL, result TEXT,
    UNIQUE (trigger_instance_id, rule_ref, attempt)
);
CREATE INDEX IF NOT EXISTS executions_unfinished ON executions (seq) WHERE finished_at IS NULL;
CREATE INDEX IF NOT EXISTS executions_finished ON executions (finished_at)
    WHERE finished_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS trigger_instances_age ON trigger_instances (occurred_at);
"""


class Database:
    """`write()` for transactions, `read()` for rows. Raises UserError when the file can't be
    opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(str(path), os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(
                str(path), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise UserError(
                f"The database {shown(path)} can't be used: {error}; choose another place with "
                "--data"
            ) from None

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        with self.write() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise UserError(
                    f"The database {self.path} was written by a newer version of this pack; "
                    "update the pack"
                )
            if version < SCHEMA_VERSION:
                for statement in _SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: on disk when the block has ended, or not at all. Raises
        sqlite3.Error."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> List[Any]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """Later calls raise sqlite3.ProgrammingError."""
        with self._lock:
            self._connection.close()
