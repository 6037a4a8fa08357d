"""What is under way at StackStorm for people in Mattermost: looked at until it has ended, then
told. In one thread for all; what a killed process left is picked up again.

    watch = AliasWatch(host, telling, records, audit, log)
    watch.add(kept)
    watch.pick_up()        # each minute, and at the start

An execution is looked at soon and then ever less often, by how long it has run: at most half as
late again as it took, and 5 s. What Mattermost or StackStorm does not take is tried again; the
datastore's key goes once it is told.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, NamedTuple, Optional, Set

from pagerduty_mattermost.chatops import rendering
from pagerduty_mattermost.chatops.alias_audit import AliasAudit
from pagerduty_mattermost.chatops.alias_host import AliasHost, is_masked
from pagerduty_mattermost.chatops.alias_telling import AliasTelling
from pagerduty_mattermost.chatops.rendering import ENDED, SUCCEEDED, ShownResult
from pagerduty_mattermost.core.errors import NotFound, PackError, Unauthorized
from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase, PhraseRecords

FIRST_LOOK_SECONDS, LAST_PACE_SECONDS = 0.1, 5.0
PACE_SHARE = 0.3
"""Of the time that it has run: when it is looked at again."""
TRIED_AGAIN_SECONDS = (1.0, 5.0, 15.0, 30.0)
"""After which what failed is tried again; the last one from then on."""
SETTLED_SECONDS = 60.0
"""After which an execution that was asked for is to be found, or was none."""
NOT_RUN = ShownResult(
    ":warning: It was not run: what was to do so ended before StackStorm had taken it. Say it "
    "again."
)
GONE = ShownResult(":warning: StackStorm has no such execution any more.")
HIDDEN = ShownResult(":warning: What came of it may not be read (StackStorm's RBAC).")


class _Watched(NamedTuple):
    kept: KeptPhrase
    begun: float
    due: float
    failures: int = 0


class AliasWatch:
    """For several threads. `wait`: waits so many seconds for the event."""

    def __init__(
        self,
        host: AliasHost,
        telling: AliasTelling,
        records: PhraseRecords,
        audit: AliasAudit,
        log: Any,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host, self._telling, self._records, self._log = host, telling, records, log
        self._audit, self._clock, self._monotonic = audit, clock, monotonic
        self._changed = threading.Condition()
        self._watched: Dict[str, _Watched] = {}
        self._busy: Set[str] = set()
        self._told: Set[str] = set()
        """What was told, and whose key could not be deleted yet."""
        self._running = False
        self._closed = False

    def begin(self, kept: KeptPhrase) -> None:
        """It is looked after here from now on, though there is nothing to look at yet."""
        with self._changed:
            self._busy.add(kept.id)

    def drop(self, kept: KeptPhrase) -> None:
        """Watch it no more, since StackStorm was not asked to run it."""
        with self._changed:
            self._busy.discard(kept.id)

    def add(self, kept: KeptPhrase) -> None:
        """Its execution is looked at until it has ended."""
        now = self._monotonic()
        with self._changed:
            self._busy.discard(kept.id)
            self._watched[kept.id] = _Watched(kept, now, now + FIRST_LOOK_SECONDS)
            if not self._running and not self._closed:
                self._running = True
                threading.Thread(target=self._run, name="pagerduty-aliases", daemon=True).start()
            self._changed.notify_all()

    def pick_up(self) -> None:
        """What stands in the datastore and is looked after nowhere. Raises nothing that can go
        wrong outside."""
        try:
            left = [kept for kept in self._records.all() if not self._is_known(kept)]
        except PackError as error:
            self._log.warning("What is under way for people could not be read: %s", error)
            return
        for kept in left:
            try:
                self._go_on(kept)
            except PackError as error:
                self._log.warning("Order %s is gone on with later: %s", kept.id, error)

    def close(self) -> None:
        """Nothing more is looked at; it stays in the datastore."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def count(self) -> int:
        """How many are looked at."""
        with self._changed:
            return len(self._watched)

    def _is_known(self, kept: KeptPhrase) -> bool:
        with self._changed:
            return kept.id in self._watched or kept.id in self._busy

    def _go_on(self, kept: KeptPhrase) -> None:
        if not kept.execution:
            if self._clock() - kept.at < SETTLED_SECONDS:
                return  # StackStorm may be about to take it
            found = self._host.executions_of(kept.mark, kept.action, kept.at)
            if not found:
                self._end(kept, NOT_RUN)
                return
            kept = kept._replace(execution=sorted(found)[0])
            secret = is_masked(self._host.execution(kept.execution))
            kept = kept._replace(secret=secret)
            self._records.write(kept)
        self._audit.ran(kept)
        self.add(kept)

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed or not self._watched:
                    self._running = False
                    return
                due = min(self._watched.values(), key=lambda one: one.due)
                wait = due.due - self._monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
            self._look(due)

    def _look(self, one: _Watched) -> None:
        kept = one.kept
        try:
            ended = self._looked(kept)
        except PackError as error:
            pause = TRIED_AGAIN_SECONDS[min(one.failures, len(TRIED_AGAIN_SECONDS) - 1)]
            self._log.warning("Execution %s is read again: %s", kept.execution, error)
            self._later(one._replace(failures=one.failures + 1), pause)
            return
        except Exception as error:  # noqa: BLE001 - one phrase's trouble is not that of others
            self._log.error("Execution %s: %s: %s", kept.execution, type(error).__name__, error)
            self._later(one._replace(failures=one.failures + 1), TRIED_AGAIN_SECONDS[-1])
            return
        if not ended:
            ran = self._monotonic() - one.begun
            pace = min(LAST_PACE_SECONDS, max(FIRST_LOOK_SECONDS, PACE_SHARE * ran))
            self._later(one._replace(failures=0), pace)

    def _later(self, one: _Watched, pause: float) -> None:
        with self._changed:
            self._watched[one.kept.id] = one._replace(due=self._monotonic() + pause)

    def _looked(self, kept: KeptPhrase) -> bool:
        """Whether it has ended and was told. Raises a PackError."""
        if kept.id in self._told:
            self._end(kept, GONE)
            return True
        try:
            status = self._host.status(kept.execution)
            if status not in ENDED:
                return False
            shown = self._shown(kept, status)
        except NotFound:
            shown = GONE
        except Unauthorized as error:
            if error.status != 403:
                raise
            shown = HIDDEN
        self._end(kept, shown)
        return True

    def _shown(self, kept: KeptPhrase, status: str) -> Optional[ShownResult]:
        """None where its alias wants nothing said of what succeeded, and nothing was said."""
        alias = self._host.find_alias(kept.alias)
        if alias is not None and not alias.has_result and status == SUCCEEDED:
            return ShownResult(":white_check_mark:") if kept.post_id else None
        execution = self._host.execution(kept.execution)
        link = kept.link or str(execution.get("web_url") or "")
        return rendering.rendered(alias, execution, self._host.environment, link)

    def _end(self, kept: KeptPhrase, shown: Optional[ShownResult]) -> None:
        if shown is not None and kept.id not in self._told:
            self._telling.tell(kept, shown)
        self._told.add(kept.id)
        self._records.delete(kept)
        self._told.discard(kept.id)
        with self._changed:
            self._watched.pop(kept.id, None)
            self._busy.discard(kept.id)
