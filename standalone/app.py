"""The embedded default itself: a pack's sensors, rules, actions, timers and retries in one
process.

    app = App(pack_dir, config, data_dir)
    app.start()    # sensors, timers and workers run; what was left unfinished runs again
    app.drain(30)  # until nothing is left to do now
    app.stop()     # what has not ended stays on disk

    app.dispatch(trigger_ref, payload)       # on disk when it returns; ValueError: does not fit
    app.run(action_ref, parameters, user=…)  # now and here, as `st2 run`; returns an Execution
    app.poke()                               # sensors poll now
    app.pack, app.store, app.journal, app.configuration

`config` is the YAML file's path or a mapping. `clock() -> seconds since the epoch` decides expiry,
retries and pruning. `poll_interval` (seconds) overrides the sensors' own. `on_finished(execution)`
is called after each end is on disk, `on_trigger(trigger_ref)` after a trigger is.
"""

# flake8: noqa: W503

from __future__ import annotations

import json
import logging
import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Union

from standalone import paths
from standalone.alias_api import AliasApi
from standalone.config_file import read_config
from standalone.configuration import Configuration
from standalone.data_folder import DATABASE, DataLock
from standalone.database import Database
from standalone.datastore import DatastoreService, KeyValueStore
from standalone.errors import UserError
from standalone.execution_lines import (
    failure_line,
    failure_text,
    is_answered,
    kept_line,
    success_line,
)
from standalone.executor import Executor
from standalone.journal import KEEP_DAYS, Execution, ExecutionJournal, WaitingExecution, new_id
from standalone.metadata import load_pack
from standalone.metadata_schemas import SENSOR_EXIT
from standalone.pack_model import ActionMeta, Pack, Rule, SensorMeta
from standalone.parameters import BadParameters
from standalone.rule_check import faults_of_broken
from standalone.runner import ActionOutcome, ClassLoader, run_action
from standalone.schemas import Misfit, allowing_nulls, check, with_defaults
from standalone.sensors import SensorThread
from standalone.services import ActionService, ApiClient, ProcessWrapper, SensorService
from standalone.timers import Timers, is_timed

LOG = logging.getLogger("standalone")

MAX_TRACE_TAG_CHARACTERS = 2000
PRUNE_EVERY_SECONDS = 3600.0
LEND_SECONDS = 5.0


