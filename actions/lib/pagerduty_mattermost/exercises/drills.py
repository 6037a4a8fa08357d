"""Drills: a whole exercise on the test service, timed, and ended with what was slow.

    started = start(context, asked, title="…")         # ExerciseRun
    follow(context, change, outcomes)                   # reports once its run is over

What a drill was like stands in `drill.<incident>` for 400 days, and the next one of the same
playbook is compared with it. The report is posted in its room once, whoever comes first to see
that it is over: who ended it, the change of its incident, or the round over rooms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, WriteRefused
from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.exercises.drill_times import (
    COMPARED_DRILLS,
    DrillTimes,
    report,
    times_of,
)
from pagerduty_mattermost.exercises.on_test_service import (
    DRILL_MARK,
    AskedExercise,
    ExerciseRun,
    make,
    the_service,
)
from pagerduty_mattermost.exercises.planned_incidents import PlannedIncident
from pagerduty_mattermost.gateways.stackstorm.broken_values import read_records
from pagerduty_mattermost.incidents.reader import log_rows
from pagerduty_mattermost.runs import following
from pagerduty_mattermost.runs.records import Run, RunRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.cards.outcome import CardOutcome
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change

KEY_PREFIX = "drill."
KEPT_SECONDS = 400 * 86400.0
ACKNOWLEDGED = "acknowledge_log_entry"


def start(context: Context, asked: AskedExercise, title: str) -> ExerciseRun:
    """`asked.playbook` is run; nobody has command until somebody takes it. Raises RejectedInput
    where the test service is none, and the gateways' errors."""
    service = the_service(context)
    service.require_room_for(1)
    planned = PlannedIncident(f"{DRILL_MARK} {title}", context.clock())
    return make(context, asked, service.reference, planned, 0, drill=True, commander="")


def follow(context: Context, change: Change, outcomes: Sequence[CardOutcome]) -> None:
    """A room and its run follow their incident (`runs.following`); a drill that is over is
    reported. What fails is logged: the round comes again."""
    following.follow(context, change, outcomes)
    incident = change.incident
    if not context.settings.rooms.is_test(incident.service_id, incident.service):
        return
    try:
        report_of(context, incident.id)
    except WriteRefused:
        raise
    except PackError as error:
        line = context.line_of(error)
        context.log.warning("The drill %s is reported later: %s", incident.id, line)


def report_due(context: Context) -> List[str]:
    """Reports all drills that are over, as the round does; a line each. Raises the store's
    errors."""
    if not context.settings.rooms.test_service:
        return []
    found = []
    for run in RunRecords(context.store, context.log).every():
        if run.plan.drill and run.state.is_over and report_run(context, run):
            found.append(f"{run.incident}: the drill is reported")
    return found


def report_of(context: Context, incident_id: str) -> str:
    """Of a drill that is over: its report, which is posted where it is not; empty for anything
    else."""
    run = RunRecords(context.store, context.log).load(incident_id)
    if run is None or not run.plan.drill or not run.state.is_over:
        return ""
    return report_run(context, run)


def report_run(context: Context, run: Run) -> str:
    """The report, posted in the drill's room once; empty where it was reported before."""
    key = f"{KEY_PREFIX}{run.incident}"
    if context.store.read(key) is not None:
        return ""
    before = last_drills(context, run.plan.playbook.name)
    now = times_of(run, _acknowledged_at(context, run.incident))
    text = report(now, before)
    context.post_once(
        run.plan.channel, text, key=post_key("drill", run.incident, run.plan.channel)
    )
    context.store.write(key, to_json(now), KEPT_SECONDS)
    return text


def last_drills(context: Context, playbook: str) -> List[DrillTimes]:
    """The last drills of that playbook, the newest first."""
    found = read_records(context.store, KEY_PREFIX, DrillTimes, context.log).values()
    mine = [one for one in found if one.playbook == playbook]
    return sorted(mine, key=lambda one: one.at, reverse=True)[:COMPARED_DRILLS]


def drill_of(value: Any) -> Optional[DrillTimes]:
    """The times of a drill in a value; None where it holds none."""
    return record_or_none(DrillTimes, value)


def _acknowledged_at(context: Context, incident_id: str) -> Optional[float]:
    moments = [
        times.seconds(str(row.get("created_at")))
        for row in log_rows(context.pagerduty, incident_id)
        if row.get("type") == ACKNOWLEDGED
    ]
    return min((moment for moment in moments if moment is not None), default=None)
