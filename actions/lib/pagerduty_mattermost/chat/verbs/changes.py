"""Other changes of an incident: snooze, merge, priority, urgency, status update, workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.acting_user import find_sender
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.verb import (
    ACT,
    ALWAYS,
    AN_INCIDENT,
    ID,
    IDS,
    MANY,
    ONE,
    OPEN_STATES,
    PAGERDUTY,
    Verb,
)
from pagerduty_mattermost.chat.verbs.named_incidents import (
    incident_of,
    named,
    sender_and_incident,
)
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.quiet import URGENCIES
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.pagerduty import incident_updates
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.find_incident import find_all

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_SNOOZE_SECONDS = 7 * 86400
"""PagerDuty snoozes no longer."""


def snooze(context: Context, command: Command) -> CommandResult:
    """For the time in `duration`, or until it."""
    from pagerduty_mattermost.core.typed_times import iso_time

    now = float(int(context.clock()))  # times are read to the second
    until = times.seconds(
        iso_time(command.duration, now=now, zone=context.settings.time_zone) or ""
    )
    length = round(until - now) if until is not None else 0
    if not 1 <= length <= MAX_SNOOZE_SECONDS:
        raise RejectedInput(
            f"for how long? 2h, 30m, tomorrow 9:00, at most a week; not {command.duration[:60]!r}"
        )
    email, incident = sender_and_incident(context, command)
    path = fill("/incidents/{incident}/snooze", incident=incident.id)
    context.pagerduty.post(path, {"duration": length}, from_email=email)
    return CommandResult(
        f"{named(incident)} rests for {times.duration(length)}.", (incident.id,), email
    )


def merge(context: Context, command: Command) -> CommandResult:
    """`incidents` into the one in `text`."""
    email = find_sender(context, command.user, command.from_email)
    (target, *others) = [
        incident_of(row)
        for row in find_all(context.pagerduty, f"{command.text},{command.incidents}")
    ]
    if not others:
        raise RejectedInput("an incident can't be merged into itself")
    if not target.is_open:
        raise RejectedInput(
            f"incident #{target.number} is {target.status}: only into an open one can be merged"
        )
    body = {"source_incidents": [{"id": one.id, "type": "incident_reference"} for one in others]}
    path = fill("/incidents/{incident}/merge", incident=target.id)
    context.pagerduty.put(path, body, from_email=email)
    which = ", ".join(named(one) for one in others)
    return CommandResult(
        f"Merged {which} into {named(target)}.", tuple(one.id for one in (target, *others)), email
    )


def priority(context: Context, command: Command) -> CommandResult:
    email, incident = sender_and_incident(context, command)
    changes = {"priority": one_line(clean(command.text, 300))}
    if not changes["priority"]:
        raise RejectedInput("which priority? P1, say")
    after = incident_of(
        incident_updates.update(context.pagerduty, incident.id, changes, from_email=email)
    )
    return CommandResult(
        f"{named(after)} has the priority {escape(after.priority)}.", (after.id,), email, (after,)
    )


def urgency(context: Context, command: Command) -> CommandResult:
    wanted = checked_urgency(command.text)
    email, incident = sender_and_incident(context, command)
    changes = {"urgency": wanted}
    after = incident_of(
        incident_updates.update(context.pagerduty, incident.id, changes, from_email=email)
    )
    return CommandResult(f"{named(after)} has {wanted} urgency.", (after.id,), email, (after,))


def checked_urgency(text: str, name: str = "urgency") -> str:
    """The urgency that was typed, in lower case. Raises RejectedInput for another word. `name`:
    what it was typed as."""
    urgency = text.strip().lower()
    if urgency not in URGENCIES:
        raise RejectedInput(f"{name} is {' or '.join(URGENCIES)}")
    return urgency


def status_update(context: Context, command: Command) -> CommandResult:
    text = clean(command.text).strip()
    if not text:
        raise RejectedInput("a status update needs words")
    email, incident = sender_and_incident(context, command)
    publish_status_update(context, incident.id, text, email)
    return CommandResult(f"Status update of {named(incident)} published.", (incident.id,), email)


def publish_status_update(context: Context, incident_id: str, text: str, email: str) -> None:
    """To the incident's subscribers, once. Raises NotKnown where its answer was lost and the log
    does not tell of it."""
    path = fill("/incidents/{incident}/status_updates", incident=incident_id)
    context.pagerduty.post(path, {"message": text}, from_email=email)


def workflow(context: Context, command: Command) -> CommandResult:
    """Start the incident workflow in `text`, by name or id."""
    wanted = one_line(clean(command.text, 255)).strip("\"'")
    email, incident = sender_and_incident(context, command)
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
    about = {"incident": {"id": incident.id, "type": "incident_reference"}}
    context.pagerduty.post(path, {"incident_workflow_instance": about})
    name = escape(one_line(clean(found[0].get("name"), 200)))
    return CommandResult(f"Started {name} on {named(incident)}.", (incident.id,), email)


VERBS = (
    Verb(
        name="snooze",
        run=snooze,
        usage="snooze [id] <2h>",
        help="let an acknowledged one rest",
        pattern=rf"snooze(?:\s+{ID})?\s+(?:for\s+)?(?P<duration>.+)",
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=OPEN_STATES,
    ),
    Verb(
        name="merge",
        run=merge,
        usage="merge <ids> into <id>",
        help="merge",
        pattern=rf"merge\s+{IDS}\s+into\s+(?P<text>\S+)",
        group=ACT,
        changes=PAGERDUTY,
        incidents=MANY,
        confirmed=ALWAYS,
        repaints=True,
        includes=("resolve",),
    ),
    Verb(
        name="priority",
        run=priority,
        usage="priority [id] <P1>",
        help="set the priority",
        pattern=rf"priority(?:\s+{ID})?\s+(?:to\s+)?(?P<text>.+)",
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=OPEN_STATES,
        repaints=True,
    ),
    Verb(
        name="urgency",
        run=urgency,
        usage="urgency [id] <high or low>",
        help="set the urgency",
        pattern=rf"urgency(?:\s+{ID})?\s+(?:to\s+)?(?P<text>high|low)",
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=OPEN_STATES,
        repaints=True,
    ),
    Verb(
        name="status_update",
        run=status_update,
        usage="status [id] <text>",
        help="publish a status update",
        pattern=rf"status(?:\s+{ID}:?)?\s+(?P<text>.+)",
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
    ),
    Verb(
        name="workflow",
        run=workflow,
        usage="run [id] <workflow>",
        help="run a workflow",
        pattern=rf"run(?:-play|\s+workflow)?(?:\s+{ID}\s+(?P<text>.+)"
        rf"|\s+(?P<text_>.+?)(?:\s+on\s+incident\s+(?P<incidents_>{AN_INCIDENT}))?)",
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        confirmed=ALWAYS,
    ),
)
