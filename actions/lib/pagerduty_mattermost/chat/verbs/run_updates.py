"""Who hears of it: `update` gives a status update, `remind` says when the next one is due, `update
request` asks for one, `follow` brings them as direct messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Tuple

from pagerduty_mattermost.chat import pagerduty_roles
from pagerduty_mattermost.chat.acting_user import find_sender
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.dialogs import NEXT, ROOM_ONLY
from pagerduty_mattermost.chat.forms import Form, incidents_and, nothing, words
from pagerduty_mattermost.chat.task_forms import moment_said
from pagerduty_mattermost.chat.verb import CHAT, ONE, OWN_SETTINGS, PLAYBOOK, Verb
from pagerduty_mattermost.chat.verbs.changes import VERBS as CHANGES
from pagerduty_mattermost.chat.verbs.named_incidents import incident_of
from pagerduty_mattermost.chat.verbs.run_of import TheRun, the_run
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.core.text import channel_link, clean, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident

TO = "to"
"""Option: further channels."""
MAX_TARGETS = 10
STATUS_UPDATE = next(verb for verb in CHANGES if verb.name == "status_update")
"""Whose right it needs, since it does what that does."""


def update(context: Context, command: Command) -> CommandResult:
    """In the room under the author's name, in the playbook's channels, to PagerDuty's subscribers
    and to whoever follows."""
    from pagerduty_mattermost.rooms.records import RoomRecords
    from pagerduty_mattermost.runs import updates
    from pagerduty_mattermost.runs.acts import UPDATE

    text = clean(command.text).strip()
    the = the_run(context, command)
    if not text:
        raise RejectedInput("what? Say it behind `/pd update`, or open the form with it alone")
    if not the.asked.by.id:
        raise RejectedInput("Mattermost does not know who you are")
    room = RoomRecords(context.store, context.log).open_of(the.run.incident)
    if room is None:
        raise RejectedInput("its room is archived: `/pd room restore` first")
    _check_role(context, command, the)
    targets = _targets(context, command, the)
    seconds = _interval(context, command, the)
    incident = _incident(context, the)
    act = the.asked.act(UPDATE, text=text, seconds=seconds, targets=targets)
    given = updates.give(
        context,
        the.records,
        the.run,
        act,
        incident,
        room,
        # What answers a command stands in the channel in which it was given.
        hook=command.hook if command.channel == the.run.plan.channel else "",
        email=_email(context, command, the),
    )
    state = given.run.state
    line = f"Status update {len(state.updates)} is given{_places(context, the, targets)}."
    if seconds:
        at = times.clock(times.iso(the.asked.at + seconds), times.zone(context.settings.time_zone))
        line += f" The next one is due at {at}."
    problem = " ".join(given.problems)
    lines = [line, *(f":warning: {one}." for one in given.problems)]
    return CommandResult("\n".join(lines), (the.run.incident,), problem=problem)


def _check_role(context: Context, command: Command, the: TheRun) -> None:
    """Where it goes to PagerDuty's subscribers too, it is a status update of PagerDuty's: raises
    RejectedInput for whom PagerDuty does not let publish any."""
    if the.run.plan.playbook.updates.pagerduty:
        publishes = command._replace(incidents=the.run.incident)
        pagerduty_roles.require(context, publishes, STATUS_UPDATE)


def _email(context: Context, command: Command, the: TheRun) -> str:
    """The author's at PagerDuty; empty where nobody needs it, or they have none."""
    if not the.run.plan.playbook.updates.pagerduty:
        return ""
    try:
        return find_sender(context, command.user, "", now=True)
    except PackError:
        return ""


def _targets(context: Context, command: Command, the: TheRun) -> Tuple[str, ...]:
    """Ids of channels. The playbook's own were chosen by who wrote it; into others one has to be
    allowed to write."""
    found: List[str] = []
    if ROOM_ONLY not in command.options:
        found += [_resolved(context, one) for one in the.run.plan.playbook.updates.broadcast]
    for word in command.options.get(TO, "").replace(",", " ").split():
        ref = context.channels.typed(word)
        if not context.mattermost.is_member(ref.id, the.asked.by.id):
            raise RejectedInput(f"you are no member of {ref.label}: nothing is posted there")
        found.append(ref.id)
    if len(found) > MAX_TARGETS:
        raise RejectedInput(f"{MAX_TARGETS} channels at most")
    known = dict.fromkeys(one for one in found if one and one != the.run.plan.channel)
    return tuple(known)


def _resolved(context: Context, word: str) -> str:
    """Empty where there is no such channel any more: the others are told all the same."""
    try:
        return context.channels.resolve(word).id
    except PackError as error:
        context.log.warning("No status update goes to %s: %s", word, context.line_of(error))
        return ""


def _interval(context: Context, command: Command, the: TheRun) -> float:
    from pagerduty_mattermost.runs.update_texts import first_seconds

    said = command.options.get(NEXT, "")
    if not said:
        return first_seconds(the.run.state)
    return _seconds(context, said, the.asked.at)


def _seconds(context: Context, said: str, at: float) -> float:
    """From now until then; 0: never. Raises RejectedInput."""
    from pagerduty_mattermost.runs.update_texts import seconds_until

    return seconds_until(said, at, context.settings.time_zone)


