"""A command from chat, its answer, and what the verbs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.cards.card import headline
from pagerduty_mattermost.chat.acting_user import sender
from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.core.text import markdown_link
from pagerduty_mattermost.gateways.pagerduty.find_incident import find, names
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.incidents.log_entries import incident_from_rest

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


class Said(NamedTuple):
    """One command."""

    verb: str
    incidents: str = ""
    text: str = ""
    service: str = ""
    duration: str = ""
    from_email: str = ""
    user: str = ""
    """The Mattermost user who said it: name, or id where the pack's own sensor heard it."""
    channel: str = ""
    """Id of the channel it was said in, where that is known."""
    page: str = ""
    """Of a list: 1, 2, …"""
    brief: bool = False
    """Of a click: the card is the answer, so what else is open need not be read."""
    key: str = ""
    """Of what it makes: the same one for a command that is carried out twice."""
    options: Mapping[str, str] = {}
    """Of a new incident: urgency, priority, assign, details; of a subscription: service, team,
    urgency, priority, events."""


class Answer(NamedTuple):
    message: str
    incidents: Tuple[str, ...] = ()
    """Ids of what it was about."""
    person: str = ""
    """The e-mail address of the PagerDuty user in whose name something was done."""
    after: Tuple[Incident, ...] = ()
    """As PagerDuty answered the change, where it did: they need not be asked for again."""
    public: bool = False
    """Whether the channel should see it."""
    already: bool = False
    """Whether nothing was left to do, since somebody else was first: no card changes, so whoever
    clicked is told."""
    head: str = ""
    """In place of `message` where each incident of `shown` has buttons."""
    shown: Tuple[Incident, ...] = ()
    """The page of a list."""


def incident_of(row: Mapping[str, Any]) -> Incident:
    """The incident of a row of PagerDuty's. Raises NotFound when it is none."""
    found = incident_from_rest(row)
    if found is None:
        raise NotFound("PagerDuty's answer holds no incident")
    return found


def named(incident: Incident) -> str:
    """Number and title, linked."""
    return markdown_link(headline(incident, 120), incident.url)


def the_one(context: Context, said: Said) -> Tuple[str, Incident]:
    """In whose name, and the one incident that was named."""
    email = sender(context, said.user, said.from_email)
    return email, incident_of(find(context.pagerduty, names(said.incidents)[0]))
