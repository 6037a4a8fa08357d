"""Switches for trouble. Each server has its own `Faults`; rules are tried in their order, the
first that applies wins.

    faults = sandbox.pagerduty.faults
    faults.add("status", status=429, retry_after=7, path=r"^/log_entries", times=3)
    faults.add("lost", method="POST", path=r"/posts$", probability=0.2, seed=1)
    faults.clear()

The same by HTTP: `POST /_sandbox/faults {"kind": "status", "status": 503, "times": 2}` answers
`{"id": 1}`, `GET /_sandbox/faults` lists rules with how often each applied, `DELETE
/_sandbox/faults[?id=1]` clears.
"""

# flake8: noqa: W503

from __future__ import annotations

import random
import re
import threading
from typing import Any, Dict, List, NamedTuple, Optional

KINDS = {
    "status": (
        "answers `status` (4xx, 5xx, 429 with `retry_after`) with the headers and "
        "body the real one sends"
    ),
    "drop": "closes the connection before doing anything",
    "lost": "does it, then breaks the connection instead of answering",
    "delay": (
        "waits `seconds` (real time) and goes on as usual; with done=True does it "
        "first, answers late"
    ),
    "truncate": "does it, announces the whole body and sends half of it",
    "html": "answers 200 with a page of HTML, as a proxy in between would",
    "bad_json": "answers 200 with JSON that breaks off, its length right",
    "empty": "answers 200 with an empty body",
    "freeze": "accepts and never answers, until the rule is cleared; then closes the connection",
}
"""Kind of trouble and what it means."""

_DONE = {"lost": True, "truncate": True, "bad_json": True}


class FaultRule(NamedTuple):
    id: int
    kind: str
    method: str = ""
    path: str = ""
    """Regular expression searched in `path?query`; empty fits all."""
    times: Optional[int] = None
    """How often it fires; None: until cleared."""
    skip: int = 0
    """How many fitting requests pass before it can fire."""
    probability: float = 1.0
    seed: int = 0
    status: int = 500
    retry_after: Optional[float] = None
    seconds: float = 0.0
    done: bool = False
    """Whether what was asked is carried out before the trouble."""


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: Dict[int, FaultRule] = {}
        self._hits: Dict[int, int] = {}
        self._seen: Dict[int, int] = {}
        self._random: Dict[int, random.Random] = {}
        self._next = 1

    def add(self, kind: str, *, done: Optional[bool] = None, **terms: Any) -> int:
        """Add a rule (fields of `FaultRule`) and return its id. Raises ValueError for an unknown
        kind, field or pattern."""
        if kind not in KINDS:
            raise ValueError("unknown fault {!r}; there are {}".format(kind, ", ".join(KINDS)))
        unknown = set(terms) - set(FaultRule._fields) | set(terms) & {"id", "kind"}
        if unknown:
            raise ValueError("unknown terms of a fault: {}".format(", ".join(sorted(unknown))))
        try:
            re.compile(terms.get("path", ""))
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from None
        with self._lock:
            rule = FaultRule(
                self._next, kind, done=_DONE.get(kind, False) if done is None else done, **terms
            )
            self._next += 1
            self._rules[rule.id] = rule
            self._hits[rule.id] = self._seen[rule.id] = 0
            self._random[rule.id] = random.Random(rule.seed)
        return rule.id

    def clear(self, id: Optional[int] = None) -> None:
        """Remove one rule, or all."""
        with self._lock:
            for number in [id] if id is not None else list(self._rules):
                self._rules.pop(number, None)

    def active(self, id: int) -> bool:
        return id in self._rules

    def hits(self, id: int) -> int:
        """How often the rule fired, also after it was cleared."""
        return self._hits.get(id, 0)

    def take(self, method: str, path_and_query: str) -> Optional[FaultRule]:
        """The trouble for this request, if any; counts it."""
        if not self._rules:
            return None
        with self._lock:
            for rule in list(self._rules.values()):
                if (
                    rule.method
                    and rule.method.upper() != method
                    or not re.search(rule.path, path_and_query)
                ):
                    continue
                self._seen[rule.id] += 1
                if self._seen[rule.id] <= rule.skip:
                    continue
                if rule.times is not None and self._hits[rule.id] >= rule.times:
                    continue
                if rule.probability < 1 and self._random[rule.id].random() >= rule.probability:
                    continue
                self._hits[rule.id] += 1
                return rule
        return None

    def listing(self) -> List[Dict[str, Any]]:
        with self._lock:
            return [
                dict(rule._asdict(), hits=self._hits[rule.id]) for rule in self._rules.values()
            ]
