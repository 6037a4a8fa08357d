"""More of what people say in chat: escalate, reassign, priority, merge, unacknowledge, and what
has no key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from pagerduty_mattermost.chat.acting_user import who
from pagerduty_mattermost.chat.command import Answer, Said, incident_of, named, the_one
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.pagerduty import incident_updates as incident_acts
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.find_incident import find_all
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve, resolve_all
from pagerduty_mattermost.incidents.incident import Incident

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def escalate(context: Context, said: Said) -> Answer:
    """To the level said, by default the next one; or to another escalation policy, by name."""
    words = one_line(clean(said.text, 300))
    level = re.fullmatch(r"(?:level\s*)?(\d{1,3})", words, re.IGNORECASE)
    policy = None if level or not words else _policy(context, words)
    if words and not level and policy is None:
        raise NotFound(
            f"escalate to a level (2) or an escalation policy; there is none {words[:60]!r}"
        )
    email, incident = the_one(context, said)
    if policy:
        return _to_policy(context, incident, policy, email, "Escalated")
    number = int(level.group(1)) if level else None
    row = incident_acts.escalate(context.pagerduty, incident.id, number, from_email=email)
    after = incident_of(row)
    people = ", ".join(person.name for person in after.assignees) or "nobody"
    return Answer(
        f"Escalated {named(after)} to {escape(one_line(people, 200))}.", (after.id,), email
    )


def reassign(context: Context, said: Said) -> Answer:
    """To people by @name, e-mail, name or id, several with commas; or to an escalation policy by
    name."""
    words = [word.strip() for word in said.text.split(",") if word.strip()]
    if not words:
        raise RejectedInput(
            "to whom? @name, e-mail or name, several with commas; or an escalation policy"
        )
    email, incident = the_one(context, said)
    try:
        changes = {"assignees": _people(context, words)}
        after = incident_of(
            incident_acts.update(context.pagerduty, incident.id, changes, from_email=email)
        )
    except NotFound:
        policy = (
            _policy(context, said.text.strip()) if not said.text.strip().startswith("@") else None
        )
        if policy is None:
            raise
        return _to_policy(context, incident, policy, email, "Reassigned")
    people = ", ".join(person.name for person in after.assignees)
    return Answer(
        f"{named(after)} is assigned to {escape(one_line(people, 200))}.", (after.id,), email
    )


def _policy(context: Context, words: str) -> Optional[Reference]:
    name = re.sub(r"^(?:escalation\s+)?policy\s+", "", words, flags=re.IGNORECASE).strip("\"'")
    try:
        return resolve(context.pagerduty, "escalation_policy", name)
    except NotFound:
        return None


def _to_policy(
    context: Context, incident: Incident, policy: Reference, email: str, done: str
) -> Answer:
    changes = {"escalation_policy": policy.id}
    after = incident_of(
        incident_acts.update(context.pagerduty, incident.id, changes, from_email=email)
    )
    people = ", ".join(person.name for person in after.assignees) or "nobody"
    told = f"{done} {named(after)} to {escape(policy.name)}: {escape(one_line(people, 200))}."
    return Answer(told, (after.id,), email)


def priority(context: Context, said: Said) -> Answer:
    email, incident = the_one(context, said)
    changes = {"priority": one_line(clean(said.text, 300))}
    if not changes["priority"]:
        raise RejectedInput("which priority? P1, say")
    after = incident_of(
        incident_acts.update(context.pagerduty, incident.id, changes, from_email=email)
    )
    return Answer(f"{named(after)} has the priority {escape(after.priority)}.", (after.id,), email)


def merge(context: Context, said: Said) -> Answer:
    """`incidents` into the one in `text`. Never repeated after a lost answer: merged is merged."""
    email, _ = the_one(context, said)
    (target, *others) = [
        incident_of(row) for row in find_all(context.pagerduty, f"{said.text},{said.incidents}")
    ]
    if not others:
        raise RejectedInput("an incident can't be merged into itself")
    if not target.is_open:
        raise RejectedInput(
            f"incident #{target.number} is {target.status}: only into an open one can be merged"
        )
    body = {"source_incidents": [{"id": one.id, "type": "incident_reference"} for one in others]}
    path = fill("/incidents/{incident}/merge", incident=target.id)
    context.pagerduty.put(path, body, from_email=email, repeatable=False)
    which = ", ".join(named(one) for one in others)
    return Answer(
        f"Merged {which} into {named(target)}.", tuple(one.id for one in (target, *others)), email
    )


def unacknowledge(context: Context, said: Said) -> Answer:
    email, incident = the_one(context, said)
    row = incident_acts.back_to_triggered(
        context.pagerduty, incident.id, "acknowledged", from_email=email
    )
    return Answer(f"{named(incident_of(row))} is triggered again.", (incident.id,), email)


def reopen(context: Context, said: Said) -> Answer:
    email, incident = the_one(context, said)
    row = incident_acts.back_to_triggered(
        context.pagerduty, incident.id, "resolved", from_email=email
    )
    return Answer(f"{named(incident_of(row))} is open again.", (incident.id,), email)


def status_update(context: Context, said: Said) -> Answer:
    text = clean(said.text).strip()
    if not text:
        raise RejectedInput("a status update needs words")
    email, incident = the_one(context, said)
    path = fill("/incidents/{incident}/status_updates", incident=incident.id)
    _once(context, path, {"message": text}, email)
    return Answer(f"Status update of {named(incident)} published.", (incident.id,), email)


def responders(context: Context, said: Said) -> Answer:
    """Asks people to help; whoever says so asks, so a link to a PagerDuty user is needed."""
    words = [word.strip() for word in said.text.split(",") if word.strip()]
    if not words:
        raise RejectedInput("whom? @name, e-mail or name, several with commas")
    requester = who(context, said.user).person
    _, incident = the_one(context, said)
    people = resolve_all(context.pagerduty, "user", _people(context, words))
    body = {
        "requester_id": requester.id,
        "message": f"Please help with {incident.title}",
        "responder_request_targets": [
            {"responder_request_target": {"id": one.id, "type": "user_reference"}}
            for one in people
        ],
    }
    _once(
        context,
        fill("/incidents/{incident}/responder_requests", incident=incident.id),
        body,
        requester.email,
    )
    asked = escape(one_line(", ".join(one.name for one in people), 200))
    return Answer(
        f"Asked {asked} to help with {named(incident)}.", (incident.id,), requester.email
    )


def workflow(context: Context, said: Said) -> Answer:
    """Run an incident workflow by name or id."""
    wanted = one_line(clean(said.text, 255)).strip("\"'")
    email, incident = the_one(context, said)
    rows = context.pagerduty.list_all(
        "/incident_workflows", "incident_workflows", {"query": wanted}
    ).items
    found = [
        row
        for row in rows
        if wanted.casefold() in (str(row.get("name")).casefold(), str(row.get("id")).casefold())
    ]
    if len(found) != 1:
        near = ", ".join(str(row.get("name")) for row in rows[:10])
        raise NotFound(
            f"there is no incident workflow {wanted!r}" + (f"; there are {near}" if near else "")
        )
    path = fill("/incident_workflows/{workflow}/instances", workflow=found[0].get("id"))
    _once(
        context,
        path,
        {
            "incident_workflow_instance": {
                "incident": {"id": incident.id, "type": "incident_reference"}
            }
        },
        "",
    )
    name = escape(one_line(clean(found[0].get("name"), 200)))
    return Answer(f"Started {name} on {named(incident)}.", (incident.id,), email)


def options_of(context: Context, said: Said) -> Dict[str, Any]:
    """A new incident's further fields: urgency, priority, assign, details."""
    changes: Dict[str, Any] = {
        name: said.options[name] for name in ("urgency", "priority") if said.options.get(name)
    }
    if changes.get("urgency", "high") not in ("high", "low"):
        raise RejectedInput("urgency is high or low")
    if said.options.get("assign"):
        changes["assignees"] = _people(
            context, [word.strip() for word in said.options["assign"].split(",")]
        )
    made = incident_acts.fields(context.pagerduty, changes)
    if said.options.get("details"):
        made["body"] = {"type": "incident_body", "details": clean(said.options["details"])}
    return made


def urgency(context: Context, said: Said) -> Answer:
    wanted = said.text.strip().lower()
    if wanted not in ("high", "low"):
        raise RejectedInput("urgency is high or low")
    email, incident = the_one(context, said)
    after = incident_of(
        incident_acts.update(context.pagerduty, incident.id, {"urgency": wanted}, from_email=email)
    )
    return Answer(f"{named(after)} has {wanted} urgency.", (after.id,), email)


def _people(context: Context, words: List[str]) -> List[str]:
    """PagerDuty's users: of a Mattermost @name its link, all else as it is."""
    return [who(context, word).person.id if word.startswith("@") else word for word in words]


def _once(context: Context, path: str, body: object, email: str) -> None:
    """What has no key is sent once; a lost answer is told."""
    from pagerduty_mattermost.gateways.pagerduty.create_once import create

    create(context.pagerduty, path, body, {}, email, "", "")
