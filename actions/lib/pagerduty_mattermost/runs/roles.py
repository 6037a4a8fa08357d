"""Somebody takes a role: the commander's, or one of the playbook's. They come into the room, the
room is told, its header says who leads, and they are sent the role's instructions in private.

    taken = take(context, records, run, act, change)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Tuple

from pagerduty_mattermost.core.errors import NotFound, PackError, WriteRefused
from pagerduty_mattermost.core.text import escape, markdown_link, one_line
from pagerduty_mattermost.gateways.mattermost.post_once import link
from pagerduty_mattermost.playbooks.playbook import COMMANDER, Role
from pagerduty_mattermost.rooms.furnishing import paint_header
from pagerduty_mattermost.rooms.records import RoomRecords
from pagerduty_mattermost.runs import acting, people, reminders, reminding
from pagerduty_mattermost.runs.acting import Acted
from pagerduty_mattermost.runs.acts import Act, Who
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.texts import name, styled_lines

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change


def find_role(run: Run, said: str) -> Role:
    """By its name or its title. Raises NotFound with those that there are."""
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
        if acted.changed:
            instruct(context, acted.run, done.value, done.person, done.id, done.at)
    except WriteRefused:
        raise
    except PackError as error:
        problems.append(context.line_of(error))
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
        line = f"✅ {name(commander)} leads this incident."
        reminding.strike_out(context, run, reminders.NO_COMMANDER, line)
    now = paint_header(context, room._replace(commander=commander.name), change)
    rooms.save(now)


def begin(context: Context, run: Run, change: Change) -> None:
    """Who has a role from the beginning is told so, and the header says who leads. Raises the
    gateways' errors."""
    follow(context, run, change)
    for one in run.state.roles.values():
        instruct(context, run, one.name, one.who, f"{run.plan.id} {one.name}", run.plan.made_at)


def instruct(context: Context, run: Run, name_: str, who: Who, taken: str, at: float) -> None:
    """The role's instructions, as a direct message; once for each time it is taken. `taken`: what
    that is known by; `at`: when it was, seconds since the epoch."""
    role = next((one for one in known_roles(run) if one.name == name_), None)
    if role is None or not role.instructions.strip() or not who.id:
        return
    channel = context.mattermost.direct_channel(who.id).id
    where = markdown_link("its room", link(context.mattermost.settings, run.post.id))
    title = escape(one_line(role.title))
    playbook = escape(one_line(run.plan.playbook.title))
    head = f"You are **{title}** now in the playbook {playbook} ({where}):"
    text = f"{head}\n\n{styled_lines(role.instructions.strip())}"
    context.post_once(channel, text, key=f"role {run.incident} {taken}", not_before=at)
