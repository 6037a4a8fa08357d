"""What PagerDuty lets somebody do counts in chat as well: the pack's key may do everything, the
person in whose name it acts may not.

Owners, admins, managers (`user`) and responders (`limited_user`) act. Observers and people with
restricted access act where a team role says so: manager or responder in a team of the incident,
or of the service, schedule or policy that is changed (`Verb.touches`). Stakeholders
(`read_only_user`, `read_only_limited_user`) only look. The role is remembered with the identity,
and believed for five minutes where it allows the act, for a minute where the act reaches people;
before somebody is refused it is asked for again, so that whoever was just given a role may act at
once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Set, Tuple

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.verb import MANY, ONE, Verb
from pagerduty_mattermost.core.errors import Ambiguous, ConfigError, NotFound, RejectedInput
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.references import resolve_user
from pagerduty_mattermost.gateways.pagerduty.rows import id_of, rows_of

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

ACTING = frozenset({"owner", "admin", "user", "limited_user"})
STAKEHOLDERS = frozenset({"read_only_user", "read_only_limited_user"})
ACTING_IN_TEAM = frozenset({"manager", "responder"})
NAMES: Mapping[str, str] = {
    "owner": "Account Owner",
    "admin": "Global Admin",
    "user": "Manager",
    "limited_user": "Responder",
    "observer": "Observer",
    "restricted_access": "Restricted Access",
    "read_only_user": "Full Stakeholder",
    "read_only_limited_user": "Limited Stakeholder",
}
"""As PagerDuty's pages call them."""
ALLOWED_SECONDS = 300.0
"""How long a role is believed that allows the act: so late whoever lost it is refused."""


def require(context: Context, command: Command, verb: Verb) -> None:
    """Raises RejectedInput, in one line, for who may not do it at PagerDuty either. Whom nobody
    knows is let pass: the command itself asks who it is."""
    chat = context.settings.chat
    if chat.anonymous_create and verb.name == "create" and not command.service:
        return
    from pagerduty_mattermost.people.identity import FRESH_SECONDS

    role, now = "", context.clock()
    believed = FRESH_SECONDS if verb.reaches_people else ALLOWED_SECONDS
    for since in (now - believed, now):
        found = _actor(context, command, since)
        if found is None:
            return
        person_id, role = found
        if not role or role in ACTING:
            return
        if role not in STAKEHOLDERS and _acts_in_teams(context, command, verb, person_id):
            return
    way_out = (
        "" if role in STAKEHOLDERS else "; a team role of Responder or Manager there would let you"
    )
    raise RejectedInput(
        f"PagerDuty does not let you {verb.infinitive}: your role is {role_name(role)}, which "
        f"may only read{way_out}"
    )


def role_name(role: str) -> str:
    """A role of PagerDuty's users as its pages call it; not escaped."""
    return NAMES.get(role, one_line(clean(role, 40)).replace("_", " "))


def _actor(context: Context, command: Command, since: float) -> Optional[Tuple[str, str]]:
    """Id and role of the PagerDuty user in whose name it is done, as PagerDuty said since then;
    None where that is nobody's own."""
    from pagerduty_mattermost.chat.acting_user import identify_since

    try:
        if command.from_email:
            if not context.settings.chat.allow_from:
                return None  # the command refuses it
            person, role = context.once(
                f"role {command.from_email}",
                lambda: resolve_user(context.pagerduty, command.from_email),
            )
            return person.id, role
        found = identify_since(context, command.user, since)
    except (NotFound, Ambiguous, ConfigError, RejectedInput):
        return None
    return found.person.id, found.role


def _acts_in_teams(context: Context, command: Command, verb: Verb, person_id: str) -> bool:
    """Whether each thing that the command changes belongs to a team in which the person acts."""
    touched = _touched(context, command, verb)
    return touched is not None and all(
        any(_team_role(context, team, person_id) in ACTING_IN_TEAM for team in _teams(row))
        for row in touched
    )


def _touched(context: Context, command: Command, verb: Verb) -> Optional[List[Dict[str, Any]]]:
    """What it changes; None where that is not told."""
    if verb.touches is not None:
        return verb.touches(context, command)
    if verb.incidents not in (ONE, MANY) or not command.incidents:
        return None
    from pagerduty_mattermost.gateways.pagerduty.find_incident import find_all

    named = f"{command.incidents},{command.text}" if verb.name == "merge" else ""
    return find_all(context.pagerduty, named or command.incidents)


def _teams(row: Dict[str, Any]) -> Set[str]:
    return {id_of(team) for team in rows_of(row, "teams")}


def _team_role(context: Context, team: str, person_id: str) -> str:
    path = fill("/teams/{team}/members", team=team)
    members = context.once(path, lambda: context.pagerduty.list_all(path, "members").items)
    found = next((row for row in members if id_of(row.get("user")) == person_id), {})
    return str(found.get("role") or "")
