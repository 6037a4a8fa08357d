"""One look of the incident sensor at PagerDuty: read, decide, dispatch, commit; in this order,
whatever fails.

    Cycle(config, pagerduty, StateStore(Store(service)), dispatcher, log).run()     # once every
    poll interval

`run` never raises for what goes wrong outside (Exception): it notes it, tells
`pagerduty.sensor_health` when it lasts, and the next run goes on from what was committed. At least
once: a change is dispatched, then its state is committed. Quiet runs cost one request and no
write; `snapshot` and `sensor_state` say what the others cost.
"""

from __future__ import annotations

import time
from datetime import timezone, tzinfo
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Mapping, Optional

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.settings import Config
from pagerduty_mattermost.core.errors import (
    ConfigError,
    PackError,
    RejectedInput,
    RetryLater,
    StoreUnreachable,
    Unauthorized,
)
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.stackstorm.dispatcher import (
    Dispatcher,
    DispatchFailed,
    UnfitPayload,
)
from pagerduty_mattermost.incidents.incident import Change, Incident
from pagerduty_mattermost.incidents.known_states import REPORTED, State, Step, bridge_of
from pagerduty_mattermost.incidents.reader import (
    SnapshotRead,
    read_incident,
    read_log,
    read_snapshot,
)
from pagerduty_mattermost.incidents.server_clock import ServerClock, moved
from pagerduty_mattermost.incidents.snapshot import (
    Pending,
    adoption,
    differences,
    explained,
    is_unchanged,
)
from pagerduty_mattermost.incidents.state_store import HEARTBEAT_SECONDS, StateStore
from pagerduty_mattermost.incidents.tracker import follow
from pagerduty_mattermost.incidents.trigger_payload import payload
from pagerduty_mattermost.incidents.watch_filter import WatchFilter
from pagerduty_mattermost.noise.storm_gate import NoiseDesk
from pagerduty_mattermost.sensor.health import Health, fault
from pagerduty_mattermost.sensor.heartbeat import Pulse, heartbeat, tell_health
from pagerduty_mattermost.sensor.open_summary import summary
from pagerduty_mattermost.sensor.watch_scope import Scope

INCIDENT, SUMMARY = "pagerduty.incident", "pagerduty.open_summary"
CATCH_UP = 7 * 86400
"""Seconds of log that are read again after a long standstill; what is older, snapshots find as
differences."""
MAX_SLICES = 20
"""Windows of a long log in one run; the rest follows with the next."""
MAX_WAIT = 300.0
"""Seconds: a longer wait that PagerDuty asks for is asked about again."""
SNAPSHOT_SHARE = 0.05
"""Share of the rate limit that snapshots may take."""
DEFAULT_RATE = 960
"""Requests a minute of an account's key, where the answers don't tell."""
MAX_ENRICHED = 20
"""New incidents in one run for which the conference bridge is read, one request each."""
CYCLES_SKIPPED = 100
"""Added at a start: more than the quiet cycles that were not committed, so that cycles only ever
grow."""


