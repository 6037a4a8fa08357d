"""Who works on an incident: `escalate`, `reassign`, `responders`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, List, Optional

from pagerduty_mattermost.chat.acting_user import identify, resolve_mentions
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.verb import ACT, ID, ONE, OPEN_STATES, PAGERDUTY, Verb
from pagerduty_mattermost.chat.verbs.named_incidents import (
    incident_of,
    named,
    sender_and_incident,
    sender_and_row,
)
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.pagerduty import incident_updates
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve, resolve_all

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident


def escalate(context: Context, command: Command) -> CommandResult:
    """To the level in `text`, by default the next one; or to another escalation policy, by
    name."""
    words = one_line(clean(command.text, 300))
    level = _level(words)
    policy = None if level or not words else _policy(context, words)
    if words and not level and policy is None:
        raise NotFound(
            f"escalate to a level (2) or an escalation policy; there is none {words[:60]!r}"
        )
    email, row = sender_and_row(context, command)
    if policy:
        return _to_policy(context, incident_of(row), policy, email, "Escalated")
    number = int(level) if level else None
    after = incident_of(
        incident_updates.escalate(context.pagerduty, row, number, from_email=email)
    )
    people = ", ".join(person.name for person in after.assignees) or "nobody"
    return CommandResult(
        f"Escalated {named(after)} to {escape(one_line(people, 200))}.",
        (after.id,),
        email,
        (after,),
    )


def reassign(context: Context, command: Command) -> CommandResult:
    """To people by @name, e-mail, name or id, several with commas; or to an escalation policy by
    name."""
    words = _words(command)
    if not words:
        raise RejectedInput(
            "to whom? @name, e-mail or name, several with commas; or an escalation policy"
        )
    email, incident = sender_and_incident(context, command)
    try:
        changes = {"assignees": resolve_mentions(context, words)}
        after = incident_of(
            incident_updates.update(context.pagerduty, incident.id, changes, from_email=email)
        )
    except NotFound:
        text = command.text.strip()
        policy = None if text.startswith("@") else _policy(context, text)
        if policy is None:
            raise
        return _to_policy(context, incident, policy, email, "Reassigned")
    people = ", ".join(person.name for person in after.assignees)
    return CommandResult(
        f"{named(after)} is assigned to {escape(one_line(people, 200))}.",
        (after.id,),
        email,
        (after,),
    )


def responders(context: Context, command: Command) -> CommandResult:
    """Asks people to help. PagerDuty wants to know which of its users asks, so who gives the
    command must be one."""
    words = _words(command)
    if not words:
        raise RejectedInput("whom? @name, e-mail or name, several with commas")
    requester = identify(context, command.user).person
    _, incident = sender_and_incident(context, command)
    people = resolve_all(context.pagerduty, "user", resolve_mentions(context, words))
    body = {
        "requester_id": requester.id,
        "message": f"Please help with {incident.title}",
        "responder_request_targets": [
            {"responder_request_target": {"id": one.id, "type": "user_reference"}}
            for one in people
        ],
    }
    path = fill("/incidents/{incident}/responder_requests", incident=incident.id)
    context.pagerduty.post(path, body, from_email=requester.email)
    asked = escape(one_line(", ".join(one.name for one in people), 200))
    return CommandResult(
        f"Asked {asked} to help with {named(incident)}.", (incident.id,), requester.email
    )


def _level(text: str) -> str:
    """The number in "level 2" or "2"; empty for anything else."""
    found = re.fullmatch(r"(?:level\s*)?(\d{1,3})", one_line(clean(text, 300)), re.IGNORECASE)
    return found.group(1) if found else ""


def _words(command: Command) -> List[str]:
    return [word.strip() for word in command.text.split(",") if word.strip()]


def _policy(context: Context, words: str) -> Optional[Reference]:
    """The escalation policy of that name, None when there is none."""
    name = re.sub(r"^(?:escalation\s+)?policy\s+", "", words, flags=re.IGNORECASE).strip("\"'")
    try:
        return resolve(context.pagerduty, "escalation_policy", name)
    except NotFound:
        return None


def _to_policy(
    context: Context, incident: Incident, policy: Reference, email: str, done: str
) -> CommandResult:
    changes = {"escalation_policy": policy.id}
    after = incident_of(
        incident_updates.update(context.pagerduty, incident.id, changes, from_email=email)
    )
    people = ", ".join(person.name for person in after.assignees) or "nobody"
    text = f"{done} {named(after)} to {escape(policy.name)}: {escape(one_line(people, 200))}."
    return CommandResult(text, (after.id,), email, (after,))


VERBS = (
    Verb(
        name="escalate",
        run=escalate,
        usage="escalate [id] [level | policy]",
        help="to the next level, the one said, or another escalation policy",
        pattern=rf"escalate(?:\s+{ID})?(?:\s+(?:to\s+)?(?P<text>.+))?",
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=OPEN_STATES,
        repaints=True,
        includes_if=lambda command: (
            ("reassign",) if command.text.strip() and not _level(command.text) else ()
        ),
    ),
    Verb(
        name="reassign",
        run=reassign,
        usage="reassign [id] <@user or policy>",
        help="to people (several with commas) or an escalation policy",
        pattern=rf"(?:re)?assign(?:\s+{ID})?\s+(?:to\s+)?(?P<text>.+)",
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=OPEN_STATES,
        repaints=True,
        names_people=True,
    ),
    Verb(
        name="responders",
        run=responders,
        usage="add-responder [id] <@user>",
        help="ask people for help",
        pattern=rf"add-?\s?responders?(?:\s+{ID})?\s+(?P<text>.+)",
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        names_people=True,
    ),
)
