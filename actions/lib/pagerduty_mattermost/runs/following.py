"""A room and the run in it follow their incident. What fails is logged: the next round does
it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput, WriteRefused
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.playbooks.playbook import ACKNOWLEDGER, COMMANDER
from pagerduty_mattermost.rooms import following
from pagerduty_mattermost.runs import facts, life, painting, people, roles
from pagerduty_mattermost.runs.acts import FACTS, ROLE, Act, Who
from pagerduty_mattermost.runs.records import Run, RunRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.cards.outcome import CardOutcome
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change


def follow(context: Context, change: Change, outcomes: Sequence[CardOutcome]) -> None:
    """The run of an incident whose cards were just brought up, and its room, which is not archived
    before the run is over. Costs nothing where it has no room."""
    if not any(one.in_room for one in outcomes):
        return
    is_under_way = True
    try:
        records = RunRecords(context.store, context.log)
        run = records.load(change.incident.id)
        if run is not None:
            run = follow_run(context, records, run, change)
        is_under_way = run is not None and not run.state.is_over
    except WriteRefused:
        raise
    except Exception as error:  # noqa: BLE001 - the cards are right, and the round comes again
        line = context.line_of(error)
        context.log.warning("The playbook of %s will follow: %s", change.incident.id, line)
    following.follow(context, change, outcomes, lambda incident_id: is_under_way)


def goes_on(context: Context, incident_id: str) -> bool:
    """Whether a playbook is under way in the incident's room. Raises the store's errors."""
    run = RunRecords(context.store, context.log).load(incident_id)
    return run is not None and not run.state.is_over


def follow_run(context: Context, records: RunRecords, run: Run, change: Change) -> Run:
    """The run as the incident is now: over or under way, what its conditions ask for; shown where
    that made a difference. Raises the gateways' errors."""
    run = life.follow(context, records, run, change)
    run = _led_by_acknowledger(context, records, run, change)
    return with_facts(context, records, run, change)


def _led_by_acknowledger(context: Context, records: RunRecords, run: Run, change: Change) -> Run:
    """Where the playbook wants it, who acknowledges first leads, unless somebody had the lead
    before."""
    if run.plan.playbook.commander != ACKNOWLEDGER or not change.incident.is_open:
        return run
    state = run.state
    known = [person for person in change.incident.acknowledgers if person.id]
    if not known or state.is_over or state.commander.id or state.roles[COMMANDER].taken:
        return run
    first = Reference("user", known[0].id, known[0].name)
    who = people.account_of(context, first)
    if who is None:
        return run
    name = f"acknowledger.{run.incident}"
    done = Act(ROLE, name, context.clock(), Who(), value=COMMANDER, person=who)
    try:
        return roles.take(context, records, run, done, change)[0].run
    except RejectedInput as error:
        context.log.info("Who acknowledged %s can't lead it: %s", run.incident, error)
        return run


def with_facts(context: Context, records: RunRecords, run: Run, change: Change) -> Run:
    """The run with what its conditions and tasks ask of the incident as the change has it; shown
    where that is new. Raises the gateways' errors."""
    state = run.state
    now = facts.read_again(context, run.plan.playbook, change, state.facts)
    if now == state.facts:
        return run
    at = times.seconds(change.incident.updated_at) or context.clock()
    name = hashlib.sha256(repr((at, now)).encode("utf-8", "replace")).hexdigest()[:24]
    act = Act(FACTS, f"facts.{name}", at, Who(), facts=now)
    records.act(run.incident, act)
    return painting.show(context, records, run.with_acts(act))
