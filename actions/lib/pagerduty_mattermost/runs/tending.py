"""A round over all runs: what nobody showed or told is shown and told, what is due is reminded of,
what somebody began to start is finished, long runs are packed, those that are over and whose rooms
were put away are closed.

A run in which nothing was done since the last round costs nothing beside the one list of all runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, List, Mapping, NamedTuple, Optional, Sequence

from pagerduty_mattermost.cards.incident_memory import IncidentMemory
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core.errors import FAILURES_IN_A_ROW, PackError, RetryLater, WriteRefused
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.post_once import CLOCK_MARGIN_SECONDS
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.incidents.incident import Change
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords
from pagerduty_mattermost.rooms.tending import YOUNG_SECONDS
from pagerduty_mattermost.runs import (
    due,
    following,
    life,
    opening,
    painting,
    reminders,
    reminding,
    roles,
    starting,
    telling,
    update_posts,
    updates,
)
from pagerduty_mattermost.runs.acts import CANCELLED, END, ROLE, UPDATE, digest
from pagerduty_mattermost.runs.controls import shown_of
from pagerduty_mattermost.runs.records import Run, RunRecords, ToldUntil
from pagerduty_mattermost.runs.told_acts import told

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

SETTLED_SECONDS = 150.0
"""From when on whoever did something has shown and told it, or never will: an order is void after
a minute, and a call to Mattermost is given up after less than another."""
ANSWERS = (UPDATE, ROLE, END, CANCELLED)
"""Acts that do what people were reminded of."""


Ended = Callable[[Run], None]
"""What is done with a run that is over, while it is news and before it is closed; the same again
each time."""


class RunsReport(NamedTuple):
    """What a round did."""

    runs: int
    done: List[str]
    """A line each, for the action's result."""
    problems: List[str]


def tend(
    context: Context,
    remembered: Optional[Mapping[str, IncidentMemory]] = None,
    opened: Sequence[str] = (),
    ended: Ended = lambda run: None,
) -> RunsReport:
    """`remembered`: what is known of incidents, where the caller has read it; `opened`: incidents
    whose room the caller has made; `ended`: as `Ended` says. Raises the store's errors before
    anything is done; what fails with one run is named, and the others go on."""
    records = RunRecords(context.store, context.log)
    rooms = {room.channel_id: room for room in RoomRecords(context.store, context.log).every()}
    return _round(context, records, records.every(), rooms, remembered or {}, opened, ended)


def tend_one(
    context: Context,
    incident_id: str,
    opened: Sequence[str] = (),
    ended: Ended = lambda run: None,
) -> RunsReport:
    """The same for the run of one incident."""
    records = RunRecords(context.store, context.log)
    run = records.load(incident_id)
    known = RoomRecords(context.store, context.log).of(incident_id)
    rooms = {room.channel_id: room for room in known}
    if run is None and not rooms:
        return RunsReport(0, [], [])
    if run is not None:
        run = update_posts.look_again(context, records, run)
    memory = IncidentRecords(context.store, incident_id, context.log).load()
    runs = [run] if run is not None else []
    return _round(context, records, runs, rooms, {incident_id: memory}, opened, ended)


def _round(
    context: Context,
    records: RunRecords,
    runs: List[Run],
    rooms: Mapping[str, RoomRecord],
    remembered: Mapping[str, IncidentMemory],
    opened: Sequence[str],
    ended: Ended,
) -> RunsReport:
    report = RunsReport(len(runs), [], [])
    known = {run.incident for run in runs}
    for room in rooms.values():
        is_young = context.clock() - room.at < YOUNG_SECONDS and room.incident not in opened
        if room.playbook and room.is_open and room.incident not in known and not is_young:
            _start_wanted(context, records, room, remembered, report)
    in_a_row = 0
    for run in runs:
        if in_a_row >= FAILURES_IN_A_ROW:
            break
        try:
            memory = remembered.get(run.incident)
            change = memory.newest.change if memory is not None and memory.states else None
            report.done.extend(_tended(context, records, run, rooms, change, ended))
            in_a_row = 0
        except WriteRefused:
            raise
        except Exception as error:  # noqa: BLE001 - it stays with this run
            in_a_row += isinstance(error, RetryLater)
            report.problems.append(f"The playbook of {run.incident}: {context.line_of(error)}")
    return report


def _start_wanted(
    context: Context,
    records: RunRecords,
    room: RoomRecord,
    remembered: Mapping[str, IncidentMemory],
    report: RunsReport,
) -> None:
    """The playbook that a room was made for, where whoever made it was killed."""
    memory = remembered.get(room.incident)
    if memory is None or not memory.states:
        return
    try:
        change = memory.newest.change._replace(events=(), cycle=0)
        started = opening.start_wanted(context, records, room, change)
    except WriteRefused:
        raise
    except PackError as error:
        report.problems.append(f"The playbook of {room.incident}: {context.line_of(error)}")
        return
    if started is not None and started.is_new:
        report.done.append(f"{room.playbook} of {room.incident}: started")


