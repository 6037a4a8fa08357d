"""A round over all retrospectives: drafts that somebody began to post are posted, who has to
publish one is reminded, owners of follow-ups are chased, each once.

What could not be posted in time comes later, if it is still due then. That it was posted is an act
whose id is made of what is due, so that whoever posts it again finds it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, List, NamedTuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError, RetryLater, WriteRefused
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.reviews import retro, retro_text
from pagerduty_mattermost.reviews.retro import DAY_SECONDS, DueChase, RetroState
from pagerduty_mattermost.reviews.retro_records import RetroRecords
from pagerduty_mattermost.reviews.retrospectives import (
    incident_of,
    link_of,
    make_draft,
    where_else,
)
from pagerduty_mattermost.runs.acts import Who

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

SETTLED_SECONDS = 150.0
"""From when on whoever drafted one has posted it, or never will."""
FAILURES_IN_A_ROW = 3


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
        call = f"@{owner.name}: " if owner.name else ""
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