class App:
    """See the module's docstring."""

    def __init__(
        self,
        pack_dir: Union[str, Path],
        config: Union[str, Path, Mapping[str, Any], None],
        data_dir: Union[str, Path],
        *,
        clock: Callable[[], float] = time.time,
        poll_interval: Optional[float] = None,
        workers: int = 8,
        rule_folders: Sequence[Path] = (),
        sensors: bool = True,
        on_finished: Optional[Callable[[Execution], None]] = None,
        on_trigger: Optional[Callable[[str], None]] = None,
    ) -> None:
        pack_dir = Path(pack_dir).resolve()
        paths.prepare(pack_dir)
        from standalone.rules import Planner  # needs the pack's own library on the path

        self.pack: Pack = load_pack(pack_dir, rule_folders)
        self._data_dir = Path(data_dir)
        self._clock = clock
        self._poll_interval = poll_interval
        self._with_sensors = sensors
        self._on_finished = on_finished
        self._on_trigger = on_trigger
        self._database = Database(self._data_dir / DATABASE)
        self.store = KeyValueStore(self._database, clock)
        self.journal = ExecutionJournal(self._database, clock)
        raw = read_config(Path(config)) if isinstance(config, (str, Path)) else dict(config or {})
        self.configuration = Configuration(
            raw, self.pack.config_schema, self._database, self.store
        )
        self._planner = Planner(self.pack, self.configuration.current, self.store.get, clock)
        self._loader = ClassLoader(self.pack.ref)
        self._alias_api = AliasApi(
            self.pack.ref, self.pack.aliases, self.pack.actions, self.store.get, self.run
        )
        self._client = ApiClient(self.pack.rules, rule_folders, self._alias_api.call)
        self._executor = Executor(self._run_waiting, workers, clock)
        self._sensors: List[SensorThread] = []
        timed = [one for one in self.pack.rules.values() if one.enabled and is_timed(one)]
        self._timers = Timers(timed, self._tick)
        self._lock = DataLock(self._data_dir)
        self._accepting = False
        self._pruned_at = 0.0

    def start(self) -> None:
        """Begins to work. Raises UserError: metadata or configuration wrong, or another process
        serves this data."""
        wrong = [*self.pack.problems, *faults_of_broken(self.pack, self.store.get)]
        if wrong:
            raise UserError("The pack's metadata: " + "; ".join(wrong))
        for refused in self.pack.refused:
            LOG.warning("%s", refused.line)
        self.configuration.current()
        self._lock.take()
        self.journal.prune()
        self._pruned_at = self._clock()
        unfinished = self.journal.waiting()
        if unfinished:
            LOG.info("%d unfinished executions run again", len(unfinished))
        self._accepting = True
        self._executor.add(unfinished)
        self._executor.start()
        self._timers.start()
        if self._with_sensors:
            for sensor in self.pack.sensors:
                if sensor.enabled:
                    self._start_sensor(sensor)

    def stop(self, grace: float = 5.0) -> bool:
        """Ends within about `grace` seconds; True when everything that ran came to its end. The
        rest is on disk."""
        until = time.monotonic() + grace
        for sensor in self._sensors:
            sensor.stop()
        self._timers.stop()
        ended = self._executor.stop(grace)
        for sensor in self._sensors:
            ended = sensor.join(max(0.0, until - time.monotonic())) and ended
        self._accepting = False
        self._lock.release()
        if ended:
            self._database.close()
        return ended

    def dispatch(
        self, trigger_ref: str, payload: Any = None, trace_tag: Optional[str] = None
    ) -> None:
        """Takes a trigger: when it returns, the instance and what its rules want done are on disk.

        Raises ValueError when the trigger is unknown or the payload does not fit it; sqlite3.Error
        or RuntimeError when it can't be kept: then nothing of it is.
        """
        payload = {} if payload is None else payload
        self._check_payload(trigger_ref, payload)
        rules = self._planner.matching(trigger_ref, payload)
        self._accept(trigger_ref, payload, trace_tag, rules)

    def run(
        self,
        action_ref: str,
        parameters: Mapping[str, Any],
        user: str = "",
        context: Optional[Mapping[str, Any]] = None,
    ) -> Execution:
        """Runs an action here and now; nothing of it is kept. Raises UserError for what the caller
        got wrong."""
        if action_ref in self.pack.workflows:
            raise UserError(f"{action_ref} is a workflow: workflows need StackStorm")
        if action_ref not in self.pack.actions:
            raise UserError(f"There is no action {action_ref}; `actions` lists them")
        action_context: Dict[str, Any] = {"user": user, "pack": self.pack.ref, **(context or {})}
        try:
            arguments, timeout = self._planner.arguments(
                action_ref, parameters, action_context, {}
            )
        except BadParameters as error:
            raise UserError(f"{action_ref}: {error}") from None
        execution = Execution(
            new_id(),
            action_ref,
            arguments,
            {**action_context, "timeout": timeout, "by_hand": True},
        )
        return self._execute(execution)

    @contextmanager
    def lending(self, class_name: str) -> Iterator[None]:
        """One sensor runs meanwhile, alone, and what it dispatches is refused; none where this
        data is served."""
        try:
            self._lock.take()
        except UserError:
            yield
            return
        for sensor in self.pack.sensors:
            if sensor.class_name == class_name:
                self._start_sensor(sensor)
        try:
            for thread in self._sensors:
                thread.ready.wait(LEND_SECONDS)
            yield
        finally:
            for thread in self._sensors:
                thread.stop()
                thread.join(LEND_SECONDS)
            self._lock.release()

    def drain(self, timeout: float, delayed: bool = False) -> bool:
        """Waits until nothing is left to do now (with `delayed`: retries as well); False after
        `timeout` seconds."""
        return self._executor.drain(timeout, delayed)

    def poke(self) -> None:
        """Sensors poll now; delayed executions look at the clock."""
        for sensor in self._sensors:
            sensor.poke()
        self._executor.wake()

    def _check_payload(self, trigger_ref: str, payload: Any) -> None:
        trigger = self.pack.triggers.get(trigger_ref)
        if trigger is None:
            raise ValueError(f"There is no trigger {trigger_ref}")
        try:
            copy = json.loads(json.dumps(payload, allow_nan=False))
            check(
                with_defaults(copy, trigger.payload_schema),
                allowing_nulls(trigger.payload_schema),
                "payload",
            )
        except (Misfit, TypeError, RecursionError) as error:
            raise ValueError(
                f"The payload does not fit the trigger {trigger_ref}: {error}"
            ) from None

    def _accept(
        self, trigger_ref: str, payload: Any, trace_tag: Optional[str], rules: Sequence[Rule]
    ) -> None:
        if not self._accepting:
            raise RuntimeError("the embedded default is stopping")
        instance_id = new_id()
        tag = (trace_tag or "")[:MAX_TRACE_TAG_CHARACTERS] or None
        planned = self._planner.plan(rules, payload, instance_id, tag)
        self._executor.add(
            self.journal.add_trigger(instance_id, trigger_ref, payload, tag, planned)
        )
        if self._on_trigger is not None:
            self._on_trigger(trigger_ref)
        LOG.debug(
            "Trigger %s (%s): %s",
            trigger_ref,
            tag,
            ", ".join(rule.ref for rule in rules) or "no rule",
        )

    def _tick(self, rule: Rule, payload: Dict[str, Any]) -> None:
        self._accept(rule.trigger["type"], payload, f"{rule.trigger['type']}-{rule.ref}", [rule])

    def _run_waiting(self, waiting: WaitingExecution) -> List[WaitingExecution]:
        execution = self.journal.execution(waiting.id)
        if execution is None or execution.finished_at is not None:
            return []
        done = self._execute(execution)
        follow_up = self.journal.finish(done, self._retry(done))
        self._log(done, bool(follow_up))
        self._prune_sometimes()
        return follow_up

    def _execute(self, execution: Execution) -> Execution:
        started = self._clock()
        action = self.pack.actions.get(execution.action_ref)
        if action is None:
            outcome = ActionOutcome(
                "failed",
                {"result": None, "error": f"there is no action {execution.action_ref} any more"},
            )
        else:
            timeout = float(execution.context["timeout"])
            known = action
            outcome = run_action(
                lambda: self._make_action(known, execution), execution.parameters, timeout
            )
        return execution._replace(
            status=outcome.status,
            started_at=started,
            finished_at=self._clock(),
            result=outcome.result,
        )

    def _make_action(self, action: ActionMeta, execution: Execution) -> Any:
        cls = self._loader.load(action.entry_point, "Action")
        from st2common.runners.utils import get_action_class_instance

        return get_action_class_instance(
            action_cls=cls,
            config=self.configuration.current(),
            action_service=self.action_service(
                cls.__name__,
                str(execution.context.get("user") or ""),
                by_hand=bool(execution.context.get("by_hand")),
                execution_id=execution.id,
                rule_ref=execution.rule_ref or "",
            ),
        )

    def action_service(self, class_name: str, user: str, **of_run: Any) -> ActionService:
        """What an action of that class is handed. `of_run`: as `ActionService` has it."""
        wrapper = ProcessWrapper(self.pack.ref, class_name, "debug")
        return ActionService(self._datastore(class_name, user), wrapper, **of_run)

    def _start_sensor(self, sensor: SensorMeta) -> None:
        def make() -> Any:
            cls = self._loader.load(sensor.entry_point, "BaseSensor", sensor.class_name)
            service = SensorService(
                self._datastore(sensor.class_name, "sensor_service"),
                ProcessWrapper(self.pack.ref, sensor.class_name, "debug"),
                self.dispatch,
                self._alias_api.call,
            )
            arguments: Dict[str, Any] = {
                "sensor_service": service,
                "config": self.configuration.current(),
            }
            if sensor.poll_interval:
                arguments["poll_interval"] = sensor.poll_interval
            return cls(**arguments)

        thread = SensorThread(
            sensor.class_name, make, self._poll_interval, on_death=self._sensor_died
        )
        self._sensors.append(thread)
        thread.start()

    def _sensor_died(self, class_name: str) -> None:
        """As StackStorm tells of a sensor's process."""
        payload = {"id": class_name, "timestamp": int(self._clock()), "exit_code": 1}
        rules = self._planner.matching(SENSOR_EXIT, payload)
        if rules and self._accepting:
            self._accept(SENSOR_EXIT, payload, None, rules)

    def _datastore(self, class_name: str, user: str) -> DatastoreService:
        return DatastoreService(self.store, self.pack.ref, class_name, user, lambda: self._client)

    def _retry(self, done: Execution) -> Optional[Execution]:
        for policy in self.pack.policies:
            wanted = {"failure": "failed", "timeout": "timeout"}[policy.retry_on]
            if (
                policy.action_ref == done.action_ref
                and done.status == wanted
                and done.attempt < policy.max_retry_count
            ):
                return done._replace(
                    id=new_id(),
                    attempt=done.attempt + 1,
                    status="delayed",
                    not_before=self._clock() + policy.delay,
                    started_at=None,
                    finished_at=None,
                    result=None,
                )
        return None

    def _log(self, done: Execution, retried: bool) -> None:
        if done.status == "succeeded":
            LOG.debug("%s succeeded (%s)", done.action_ref, done.rule_ref)
            kept, line = kept_line(done), success_line(done)
            if kept:
                LOG.warning("%s", kept)
            elif line:
                LOG.info("%s", line)
        else:
            error = failure_text(done)
            level = logging.INFO if is_answered(done) else logging.WARNING
            LOG.log(level, "%s", failure_line(done, error, self.pack, retried))
        if self._on_finished is not None:
            try:
                self._on_finished(done)
            except Exception as error:  # noqa: BLE001 - a listener's mistake is not the execution's
                LOG.error("A listener failed: %s", error)

    def _prune_sometimes(self) -> None:
        if self._clock() - self._pruned_at > PRUNE_EVERY_SECONDS:
            self._pruned_at = self._clock()
            try:
                self.journal.prune(KEEP_DAYS)
            except sqlite3.Error as error:
                LOG.warning("Old executions could not be deleted yet: %s", error)