def _tended(
    context: Context,
    records: RunRecords,
    run: Run,
    rooms: Mapping[str, RoomRecord],
    change: Optional[Change],
    ended: Ended,
) -> List[str]:
    room, done = rooms.get(run.plan.channel), []
    label = f"{one_line(run.plan.playbook.title)} of {run.incident}"
    if (room is None or not room.is_open) and change is not None:
        run = life.follow_unseen(context, records, run, change)
    if room is None:
        if not run.state.is_over:
            return []  # archived while it goes on: it may come back
        ended(run)
        records.close(run, context.clock())
        return [f"{label}: closed"]
    if not room.is_open:
        return []
    if not run.post.id:
        run, _ = starting.furnish(context, records, run, room)
        done.append(f"{label}: started")
    if change is not None:
        plain = change._replace(events=(), cycle=0)
        run = following.follow_run(context, records, run, plain)
        if room.commander != run.state.commander.name:
            roles.follow(context, run, plain)
    if due.asks_incident(run, context.clock()):
        run = _as_incident_is(context, records, run)
    reminded = due.remind(context, records, run)
    if reminded is not run:
        run = reminded
        done.append(f"{label}: reminded")
    more = _about_updates(context, records, run, room, change)
    if more.done:
        run = more.run
        done += [f"{label}: {words}" for words in more.done]
    if (run.told.acts, run.told.digest) != (len(run.acts), digest(run.acts)):
        if run.state.is_over:
            ended(run)
        done += [f"{label}: {words}" for words in _caught_up(context, records, run)]
    if records.pack(run, context.clock()):
        done.append(f"{label}: packed")
    return done


def _as_incident_is(context: Context, records: RunRecords, run: Run) -> Run:
    """Before somebody is reminded of what the incident may show to be done: the run by what
    PagerDuty says now, or by what is known where it does not answer."""
    try:
        fetched = alert_details.fetch(context.pagerduty, run.incident)
        return following.with_facts(context, records, run, fetched)
    except WriteRefused:
        raise
    except PackError as error:
        line = context.line_of(error)
        context.log.info("%s is reminded of by what is known: %s", run.incident, line)
        return run


class _Updated(NamedTuple):
    run: Run
    done: Sequence[str] = ()


def _about_updates(
    context: Context, records: RunRecords, run: Run, room: RoomRecord, change: Optional[Change]
) -> _Updated:
    """A reminder that is due, and updates that somebody has still to be given."""
    now = context.clock()
    missing = updates.unfinished(run, now)
    if not missing and reminders.due_reminder(run.state, now) is None:
        return _Updated(run)
    shown = change or alert_details.fetch(context.pagerduty, run.incident)
    done = []
    for one in missing:
        run = updates.finish(context, records, run, one.id, shown.incident, room).run
        done.append("a status update given")
    run, reminded = reminding.remind(context, records, run, shown.incident)
    return _Updated(run, [*done, *(["reminded"] if reminded else [])])


def _caught_up(context: Context, records: RunRecords, run: Run) -> List[str]:
    """Something was done since the last round: it is shown and told by now, or is so here."""
    now, since = context.clock(), run.told.at or run.plan.made_at
    done = []
    posts = own_channels.changed_posts(
        context.mattermost, run.plan.channel, int((since - CLOCK_MARGIN_SECONDS) * 1000)
    )
    keys = telling.keys_in(posts, run.plan.bot)
    forgotten = telling.forgotten(run, posts)
    if forgotten:
        telling.tell_forgotten(context, run, forgotten)
        done.append("what nobody remembers posted")
    until = now - SETTLED_SECONDS
    settled = run._replace(acts=tuple(act for act in run.acts if act.at <= until))
    for act, after in life.untold(run, until):
        run = life.tell(context, records, run, act, after)
        done.append("how it stands posted")
    for taken in (one for one in roles.uninstructed(run) if one.at <= until):
        run = roles.instruct(context, records, run, taken)
        done.append(f"{taken.name} instructed")
    if any(act.kind in ANSWERS and act.at >= since for act in settled.acts):
        reminding.strike_answered(context, run)
    missing = telling.tell_missing(
        context, run, told(settled, context.settings.rooms.feed_acts, since=since), keys
    )
    if missing:
        done.append(f"{missing} posts about what was done")
    shown = next(
        (shown_of(post.get("props")) for post in posts if post["id"] == run.post.id), None
    )
    is_young = len(settled.acts) != len(run.acts)
    if shown != (len(run.acts), digest(run.acts)):
        run = painting.show(context, records, run)
        done.append("painted")
    if not is_young:
        records.told(run.incident, ToldUntil(until, len(run.acts), digest(run.acts)))
    return done
