"""One cycle of the incident sensor: read PagerDuty, decide, dispatch, commit; in this order,
whatever fails.

    cycle = Cycle(config, pagerduty, StateStore(Store(service)), dispatcher, log)
    cycle.run()     # once every poll interval

`run` never raises for what goes wrong outside (Exception): it notes it, dispatches
`pagerduty.sensor_health` when it lasts, and the next run goes on from what was committed. At least
once: a change is dispatched, then its state is committed. Quiet runs cost one request and no
write; `incidents.reader` and `incidents.state_store` say what the others cost.
"""

from __future__ import annotations

import time
from datetime import timezone, tzinfo
from functools import partial
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.settings import Config
from pagerduty_mattermost.core.errors import (
    ConfigError,
    PackError,
    RejectedInput,
    StoreUnreachable,
    Unauthorized,
)
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.stackstorm.dispatcher import (
    Dispatcher,
    DispatchFailed,
    UnfitPayload,
)
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.incidents.known_states import SensorState, StateStep
from pagerduty_mattermost.incidents.log_entries import LogEntry
from pagerduty_mattermost.incidents.reader import SnapshotRead, read_log, read_readable
from pagerduty_mattermost.incidents.server_clock import ServerClock, moved
from pagerduty_mattermost.incidents.snapshot import differences, explained
from pagerduty_mattermost.incidents.state_store import HEARTBEAT_SECONDS, StateStore
from pagerduty_mattermost.incidents.tracker import follow
from pagerduty_mattermost.incidents.watch_filter import WatchFilter
from pagerduty_mattermost.noise.storm_gate import StormGate
from pagerduty_mattermost.sensor import open_summary
from pagerduty_mattermost.sensor.body_events import BodyEvents, with_body_events
from pagerduty_mattermost.sensor.change_dispatch import ChangeDispatch
from pagerduty_mattermost.sensor.custom_field_looks import with_custom_fields
from pagerduty_mattermost.sensor.health import SENSOR, SensorHealth, fault, kept_told
from pagerduty_mattermost.sensor.heartbeat import Heartbeat, heartbeat_record, report_health
from pagerduty_mattermost.sensor.routing import Routing
from pagerduty_mattermost.sensor.snapshots import Snapshots
from pagerduty_mattermost.sensor.starting import first_state, rebuild
from pagerduty_mattermost.sensor.watch_scope import WatchScope

