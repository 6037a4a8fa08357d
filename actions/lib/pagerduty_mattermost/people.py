"""Whom an incident concerns, and who they are in Mattermost.

    recipients(pagerduty, mattermost, incident, "assignees") -> Recipients(users, missed)

PagerDuty's users are Mattermost's by their e-mail address; a bot sees addresses only where the server shows them, but
finds a user by one either way.
"""

from __future__ import annotations

from typing import AbstractSet, List, NamedTuple

from . import oncall
from .errors import NotFound, RejectedInput
from .incident import Incident, Person
from .lookup import Reference, resolve
from .mattermost import Mattermost
from .mattermost_shapes import User, is_id
from .pagerduty import PagerDuty
from .text import clean, one_line

GROUPS = ("assignees", "oncall")


class Recipients(NamedTuple):
    users: List[User]
    missed: List[Reference]
    """PagerDuty users whom no active Mattermost account has the address of."""


def chat_user(mattermost: Mattermost, name: str) -> User:
    """The Mattermost user by @name, e-mail or id. Raises NotFound (also for a deactivated one) and RejectedInput."""
    try:
        if is_id(name):
            user = mattermost.user(name)
        elif "@" in name.lstrip("@"):
            user = mattermost.user_by_email(name)
        else:
            user = mattermost.user_by_username(name)
    except NotFound:
        raise NotFound(f"There is no Mattermost user {one_line(clean(name, 100))!r}") from None
    if not user.active:
        raise NotFound(f"The Mattermost user @{user.username} is deactivated")
    return user


def concerned(pagerduty: PagerDuty, incident: Incident, group: str) -> List[Reference]:
    """The incident's `assignees`, or who is `oncall` now at the first level of its escalation policy; each once."""
    if group not in GROUPS:
        raise RejectedInput("An incident concerns its assignees or oncall, nobody else")
    if group == "assignees":
        found = [_with_email(pagerduty, person) for person in incident.assignees]
    elif incident.escalation_policy_id:
        rows, _ = oncall.who(pagerduty, escalation_policy=incident.escalation_policy_id)
        found = [row.user for row in rows if row.level == rows[0].level]
    else:
        found = []
    return list({person.id: person for person in found}.values())


def recipients(
    pagerduty: PagerDuty, mattermost: Mattermost, incident: Incident, group: str, but: AbstractSet[str] = frozenset()
) -> Recipients:
    """Those concerned, as Mattermost users, without the PagerDuty users whose ids are in `but`."""
    told = Recipients([], [])
    for person in concerned(pagerduty, incident, group):
        if person.id in but:
            continue
        try:
            if not person.email:
                raise NotFound("no address")
            told.users.append(chat_user(mattermost, person.email))
        except (NotFound, RejectedInput):
            told.missed.append(person)
    return told


def _with_email(pagerduty: PagerDuty, person: Person) -> Reference:
    """The address stays empty for a user whom PagerDuty no longer knows."""
    try:
        return resolve(pagerduty, "user", person.id)
    except NotFound:
        return Reference("user", person.id, person.name)