class Cycle:
    """The sensor's life, without a loop. `monotonic` (seconds) measures intervals; no local time
    of day is used."""

    def __init__(
        self,
        config: Config,
        pagerduty: PagerDuty,
        states: StateStore,
        dispatcher: Dispatcher,
        log: Any,
        health: Optional[Health] = None,
        *,
        pulse: Optional[Pulse] = None,
        noise: Optional[NoiseDesk] = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._pagerduty = pagerduty
        self._states = states
        self._dispatcher = dispatcher
        self._log = log
        self._monotonic = monotonic
        self.health = health or Health()
        self._pulse, self._noise = pulse, noise
        self._clock = ServerClock()
        self.state: Optional[State] = None
        self._rebuild = False
        self._scope = Scope(config.watch, pagerduty, log, monotonic)
        self._enrichable = 0
        self._pending: Pending = {}
        self._looked_up: Dict[str, int] = {}
        self._summary: Optional[Dict[str, Any]] = None
        self._want_snapshot = True
        self._runs_since_snapshot = 0.0
        self._snapshot_at: Optional[float] = None
        self._snapshot_cost = 2
        self._not_before: Optional[float] = None
        self._heartbeat_at: Optional[float] = None
        self._last_good = ""
        self._good_at: Optional[float] = None

    @property
    def server_time(self) -> Optional[float]:
        """PagerDuty's clock in its newest answer, seconds since the epoch."""
        return self._pagerduty.last_server_time

    @property
    def waits(self) -> bool:
        """Something new is to be looked at again soon: a storm may be beginning."""
        return self._noise is not None and bool(self._noise.waiting)

    @property
    def last_good(self) -> str:
        """Up to when all was read; UTC, empty when nothing was."""
        return self._last_good

    def run(self, weight: float = 1.0) -> bool:
        """One look, which counts as so much of one for `snapshot_every`; False when it did not
        come to its end. Raises nothing but what ends the process."""
        now, done = self._monotonic(), False
        if self._not_before is not None and now < self._not_before:
            self._beat()
            return done
        self._not_before = None
        try:
            self._look(weight)
        except Exception as error:  # noqa: BLE001 - the sensor's process dies of what leaves poll()
            self._failed(error)
        else:
            for kind in ("pagerduty", "dispatch", "fault"):
                self.health.good(kind)
            if self.state is not None and not self.state.dirty:
                self.health.good("datastore")
            self._good_at, done = self._monotonic(), True
        if self._scope.problems:
            self.health.failed(
                "names", self._scope.problems, now, last_good=self._last_good, at_once=True
            )
        else:
            self.health.good("names")
        if self._pulse is not None and self.state is not None:
            self._pulse.beat(self.state.cycle, self._last_good)
        if tell_health(self.health, self._dispatcher, self._log, self._monotonic):
            self._heartbeat_at = None
        self._beat()
        return done

    def _failed(self, error: Exception) -> None:
        now = self._monotonic()
        if isinstance(error, PackError):
            kind, reason = "pagerduty", str(error)
            if isinstance(error, StoreUnreachable):
                kind = "datastore"
            elif isinstance(error, DispatchFailed):
                kind = "dispatch"
        else:
            kind, reason = "fault", fault(self._log, error, whole=self._config.debug)
        if kind in ("pagerduty", "fault"):
            self._want_snapshot = True
            wait = getattr(error, "retry_after", None)
            if wait:
                self._not_before = now + min(float(wait), MAX_WAIT)
        permanent = isinstance(error, (Unauthorized, ConfigError))
        self.health.failed(kind, reason, now, last_good=self._last_good, at_once=permanent)
        self._log.warning("The incident sensor can't go on now: %s", reason)

    def _look(self, weight: float) -> None:
        state = self.state if self.state is not None else self._load()
        if state is not None and state.dirty:
            self._commit(state)
        watch = self._scope.watch()
        self._enrichable = MAX_ENRICHED
        if state is None:
            state = self._first_start(watch)
        state.cycle += 1
        if self._rebuild:
            self._rebuild_from_snapshot(state, watch)
        whole = self._follow_log(state, watch)
        self._runs_since_snapshot += weight
        if whole and self._is_snapshot_due():
            self._take_snapshot(state, watch)
        if state.summary_due:
            self._summarise(state, watch)

    def _load(self) -> Optional[State]:
        """The state from the datastore; None at the first start. Raises StoreUnreachable."""
        loaded = self._states.load()
        for key in loaded.broken:
            self._log.error(
                "The datastore key pagerduty.%s did not read; it is kept aside and its "
                "content made anew",
                key,
            )
        self._rebuild = loaded.rebuild
        state = loaded.state
        if state is not None:
            self.state = state
            state.cycle = max(state.cycle, _int(loaded.heartbeat.get("cycle"))) + CYCLES_SKIPPED
            if loaded.heartbeat.get("told") is True:
                self.health.told = True
                self.health.since = str(loaded.heartbeat.get("failing_since") or "")
        return state

    def _first_start(self, watch: WatchFilter) -> State:
        """The state of the day, silently (facts/pagerduty.md, rule 7)."""
        read = self._read_snapshot(watch, lambda row: False, ())
        if read.server_time is None:
            raise RetryLater(
                "PagerDuty GET /incidents: the answer tells no time (header Date), so "
                "nothing can start"
            )
        state = State(origin=read.server_time, cursor=read.server_time)
        for step in adoption(state, read.found.changed, watch, read.server_time, followed=False):
            state.apply(step)
        state.scope = watch.fingerprint
        state.summary_due = True
        self._summary = self._summary_of(read, watch, state)
        self._states.compact(state)
        self.state = state
        self._want_snapshot = False
        self._log.info(
            "First start: %d open incidents are known, changes are reported from now on",
            len(state.known),
        )
        return state

    def _rebuild_from_snapshot(self, state: State, watch: WatchFilter) -> None:
        """The head was lost: what is open now counts as told; what the log says since the last
        heartbeat is told by its entries, which those who post recognise."""
        read = self._read_snapshot(watch, lambda row: False, ())
        if read.server_time is None:
            raise RetryLater(
                "PagerDuty GET /incidents: the answer tells no time (header Date), so "
                "nothing can start"
            )
        now = read.server_time
        state.cursor = state.cursor or now
        state.origin = state.origin or state.cursor
        for step in adoption(state, read.found.changed, watch, now, followed=True):
            state.apply(step)
        for incident_id, known in list(state.known.items()):
            if known.is_open and incident_id not in read.listed and incident_id not in state.away:
                state.put(
                    incident_id,
                    known._replace(status="resolved", status_at=int(now), touched=int(now)),
                )
        state.scope = watch.fingerprint
        self._states.compact(state)
        self._rebuild = False

    def _follow_log(self, state: State, watch: WatchFilter) -> bool:
        """Read the log and dispatch what it says. False when there is more than one run takes."""
        since = state.since
        for _ in range(MAX_SLICES):
            teams = None if state.away else watch.teams
            read = read_log(self._pagerduty, since, teams, state.is_fresh)
            confirmed = self._clock.confirmed(read.server_time, self._monotonic())
            if read.truncated:
                self._log.warning(
                    "More log entries in one second than PagerDuty lists: a snapshot looks "
                    "for the rest"
                )
                self._want_snapshot = True
            now = max(confirmed or 0.0, state.cursor)
            steps = follow(state, read.entries, watch, now, read_again=read.upto is None)
            explained(self._pending, steps)
            self._dispatch(state, steps, now, patient=read.upto is None)
            believed = confirmed if read.server_time is not None else read.newest
            cursor = moved(state.cursor, read.upto, believed, read.newest)
            if cursor < state.cursor:
                self._log.warning("PagerDuty's clock went back by %d s", state.cursor - cursor)
                state.origin = min(state.origin, cursor)
            state.advance(cursor)
            if state.dirty:
                self._commit(state)
            self._last_good = times.iso(state.cursor)
            if read.upto is None:
                return True
            since = max(read.upto, (confirmed or 0.0) - CATCH_UP)
        return False

    def _is_snapshot_due(self) -> bool:
        if (
            not self._want_snapshot
            and self._runs_since_snapshot < self._config.watch.snapshot_every
        ):
            return False
        rate = self._pagerduty.last_rate
        limit = rate.limit if rate is not None and rate.limit > 0 else DEFAULT_RATE
        spacing = self._snapshot_cost * 60.0 / (SNAPSHOT_SHARE * limit)
        return self._snapshot_at is None or self._monotonic() - self._snapshot_at >= spacing

    def _take_snapshot(self, state: State, watch: WatchFilter) -> None:
        known_open = sorted(
            (i for i, known in state.known.items() if known.is_open),
            key=lambda i: (self._looked_up.get(i, 0), not state.known[i].has(REPORTED)),
        )
        read = self._read_snapshot(
            watch, lambda row: is_unchanged(state.known.get(str(row.get("id"))), row), known_open
        )
        waiting = set(read.vanished)
        self._looked_up = {
            i: self._looked_up.get(i, 0) if i in waiting else state.cycle
            for i in known_open
            if i not in read.listed
        }
        # The log was read just before: when the two answers agree about the time, it was that of
        # the log's.
        now = self._clock.confirmed(read.server_time, self._snapshot_at or 0.0) or state.cursor
        undecided: FrozenSet[str] = self._noise.waiting if self._noise is not None else frozenset()
        news = read.found._replace(
            changed=tuple(one for one in read.found.changed if one.id not in undecided)
        )
        self._dispatch(state, differences(state, news, watch, now, self._pending), now)
        if state.scope != watch.fingerprint:
            state.scope = watch.fingerprint
            state.dirty = True
        self._want_snapshot = False
        self._runs_since_snapshot = 0.0
        if state.doubtful:
            self._states.compact(state)
        elif state.dirty:
            self._commit(state)

    def _read_snapshot(
        self,
        watch: WatchFilter,
        unchanged: Callable[[Mapping[str, Any]], bool],
        known_open: Iterable[str],
    ) -> SnapshotRead:
        self._snapshot_at = self._monotonic()
        read = read_snapshot(self._pagerduty, watch.services, watch.teams, unchanged, known_open)
        self._snapshot_cost = read.requests
        return read

    def _dispatch(
        self, state: State, steps: List[Step], now: float, *, patient: bool = False
    ) -> None:
        """Dispatch and take over step by step. When one fails, the others wait for the next run:
        order is kept."""
        noise = self._noise
        try:
            for step in noise.sort(steps, now, patient=patient) if noise is not None else steps:
                if step.change is not None:
                    before = state.known.get(step.incident_id)
                    if before is None or not before.has(REPORTED):
                        step = self._enriched(step)
                    assert step.change is not None
                    told = (
                        noise.passed(step.change, state.origin, now)
                        if noise is not None
                        else step.change
                    )
                    if told is not None:
                        self._send(told)
                state.apply(step)
            if noise is not None:
                open_ids = {i for i, known in state.known.items() if known.is_open}
                noise.tell(now, state.origin, self._send, open_ids)
        except DispatchFailed:
            if state.dirty:
                self._commit(state)
            raise

    def _send(self, change: Change) -> None:
        events = tuple(
            event for event in change.events if not self._dispatcher.was_dispatched(event.event_id)
        )
        if change.events and not events:
            return
        change = change._replace(events=events)
        ids = [event.event_id for event in events]
        try:
            self._dispatcher.dispatch(
                INCIDENT, payload(change), trace_tag=change.incident.id, ids=ids
            )
        except UnfitPayload as error:
            # Waiting would hold up all others, and it will not fit later either.
            self._log.error("Not dispatched: %s (events %s)", error, ", ".join(ids))

    def _enriched(self, step: Step) -> Step:
        """With what the log does not include of a new incident: its conference bridge, and its
        first alert where that is not among the entries. Best effort, for the first few of a run;
        snapshots show the other bridges."""
        change, known = step.change, step.known
        rate = self._pagerduty.last_rate
        if (
            change is None
            or self._enrichable <= 0
            or (rate is not None and rate.remaining * 5 < rate.limit)
        ):
            return step
        self._enrichable -= 1
        try:
            whole = read_incident(self._pagerduty, change.incident.id)
        except PackError as error:
            self._enrichable = 0
            self._log.warning("Posted without its conference bridge: %s", error)
            return step
        if whole is None:
            return step
        mine = change.incident
        extras = ("conference_url", "conference_number", "summary", "details", "links")
        incident = mine._replace(**{n: getattr(mine, n) or getattr(whole, n) for n in extras})
        if known is not None:
            known = known._replace(
                bridge=bridge_of(incident.conference_url, incident.conference_number)
            )
        # The first alert is known for certain only from its log entry, which came whole.
        triggered = "incident.triggered" in change.event_types
        return step._replace(
            known=known, change=change._replace(incident=incident, complete=triggered)
        )

    def _commit(self, state: State) -> None:
        """Commit; while the datastore is down, incidents go on being reported, and the state is
        committed later."""
        try:
            self._states.commit(state)
        except StoreUnreachable as error:
            state.dirty = True
            self.health.failed(
                "datastore", str(error), self._monotonic(), last_good=self._last_good
            )
            self._log.warning("State not committed yet: %s", error)
        else:
            self.health.good("datastore")

    def _summarise(self, state: State, watch: WatchFilter) -> None:
        if self._summary is None:
            self._summary = self._summary_of(
                self._read_snapshot(watch, lambda row: False, ()), watch, state
            )
        key = self._summary["key"]
        try:
            self._dispatcher.dispatch(SUMMARY, self._summary, trace_tag=key, ids=(key,))
        except UnfitPayload as error:
            self._log.error("Not dispatched: %s", error)
        self._summary = None
        state.summary_due = False
        self._commit(state)

    def _summary_of(self, read: SnapshotRead, watch: WatchFilter, state: State) -> Dict[str, Any]:
        shown: List[Incident] = [
            one for one in read.found.changed if one.is_open and watch.passes(one, (one.status,))
        ]
        return summary(shown, state.origin, self._zone())

    def _zone(self) -> tzinfo:
        try:
            return times.zone(self._config.time_zone)
        except ConfigError as error:
            self._log.warning("%s", error)
            return timezone.utc

    def _beat(self) -> None:
        """The heartbeat, at most once a minute; its cursor counts at the next start, so only what
        is committed."""
        state, now = self.state, self._monotonic()
        if state is None or state.dirty or self._rebuild:
            return
        if self._heartbeat_at is not None and now - self._heartbeat_at < HEARTBEAT_SECONDS:
            return
        self._heartbeat_at = now
        since_good = None if self._good_at is None else round(now - self._good_at, 1)
        content = heartbeat(state, self.health, self._pagerduty, self._last_good, since_good)
        try:
            self._states.heartbeat(content)
        except (StoreUnreachable, RejectedInput) as error:
            self._log.warning("No heartbeat: %s", error)


def _int(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
