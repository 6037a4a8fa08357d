"""Where aliases are matched and run: StackStorm, by its API.

    host = StackStormAliases(api)
    found = host.match("pack list")                   # Match; raises NoMatch
    runs = host.execute(found, phrase, "ada", "ada", mark)
    host.execution(runs[0].execution)

Matching, defaults and rights are StackStorm's own. What only reads, the pack's own account does:
with RBAC, people need a right of their own for each of it. Where an alias of some pack does not
compile StackStorm answers 500 to every phrase: then each is tried with StackStorm's parser, and
those that are broken are named.
"""

# flake8: noqa: E704,W503

from __future__ import annotations

import re
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Protocol, Tuple, Union

from pagerduty_mattermost.chatops.aliases import Alias, alias_of
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput, RetryLater
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.alias_trial import Fit, TrialFailed, tried
from pagerduty_mattermost.gateways.stackstorm.embedded_api import EmbeddedApi
from pagerduty_mattermost.gateways.stackstorm.web_api import StackStormApi

LISTED_SECONDS = 30.0
"""For how long the list of aliases is used again."""
PAGE_SIZE = 100
MAX_PAGES = 50
UNKNOWN = "it is no phrase that StackStorm knows"
ONLY_OWN = (
    "it is no phrase of the pack pagerduty, and this runs without StackStorm, which the aliases "
    "of other packs need"
)
LOOKED_BACK_SECONDS = 300.0
"""How much StackStorm's clock and this machine's may differ when an execution is looked for."""
MAX_RESULT_BYTES = 4_000_000
"""Of a result that is read."""
MASKED = "********"
"""What StackStorm shows of a secret parameter."""
_ID = re.compile(r"[0-9a-f]{24}")


class NoMatch(RejectedInput):
    """No alias takes the phrase, or several do."""


class Match(NamedTuple):
    """The one alias that takes a phrase, and by which of its formats."""

    alias: Alias
    representation: str
    broken: Tuple[str, ...] = ()
    """Aliases that do not compile, where that came out: `ref: why`."""


class AliasRun(NamedTuple):
    """An execution that was asked for."""

    execution: str
    message: str
    """What the alias says at once; empty where it says nothing."""
    link: str = ""
    secret: bool = False
    """Whether a secret parameter was given to it, which then stands in the phrase."""


class AliasHost(Protocol):
    """What matches and runs aliases."""

    def match(self, phrase: str) -> Match: ...

    def execute(
        self, found: Match, phrase: str, user: str, person: str, mark: str
    ) -> List[AliasRun]: ...

    def executions_of(self, mark: str, action: str, since: float) -> List[str]: ...

    def status(self, execution: str) -> str: ...

    def execution(self, execution: str) -> Mapping[str, Any]: ...

    def cancel(self, execution: str, person: str) -> str: ...

    def aliases(self) -> List[Alias]: ...

    def find_alias(self, ref: str) -> Optional[Alias]: ...

    def environment(self) -> Any: ...


