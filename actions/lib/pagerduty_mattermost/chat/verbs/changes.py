"""Other changes of an incident: snooze, merge, priority, urgency, status update, workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

from pagerduty_mattermost.cards.card import headline
from pagerduty_mattermost.chat.acting_user import find_sender
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import (
    Fields,
    Form,
    FormReader,
    either,
    incidents_and,
    nothing,
    words,
)
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import (
    ACT,
    ALWAYS,
    MANY,
    ONE,
    OPEN_STATES,
    PAGERDUTY,
    TRIGGERED,
    Verb,
)
from pagerduty_mattermost.chat.verbs.named_incidents import (
    incident_of,
    named,
    read_one,
    sender_and_incident,
    sender_and_row,
)
from pagerduty_mattermost.core import times, typed_times
from pagerduty_mattermost.core.config.quiet import URGENCIES
from pagerduty_mattermost.core.errors import NotFound, RejectedInput, wrong_field
from pagerduty_mattermost.core.quotes import plain
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.pagerduty import incident_updates, status_updates
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.find_incident import find_all
from pagerduty_mattermost.oncall.quiet_until import SNOOZED, quiet_until

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_SNOOZE_SECONDS = 7 * 86400
"""PagerDuty snoozes no longer."""
SAME_SECONDS = 60
"""Between two ends of a snooze that people take for the same one."""
_ACKNOWLEDGED_BY_IT = "It was triggered: PagerDuty acknowledges what is snoozed."


def snooze(context: Context, command: Command) -> CommandResult:
    """Snooze for the time in `duration`, or until it."""
    now, zone = float(int(context.clock())), context.settings.time_zone
    span = typed_times.read_span(command.duration, now=now, zone=zone)
    if span.start > now:
        raise RejectedInput("a snooze begins now: say for how long, 2h or until 18:00")
    length = round(span.end - now)
    if length > MAX_SNOOZE_SECONDS:
        until = times.stamp_at(span.end, times.zone(zone))
        raise RejectedInput(
            f"{command.duration[:60]!r} is until {until}: PagerDuty snoozes a week at most"
        )
    email, row = sender_and_row(context, command, OPEN_STATES)
    incident, until = incident_of(row), times.stamp_at(span.end, times.zone(zone))
    before = quiet_until(context.pagerduty, row, None, now)
    was = before.at if before is not None and before.why == SNOOZED else ""
    if was and abs((times.seconds(was) or 0.0) - span.end) < SAME_SECONDS:
        was_until = times.stamp(was, times.zone(zone))
        line = f"{named(incident)} is snoozed until {was_until} already."
        return CommandResult(line, (incident.id,), email, already=True)
    path = fill("/incidents/{incident}/snooze", incident=incident.id)
    context.pagerduty.post(path, {"duration": length}, from_email=email)
    told = f"Snoozed {named(incident)} until {until}."
    if was:
        told += f" It was snoozed until {times.stamp(was, times.zone(zone))}."
    if incident.status == TRIGGERED:
        told += f" {_ACKNOWLEDGED_BY_IT}"
    return CommandResult(told, (incident.id,), email)


def _also_acknowledged(context: Context, command: Command) -> str:
    """What comes of it besides, where the incident is triggered."""
    row = find_all(context.pagerduty, command.incidents)[0]
    is_triggered = row.get("status") == TRIGGERED
    return ", which acknowledges it as well (it is triggered)" if is_triggered else ""


def merge(context: Context, command: Command) -> CommandResult:
    """`incidents` into the one in `text`."""
    email = find_sender(context, command.user, command.from_email)
    (target, *others) = [
        incident_of(row)
        for row in find_all(context.pagerduty, f"{command.text},{command.incidents}")
    ]
    if not others:
        raise RejectedInput("an incident can't be merged into itself")
    there = [one for one in others if one.merged_into == target.id]
    others = [one for one in others if one not in there]
    already = [f"{named(one)} is merged into {named(target)} already." for one in there]
    if not others:
        return CommandResult(" ".join(already), (target.id,), email, already=True)
    if not target.is_open:
        raise RejectedInput(
            f"{headline(target, 120)} is {target.status}: only into an open one can be merged"
        )
    body = {"source_incidents": [{"id": one.id, "type": "incident_reference"} for one in others]}
    path = fill("/incidents/{incident}/merge", incident=target.id)
    context.pagerduty.put(path, body, from_email=email)
    which = ", ".join(named(one) for one in others)
    text = " ".join([f"Merged {which} into {named(target)}.", *already])
    return CommandResult(text, tuple(one.id for one in (target, *others)), email)


def priority(context: Context, command: Command) -> CommandResult:
    email, incident = sender_and_incident(context, command, OPEN_STATES)
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
    email, incident = sender_and_incident(context, command, OPEN_STATES)
    changes = {"urgency": wanted}
    after = incident_of(
        incident_updates.update(context.pagerduty, incident.id, changes, from_email=email)
    )
    return CommandResult(f"{named(after)} has {wanted} urgency.", (after.id,), email, (after,))


def checked_urgency(text: str, name: str = "urgency") -> str:
    """The urgency that was typed, in lower case. Raises RejectedInput for another word. `name`:
    what it was typed as."""
    urgency = plain(text).lower().rstrip(".,:;!?")
    if urgency not in URGENCIES:
        raise RejectedInput(f"{name} is {' or '.join(URGENCIES)}, not {one_line(text, 40)!r}")
    return urgency


def status_update(context: Context, command: Command) -> CommandResult:
    text = clean(command.text).strip()
    if not text:
        raise RejectedInput("a status update needs words")
    email, incident = sender_and_incident(context, command)
    status_updates.publish(context.pagerduty, incident.id, text, from_email=email)
    return CommandResult(f"Status update of {named(incident)} published.", (incident.id,), email)


def workflow(context: Context, command: Command) -> CommandResult:
    """Start the incident workflow in `text`, by name or id."""
    email, incident = sender_and_incident(context, command)
    found = _find_workflow(context, command.text)
    path = fill("/incident_workflows/{workflow}/instances", workflow=found.get("id"))
    about = {"incident": {"id": incident.id, "type": "incident_reference"}}
    context.pagerduty.post(path, {"incident_workflow_instance": about})
    name = escape(one_line(clean(found.get("name"), 200)))
    return CommandResult(f"Started {name} on {named(incident)}.", (incident.id,), email)


def _find_workflow(context: Context, text: str) -> Dict[str, Any]:
    """The workflow of that name or id. Raises NotFound, naming those that there are."""
    wanted = plain(one_line(clean(text, 255)))
    path, folded = "/incident_workflows", wanted.casefold()
    rows = context.pagerduty.list_all(path, "incident_workflows", {"query": wanted}).items
    found = [
        row
        for row in rows
        if folded in (str(row.get("name")).casefold(), str(row.get("id")).casefold())
    ]
    if len(found) == 1:
        return found[0]
    rows = rows or context.pagerduty.page(path, "incident_workflows").items
    there = ", ".join(one_line(clean(row.get("name"), 80)) for row in rows[:10])
    with wrong_field("text"):
        raise NotFound(
            f"there is no incident workflow {wanted!r}" + (f"; there are {there}" if there else "")
        )


def _says_workflow(context: Context, command: Command) -> str:
    incident = named(read_one(context, command))
    name = escape(one_line(clean(_find_workflow(context, command.text).get("name"), 200)))
    return f"Run the workflow “{name}” on {incident}"


def _snooze(line: TypedLine) -> Fields:
    """A length that begins with a number, as `2 hours` does, is no incident."""
    about = incidents_and(words("duration", behind=("for", "until")), numbers=True)
    if typed_times.is_time(line.typed()):
        return words("duration").read(line)
    return about.read(line)


def _merge(line: TypedLine) -> Fields:
    """Read all incidents in front of "into" and the one behind it."""
    found = line.cut("into")
    if found is None:
        return None
    merged = incidents_and(nothing(), most=0, required=True).read(found[0])
    target = incidents_and(nothing(), required=True).read(found[1])
    if merged is None or target is None:
        return None
    return {"incidents": merged["incidents"], "text": target["incidents"]}


def _high_or_low(line: TypedLine) -> Fields:
    """One word, which `checked_urgency` reads: another one is told by it."""
    line = line.without("to", "is")
    return {"text": line.said()} if len(line.words) == 1 else None


def _workflow_on(line: TypedLine) -> Fields:
    """`<workflow> on incident <id>`."""
    found = line.cut("on", last=True)
    if found is None or found[1].word(0) != "incident":
        return None
    incident = incidents_and(nothing(), required=True).read(found[1])
    return None if incident is None else {**incident, "text": found[0].said()}


VERBS = (
    Verb(
        name="snooze",
        run=snooze,
        usage="snooze [id] <2h>",
        example="snooze 1234 2h",
        help="snooze it; PagerDuty acknowledges it with that",
        forms=(
            Form(
                ("snooze",),
                FormReader(("incidents", "duration"), _snooze),
            ),
        ),
        also_called=("mute", "silence", "pause", "sleep", "postpone"),
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=OPEN_STATES,
        says="Snooze {incidents} {until}",
        says_besides=_also_acknowledged,
        includes=("acknowledge",),
        to_do="snooze incidents",
    ),
    Verb(
        name="merge",
        run=merge,
        usage="merge <ids> into <id>",
        example="merge 1234 1235 into 1230",
        help="merge into another one, which stays open",
        forms=(Form(("merge",), FormReader(("incidents", "text"), _merge)),),
        group=ACT,
        changes=PAGERDUTY,
        incidents=MANY,
        confirmed=ALWAYS,
        repaints=True,
        includes=("resolve",),
        says="Merge {merged}",
        to_do="merge incidents",
    ),
    Verb(
        name="priority",
        run=priority,
        usage="priority [id] <P1>",
        example="priority 1234 P1",
        help="set the priority",
        forms=(
            Form(
                ("priority", "set priority", "priority of", "set priority of"),
                incidents_and(words("text", behind=("to", "is")), numbers=True),
            ),
        ),
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=OPEN_STATES,
        repaints=True,
        says="Set the priority of {incidents} to {text}",
        to_do="set priorities",
        button="Set priority",
    ),
    Verb(
        name="urgency",
        run=urgency,
        usage="urgency [id] <high or low>",
        example="urgency 1234 high",
        help="set the urgency",
        forms=(
            Form(
                ("urgency", "set urgency", "urgency of", "set urgency of"),
                incidents_and(FormReader(("text",), _high_or_low)),
            ),
        ),
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=OPEN_STATES,
        repaints=True,
        says="Set the urgency of {incidents} to {text}",
        to_do="set urgencies",
        button="Set urgency",
    ),
    Verb(
        name="status_update",
        run=status_update,
        usage="status [id] <text>",
        example="status 1234 We are on it",
        help="publish a status update",
        forms=(
            Form(
                ("status", "status update", "status update of", "status of"),
                incidents_and(words("text"), note=True),
            ),
        ),
        group=ACT,
        changes=PAGERDUTY,
        reaches_people=True,
        incidents=ONE,
        says="Publish a status update of {incidents}{words}",
        to_do="publish status updates",
        button="Publish",
    ),
    Verb(
        name="workflow",
        run=workflow,
        usage="run [id] <workflow>",
        example="run 1234 Major incident",
        help="run a workflow",
        forms=(
            Form(
                ("run", "run-play", "run workflow", "run play"),
                either(
                    FormReader(("text", "incidents"), _workflow_on),
                    incidents_and(words("text")),
                ),
            ),
        ),
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        confirmed=ALWAYS,
        says=_says_workflow,
        to_do="run workflows",
        button="Run",
    ),
)
