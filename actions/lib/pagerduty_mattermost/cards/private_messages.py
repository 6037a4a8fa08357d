"""What those whom an incident concerns are sent of it in private, each once of each event.

    message = of_change(context, change, "oncall", "Please look")
    # -> PrivateMessage(users, text, key, missed)

Whom it concerns is PagerDuty's to say; who has no account in Mattermost, and that nobody can be
reached, is posted in the operations channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, AbstractSet, List, NamedTuple

from pagerduty_mattermost.cards.card import plain_line
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.mattermost.values import User
from pagerduty_mattermost.incidents.incident import Change, Incident
from pagerduty_mattermost.people.accounts import Accounts
from pagerduty_mattermost.people.recipients import concerned, recipients, unknown

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

NOTICE_SECONDS = 3600.0
"""After which the same trouble is posted again."""


class PrivateMessage(NamedTuple):
    """One text for some people, each in a direct message."""

    users: List[User]
    text: str
    key: str
    missed: List[str]
    """Names of those who have no active account in Mattermost."""


def of_change(context: Context, change: Change, group: str, message: str) -> PrivateMessage:
    """Raises RejectedInput for a group that is none, and the gateways' errors: who can't be known
    is never guessed."""
    incident = change.incident
    try:
        people = concerned(context.pagerduty, context.store, incident, group)
    except RejectedInput:
        raise
    except PackError as error:
        _tell_not_known(context, incident, error)
        raise  # tried again, and sent when PagerDuty can say
    if not people and group == "oncall":
        _tell_nobody(context, incident)
    accounts = Accounts(context.mattermost, context.store, log=context.log)
    found = recipients(people, accounts, who_knows(change))
    for person in found.missed:
        text = unknown(person, escape(person.name), "an incident")
        context.notify_operators(f"user:{person.id}", text)
    return PrivateMessage(
        found.users,
        text_of(change, message),
        key_of(change),
        [person.name for person in found.missed],
    )


def who_knows(change: Change) -> AbstractSet[str]:
    """PagerDuty id of whoever did all of it alone, who needs no message. Pure."""
    agents = {event.agent.id for event in change.events}
    return agents if len(agents) == 1 else set()


def text_of(change: Change, message: str) -> str:
    """The message with a line about the incident below it, as plain text."""
    return "\n".join(part for part in (message.strip(), plain_line(change.incident)) if part)


def key_of(change: Change) -> str:
    """Equal for the same event of the same incident."""
    event = change.events[-1].event_id if change.events else ":".join(map(str, change.version))
    return f"incident:{change.incident.id}:{event}"


def _tell_not_known(context: Context, incident: Incident, error: PackError) -> None:
    """Tell the operations channel that the one who should know was not reached yet."""
    context.notify_operators(
        f"concerned:{incident.escalation_policy_id}",
        "Whom this incident concerns is not known, so nobody got a direct message about it: "
        f"{escape(context.line_of(error))}\n{plain_line(incident)}",
        ttl=NOTICE_SECONDS,
    )


def _tell_nobody(context: Context, incident: Incident) -> None:
    policy = escape(incident.escalation_policy or incident.escalation_policy_id or "none")
    context.notify_operators(
        f"nobody:{incident.escalation_policy_id}",
        f"Nobody is on call by the escalation policy of this incident ({policy}), so nobody got "
        f"a direct message about it.\n{plain_line(incident)}",
        ttl=NOTICE_SECONDS,
    )
