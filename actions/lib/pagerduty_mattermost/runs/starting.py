"""A playbook is started in a room: once, whoever starts it, however often and at the same time.

    started = start(context, room, playbook, change, by=who, order_id=id)
    started.run, started.is_new

What it begins with is written first, and never changed; all else follows from it, so the round
over rooms finishes what somebody began who was killed. Of two that are started at once the first
is the run, and the other one was never there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.errors import PackError, RejectedInput, WriteRefused
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.mattermost.channels import is_archived
from pagerduty_mattermost.incidents.incident import Change
from pagerduty_mattermost.playbooks.playbook import Playbook
from pagerduty_mattermost.rooms import invitations
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords
from pagerduty_mattermost.runs import acting, facts, painting, people, roles
from pagerduty_mattermost.runs.acts import Who
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.state import RunPlan

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


class StartedRun(NamedTuple):
    """A run that is under way."""

    run: Run
    is_new: bool
    """This order started it."""
    missing: Tuple[str, ...] = ()
    """Words of the playbook that are nobody for now."""
    problems: Tuple[str, ...] = ()
    """What the round over rooms does later, a line each."""


def start(
    context: Context,
    room: RoomRecord,
    playbook: Playbook,
    change: Change,
    *,
    by: Who,
    order_id: str,
    at: Optional[float] = None,
    drill: bool = False,
    cast: Optional[people.Cast] = None,
) -> StartedRun:
    """`change`: the room's incident as it is known; `by`: who starts it, nobody for a rule; `at`:
    when it began, seconds since the epoch, where that is not now; `cast`: whom the playbook means,
    where that was looked up already. Raises RejectedInput where
    another playbook is under way there, and the store's errors before anything is done."""
    records = RunRecords(context.store, context.log)
    there = records.load(room.incident)
    if there is not None:
        return _there_already(context, records, there, playbook, order_id)
    if records.closed(room.incident) is not None:
        raise RejectedInput("its playbook is over, and put away with its room")
    playbook, found, missing = cast or people.cast(context, playbook, change.incident, by)
    bot = context.mattermost.me().id
    plan = RunPlan(
        order_id,
        room.incident,
        room.channel_id,
        playbook,
        context.clock() if at is None else at,
        by,
        context.clock(),
        found,
        context.settings.time_zone,
        facts.read(context, playbook, change.incident),
        playbook.triage,
        bot,
        context.mattermost.post_seed(order_id),
        drill,
    )
    records.plan(plan)
    run = records.load(room.incident)
    if run is None or run.plan.id != order_id:
        records.no_plan(plan)
        if run is None:
            raise RejectedInput("it was ended while it was started")
        return _there_already(context, records, run, playbook, order_id)
    if room.playbook != playbook.name:
        room = room._replace(playbook=playbook.name)
        RoomRecords(context.store, context.log).save(room)
    run, problems = furnish(context, records, run, room)
    try:
        run = roles.begin(context, records, run, change)
    except WriteRefused:
        raise
    except PackError as error:
        problems = (*problems, f"who leads: {context.line_in_chat(error)}")
    return StartedRun(records.load(room.incident) or run, True, missing, problems)


def furnish(
    context: Context, records: RunRecords, run: Run, room: RoomRecord
) -> Tuple[Run, Tuple[str, ...]]:
    """The playbook post, pinned, and who has a part in it in the room; the run with that post, and
    what could not be done now, a line each. Raises where the room is archived."""
    problems: List[str] = []
    state = run.state
    parts = {role.who.id: role.who.name for role in state.roles.values() if role.who.id}
    parts.update((who.id, who.name) for who in run.plan.people.values() if who.id)
    try:
        run = painting.show(context, records, run)
    except WriteRefused:
        raise
    except PackError as error:
        if is_archived(error):
            raise RejectedInput(acting.ARCHIVED, status=error.status) from None
        problems.append(f"the playbook post: {context.line_in_chat(error)}")
    try:
        if parts:
            invitations.bring_in(context, room, (), parts)
    except WriteRefused:
        raise
    except PackError as error:
        problems.append(f"people: {context.line_in_chat(error)}")
    return run, tuple(problems)


def _there_already(
    context: Context, records: RunRecords, run: Run, playbook: Playbook, order_id: str
) -> StartedRun:
    """The same one again is no mistake."""
    title = one_line(run.plan.playbook.title)
    if run.plan.playbook.name != playbook.name:
        raise RejectedInput(f"the playbook {title} is under way here: `/pd info` shows it")
    if run.state.is_over and run.plan.id != order_id:
        raise RejectedInput(f"the playbook {title} is over: `/pd restart` goes on with it")
    if not run.post.id:
        run = painting.show(context, records, run)
    return StartedRun(run, run.plan.id == order_id)
