"""The incidents that a command names, read from PagerDuty, and shown in its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, Tuple

from pagerduty_mattermost.cards.card import headline
from pagerduty_mattermost.chat.acting_user import find_sender
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.core.text import markdown_link
from pagerduty_mattermost.gateways.pagerduty.find_incident import find, names
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.incidents.log_entries import incident_from_rest

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def incident_of(row: Mapping[str, Any]) -> Incident:
    """The incident in a row of PagerDuty's. Raises NotFound when it holds none."""
    found = incident_from_rest(row)
    if found is None:
        raise NotFound("PagerDuty's answer holds no incident")
    return found


def named(incident: Incident) -> str:
    """Number and title as a link, in Markdown."""
    return markdown_link(headline(incident, 120), incident.url)


def read_one(context: Context, command: Command) -> Incident:
    """The first incident that the command names."""
    return incident_of(find(context.pagerduty, names(command.incidents)[0]))


def sender_and_incident(context: Context, command: Command) -> Tuple[str, Incident]:
    """The e-mail address of the PagerDuty user in whose name the command acts, and the first
    incident that it names."""
    email, row = sender_and_row(context, command)
    return email, incident_of(row)


def sender_and_row(context: Context, command: Command) -> Tuple[str, Dict[str, Any]]:
    """The same with the incident as PagerDuty gives it."""
    email = find_sender(context, command.user, command.from_email)
    return email, find(context.pagerduty, names(command.incidents)[0])
