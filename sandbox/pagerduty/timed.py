"""The account's time: its clock, its switches, and what is to happen by itself later on."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from typing import Any, Callable, List, Optional, Tuple

from ..clock import Clock
from ..journal import SandboxJournal
from .model import Incident, Thing
from .past import PastIncidents
from .switches import Switches


class TimedAccount:
    def __init__(self, journal: SandboxJournal, clock: Clock, switches: Switches) -> None:
        self.journal = journal
        self.clock = clock
        self.switches = switches
        self.chance = random.Random(switches.seed)
        self.lock = threading.RLock()
        self.version = 0
        """Grows with every change; what was listed at one version may be kept for it."""
        self.past = PastIncidents()
        self._due: List[Tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._pinned: Optional[int] = None

    def now(self) -> int:
        """Seconds since the epoch; while a timed action runs late, the time it was due."""
        return self._pinned if self._pinned is not None else int(self.clock())

    def touched(self, incident: Incident) -> None:
        """It is being changed: for lists that lag."""
        self.version += 1
        if self.switches.list_lag_seconds:
            self.past.touch(incident)

    def choose(self, switches: Any) -> Thing:
        """Change fields of `Switches`; returns all of them. Raises KeyError for an unknown one."""
        for name in switches:
            if name not in Switches._fields:
                raise KeyError(name)
        self.switches = self.switches._replace(**switches)
        self.chance = random.Random(self.switches.seed)
        return dict(self.switches._asdict())

    def later(self, at: int, do: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at, next(self._order), do))

    def run_due(self) -> None:
        """Do what has fallen due since the last call, each at its own time."""
        now = self.clock()
        self.past.keep()
        while self._due and self._due[0][0] <= now and self._pinned is None:
            at, _, do = heapq.heappop(self._due)
            self._pinned = at
            try:
                do()
            finally:
                self._pinned = None
            self.past.keep()