class StackStormAliases:
    """For several threads."""

    def __init__(
        self,
        api: Union[StackStormApi, EmbeddedApi],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.api = self._api = api
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._rows: Tuple[float, List[Dict[str, Any]]] = (-LISTED_SECONDS, [])

    def match(self, phrase: str) -> Match:
        """Raises NoMatch, and what the API raises."""
        try:
            row = self._api.call("POST", "/actionalias/match", {"command": phrase})
        except RejectedInput as error:
            if "more than 1" in str(error):
                raise NoMatch(self._several(phrase)) from None
            raise NoMatch(UNKNOWN if self.api.is_stackstorm else ONLY_OWN) from None
        except RetryLater as error:
            if error.status != 500:
                raise
            return self._tried(phrase, error)
        alias = alias_of(row.get("actionalias")) if isinstance(row, dict) else None
        if alias is None:
            raise RetryLater("StackStorm's answer to a phrase names no alias")
        return Match(alias, str(row.get("representation") or ""))

    def execute(
        self, found: Match, phrase: str, user: str, person: str, mark: str
    ) -> List[AliasRun]:
        """Asks for it once. `user`: whom it is labelled with; `mark`: what it is found again by.
        Raises as the API; `maybe_done` where it may have been started all the same."""
        alias = found.alias
        asked = {"command": phrase, "user": user, "source_channel": mark}
        if alias.is_multiple(found.representation):
            path = "/aliasexecution/match_and_execute"
            answer = self._api.call("POST", path, asked, person=person)
            rows = answer.get("results") if isinstance(answer, dict) else None
        else:
            named = {**asked, "name": alias.name, "format": found.representation}
            rows = [self._api.call("POST", "/aliasexecution", named, person=person)]
        runs = [_run(row) for row in rows or () if isinstance(row, dict)]
        if not runs or not all(one.execution for one in runs):
            raise RetryLater("StackStorm's answer names no execution", maybe_done=True)
        return runs

    def executions_of(self, mark: str, action: str, since: float) -> List[str]:
        """Ids of those that bear the mark, asked for since then (seconds since the epoch)."""
        begin = times.iso(since - LOOKED_BACK_SECONDS)
        params = {"action": action, "timestamp_gt": begin, "limit": PAGE_SIZE}
        params["include_attributes"] = "id,context"
        rows = self._api.call("GET", "/executions", params=params)
        return [
            str(row["id"])
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict)
            and isinstance(row.get("context"), dict)
            and row["context"].get("source_channel") == mark
            and _ID.fullmatch(str(row.get("id")))
        ]

    def status(self, execution: str) -> str:
        params = {"include_attributes": "status"}
        path = f"/executions/{checked(execution)}"
        row = self._api.call("GET", path, params=params)
        return str(row.get("status") or "") if isinstance(row, dict) else ""

    def execution(self, execution: str) -> Mapping[str, Any]:
        """As StackStorm has it; without a result that is too large."""
        path = f"/executions/{checked(execution)}"
        params = {"exclude_attributes": "trigger_instance", "max_result_size": MAX_RESULT_BYTES}
        row = self._api.call("GET", path, params=params)
        if not isinstance(row, dict):
            raise RetryLater("StackStorm's answer is no execution")
        return row

    def cancel(self, execution: str, person: str) -> str:
        """Why it was not; empty where it is being canceled."""
        path = f"/executions/{checked(execution)}"
        answer = self._api.call("DELETE", path, person=person)
        said = answer.get("faultstring") if isinstance(answer, dict) else ""
        return one_line(clean(said, 200))

    def aliases(self) -> List[Alias]:
        """All aliases that are enabled, of every pack. Raises what the API raises."""
        found = [alias_of(row) for row in self._listed()]
        return [one for one in found if one is not None and one.enabled]

    def find_alias(self, ref: str) -> Optional[Alias]:
        rows = self._listed()
        return next((alias_of(row) for row in rows if row.get("ref") == ref), None)

    def environment(self) -> Any:
        """StackStorm's Jinja, with its filters; what is not there is empty."""
        from pagerduty_mattermost.gateways.stackstorm.jinja import make_environment

        return make_environment()

    def _listed(self) -> List[Dict[str, Any]]:
        with self._lock:
            at, rows = self._rows
        if self._monotonic() - at < LISTED_SECONDS:
            return rows
        rows = []
        for page in range(MAX_PAGES):
            params = {"limit": PAGE_SIZE, "offset": page * PAGE_SIZE}
            found = self._api.call("GET", "/actionalias", params=params)
            if not isinstance(found, list):
                raise RetryLater("StackStorm's list of aliases is no list")
            rows.extend(row for row in found if isinstance(row, dict))
            if len(found) < PAGE_SIZE:
                break
        with self._lock:
            self._rows = (self._monotonic(), rows)
        return rows

    def _tried(self, phrase: str, error: RetryLater) -> Match:
        """Raises the error where it was none of the aliases."""
        rows = [row for row in self._listed() if row.get("enabled") is not False]
        try:
            trial = tried(rows, phrase)
        except TrialFailed:
            raise error from None
        if not trial.broken:
            raise error
        if len(trial.fits) != 1:
            raise _NotOne(trial.broken, _not_one(trial.fits))
        fit = trial.fits[0]
        alias = next(alias_of(row) for row in rows if row.get("ref") == fit.ref)
        if alias is None:
            raise error
        return Match(alias, fit.representation, trial.broken)

    def _several(self, phrase: str) -> str:
        try:
            rows = [row for row in self._listed() if row.get("enabled") is not False]
            return _not_one(tried(rows, phrase).fits)
        except TrialFailed:
            return "several aliases take it: say it more exactly"


class _NotOne(NoMatch):
    """As NoMatch, with the aliases that do not compile."""

    def __init__(self, broken: Tuple[str, ...], why: str) -> None:
        super().__init__(why)
        self.broken = broken


def broken_of(error: NoMatch) -> Tuple[str, ...]:
    """The aliases that do not compile, where that came out."""
    return error.broken if isinstance(error, _NotOne) else ()


def _not_one(fits: Tuple[Fit, ...]) -> str:
    if not fits:
        return UNKNOWN
    named = sorted({f"{one.ref} ({one.display or one.representation})" for one in fits})
    return f"several aliases take it: {'; '.join(named)}; say it more exactly"


def _run(row: Mapping[str, Any]) -> AliasRun:
    execution = row.get("execution")
    execution = execution if isinstance(execution, dict) else {}
    id = str(execution.get("id") or "")
    link = str(execution.get("web_url") or "")
    message = clean(row.get("message"))
    return AliasRun(id if _ID.fullmatch(id) else "", message, link, is_masked(execution))


def is_masked(execution: Mapping[str, Any]) -> bool:
    """Whether one of its parameters is a secret."""
    given = execution.get("parameters")
    return isinstance(given, Mapping) and MASKED in map(str, given.values())


def is_execution(id: str) -> bool:
    """Whether it has the form of an execution's id."""
    return bool(_ID.fullmatch(id))


def checked(execution: str) -> str:
    """An id that may stand in a path. Raises RejectedInput."""
    if not _ID.fullmatch(execution):
        raise RejectedInput("that is no execution of StackStorm's")
    return execution
