"""Rooms, as a part of reconcile: the round over all of them, and those that a rule would have
opened had its trigger arrived."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from pagerduty_mattermost.cards.incident_memory import IncidentMemory
from pagerduty_mattermost.cards.post_rules import INCIDENT_TRIGGER
from pagerduty_mattermost.core.errors import PackError, WriteRefused
from pagerduty_mattermost.exercises.drills import report_due
from pagerduty_mattermost.gateways.stackstorm import rule_criteria
from pagerduty_mattermost.incidents.incident import Change, to_payload
from pagerduty_mattermost.reviews import retro_round
from pagerduty_mattermost.rooms.tending import TendReport, tend, tend_one
from pagerduty_mattermost.runs import tending as runs_tending
from pagerduty_mattermost.runs.following import goes_on
from pagerduty_mattermost.runs.opening import open_by_rule
from pagerduty_mattermost.runs.records import Run

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

OPEN_ACTION = "pagerduty.room.open"


def opens_room(rule: Any, change: Change) -> bool:
    """Whether it is an enabled rule that opens a room on that change; not so where that can't be
    decided here."""
    action, trigger = getattr(rule, "action", None), getattr(rule, "trigger", None)
    if not (getattr(rule, "enabled", False) and isinstance(action, AnyMapping)):
        return False
    kind = trigger.get("type") or trigger.get("ref") if isinstance(trigger, AnyMapping) else ""
    if kind != INCIDENT_TRIGGER or action.get("ref") != OPEN_ACTION:
        return False
    try:
        return bool(
            rule_criteria.matches(getattr(rule, "criteria", None) or {}, to_payload(change))
        )
    except Exception:  # noqa: BLE001 - a rule of a shape that nobody foresaw opens none here
        return False


def open_missing(context: Context, change: Change) -> None:
    """The room that a rule opens; there already in most cases. What fails is for the next run."""
    try:
        open_by_rule(context, change._replace(events=(), cycle=0))
    except WriteRefused:
        raise
    except PackError as error:
        line = context.line_of(error)
        context.log.warning("The room of %s is not opened: %s", change.incident.id, line)


def tended(
    context: Context, remembered: Mapping[str, IncidentMemory], *, full: bool
) -> TendReport:
    """What keeps rooms from being looked after keeps no card back."""
    try:
        rooms = tend(context, remembered, full=full, busy=_busy(context))
        if not (rooms.rooms or full):
            return _with_retrospectives(context, rooms)
        runs = runs_tending.tend(context, remembered, rooms.opened, _ended(context))
        joined = _joined(rooms, runs, report_due(context))
        return _with_retrospectives(context, joined)
    except WriteRefused:
        raise
    except PackError as error:
        return TendReport(0, [], [f"Rooms: {context.line_of(error)}"])


def tended_by_hand(context: Context, incident_id: str = "") -> TendReport:
    """A round over all rooms and runs, or those of one incident. Raises the gateways' errors."""
    if incident_id:
        rooms = tend_one(context, incident_id, _busy(context))
        runs = runs_tending.tend_one(context, incident_id, rooms.opened, _ended(context))
        return _joined(rooms, runs)
    rooms = tend(context, busy=_busy(context))
    over = runs_tending.tend(context, None, rooms.opened, _ended(context))
    joined = _joined(rooms, over, report_due(context))
    return _with_retrospectives(context, joined)


def _busy(context: Context) -> Callable[[str], bool]:
    return lambda incident_id: goes_on(context, incident_id)


def _ended(context: Context) -> Callable[[Run], None]:
    return lambda run: retro_round.ended(context, run)


def _with_retrospectives(context: Context, report: TendReport) -> TendReport:
    """A follow-up outlives its room, so it is looked after without any."""
    found = retro_round.tended(context)
    return report._replace(
        done=[*report.done, *found.done], problems=[*report.problems, *found.problems]
    )


def _joined(
    rooms: TendReport, runs: runs_tending.RunsReport, drills: Sequence[str] = ()
) -> TendReport:
    return rooms._replace(
        done=[*rooms.done, *runs.done, *drills], problems=[*rooms.problems, *runs.problems]
    )
