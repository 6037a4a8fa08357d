"""A round over all retrospectives: a draft that a playbook wants is made an hour after its run
ended, drafts that somebody began to post are posted, who has to publish one is reminded, owners of
follow-ups are chased, each once.

What could not be posted in time comes later, if it is still due then. That it was posted is an act
whose id is made of what is due, so that whoever posts it again finds it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, List, NamedTuple, Optional

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import (
    FAILURES_IN_A_ROW,
    NotFound,
    PackError,
    RejectedInput,
    RetryLater,
    Unauthorized,
    WriteRefused,
)
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.reviews import retro, retro_text
from pagerduty_mattermost.reviews.gathering import room_of, run_of
from pagerduty_mattermost.reviews.retro import DAY_SECONDS, DueChase, RetroState
from pagerduty_mattermost.reviews.retro_records import RetroRecords
from pagerduty_mattermost.reviews.retrospectives import (
    incident_of,
    link_of,
    make_draft,
    where_else,
)
from pagerduty_mattermost.runs.acts import Who
from pagerduty_mattermost.runs.people import called_now
from pagerduty_mattermost.runs.records import Run

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

SETTLED_SECONDS = 150.0
"""From when on whoever drafted one has posted it, or never will."""


class RetroReport(NamedTuple):
    """What a round did, a line each, for the action's result."""

    done: List[str]
    problems: List[str]


def tend(context: Context) -> RetroReport:
    """Raises the store's errors before anything is done; what fails with one retrospective is
    named, and the others go on."""
    records = RetroRecords(context.store, context.log)
    report, in_a_row = RetroReport([], []), 0
    for state in records.every():
        if in_a_row >= FAILURES_IN_A_ROW:
            break
        try:
            report.done.extend(_tended(context, records, state))
            in_a_row = 0
        except WriteRefused:
            raise
        except Exception as error:  # noqa: BLE001 - it stays with this retrospective
            in_a_row += isinstance(error, RetryLater)
            line = context.line_of(error)
            report.problems.append(f"The retrospective of {state.incident}: {line}")
    return report


def _tended(context: Context, records: RetroRecords, state: RetroState) -> List[str]:
    now, done = context.clock(), []
    label = f"The retrospective of {state.incident}"
    if state.is_draft and not state.post and now - state.at > SETTLED_SECONDS:
        state = make_draft(context, state.incident, order=state.draft).state
        done.append(f"{label}: drafted")
    elif retro.draft_is_due(state, now):
        drafted = _drafted_by_itself(context, state)
        if drafted is not None:
            state = drafted
            done.append(f"{label}: drafted")
    if state.is_draft and state.post and state.made_itself:
        state = _told_in_room(context, records, state)
    chase_seconds = context.settings.retrospectives.chase_days * DAY_SECONDS
    due = retro.due(state, chase_seconds, now)
    if not due:
        return done
    incident = incident_of(context, state.incident)
    for one in due:
        _chase(context, records, state, incident, one)
        about = f"F{one.follow_up.number} chased" if one.follow_up is not None else "reminded"
        done.append(f"{label}: {about}")
    return done


def ended(context: Context, run: Run) -> None:
    """Of a run that is over: keeps that its playbook wants a draft. The same again, the same
    way. Raises the store's errors."""
    act = retro.wanted_by(run)
    if act is not None:
        RetroRecords(context.store, context.log).act(run.incident, act)


def _drafted_by_itself(context: Context, state: RetroState) -> Optional[RetroState]:
    """None while the run goes on, and where the channel is none: operators hear of that."""
    run = run_of(context, state.incident)
    if run is not None and not run.state.is_over:
        return None
    order, channel = state.wanted, state.wanted_in
    try:
        return make_draft(context, state.incident, channel=channel, order=order).state
    except (NotFound, RejectedInput, Unauthorized) as error:
        if isinstance(error, Unauthorized) and error.status == 401:
            raise
        where, why = escape(one_line(channel)), escape(context.line_of(error))
        context.notify_operators(
            f"retro:{state.incident}",
            f"The retrospective of {state.incident} can't be drafted in {where}, which its "
            f"playbook names (retro.channel): {why}. `/pd retrospective <incident> ~channel` "
            "drafts it elsewhere.",
        )
        return None


def _told_in_room(context: Context, records: RetroRecords, state: RetroState) -> RetroState:
    """Where the draft is, in the room while that is open: nobody there asked for it."""
    key = f"retro {state.incident} {state.draft} link"
    if retro.sent_act("", key, 0.0, "").id in state.sent:
        return state
    room, post_id = room_of(context, state.incident), ""
    if room is not None and room.is_open and room.channel_id != state.channel:
        text = (
            f"📝 The retrospective is drafted: {link_of(context, state)}. Answer its questions in "
            "its thread, and say `/pd retrospective publish` when it is done."
        )
        post_id = context.post_once(room.channel_id, text, key=key, not_before=state.at).post_id
    records.act(state.incident, retro.sent_act("room", key, context.clock(), post_id))
    return records.load(state.incident)


def _chase(
    context: Context, records: RetroRecords, state: RetroState, incident: Incident, one: DueChase
) -> None:
    owner = one.follow_up.owner if one.follow_up is not None else state.owner
    zone = times.zone(context.settings.time_zone)
    text = retro_text.chase(one, incident, link_of(context, state) or incident.url, zone)
    key = f"retro {state.incident} {one.reminder.key}"
    channel, root = "", ""
    if one.is_direct:
        with suppress(NotFound):  # a deactivated one is told in the channel
            channel = _direct(context, owner)
    call = ""
    if not channel:
        channel, root = state.channel or where_else(context, state.incident), state.post
        name = called_now(context, owner)
        call = f"@{name}: " if name else ""
    sent = context.post_once(
        channel,
        text.replace("{call}", call, 1),
        key=key,
        root_id=root if not one.is_direct else "",
        not_before=one.reminder.since,
    )
    act = retro.sent_act(_about(one), one.reminder.key, context.clock(), sent.post_id)
    records.act(state.incident, act)


def _direct(context: Context, owner: Who) -> str:
    """The id of the channel of the bot and them. Raises NotFound for who is deactivated."""
    user = context.mattermost.user(owner.id)
    if not user.active:
        raise NotFound(f"@{user.username} is deactivated")
    return context.mattermost.direct_channel(user.id).id


def _about(one: DueChase) -> str:
    return one.follow_up.id if one.follow_up is not None else retro.NOT_PUBLISHED


def tended(context: Context) -> RetroReport:
    """The same for who does other things as well: what keeps it from being done is named."""
    try:
        return tend(context)
    except WriteRefused:
        raise
    except PackError as error:
        return RetroReport([], [f"Retrospectives: {context.line_of(error)}"])
