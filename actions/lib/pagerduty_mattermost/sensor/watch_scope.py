"""The configured filters with their names resolved to ids: once, and again where that failed."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, FrozenSet, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.config.watch import WatchConfig
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput
from pagerduty_mattermost.gateways.pagerduty import references
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.incidents.watch_filter import WatchFilter

RETRY_SECONDS = 600.0
"""Seconds after which services and teams that could not be found are asked for again."""


class _ResolvedNames(NamedTuple):
    ids: FrozenSet[str]
    problem: str
    at: float


class WatchScope:
    """What is watched. A name that nothing bears stops nothing else: the others are watched, and
    `problems` names it."""

    def __init__(
        self,
        watch: WatchConfig,
        pagerduty: PagerDuty,
        log: Any,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watch = watch
        self._pagerduty = pagerduty
        self._log = log
        self._monotonic = monotonic
        self._found: Dict[str, _ResolvedNames] = {}

    @property
    def problems(self) -> str:
        """Which names could not be resolved, and why; empty when all is well."""
        return "; ".join(found.problem for found in self._found.values() if found.problem)

    def watch(self) -> WatchFilter:
        """The filters by id. Raises the gateway's errors while PagerDuty can't be asked and
        nothing is known from before: an answer about the key or of a PagerDuty in trouble says
        nothing about names."""
        return WatchFilter(
            services=self._ids("service", self._watch.services),
            teams=self._ids("team", self._watch.teams),
            urgencies=frozenset(self._watch.urgencies),
            start_states=frozenset(self._watch.start_states),
        )

    def _ids(self, kind: str, texts: Tuple[str, ...]) -> Optional[FrozenSet[str]]:
        if not texts:
            return None
        before = self._found.get(kind)
        if before is not None and (
            not before.problem or self._monotonic() - before.at < RETRY_SECONDS
        ):
            return before.ids
        ids: List[str] = []
        problems: List[str] = []
        for text in texts:
            try:
                ids.append(references.resolve(self._pagerduty, kind, text).id)
            except PackError as error:
                if isinstance(error, (NotFound, RejectedInput)) and error.status is None:
                    problems.append(str(error))
                    continue
                if before is None:
                    raise
                self._found[kind] = before._replace(at=self._monotonic())
                return before.ids
        problem = f"watch.{kind}s: {'; '.join(problems)}" if problems else ""
        if problem:
            self._log.error("The configuration names what can't be watched: %s", problem)
        self._found[kind] = _ResolvedNames(frozenset(ids), problem, self._monotonic())
        return self._found[kind].ids
