"""Which incident a command means that names none: the thread's, the room's, else the only open
one of whoever asks, who is asked by its name before anything changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Optional, Sequence

from pagerduty_mattermost.cards.incident_lists import in_order
from pagerduty_mattermost.chat.acting_user import identify
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.command_table import CommandTable
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.verb import MANY, ONE, TRIGGERED
from pagerduty_mattermost.chat.verbs.named_incidents import incident_of
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput
from pagerduty_mattermost.core.post_keys import own_props
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.core.typed_incidents import is_perhaps_word
from pagerduty_mattermost.gateways.pagerduty.find_incident import OPEN_QUERY, get_incident
from pagerduty_mattermost.rooms.records import RoomRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident

ACKNOWLEDGE = "acknowledge"
_AIM = ("verb", "incidents", "task", "duration")
"""What of a command a proposed line has to say just so."""
LISTED_INCIDENTS, MAX_TITLE_CHARACTERS = 5, 60
"""From which somebody is asked to choose, the first of a list; code points of a title."""


class Aimed(NamedTuple):
    """A command with its incident."""

    command: Command
    supposed: Optional[Incident] = None
    """The incident, where it was neither said nor is the thread's."""


def complete(
    context: Context, command: Command, root_id: str, table: CommandTable = TABLE
) -> Aimed:
    """The command with its incident. `root_id`: the thread in which it was typed, where the
    server tells it. Raises RejectedInput listing what there is to choose from."""
    verb = table.get(command.verb)
    if verb is None or verb.incidents not in (ONE, MANY) or (command.brief and command.incidents):
        return Aimed(command)
    if command.service and verb.name == ACKNOWLEDGE:
        ids = _triggered_on(context, command.service)
        return Aimed(command._replace(incidents=ids, service=""))
    command = _without_word(context, command)
    if command.incidents:
        return Aimed(command)
    found = _of_thread(context, root_id) if root_id else ""
    found = found or _of_room(context, command.channel)
    if found:
        return Aimed(command._replace(incidents=found))
    only = _only_one(context, command)
    return Aimed(command._replace(incidents=only.id), only)


def _triggered_on(context: Context, service_id: str) -> str:
    """Ids of all that is triggered on a service, from its storm's card. Raises RejectedInput where
    nothing is."""
    query = {"statuses": [TRIGGERED], "date_range": "all", "service_ids": [service_id]}
    rows = context.pagerduty.list_all("/incidents", "incidents", query).items
    if not rows:
        raise RejectedInput("nothing is triggered on this service any more")
    return ",".join(str(row["id"]) for row in rows)


def _without_word(context: Context, command: Command) -> Command:
    """PRIMARY may be an id or begin a text: it is text where PagerDuty has no such incident."""
    if not (is_perhaps_word(command.incidents) and command.text):
        return command
    try:
        get_incident(context.pagerduty, command.incidents)
    except NotFound:
        return command._replace(incidents="", text=f"{command.incidents} {command.text}")
    return command


def _of_thread(context: Context, root_id: str) -> str:
    """The incident of the card that the thread hangs on; empty for another post. The card must be
    the bot's own post: anybody can give a post any props."""
    try:
        post = context.mattermost.get_post(root_id)
    except (NotFound, RejectedInput):
        return ""
    props = post.get("props") if post.get("user_id") == context.mattermost.me().id else None
    return str(own_props(props).get("incident") or "")


def _of_room(context: Context, channel_id: str) -> str:
    """The incident whose room the channel is; empty for another one."""
    return RoomRecords(context.store, context.log).incident_in(channel_id) if channel_id else ""


def _only_one(context: Context, command: Command) -> Incident:
    try:
        person = identify(context, command.user).person
    except PackError:
        raise RejectedInput("which incident? Give its id (PT4KHLK) or its number (1234)") from None
    rows = context.pagerduty.list_all(
        "/incidents", "incidents", {**OPEN_QUERY, "user_ids": [person.id]}
    ).items
    found = [incident_of(row) for row in rows]
    if len(found) == 1:
        return found[0]
    if not found:
        raise RejectedInput(_none_is_theirs(context, command))
    found = in_order(found)
    hidden = len(found) - LISTED_INCIDENTS
    more = f" and {hidden} more (`/pd list mine`)" if hidden > 0 else ""
    say = _how_to_say(command, found[0])
    raise RejectedInput(
        f"which incident? {len(found)} are assigned to you: {_listed(found)}{more}; {say}"
    )


def _none_is_theirs(context: Context, command: Command) -> str:
    """What there is to choose from although nothing is assigned to whoever asks."""
    query = {**OPEN_QUERY, "limit": LISTED_INCIDENTS, "sort_by": "created_at:desc"}
    page = context.pagerduty.page("/incidents", "incidents", query)
    found = in_order(incident_of(row) for row in page.items)
    if not found:
        return "which incident? None is open: give its id (PT4KHLK) or its number (1234)"
    more = ", …; `/pd list` shows all" if page.more else ""
    say = _how_to_say(command, found[0])
    return (
        f"which incident? None of the open ones is assigned to you: {_listed(found)}{more}; {say}"
    )


def _listed(found: Sequence[Incident]) -> str:
    return ", ".join(
        one_line(f"{one.priority} #{one.number} {one.title[:MAX_TITLE_CHARACTERS]}")
        for one in found[:LISTED_INCIDENTS]
    )


def _how_to_say(command: Command, one: Incident) -> str:
    """The command with that incident, as the parser reads it; in other words where no line of it
    names one."""
    verb = TABLE.get(command.verb)
    said = (command.task, command.duration, command.text)
    more = [one_line(word.replace("`", ""), 60) for word in said]
    more += [
        f"--{name} {one_line(value.replace('`', ''), 60)}"
        for name, value in command.options.items()
    ]
    wanted = command._replace(incidents=str(one.number))
    for number in (str(one.number), f"#{one.number}"):
        typed = [verb.typed if verb is not None else command.verb, number, *more]
        line = " ".join(word for word in typed if word)
        meant = parse(line).command
        if meant and all(getattr(meant, name) == getattr(wanted, name) for name in _AIM):
            return f"say `/pd {line}`"
    return "say it in the incident's room, or below its card"