SUMMARY_TRIGGER = "pagerduty.open_summary"
CATCH_UP_SECONDS = 7 * 86400
"""Seconds of log that are read again after a long standstill; what is older, snapshots find as
differences."""
MAX_SLICES = 20
"""Windows of a long log in one cycle; the others follow with the next."""
MAX_WAIT_SECONDS = 300.0
"""Wait at most this long, then try again, even if Retry-After says more."""
CYCLE_KINDS = ("pagerduty", "key", "configuration", "dispatch", "fault", SENSOR)
"""Kinds of problems that a good cycle ends."""
SAME_LINE_SECONDS = 600.0
"""Between two lines in the log that say the same of a cycle that failed."""
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
        health: Optional[SensorHealth] = None,
        *,
        trigger_heartbeat: Optional[Heartbeat] = None,
        noise: Optional[StormGate] = None,
        routing: Optional[Routing] = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._pagerduty = pagerduty
        self._states = states
        self._dispatcher = dispatcher
        self._log = log
        self._monotonic = monotonic
        self.health = health or SensorHealth()
        self.on_followed: Callable[[Sequence[LogEntry]], None] = lambda entries: None
        """Called with the new entries of each read of the log, after their changes went out."""
        self.body_events: Optional[BodyEvents] = None
        """What the webhook's calls alone tell, where there is a webhook."""
        self._trigger_heartbeat = trigger_heartbeat
        self._changes = ChangeDispatch(dispatcher, pagerduty, noise, log, routing)
        self._snapshots = Snapshots(pagerduty, config.watch.snapshot_every)
        self._clock = ServerClock()
        self.state: Optional[SensorState] = None
        self._rebuild = False
        self._scope = WatchScope(config.watch, pagerduty, log, monotonic)
        self._summary: Dict[str, Any] = {}
        self._summary_changed = False
        self._changes.on_applied = self._note_in_summary
        self._not_before: Optional[float] = None
        self._heartbeat_at: Optional[float] = None
        self._last_good = ""
        self._logged = ("", 0.0)
        self._good_at: Optional[float] = None

    @property
    def server_time(self) -> Optional[float]:
        """PagerDuty's clock in its newest answer, seconds since the epoch."""
        return self._pagerduty.last_server_time

    @property
    def waits(self) -> bool:
        """The next cycle should come soon: a storm may be beginning."""
        return bool(self._changes.undecided)

    @property
    def last_good(self) -> str:
        """Up to when all was read; UTC, empty when nothing was."""
        return self._last_good

    def look_up(self, incident_ids: Iterable[str]) -> None:
        """Look at these with the next snapshot: the log lacks something of them."""
        self._snapshots.asked.update(dict.fromkeys(incident_ids))

    def run(self, weight: float = 1.0) -> bool:
        """One cycle; False when it did not come to its end. `weight`: fraction of a poll interval,
        for the snapshot counter (`snapshot_every`): a webhook's calls make cycles come sooner.
        Raises nothing but what ends the process."""
        now, done = self._monotonic(), False
        if self._not_before is not None and now < self._not_before:
            self._beat()
            self._save_heartbeat()
            return done
        self._not_before = None
        try:
            self._look(weight)
        except Exception as error:  # noqa: BLE001 - the sensor's process dies of what leaves poll()
            self._failed(error)
        else:
            self.health.good(*CYCLE_KINDS)
            if self.state is not None and not self.state.dirty:
                self.health.good("datastore")
            self._good_at, done = self._monotonic(), True
        if not self._config.webhook.port:
            self.health.stands("webhook", {}, now)
        if self._scope.asked:
            self.health.stands("names", self._scope.problems, now, last_good=self._last_good)
        self._beat()
        if report_health(self.health, self._dispatcher, self._log, self._monotonic):
            self._heartbeat_at = None
        self._save_heartbeat()
        return done

    def _beat(self) -> None:
        """Also while PagerDuty does not answer."""
        if self._trigger_heartbeat is not None and self.state is not None:
            self._trigger_heartbeat.beat(self.state.cycle, self._last_good, self.state.known)

    def _failed(self, error: Exception) -> None:
        now = self._monotonic()
        if isinstance(error, PackError):
            kind, reason = "pagerduty", error.in_chat
            if isinstance(error, StoreUnreachable):
                kind = "datastore"
            elif isinstance(error, DispatchFailed):
                kind = "dispatch"
            elif isinstance(error, Unauthorized):
                kind = "key"
            elif isinstance(error, ConfigError):
                kind = "configuration"
        else:
            kind, reason = "fault", fault(self._log, error, whole=self._config.debug)
        if kind not in ("datastore", "dispatch"):
            self._snapshots.wanted = True
            wait = getattr(error, "retry_after", None)
            if wait:
                self._not_before = now + min(float(wait), MAX_WAIT_SECONDS)
        permanent = kind in ("key", "configuration")
        self.health.failed(kind, reason, now, last_good=self._last_good, at_once=permanent)
        line = str(error) if isinstance(error, PackError) else reason
        if self._logged[0] != line or now - self._logged[1] >= SAME_LINE_SECONDS:
            self._logged = (line, now)
            self._log.warning("Nothing is read or reported now, and tried again: %s", line)

    def _look(self, weight: float) -> None:
        state = self.state if self.state is not None else self._load()
        if state is not None and state.dirty:
            self._commit(state)
        watch = self._scope.watch()
        self._changes.begin()
        if state is None:
            state = self._first_start(watch)
        state.cycle += 1
        if self._rebuild:
            rebuild(state, self._snapshots.read_all(watch, self._monotonic()), watch)
            self._states.compact(state)
            self._rebuild = False
        whole = self._follow_log(state, watch)
        self._snapshots.count(weight)
        if whole and self._snapshots.is_due(self._monotonic()):
            self._take_snapshot(state, watch)
        if state.summary_due or open_summary.is_owed(self._summary, self._config):
            self._summarise(state, watch)

    def _load(self) -> Optional[SensorState]:
        """The state from the datastore; None at the first start. Raises StoreUnreachable."""
        loaded = self._states.load()
        for key in loaded.broken:
            self._log.error(
                "The datastore key pagerduty.%s did not read; it is kept aside and its "
                "content made anew",
                key,
            )
        self._rebuild = loaded.rebuild
        self._summary = loaded.summary
        state = loaded.state
        if state is not None:
            self.state = state
            state.cycle = max(state.cycle, _int(loaded.heartbeat.get("cycle"))) + CYCLES_SKIPPED
            beat = loaded.heartbeat
            self.health.told.update(kept_told(beat.get("told"), beat.get("failing_since")))
            self.health.before = str(beat.get("well_at") or "")
        return state

    def _first_start(self, watch: WatchFilter) -> SensorState:
        """What is open now is known and not reported, but for one summary."""
        read = self._snapshots.read_all(watch, self._monotonic())
        state = first_state(read, watch)
        self._summary = open_summary.begun(self._summary_of(read, watch, state))
        self._states.save_summary(self._summary)
        self._states.compact(state)
        self.state = state
        self._snapshots.taken()
        self._log.info("First start: %d open incidents; changes are reported", len(state.known))
        return state

    def _follow_log(self, state: SensorState, watch: WatchFilter) -> bool:
        """Read the log and dispatch what happened. False when there is more than one run takes."""
        since = state.since
        for _ in range(MAX_SLICES):
            teams = None if state.away else watch.teams
            read = read_log(self._pagerduty, since, teams, state.is_fresh)
            confirmed = self._clock.confirmed(read.server_time, self._monotonic())
            if read.truncated:
                self._log.warning(
                    "More log entries in one second than PagerDuty lists: a snapshot reads "
                    "the rest"
                )
                self._snapshots.wanted = self._snapshots.whole_wanted = True
            now = max(confirmed or 0.0, state.cursor)
            steps = follow(state, read.entries, watch, now, read_again=read.upto is None)
            explained(self._snapshots.pending, steps)
            self._dispatch_log(state, steps, now, read.upto)
            self.on_followed(read.entries)
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
            since = max(read.upto, (confirmed or 0.0) - CATCH_UP_SECONDS)
        return False

    def _dispatch_log(
        self, state: SensorState, steps: List[StateStep], now: float, upto: Optional[float]
    ) -> None:
        """Dispatch what the log amounts to, and what calls alone told until then. `upto`: as
        `LogRead` has it."""
        called, read = self.body_events, partial(read_readable, self._pagerduty)
        waiting = called.waiting() if called is not None else ()
        whole, done = with_body_events(state, steps, waiting, now, read, upto)
        self._dispatch(state, whole, now, patient=upto is None)
        undecided = self._changes.undecided
        if called is not None:
            called.dispatched((one for one in done if one.incident_id not in undecided), now)

    def _take_snapshot(self, state: SensorState, watch: WatchFilter) -> None:
        read = self._snapshots.read_changed(state, watch, self._monotonic())
        # The log was read just before: when the two answers agree about the time, it was that of
        # the log's.
        read_at = self._snapshots.read_at or 0.0
        now = self._clock.confirmed(read.server_time, read_at) or state.cursor
        undecided = self._changes.undecided
        news = read.found._replace(
            changed=tuple(one for one in read.found.changed if one.id not in undecided)
        )
        steps = differences(state, news, watch, now, self._snapshots.pending)
        steps = with_custom_fields(self._pagerduty, state, news.changed, steps, now, self._log)
        self._dispatch(state, steps, now)
        if state.scope != watch.fingerprint:
            state.scope = watch.fingerprint
            state.dirty = True
        self._snapshots.taken()
        if state.doubtful:
            self._states.compact(state)
        elif state.dirty:
            self._commit(state)

    def _dispatch(
        self, state: SensorState, steps: List[StateStep], now: float, *, patient: bool = False
    ) -> None:
        """Dispatch and take over. What was taken over before one failed is committed."""
        try:
            self._changes.dispatch(state, steps, now, patient=patient)
        except DispatchFailed:
            if state.dirty:
                self._commit(state)
            raise

    def _commit(self, state: SensorState) -> None:
        """While the datastore is down, incidents go on being reported; it is committed later."""
        try:
            if self._summary_changed:
                self._states.save_summary(self._summary)
                self._summary_changed = False
            self._states.commit(state)
        except StoreUnreachable as error:
            state.dirty = True
            self.health.failed(
                "datastore", str(error), self._monotonic(), last_good=self._last_good
            )
            self._log.warning("State not committed yet: %s", error)
        else:
            self.health.good("datastore")

    def _summarise(self, state: SensorState, watch: WatchFilter) -> None:
        if not self._summary:
            read = self._snapshots.read_all(watch, self._monotonic())
            self._summary = open_summary.begun(self._summary_of(read, watch, state))
        payload = open_summary.edited(self._summary, self._zone())
        key = f"{payload['key']}-{payload['revision']}"
        try:
            self._dispatcher.dispatch(
                SUMMARY_TRIGGER, payload, trace_tag=payload["key"], ids=(key,)
            )
        except UnfitPayload as error:
            self._log.error("Not dispatched: %s", error)
        state.summary_due, before = False, self._summary
        self._summary = open_summary.dispatched(before, self._config)
        self._summary_changed |= before != self._summary
        self._commit(state)

    def _note_in_summary(self, step: StateStep) -> None:
        """What happened to an incident that the summary lists is shown there."""
        news = open_summary.followed(self._summary, step.incident_id, step.events)
        if news is not None and self.state is not None:
            self._summary, self._summary_changed = news, True
            self.state.summary_due = self.state.dirty = True

    def _summary_of(
        self, read: SnapshotRead, watch: WatchFilter, state: SensorState
    ) -> Dict[str, Any]:
        shown: List[Incident] = [
            one for one in read.found.changed if one.is_open and watch.passes(one, (one.status,))
        ]
        return open_summary.summary(shown, state.origin, self._zone())

    def _zone(self) -> tzinfo:
        try:
            return times.zone(self._config.time_zone)
        except ConfigError as error:
            self._log.warning("%s", error)
            return timezone.utc

    def _save_heartbeat(self) -> None:
        """Keep the heartbeat (`pagerduty.sensor.heartbeat`, not the trigger), every five minutes;
        its cursor counts at the next start, so only what is committed."""
        state, now = self.state, self._monotonic()
        if state is None or state.dirty or self._rebuild:
            return
        if self._heartbeat_at is not None and now - self._heartbeat_at < HEARTBEAT_SECONDS:
            return
        self._heartbeat_at = now
        since = None if self._good_at is None else round(now - self._good_at, 1)
        content = heartbeat_record(state, self.health, self._pagerduty, self._last_good, since)
        try:
            self._states.heartbeat(content)
        except (StoreUnreachable, RejectedInput) as error:
            self._log.warning("No heartbeat: %s", error)


def _int(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
