"""Rules on StackStorm's timers `core.st2.IntervalTimer`, `CronTimer` and `DateTimer`, through
APScheduler as there.

As there, ticks live in memory: what was due while nothing ran is not made up for, and an interval
starts anew with the process. A tick that is late by less than a minute still counts (StackStorm:
one second); several late ones count once.
"""

from __future__ import annotations

import logging
from typing import Any, Callable, Dict, Iterable, Mapping, Optional

from standalone.errors import UserError
from standalone.metadata_schemas import TIMERS
from standalone.pack_model import Rule

LOG = logging.getLogger("standalone")

GRACE_SECONDS = 60
"""Seconds a tick may be late."""


def is_timed(rule: Rule) -> bool:
    """Whether a timer sets it in motion."""
    return rule.trigger["type"] in TIMERS


class Timers:
    """One job a rule. `fire(rule, payload)` is called in a thread of the scheduler's."""

    def __init__(
        self, rules: Iterable[Rule], fire: Callable[[Rule, Dict[str, Any]], None]
    ) -> None:
        self._rules = list(rules)
        self._fire = fire
        self._scheduler: Any = None

    def start(self) -> None:
        """Begins to tick, if there is anything to. Raises UserError for a timer that can't be
        made."""
        if not self._rules:
            return
        from apscheduler.schedulers.background import BackgroundScheduler

        defaults = {"misfire_grace_time": GRACE_SECONDS, "coalesce": True}
        self._scheduler = BackgroundScheduler(timezone="UTC", job_defaults=defaults, daemon=True)
        for rule in self._rules:
            trigger = make_trigger(rule)
            if trigger is not None:
                self._scheduler.add_job(self._tick, trigger=trigger, args=[rule])
        self._scheduler.start()

    def stop(self) -> None:
        """No further ticks."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    def _tick(self, rule: Rule) -> None:
        from datetime import datetime, timezone

        payload = {
            "executed_at": str(datetime.now(timezone.utc)),
            "schedule": rule.trigger["parameters"].get("time"),
        }
        try:
            self._fire(rule, payload)
        except Exception as error:  # noqa: BLE001 - the next tick must come
            LOG.error("Timer of rule %s: it did not run this time: %s", rule.ref, error)


def make_trigger(rule: Rule) -> Optional[Any]:
    """APScheduler's trigger for a timer rule; None for a date that has passed. Raises
    UserError."""
    from datetime import datetime, timezone

    parameters: Mapping[str, Any] = rule.trigger.get("parameters") or {}
    try:
        if rule.trigger["type"] == "core.st2.IntervalTimer":
            from apscheduler.triggers.interval import IntervalTrigger

            return IntervalTrigger(
                **{parameters["unit"]: parameters["delta"]}, timezone=_zone(parameters)
            )
        if rule.trigger["type"] == "core.st2.CronTimer":
            from apscheduler.triggers.cron import CronTrigger

            return CronTrigger(**{**parameters, "timezone": _zone(parameters)})
        from apscheduler.triggers.date import DateTrigger
        from dateutil import parser

        trigger = DateTrigger(parser.parse(parameters["date"]), timezone=_zone(parameters))
    except Exception as error:  # noqa: BLE001 - APScheduler raises whatever its fields raise
        raise UserError(f"Rule {rule.ref}: the timer can't be made: {error}") from None
    if trigger.run_date < datetime.now(timezone.utc):
        LOG.warning("Rule %s: its date %s has passed", rule.ref, trigger.run_date)
        return None
    return trigger


def _zone(parameters: Mapping[str, Any]) -> str:
    return parameters.get("timezone") or "UTC"
