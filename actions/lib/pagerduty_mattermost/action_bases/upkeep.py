"""The pack's regular jobs, done by one execution instead of one each (`health.upkeep`).

    done = carry_out(action, jobs_now(context, due, by_timer=False))

The incident sensor says which jobs are due (`sensor.upkeep_due`). A timer comes beside it: it
watches the sensor, and does all jobs itself where the sensor's runs have stopped. Each job keeps
in the datastore when it is due again, so none is done twice.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Type

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.config.upkeep import (
    CANARY,
    CATCH_UP,
    DIGEST,
    JOBS,
    KEPT_PAGES,
    ONCALL_SYNC,
    ONCALL_WATCH,
    RECONCILE,
    REMINDERS,
    WATCHDOG,
)
from pagerduty_mattermost.core.errors import PermanentError, RetryLater
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.operations import watchdog
from pagerduty_mattermost.sensor import heartbeat

SENSOR_SILENT_SECONDS = 2100.0
"""Without a run for the sensor after which the timer's does all jobs: it comes every half hour at
least (`sensor.upkeep_due`). Where the watchdog found the sensor silent they are not waited for."""
_SENSOR, _TIMER = {"source": "sensor"}, {"source": "timer"}
ENTRY_POINTS: Mapping[str, Tuple[str, str, Mapping[str, Any]]] = {
    WATCHDOG: ("health_watchdog", "HealthWatchdog", {}),
    CANARY: ("health_canary", "HealthCanary", {}),
    KEPT_PAGES: ("kept_page_send", "KeptPageSend", {}),
    REMINDERS: ("incident_remind", "Remind", {}),
    ONCALL_WATCH: ("oncall_watch", "OnCallWatch", _TIMER),
    CATCH_UP: ("mattermost_catch_up", "CatchUp", {}),
    DIGEST: ("mattermost_post_digest", "PostDigest", {}),
    ONCALL_SYNC: ("oncall_sync", "OnCallSync", {}),
    RECONCILE: ("posts_reconcile", "PostsReconcile", _SENSOR),
}
"""By job: module and class of its entry point, and what it is given."""
_COUNTS: Mapping[str, Tuple[str, ...]] = {
    CANARY: ("fault",),
    KEPT_PAGES: ("sent", "refused"),
    REMINDERS: ("post_ids",),
    ONCALL_WATCH: ("handoffs", "reminders", "contacts", "problems"),
    CATCH_UP: ("caught_up", "dropped"),
    DIGEST: ("post_ids",),
    ONCALL_SYNC: ("changed", "problems"),
    RECONCILE: ("jobs",),
}
"""What a job's result counts of what it did."""
AT_RETURN: Mapping[str, Mapping[str, Any]] = {
    KEPT_PAGES: {"now": True},
    CATCH_UP: {"is_back": True},
}
"""What jobs are given as well where a server is back: what waits is not to wait for its time."""


class JobDone(NamedTuple):
    """What became of one job."""

    name: str
    message: str
    failed: bool = False
    passes: bool = False
    """It failed at something that is away or slow: it is due again, and nobody has to act."""
    acted: bool = False
    """Something came of it, for people."""


def result_of(done: Sequence[JobDone]) -> Dict[str, Any]:
    """The action's result: what came of each job; what waits for another server is named in it.
    Raises PermanentError, with what was done all the same, where a job failed at anything else."""
    jobs = {one.name: one.message for one in done if not one.failed}
    later = {one.name: one.message for one in done if one.failed and one.passes}
    broken = [f"{one.name}: {one.message}" for one in done if one.failed and not one.passes]
    came = [f"{one.name}: {one.message}" for one in done if one.acted]
    told = " ".join(came) or f"Nothing to do: {', '.join(jobs) or 'no job was due'}."
    if later:
        told += f" Tried again when due: {'; '.join(map(': '.join, later.items()))}."
    if broken:
        raise PermanentError(f"{'; '.join(broken)}. {told}")
    kept = "done" if came or later else "unchanged"
    return {"done": kept, "jobs": jobs, "later": later, "message": told}


def acted(name: str, result: Mapping[str, Any]) -> bool:
    """Whether something came of a job, for people, by its result. Pure."""
    if name == WATCHDOG:
        return result.get("done") == "told"
    return any(bool(result.get(count)) for count in _COUNTS[name])


def jobs_now(context: Context, due: Optional[Sequence[str]], *, by_timer: bool) -> List[str]:
    """What is to be done, in order. `due`: what the sensor says; None for all. Raises
    the store's errors."""
    store, now = context.store, context.clock()
    if not by_timer:
        heartbeat.note_sensor_run(store, now)
        wanted = set(JOBS if due is None else due)
    elif now - _sensor_run_at(store) < SENSOR_SILENT_SECONDS and not _is_silent(store):
        wanted = {WATCHDOG}
    else:
        wanted = set(JOBS)
    return [name for name in JOBS if name in wanted - set(context.settings.upkeep.without)]


def carry_out(action: PackAction, jobs: Sequence[str], *, is_back: bool = False) -> List[JobDone]:
    """Each of them, whatever becomes of the others. `is_back`: a server that was away answers
    again. Raises nothing."""
    return [_done(action, name, AT_RETURN.get(name, {}) if is_back else {}) for name in jobs]


def _done(action: PackAction, name: str, more: Mapping[str, Any]) -> JobDone:
    module, cls, given = ENTRY_POINTS[name]
    try:
        result: Dict[str, Any] = _made(action, getattr(import_module(module), cls)).act(
            **{**given, **more}
        )
    except Exception as error:  # noqa: BLE001 - the other jobs go on
        line = action.context.line_of(error)
        return JobDone(name, line, failed=True, passes=isinstance(error, RetryLater))
    return JobDone(name, str(result.get("message") or ""), acted=acted(name, result))


def _made(action: PackAction, cls: Type[PackAction]) -> PackAction:
    """One that works with the context of the execution; with its own where it gives up sooner."""
    if cls.gives_up is PackAction.gives_up:
        return cls.beside(action)
    made = cls(action.config, action.action_service)
    made.logger = action.logger
    made.clock, made.monotonic, made.sleep = action.clock, action.monotonic, action.sleep
    return made


def _is_silent(store: Store) -> bool:
    """Whether the watchdog found it so."""
    try:
        return watchdog.remembered(store).told
    except BrokenValue:
        return False


def _sensor_run_at(store: Store) -> float:
    try:
        return heartbeat.sensor_run_at(store) or 0.0
    except BrokenValue:
        return 0.0
