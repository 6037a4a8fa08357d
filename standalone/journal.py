"""What has to be done and what was done: trigger instances and executions, on disk before anybody
relies on them.

A dispatched trigger and the executions it causes are one transaction, so there is never a trigger
without its rules' work nor work twice. Nothing is written when an execution starts: what has no
end on disk is run again after a restart (the pack's actions are idempotent). Only what has ended
is ever deleted.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

from standalone.database import Database

KEEP_DAYS = 7.0
"""How long finished executions and their trigger instances are kept."""


class Execution(NamedTuple):
    """One run of an action, planned or done. Times are seconds since the epoch."""

    id: str
    action_ref: str
    parameters: Mapping[str, Any]
    """As the rule or caller gave them, rendered; defaults come when it runs."""
    context: Mapping[str, Any]
    """`user`, `pack`, and `trigger_instance`, `rule`, `trace_tag` where a rule caused it."""
    lane: Optional[str] = None
    """Executions of one lane run one after the other, in the order of their `seq`."""
    attempt: int = 0
    """How often it was retried by policy before."""
    status: str = "requested"
    """requested, delayed, succeeded, failed or timeout."""
    not_before: float = 0.0
    seq: int = 0
    created_at: float = 0.0
    started_at: Optional[float] = None
    finished_at: Optional[float] = None
    result: Any = None

    @property
    def rule_ref(self) -> Optional[str]:
        return self.context.get("rule")


class WaitingExecution(NamedTuple):
    """What the scheduler keeps in memory of an execution that is still to be run."""

    seq: int
    id: str
    lane: Optional[str]
    not_before: float


_COLUMNS = ", ".join(Execution._fields)


class ExecutionJournal:
    """Reads and writes them. `clock() -> seconds since the epoch`."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def add_trigger(
        self,
        instance_id: str,
        trigger_ref: str,
        payload: Any,
        trace_tag: Optional[str],
        planned: Sequence[Execution],
    ) -> List[WaitingExecution]:
        """Keeps a trigger instance and its executions, all or nothing; returns those that are to
        be run.

        On disk when it returns. Raises sqlite3.Error.
        """
        now = self._clock()
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO trigger_instances (id, trigger_ref, trace_tag, payload, occurred_at) "
                "VALUES (?, ?, ?, ?, ?)",
                (instance_id, trigger_ref, trace_tag, _dump(payload), now),
            )
            return [
                waiting
                for execution in planned
                for waiting in self._insert(connection, execution, now)
            ]

    def finish(
        self, execution: Execution, retry: Optional[Execution] = None
    ) -> List[WaitingExecution]:
        """Keeps the end of an execution, and its retry if there is one; returns the retry as work
        to do."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE executions SET status = ?, started_at = ?, finished_at = ?, result "
                "= ? WHERE id = ?",
                (
                    execution.status,
                    execution.started_at,
                    execution.finished_at,
                    _dump(execution.result),
                    execution.id,
                ),
            )
            return self._insert(connection, retry, self._clock()) if retry else []

    def waiting(self) -> List[WaitingExecution]:
        """Everything that has not ended, oldest first."""
        rows = self._database.read(
            "SELECT seq, id, lane, not_before FROM executions WHERE finished_at IS NULL "
            "ORDER BY seq"
        )
        return [WaitingExecution(*row) for row in rows]

    def execution(self, execution_id: str) -> Optional[Execution]:
        """One execution, whole."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM executions WHERE id = ?", (execution_id,)
        )
        return _execution(rows[0]) if rows else None

    def find(self, beginning: str) -> List[Execution]:
        """The executions whose id begins so, two at most: enough to see that it is not one."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM executions WHERE substr(id, 1, ?) = ? LIMIT 2",
            (len(beginning), beginning),
        )
        return [_execution(row) for row in rows]

    def id_length(self) -> int:
        """How many digits, 8 at least, tell all ids apart."""
        length = 8
        while self._database.read(
            "SELECT count(*) > count(DISTINCT substr(id, 1, ?)) FROM executions", (length,)
        )[0][0]:
            length += 1
        return length

    def executions(self, limit: int = 100) -> List[Execution]:
        """The newest executions, newest first."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM executions ORDER BY seq DESC LIMIT ?", (limit,)
        )
        return [_execution(row) for row in rows]

    def prune(self, keep_days: float = KEEP_DAYS) -> None:
        """Forgets what ended, and triggers that caused nothing unfinished, more than so many days
        ago."""
        before = self._clock() - keep_days * 86400
        with self._database.write() as connection:
            connection.execute("DELETE FROM executions WHERE finished_at < ?", (before,))
            connection.execute(
                "DELETE FROM trigger_instances WHERE occurred_at < ? AND NOT EXISTS "
                "(SELECT 1 FROM executions e WHERE e.trigger_instance_id = trigger_instances.id)",
                (before,),
            )

    @staticmethod
    def _insert(connection: Any, execution: Execution, now: float) -> List[WaitingExecution]:
        row = connection.execute(
            "INSERT INTO executions (id, trigger_instance_id, rule_ref, attempt, "
            "action_ref, parameters, context, "
            "lane, status, not_before, created_at, finished_at, result) VALUES (?, ?, ?, ?, "
            "?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                execution.id,
                execution.context.get("trigger_instance"),
                execution.rule_ref,
                execution.attempt,
                execution.action_ref,
                _dump(execution.parameters),
                _dump(execution.context),
                execution.lane,
                execution.status,
                execution.not_before,
                now,
                execution.finished_at,
                None if execution.result is None else _dump(execution.result),
            ),
        )
        if execution.finished_at is not None:
            return []
        return [
            WaitingExecution(row.lastrowid, execution.id, execution.lane, execution.not_before)
        ]


def new_id() -> str:
    """An id for an execution or a trigger instance: 24 hexadecimal digits, as StackStorm's."""
    return uuid.uuid4().hex[:24]


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _execution(row: Any) -> Execution:
    values: Dict[str, Any] = dict(zip(Execution._fields, row))
    for name in ("parameters", "context", "result"):
        values[name] = json.loads(values[name]) if values[name] is not None else None
    return Execution(**values)
