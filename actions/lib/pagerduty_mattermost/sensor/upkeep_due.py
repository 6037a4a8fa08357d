"""Which of the regular jobs are due, as the incident sensor sees it: what is not configured,
or has nothing to do, starts no execution.

    due = UpkeepDue(config, store, log)
    jobs = due.jobs(known, now, wall)     # names of `core.config.upkeep.JOBS`
    due.begun(jobs, now)                  # they were dispatched

At most a request to the datastore each minute and six more every few minutes, and none to
PagerDuty or Mattermost.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from pagerduty_mattermost.core.config.settings import Config, is_mattermost_absent
from pagerduty_mattermost.core.config.upkeep import (
    CANARY,
    CATCH_UP,
    DIGEST,
    KEPT_PAGES,
    ONCALL_SYNC,
    ONCALL_WATCH,
    RECONCILE,
    REMINDERS,
)
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.stackstorm import outage
from pagerduty_mattermost.gateways.stackstorm.datastore import QUARANTINE, Store
from pagerduty_mattermost.incidents.known_states import KnownIncident

LETTERS, HELD, MEMBERS, PAGES, SWAPS = "deadletter.", "held.", "member.", "page.", "swap."
"""Keys that say that there is something to do."""
MINUTE_SECONDS, FEW_MINUTES_SECONDS = 60.0, 300.0
EVERY_SECONDS: Mapping[str, float] = {
    CANARY: MINUTE_SECONDS,
    KEPT_PAGES: MINUTE_SECONDS,
    REMINDERS: MINUTE_SECONDS,
    ONCALL_WATCH: 2 * MINUTE_SECONDS,
    CATCH_UP: 2 * MINUTE_SECONDS,
    DIGEST: FEW_MINUTES_SECONDS,
    ONCALL_SYNC: FEW_MINUTES_SECONDS,
    RECONCILE: FEW_MINUTES_SECONDS,
}
"""The watchdog is not the sensor's: it watches the sensor, by a timer."""
REMEMBERED_SECONDS = 3600.0
"""After which who is on call is remembered anew, by a run that comes in any case."""
REMINDED_SECONDS = 3600.0
"""After its time a reminder that comes once was posted; later ones wait for the next run of
others."""
FRESH_SECONDS = 600.0
"""Since the last change of an incident, for which reconcile comes every few minutes: two runs, for
what is younger than three minutes is left to the next one."""
CALM_SECONDS = 1800.0
"""Between two runs of reconcile while nothing changes and the last one left nothing."""
RECONCILE_KEY = "reconcile.run"
"""What the last run of reconcile left of itself."""
SLACK_SECONDS = 5.0
"""By which a cycle may come early."""


class UpkeepDue:
    """Which jobs are due now."""

    def __init__(self, config: Config, store: Store, log: Any) -> None:
        """`store`: with a short deadline, since the sensor waits meanwhile."""
        self._config, self._store, self._log = config, store, log
        self._is_idle = is_mattermost_absent(config)
        self._looked: Dict[str, float] = {}
        """When each job was last dispatched, or found to have nothing to do."""
        self._seen: Tuple[int, int] = (0, 0)
        self._changed_at: Optional[float] = None
        """When `_seen` became so."""
        self._reconciled_at: Optional[float] = None
        self._whole: Dict[str, float] = {}
        """When it was last begun, or looked at in every way."""
        self._remembered_at: Optional[float] = None

    def jobs(self, known: Mapping[str, KnownIncident], now: float, wall: float) -> List[str]:
        """`now`: monotonic seconds; `wall`: seconds since the epoch. Raises nothing."""
        if self._is_idle:
            return []
        seen = (len(known), max((one.touched for one in known.values()), default=0))
        if self._changed_at is None or seen != self._seen:
            self._seen, self._changed_at = seen, now
        found = []
        for name, every in EVERY_SECONDS.items():
            looked = self._looked.get(name)
            if name in self._config.upkeep.without or (
                looked is not None and now - looked < every - SLACK_SECONDS
            ):
                continue
            whole = self._whole.get(name)
            waited = whole is None or now - whole >= FEW_MINUTES_SECONDS - SLACK_SECONDS
            due = self._reconciles(now) if name == RECONCILE else None
            if self._is_due(name, known, wall, waited) if due is None else due:
                found.append(name)
                continue
            self._looked[name] = now
            if waited:
                self._whole[name] = now
        at = self._remembered_at
        is_old = at is None or now - at >= REMEMBERED_SECONDS
        if found and is_old and KEPT_PAGES not in (*found, *self._config.upkeep.without):
            found.append(KEPT_PAGES)
        return found

    def begun(self, jobs: Sequence[str], now: float) -> None:
        for name in jobs:
            self._looked[name] = self._whole[name] = now
            if name == RECONCILE:
                self._reconciled_at = now
        if KEPT_PAGES in jobs:
            self._remembered_at = now

    def _is_due(
        self, name: str, known: Mapping[str, KnownIncident], wall: float, waited: bool
    ) -> bool:
        """`waited`: it was not looked at in every way for a few minutes."""
        oncall = self._config.oncall
        if name == REMINDERS:
            return self._reminds(known, wall, waited)
        if name == CANARY:
            return bool(self._config.canary.service)
        if name == KEPT_PAGES:
            return self._has(PAGES)
        if name == ONCALL_WATCH:
            return bool(oncall.channels) or (waited and self._has(SWAPS))
        if name == CATCH_UP:
            waiting = self._has(outage.POSTS.waiting_key)
            return waiting or (waited and (self._has(LETTERS) or self._has(QUARANTINE)))
        if name == DIGEST:
            return self._has(HELD)
        configured = oncall.headers or oncall.members or oncall.groups
        return bool(configured) or self._has(MEMBERS)

    def _reconciles(self, now: float) -> bool:
        """Something changed lately, the last run left something, or it was long ago."""
        at, changed = self._reconciled_at, self._changed_at
        if at is None or changed is None or now - at >= CALM_SECONDS - SLACK_SECONDS:
            return True
        return now - changed < FRESH_SECONDS or self._left_something()

    def _left_something(self) -> bool:
        """Where that can't be told the job looks for itself."""
        try:
            run = self._store.read(RECONCILE_KEY)
        except PackError as error:
            self._log.info("Whether reconcile left something is not known: %s", error)
            return True
        return isinstance(run, dict) and bool(
            run.get("left") or (run.get("ended") or 0) < (run.get("at") or 0)
        )

    def _reminds(self, known: Mapping[str, KnownIncident], wall: float, waited: bool) -> bool:
        """Something is triggered: each minute while its time comes, else with the others."""
        terms = self._config.reminders
        ages = [
            wall - one.status_at
            for one in known.values()
            if terms.enabled and one.status == "triggered" and one.urgency in terms.urgencies
        ]
        first = terms.after * 60.0
        return (waited and bool(ages)) or any(
            age > first - MINUTE_SECONDS and (terms.repeat or age < first + REMINDED_SECONDS)
            for age in ages
        )

    def _has(self, prefix: str) -> bool:
        """Where that can't be told the job looks for itself."""
        try:
            return self._store.has_any(prefix)
        except PackError as error:
            self._log.info("Whether there is something to do is not known: %s", error)
            return True
