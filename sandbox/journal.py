"""What truly happened: the sandbox's journal, by which every end-to-end test judges.

Two append-only lists, shared by both servers, readable by Python and by HTTP (`GET
/_sandbox/journal`, `GET /_sandbox/facts`):

- `entries`: each request that reached a server with what was answered, faults included (one that
  was dropped on purpose stands here with its fault; one that was refused while the server was down
  never arrived).
- `facts`: each change that truly took place, whoever made it and whether its answer arrived or
  not: PagerDuty's log entries and state changes, Mattermost's posts, patches, reactions ...

    journal.count("POST", r"^/api/v4/posts$", server="mattermost")
    journal.find(path=r"^/log_entries", status=200)
    journal.facts_of("mattermost", "post_created")

Nothing here holds a token: `Authorization` is not kept.
"""

# flake8: noqa: W503

from __future__ import annotations

import json
import re
import threading
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from .clock import Clock

MAX_ANSWERS_BYTES = 64_000_000
"""Of answers that are kept; older ones are forgotten (`JournalEntry.answer` becomes None), their
entries stay."""


class JournalEntry(NamedTuple):
    """One request and its answer."""

    number: int
    server: str
    time: float
    """Sandbox time at which it was answered."""
    method: str
    path: str
    query: Tuple[Tuple[str, str], ...]
    headers: Dict[str, str]
    """The request's, names in lower case, without authorization and cookies."""
    body: bytes
    status: int
    """Status that was sent, 0 when none was."""
    effect: str
    """Id of what the request made or changed, empty when nothing was."""
    fault: str
    """Kind of the fault that was played, or empty."""
    answer: Optional[bytes]
    """Body that was sent, before a truncation; None when nothing was sent or it was forgotten."""

    def json(self) -> Any:
        """The request's body, None when it is not JSON."""
        return _parsed(self.body)

    def answer_json(self) -> Any:
        return _parsed(self.answer)

    def param(self, name: str) -> List[str]:
        return [v for k, v in self.query if k == name]


class Fact(NamedTuple):
    """One change that truly took place."""

    number: int
    server: str
    time: float
    kind: str
    subject: str
    """Id of the thing that changed: an incident, a post."""
    id: str
    """Id of the change itself: a log entry's, a post's."""
    data: Dict[str, Any]


class SandboxJournal:
    def __init__(self, clock: Clock, answers_limit: int = MAX_ANSWERS_BYTES) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: List[JournalEntry] = []
        self._facts: List[Fact] = []
        self._limit = answers_limit
        self._kept = 0
        self._oldest_kept = 0
        self.listeners: List[Callable[[JournalEntry], None]] = []
        """Called with each entry in the server's thread: keep it short."""

    def record(
        self,
        server: str,
        method: str,
        path: str,
        query: Tuple[Tuple[str, str], ...],
        headers: Dict[str, str],
        body: bytes,
        status: int,
        effect: str,
        fault: str,
        answer: Optional[bytes],
    ) -> JournalEntry:
        with self._lock:
            number = len(self._entries)
            entry = JournalEntry(
                number,
                server,
                self._clock(),
                method,
                path,
                query,
                headers,
                body,
                status,
                effect,
                fault,
                answer,
            )
            self._entries.append(entry)
            self._kept += len(answer or b"")
            while self._kept > self._limit and self._oldest_kept < number:
                old = self._entries[self._oldest_kept]
                self._kept -= len(old.answer or b"")
                self._entries[self._oldest_kept] = old._replace(answer=None)
                self._oldest_kept += 1
        for listener in self.listeners:
            listener(entry)
        return entry

    def fact(self, server: str, kind: str, subject: str, id: str, **data: Any) -> None:
        """Note a change that truly took place; `data` must be JSON values."""
        with self._lock:
            self._facts.append(
                Fact(len(self._facts), server, self._clock(), kind, subject, id, data)
            )

    @property
    def entries(self) -> List[JournalEntry]:
        with self._lock:
            return list(self._entries)

    @property
    def facts(self) -> List[Fact]:
        with self._lock:
            return list(self._facts)

    def find(
        self,
        method: str = "",
        path: str = "",
        server: str = "",
        status: Optional[int] = None,
        fault: Optional[str] = None,
        since: int = 0,
    ) -> List[JournalEntry]:
        """Entries that fit all that is given; `path` is a regular expression searched in the path,
        `since` a number."""
        pattern = re.compile(path)
        return [
            e
            for e in self.entries[since:]
            if (not method or e.method == method.upper())
            and (not server or e.server == server)
            and (status is None or e.status == status)
            and (fault is None or e.fault == fault)
            and pattern.search(e.path)
        ]

    def count(self, method: str = "", path: str = "", **filters: Any) -> int:
        return len(self.find(method, path, **filters))

    def facts_of(
        self, server: str = "", kind: str = "", subject: str = "", since: int = 0
    ) -> List[Fact]:
        return [
            f
            for f in self.facts[since:]
            if (not server or f.server == server)
            and (not kind or f.kind == kind)
            and (not subject or f.subject == subject)
        ]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._facts.clear()
            self._kept = self._oldest_kept = 0


def entry_to_json(entry: JournalEntry, bodies: bool) -> Dict[str, Any]:
    data = entry._asdict()
    data["query"] = [list(pair) for pair in entry.query]
    data["body"] = _shown(entry.body) if bodies else None
    data["answer"] = _shown(entry.answer) if bodies else None
    return data


def _shown(body: Optional[bytes]) -> Any:
    if not body:
        return None
    parsed = _parsed(body)
    return body.decode("utf-8", "replace") if parsed is None else parsed


def _parsed(body: Optional[bytes]) -> Any:
    try:
        return json.loads(body or b"null")
    except ValueError:
        return None
