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
    problems: Dict[str, str]
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
    def asked(self) -> bool:
        """Whether every name was looked for."""
        wanted = (("service", self._watch.services), ("team", self._watch.teams))
        return all(kind in self._found for kind, texts in wanted if texts)

    @property
    def problems(self) -> Dict[str, str]:
        """Which names could not be resolved, and why; empty when all is well."""
        return {
            name: why for found in self._found.values() for name, why in found.problems.items()
        }

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
            not before.problems or self._monotonic() - before.at < RETRY_SECONDS
        ):
            return before.ids
        ids: List[str] = []
        problems: Dict[str, str] = {}
        for text in texts:
            try:
                ids.append(references.resolve(self._pagerduty, kind, text).id)
            except PackError as error:
                if isinstance(error, (NotFound, RejectedInput)) and error.status is None:
                    problems[f"{kind}.{text}"] = f"watch.{kind}s: {error}"
                    continue
                if before is None:
                    raise
                self._found[kind] = before._replace(at=self._monotonic())
                return before.ids
        for problem in problems.values():
            self._log.error("The configuration names what can't be watched: %s", problem)
        self._found[kind] = _ResolvedNames(frozenset(ids), problems, self._monotonic())
        return self._found[kind].ids
