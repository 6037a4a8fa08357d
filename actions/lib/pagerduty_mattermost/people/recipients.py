"""Whom an incident concerns, and who they are in Mattermost.

    people = concerned(pagerduty, store, incident, "assignees")
    recipients(people, Accounts(mattermost, store)) -> Recipients(users, missed)

A bot sees addresses only where the server shows them, but finds a user by one either way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, AbstractSet, Iterable, List, NamedTuple

from pagerduty_mattermost.core.errors import NotFound, WrongParameter
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.mattermost.values import User
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.first_on_call import first_on_call
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Incident

if TYPE_CHECKING:
    from pagerduty_mattermost.people.accounts import Accounts

GROUPS = ("assignees", "oncall")


class Recipients(NamedTuple):
    """Whom a message reaches in Mattermost, and whom not."""

    users: List[User]
    missed: List[Reference]
    """PagerDuty users whom no active Mattermost account belongs to."""


def concerned(
    pagerduty: PagerDuty, store: Store, incident: Incident, group: str
) -> List[Reference]:
    """The incident's `assignees`, or who is `oncall` now at the first level of its escalation
    policy that has anybody; each once. Raises the gateway's errors: who can't be known is never
    guessed."""
    if group not in GROUPS:
        raise WrongParameter("to", "an incident concerns its assignees or oncall, nobody else")
    if group == "assignees":
        found = [
            with_email(pagerduty, Reference("user", one.id, one.name))
            for one in incident.assignees
        ]
    elif incident.escalation_policy_id:
        found = first_on_call(pagerduty, store, incident.escalation_policy_id)
    else:
        found = []
    return list({person.id: person for person in found}.values())


def recipients(
    people: Iterable[Reference], accounts: Accounts, but: AbstractSet[str] = frozenset()
) -> Recipients:
    """They as Mattermost users, by an admin's link or their address, without the PagerDuty users
    whose ids are in `but`. Raises what the store and Mattermost raise."""
    found = Recipients([], [])
    for person in people:
        if person.id in but:
            continue
        account = accounts.of(person)
        if account is None:
            found.missed.append(person)
        else:
            found.users.append(account)
    return found


def with_email(pagerduty: PagerDuty, person: Reference) -> Reference:
    """With the e-mail address, which neither an incident nor a schedule has; it stays empty for
    a user whom PagerDuty no longer knows. Raises the gateway's errors."""
    if person.email:
        return person
    try:
        return resolve(pagerduty, "user", person.id)
    except NotFound:
        return person


def unknown(person: Reference, shown: str, of: str) -> str:
    """The notice that nobody in Mattermost is that PagerDuty user. `shown`: the name, escaped;
    `of`: what they should have heard of."""
    return (
        f"{shown} could not be notified of {of}: no active Mattermost user has the e-mail "
        "address of this PagerDuty user "
        f"({escape(person.email) or 'none'}), and no admin linked one (identity.link)."
    )
