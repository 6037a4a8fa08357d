"""Somebody takes a role: the commander's, or one of the playbook's. They come into the room, the
room is told, its header says who leads, and they are sent the role's instructions in private.

    taken = take(context, records, run, act, change)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional, Tuple

from pagerduty_mattermost.cards.card import headline
from pagerduty_mattermost.core.errors import NotFound, PackError, WriteRefused
from pagerduty_mattermost.core.text import escape, markdown_link, one_line
from pagerduty_mattermost.gateways.mattermost.post_once import link
from pagerduty_mattermost.playbooks.playbook import COMMANDER, Role
from pagerduty_mattermost.rooms.furnishing import paint_header
from pagerduty_mattermost.rooms.records import RoomRecords
from pagerduty_mattermost.runs import acting, people, reminders, reminding
from pagerduty_mattermost.runs.acting import Acted
from pagerduty_mattermost.runs.acts import SENT, Act, sent_id
from pagerduty_mattermost.runs.posting import is_final
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.state import RoleState
from pagerduty_mattermost.runs.texts import styled_lines

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change, Incident


def find_role(run: Run, said: str) -> Role:
    """The role of that name or title. Raises NotFound with those that there are."""
    word = one_line(said).casefold()
    roles = known_roles(run)
    for role in roles:
        if word in (role.name.casefold(), role.title.casefold()):
            return role
    names = ", ".join(role.name for role in roles)
    raise NotFound(f"there is no role {one_line(said, 40)!r} in this playbook: there are {names}")


def known_roles(run: Run) -> Tuple[Role, ...]:
    """The commander's first, also where the playbook does not describe it."""
    playbook = run.plan.playbook
    lead = playbook.role(COMMANDER) or Role(COMMANDER, "Commander")
    return (lead, *(role for role in playbook.roles if role.name != COMMANDER))


def take(
    context: Context, records: RunRecords, run: Run, done: Act, change: Change
) -> Tuple[Acted, List[str]]:
    """`done`: the act. Also lines of what is left to the round over rooms. Raises RejectedInput
    for somebody who can't come into the room, before anything is done."""
    people.come_in(context, run, done.person)
    acted = acting.act(context, records, run, done)
    problems: List[str] = []
    try:
        follow(context, acted.run, change)
        for one in uninstructed(acted.run):
            if one.taken == done.id:
                run = instruct(context, records, acted.run, one, change.incident)
                acted = acted._replace(run=run)
    except WriteRefused:
        raise
    except PackError as error:
        problems.append(context.line_in_chat(error))
    return acted, problems


def follow(context: Context, run: Run, change: Change) -> None:
    """The room's header says who leads, and that nobody does is reminded of no more. Costs nothing
    where that is so already."""
    commander = run.state.commander
    rooms = RoomRecords(context.store, context.log)
    room = rooms.open_of(run.incident)
    if room is None or room.channel_id != run.plan.channel or room.commander == commander.name:
        return
    if commander.id:
        reminding.strike_out(context, run, reminders.NO_COMMANDER, reminding.led_by(commander))
    now = paint_header(context, room._replace(commander=commander.name), change)
    rooms.save(now)


def begin(context: Context, records: RunRecords, run: Run, change: Change) -> Run:
    """Who has a role from the beginning is told so, and the header says who leads. Raises the
    gateways' errors."""
    follow(context, run, change)
    for one in uninstructed(run):
        run = instruct(context, records, run, one, change.incident)
    return run


def uninstructed(run: Run) -> List[RoleState]:
    """Roles that ask something of who has them, and whoever has one was not told what. Pure."""
    state = run.state
    asking = {one.name for one in known_roles(run) if one.instructions.strip()}
    return [
        one
        for one in state.roles.values()
        if one.name in asking and one.who.id and _told_id(run, one) not in state.sent
    ]


def instruct(
    context: Context,
    records: RunRecords,
    run: Run,
    taken: RoleState,
    incident: Optional[Incident] = None,
) -> Run:
    """The role's instructions, as a direct message with the ways to the incident; once for each
    time it is taken. `incident`: where it is known. Raises what may pass; whoever can't be written
    to is left alone."""
    role = next(one for one in known_roles(run) if one.name == taken.name)
    at = taken.at if taken.taken else run.plan.made_at
    where = markdown_link("its room", link(context.mattermost.settings, run.post.id))
    title = escape(one_line(role.title))
    playbook = escape(one_line(run.plan.playbook.title))
    of = f" of {markdown_link(headline(incident, 120), incident.url)}" if incident else ""
    head = f"You are **{title}** now{of} ({where}), in the playbook {playbook}:"
    text = f"{head}\n\n{styled_lines(role.instructions.strip())}"
    post_id = ""
    try:
        channel = context.mattermost.direct_channel(taken.who.id).id
        key = f"role {run.incident} {_taken(run, taken)}"
        post_id = context.post_once(channel, text, key=key, not_before=at).post_id
    except PackError as error:
        if not is_final(error):
            raise
        line = context.line_of(error)
        context.log.warning("%s is not sent what the role asks of them: %s", taken.who.name, line)
    where_to = f"@{taken.who.id}"
    sent = Act(
        SENT,
        _told_id(run, taken),
        context.clock(),
        of=_taken(run, taken),
        value=where_to,
        post=post_id,
    )
    records.act(run.incident, sent)
    return run.with_acts(sent)


def _taken(run: Run, role: RoleState) -> str:
    """What it is known by that they have it."""
    return role.taken or f"{run.plan.id} {role.name}"


def _told_id(run: Run, role: RoleState) -> str:
    return sent_id(_taken(run, role), f"@{role.who.id}")