def _places(context: Context, the: TheRun, targets: Tuple[str, ...]) -> str:
    names = ["in the room"]
    for target in targets:
        try:
            channel = context.mattermost.channel(target)
        except PackError:
            continue
        known = channel.type == "O" or context.mattermost.is_member(target, the.asked.by.id)
        names.append(f"in {channel_link('~' + channel.name) if known else 'a private channel'}")
    playbook = the.run.plan.playbook
    if playbook.updates.pagerduty and not the.run.plan.drill:
        names.append("at PagerDuty")
    return " " + (", ".join(names[:-1]) + " and " if names[1:] else "") + names[-1]


def remind(context: Context, command: Command) -> CommandResult:
    """When the next one is asked for: a length from now on, a time, or never. From then on as the
    playbook says."""
    from pagerduty_mattermost.runs import acting
    from pagerduty_mattermost.runs.acts import REMIND

    the = the_run(context, command)
    word = one_line(clean(command.duration)).casefold()
    if not word:
        at = the.run.state.remind_at
        return CommandResult(_due_line(context, at), (the.run.incident,))
    seconds = _seconds(context, word, the.asked.at)
    if seconds:
        act = the.asked.act(REMIND, due=the.asked.at + seconds)
    else:
        act = the.asked.act(REMIND, seconds=0.0)
    acted = acting.act(context, the.records, the.run, act)
    return CommandResult(_due_line(context, acted.now.remind_at), (the.run.incident,))


def _due_line(context: Context, at: float) -> str:
    if not at:
        return "Nobody is reminded of status updates."
    when = times.clock(times.iso(at), times.zone(context.settings.time_zone))
    return f"The next status update is due at {when}."


def request(context: Context, command: Command) -> CommandResult:
    """The commander is asked, in the room, for an update; also by who is no member of it, where
    the room is public."""
    from pagerduty_mattermost.runs import reminding

    the = the_run(context, command, members=False)
    if not the.asked.by.id:
        raise RejectedInput("Mattermost does not know who you are")
    incident = _incident(context, the)
    reminding.ask_for_update(context, the.run, incident, the.asked.by, the.asked.order_id)
    return CommandResult("The room is asked for a status update.", (the.run.incident,))


def _incident(context: Context, the: TheRun) -> Incident:
    from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident

    return incident_of(get_incident(context.pagerduty, the.run.incident))


def follow(context: Context, command: Command) -> CommandResult:
    return _follow(context, command, is_on=True)


def unfollow(context: Context, command: Command) -> CommandResult:
    return _follow(context, command, is_on=False)


def _follow(context: Context, command: Command, *, is_on: bool) -> CommandResult:
    from pagerduty_mattermost.runs.acts import FOLLOW, ON

    the = the_run(context, command, members=False)
    if not the.asked.by.id:
        raise RejectedInput("Mattermost does not know who you are")
    act = the.asked.act(FOLLOW, person=the.asked.by, value=ON if is_on else "")
    the.records.act(the.run.incident, act)
    line = (
        "You get each status update as a direct message. `/pd unfollow` ends it."
        if is_on
        else "You get no more status updates as direct messages."
    )
    return CommandResult(line, (the.run.incident,))


VERBS = (
    Verb(
        name="update",
        run=update,
        usage="update [id] [text]",
        example="update 1234 Errors are down to 2 %",
        help="a status update: in your name in the room, copied to the playbook's channels; "
        "alone it opens a form",
        to_do="give status updates",
        forms=(
            Form(
                ("update", "give an update", "post an update"),
                incidents_and(words("text", required=False), note=True),
            ),
        ),
        options=(NEXT, TO),
        flags=(ROOM_ONLY,),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        includes=(STATUS_UPDATE.name,),
        repaints=False,
        says="Give a status update of {incidents}{words}",
        button="Give update",
    ),
    Verb(
        name="remind",
        run=remind,
        usage="remind [id] [30m|14:30|off]",
        example="remind 1234 30m",
        help="when the next status update is due",
        to_do="set when updates are due",
        forms=(
            Form(
                ("remind", "remind me", "remind in"),
                moment_said(),
            ),
        ),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Set when the next status update of {incidents} is due",
    ),
    Verb(
        name="update_request",
        run=request,
        usage="update-request [id]",
        example="update-request 1234",
        help="ask the commander for a status update",
        to_do="ask for status updates",
        forms=(
            Form(
                ("update-request", "request update", "request an update", "ask for an update"),
                incidents_and(nothing()),
            ),
        ),
        group=PLAYBOOK,
        changes=CHAT,
        incidents=ONE,
        is_detail=True,
        says="Ask for a status update of {incidents}",
    ),
    Verb(
        name="follow",
        run=follow,
        usage="follow [id]",
        example="follow 1234",
        help="get each status update as a direct message, without joining the room",
        to_do="follow incidents",
        forms=(Form(("follow",), incidents_and(nothing())),),
        group=PLAYBOOK,
        changes=OWN_SETTINGS,
        incidents=ONE,
        is_detail=True,
        also_called=("watch",),
        dry_run="It would send you each status update as a direct message.",
    ),
    Verb(
        name="unfollow",
        run=unfollow,
        usage="unfollow [id]",
        example="unfollow 1234",
        help="get no more of them",
        to_do="stop following incidents",
        forms=(Form(("unfollow",), incidents_and(nothing())),),
        group=PLAYBOOK,
        changes=OWN_SETTINGS,
        incidents=ONE,
        is_detail=True,
        also_called=("unwatch",),
        dry_run="It would send you no more status updates.",
    ),
)
