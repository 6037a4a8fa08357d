"""The incidents that a command names, read from PagerDuty, and shown in its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence, Tuple

from pagerduty_mattermost.cards.card import headline
from pagerduty_mattermost.chat.acting_user import find_sender
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.verb import ALL_STATES, OPEN_STATES, RESOLVED
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput
from pagerduty_mattermost.core.text import escape, markdown_link, one_line
from pagerduty_mattermost.gateways.pagerduty.find_incident import find, get_incident, names
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.incidents.log_entries import incident_from_rest

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.rooms.records import RoomRecord

HEADLINE = "#{number} {title}"
"""With which the title of a room begins that tells how its incident is called."""


def incident_of(row: Mapping[str, Any]) -> Incident:
    """The incident in a row of PagerDuty's. Raises NotFound when it holds none."""
    found = incident_from_rest(row)
    if found is None:
        raise NotFound("PagerDuty's answer holds no incident")
    return found


def named(incident: Incident) -> str:
    """Number and title as a link, in Markdown."""
    return markdown_link(headline(incident, 120), incident.url)


def called(context: Context, incident_id: str, room: Optional[RoomRecord]) -> str:
    """Number and title of an incident, not escaped: as its room's title shows them, which needs no
    request; else as PagerDuty tells them, and its id where it does not now. `room`: None where it
    has none."""
    told = told_by_title(context, room) if room is not None else ""
    if told:
        return told
    try:
        return headline(incident_of(get_incident(context.pagerduty, incident_id)), 80)
    except PackError as error:
        context.log.info("How %s is called is not known: %s", incident_id, error)
        return incident_id


def told_by_title(context: Context, room: RoomRecord) -> str:
    """Number and title, not escaped, where the room's title begins with them; else empty."""
    from pagerduty_mattermost.rooms.terms import terms_of

    if room.adopted or not terms_of(context, room).title.startswith(HEADLINE):
        return ""
    title = room.title.replace("\u200b", "")
    number = title[1:].partition(" ")[0]
    return title if title.startswith("#") and number.isdecimal() else ""


def how_it_is(incident: Incident) -> str:
    """The state of one that is left alone, and who was first, in Markdown."""
    by_whom = (
        incident.resolved_by
        if incident.status == RESOLVED
        else ", ".join(person.name for person in incident.acknowledgers)
    )
    by = f" by {escape(one_line(by_whom, 100))}" if by_whom else ""
    return f"{named(incident)} is {escape(incident.status)} already{by}."


def read_one(context: Context, command: Command) -> Incident:
    """The first incident that the command names."""
    return incident_of(find(context.pagerduty, names(command.incidents)[0]))


def sender_and_incident(
    context: Context, command: Command, states: Sequence[str] = ALL_STATES
) -> Tuple[str, Incident]:
    """The e-mail address of the PagerDuty user in whose name the command acts, and the first
    incident that it names. Raises RejectedInput where that is in none of `states`."""
    email, row = sender_and_row(context, command, states)
    return email, incident_of(row)


def sender_and_row(
    context: Context, command: Command, states: Sequence[str] = ALL_STATES
) -> Tuple[str, Dict[str, Any]]:
    """The same with the incident as PagerDuty gives it."""
    email = find_sender(context, command.user, command.from_email)
    row = find(context.pagerduty, names(command.incidents)[0])
    if row.get("status") not in states:
        incident = incident_of(row)
        needed = "an open one" if tuple(states) == OPEN_STATES else f"one that is {states[0]}"
        raise RejectedInput(
            f"{headline(incident, 120)} is {incident.status}, and this needs {needed}: nothing is "
            "changed"
        )
    return email, row
